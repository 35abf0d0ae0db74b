"""Customers: the register of customers, each with one file and one salesperson who looks after them.

Owns customer files, and what it has heard of each customer's purchases and complaints.
Announces CustomerRegistered and CustomerOwnerChanged, never with contact data.
Hears orders (purchases, from placing to delivery) and complaints (from filing to closing).
"""
