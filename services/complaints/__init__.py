"""Complaints: every case from intake to the customer's word that it is settled, and the clocks it runs under.

Owns complaints: who handles them, by when, what was answered, proposed, agreed, carried out.
Announces what happens to them, above all ComplaintFiled, ComplaintEscalated, ResponsibilityEstablished and
ComplaintResolved.
Hears customers (who they are), orders (the evidence of the goods) and quality (investigation, liability, claim).
"""
