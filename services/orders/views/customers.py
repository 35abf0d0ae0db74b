"""What orders has heard of customers."""

from uuid import UUID

from services.orders.views.reading import one
from shared.persistence.pool import Reader

KNOW_CUSTOMER = """
INSERT INTO known_customers (id, code, company, owner) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET code = excluded.code, company = excluded.company, owner = excluded.owner
"""

KNOW_OWNER = "UPDATE known_customers SET owner = $2 WHERE id = $1"

CUSTOMER = "SELECT owner FROM known_customers WHERE id = $1"


async def customer_owner(reader: Reader, customer_id: UUID) -> str:
    """The salesperson who looks after a customer; raises `NotFound` for one that is not registered."""
    return await one(reader, CUSTOMER, "customer", customer_id)
