"""Customers: the register of customers, each with one file and one salesperson who looks after them.

Owns customer files and tracking sheets: what it has heard of each customer's contracts, purchases and complaints.
Announces CustomerRegistered and CustomerOwnerChanged, never with contact data.
Hears orders (purchases, from placing to delivery), contracts (in force, amended, ended) and complaints.
"""
