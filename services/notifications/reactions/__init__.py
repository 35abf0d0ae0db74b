"""Who is told what about what notifications hears, by publisher."""

from services.notifications.reactions import complaints, contracts, orders, quality, regulations, staff
from services.notifications.telling import reactions

__all__ = ["complaints", "contracts", "orders", "quality", "reactions", "regulations", "staff"]
