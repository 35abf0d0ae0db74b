"""Orders: the catalogue, prices, stock, and every order from placing to delivery — payment first, goods after.

Owns articles, price books, lots, stock positions, orders, their payments, refunds, shipments and papers, customers'
accounts, what payment providers report by signed webhook, and the sales ledger with its daily and monthly reports.
Announces what happens to them, above all OrderPaid, OrderDispatched and, for a complaint, EvidenceCompiled.
Hears contracts (what may be ordered at which price), customers (who they are), complaints (compile the evidence)
quality (hold or free a lot), and itself (what an order that comes to nothing took is there for others).
"""
