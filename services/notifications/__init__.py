"""Notifications: who is told what, in their language, once per recipient and cause — and what is told to everybody.

Owns messages, bulletins (通报批评) and the receipts of those who read them.
Announces MessageDelivered and MessageAcknowledged (above all for the notice of a penalty), BulletinPublished.
Hears complaints, quality, orders, contracts, staff and regulations: `reactions` is the table of who is told what.
"""
