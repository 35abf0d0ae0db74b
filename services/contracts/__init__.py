"""Contracts: drawn up from company templates only, reviewed line by line, approved in order, in force once sealed.

Owns templates, contracts with their deviations, reviews, approvals and amendments, delegations during absence, the seal
register, and how contracts are performed: progress, delivery dates, services, breaches.
Announces what happens to them, above all ContractTookEffect and ContractEnded, which open and close ordering.
Hears customers (who they are, and who looks after them), orders (what was ordered, paid, delivered of a contract),
complaints and quality (which failures are confirmed), and its own contracts end.
"""
