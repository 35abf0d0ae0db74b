"""Complaints: every case from intake to the customer's word that it is settled, and the clocks it runs under.

Owns complaints: who handles them, by when, which department has them, what was answered, agreed, carried out, learned.
Announces what happens to them, above all ComplaintFiled, ComplaintEscalated, ResponsibilityEstablished and
ComplaintResolved.
Hears customers (who they are), orders (the evidence of the goods), quality (tasks, findings, liability, claim), staff
(posts and absences), and its own escalations.
"""
