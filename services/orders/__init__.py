"""Orders: the catalogue, prices, stock, and every order from placing to delivery — payment first, goods after.

Owns articles, price books, lots, stock positions, orders, their payments, shipments and papers.
Announces what happens to them, above all OrderPaid, OrderDispatched and, for a complaint, EvidenceCompiled.
Hears contracts (what may be ordered at which price), customers (who they are), complaints (compile the evidence)
quality (hold or free a lot), and itself (what an order that comes to nothing took is there for others).
"""
