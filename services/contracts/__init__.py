"""Contracts: drawn up from company templates only, reviewed line by line, approved in order, in force once sealed.

Owns templates, contracts with their deviations, reviews and approvals, and the seal register.
Announces what happens to them, above all ContractTookEffect and ContractEnded, which open and close ordering.
Hears customers (who they are, and who looks after them).
"""
