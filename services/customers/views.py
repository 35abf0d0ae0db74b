"""Every read of customers, and the writes of its read models."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.customers.domain.access import Access
from services.customers.domain.customer import Customer
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.persistence.store import restore
from shared.web.paging import Page

CUSTOMER = """
SELECT version,
       CASE WHEN $3 OR owner = ANY($4::text[]) OR id = ANY($5::uuid[]) THEN document
            ELSE without_contacts(document) END AS document
FROM customers WHERE id = $1 AND ($2 OR owner = ANY($4::text[]) OR id = ANY($5::uuid[]))
"""

CUSTOMERS = """
SELECT code AS id,
       CASE WHEN $4 OR owner = ANY($5::text[]) OR id = ANY($6::uuid[]) THEN document
            ELSE without_contacts(document) END AS document
FROM customers
WHERE code > $1 AND ($3 OR owner = ANY($5::text[]) OR id = ANY($6::uuid[]))
  AND ($7::text IS NULL OR owner = $7) AND ($8::text IS NULL OR kind = $8) AND ($9::text IS NULL OR region = $9)
  AND ($10::text IS NULL OR code = $10) AND ($11::text IS NULL OR position(lower($11) IN lower(company)) > 0)
ORDER BY code LIMIT $2
"""

KNOWN = "SELECT code, document, digest FROM customers WHERE code = ANY($1::text[])"

PURCHASES_AND_SERVICE = """
SELECT id, kind, document FROM (
    SELECT order_id AS id, 'purchase' AS kind,
           (to_jsonb(purchases) - 'customer_id') || jsonb_build_object('total', total::text) AS document
    FROM purchases WHERE customer_id = $1 AND order_id < $2
    UNION ALL
    SELECT complaint_id, 'service', to_jsonb(service_records) - 'customer_id'
    FROM service_records WHERE customer_id = $1 AND complaint_id < $2
) AS records ORDER BY id DESC LIMIT $3
"""

ORDER_PLACED = """
INSERT INTO purchases (order_id, customer_id, number, salesperson, total, placed_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (order_id) DO UPDATE
SET salesperson = excluded.salesperson, total = excluded.total, placed_at = excluded.placed_at
"""

ORDER_PAID = """
INSERT INTO purchases (order_id, customer_id, number, total, paid_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (order_id) DO UPDATE SET total = excluded.total, paid_at = excluded.paid_at
"""

ORDER_UNPAID = "UPDATE purchases SET paid_at = NULL WHERE order_id = $1"

ORDER_DISPATCHED = """
INSERT INTO purchases (order_id, customer_id, number, delivery_order, dispatched_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (order_id) DO UPDATE
SET delivery_order = excluded.delivery_order, dispatched_at = excluded.dispatched_at
"""

ORDER_DELIVERED = """
INSERT INTO purchases (order_id, customer_id, number, delivered_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (order_id) DO UPDATE SET delivered_at = excluded.delivered_at
"""

ORDER_ENDED = "UPDATE purchases SET ended_as = $2, ended_at = $3 WHERE order_id = $1"

COMPLAINT_FILED = """
INSERT INTO service_records (complaint_id, customer_id, number, kind, channel, received_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (complaint_id) DO UPDATE
SET kind = excluded.kind, channel = excluded.channel, received_at = excluded.received_at
"""

COMPLAINT_RESOLVED = """
INSERT INTO service_records (complaint_id, customer_id, number, kind, resolved_at, in_time, summary)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (complaint_id) DO UPDATE
SET resolved_at = excluded.resolved_at, in_time = excluded.in_time, summary = excluded.summary
"""

COMPLAINT_CLOSED = """
INSERT INTO service_records (complaint_id, customer_id, number, closed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (complaint_id) DO UPDATE SET closed_at = excluded.closed_at
"""

COMPLAINT_REOPENED = """
UPDATE service_records SET resolved_at = NULL, closed_at = NULL, reopened = $2 WHERE complaint_id = $1
"""


class Wanted(NamedTuple):
    """What a list is narrowed to; `q` is text in the company's name, in any case."""

    owner: str | None = None
    kind: str | None = None
    region: str | None = None
    code: str | None = None
    q: str | None = None


async def customer(reader: Reader, customer_id: UUID, access: Access) -> tuple[str, int]:
    """A file as this actor may see it, and its version; raises `NotFound`, also for one that is not theirs."""
    row = await reader.fetchrow(CUSTOMER, customer_id, *access)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="customer", id=str(customer_id))
    return row["document"], row["version"]


async def customers(reader: Reader, after: str, limit: int, access: Access, wanted: Wanted) -> list[asyncpg.Record]:
    """Files by code as this actor may see them, one more than is shown."""
    return await reader.fetch(CUSTOMERS, after, limit + 1, *access, *wanted)


async def known(reader: Reader, codes: Sequence[str]) -> dict[str, Customer]:
    """The customers of these codes that are registered."""
    return {row["code"]: restore(Customer, row) for row in await reader.fetch(KNOWN, list(codes))}


async def records(reader: Reader, customer_id: UUID, page: Page) -> list[asyncpg.Record]:
    """Purchases and complaints of a customer, newest first, one more than the page shows."""
    return await reader.fetch(PURCHASES_AND_SERVICE, customer_id, page.before, page.fetch)
