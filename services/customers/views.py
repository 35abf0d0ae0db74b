"""Every read of customers, and the writes of its read models."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.customers.domain.access import Access
from services.customers.domain.customer import Customer
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.persistence.store import restore
from shared.web.paging import CodePage, Page

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
INSERT INTO purchases (order_id, customer_id, number, salesperson, total, placed_at, contract_id, lines)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (order_id) DO UPDATE
SET salesperson = excluded.salesperson, total = excluded.total, placed_at = excluded.placed_at,
    contract_id = excluded.contract_id, lines = excluded.lines
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

ORDER_LATE = """
INSERT INTO purchases (order_id, customer_id, number, salesperson, late_since) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (order_id) DO UPDATE SET late_since = excluded.late_since
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

CONTRACT_IN_FORCE = """
INSERT INTO known_contracts (contract_id, customer_id, number, kind, amount, effective_at, valid_until)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (contract_id) DO UPDATE SET kind = excluded.kind, effective_at = excluded.effective_at
"""

CONTRACT_AMENDED = """
INSERT INTO known_contracts (contract_id, customer_id, number, edition, amount, valid_until)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (contract_id) DO UPDATE
SET edition = excluded.edition, amount = excluded.amount, valid_until = excluded.valid_until
"""

CONTRACT_ENDED = "UPDATE known_contracts SET ended_at = $2, ended_because = $3 WHERE contract_id = $1"

CONTRACTS_OF = "SELECT * FROM known_contracts WHERE customer_id = $1 ORDER BY contract_id LIMIT $2"

PURCHASES_OF = """
SELECT * FROM purchases
WHERE customer_id = $1 AND (placed_at IS NULL OR placed_at >= $2 AND placed_at < $3) ORDER BY order_id LIMIT $4
"""

SERVICE_OF = """
SELECT * FROM service_records
WHERE customer_id = $1 AND (received_at IS NULL OR received_at >= $2 AND received_at < $3)
ORDER BY complaint_id LIMIT $4
"""

# Every contract customer and every large customer (CON-8), by code.
TRACKED = """
SELECT code AS id, jsonb_build_object(
    'customer_id', id, 'code', code, 'company', company, 'level', document ->> 'level', 'owner', owner,
    'contract_customer', contracts > 0, 'large_customer', document ->> 'level' = ANY($6), 'contracts', contracts,
    'purchases', purchases, 'purchased', purchased::text, 'last_purchase_at', last_purchase_at
) AS document
FROM customers
CROSS JOIN LATERAL (SELECT count(*) AS contracts FROM known_contracts WHERE customer_id = customers.id) AS agreed
CROSS JOIN LATERAL (
    SELECT count(*) AS purchases, coalesce(sum(total), 0.00) AS purchased, max(placed_at) AS last_purchase_at
    FROM purchases WHERE customer_id = customers.id AND ended_at IS NULL
) AS bought
WHERE code > $1 AND ($3 OR owner = ANY($4::text[]) OR id = ANY($5::uuid[]))
  AND (contracts > 0 OR document ->> 'level' = ANY($6))
ORDER BY code LIMIT $2
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


async def customers(reader: Reader, page: CodePage, access: Access, wanted: Wanted) -> list[asyncpg.Record]:
    """Files by code as this actor may see them, one more than is shown."""
    return await reader.fetch(CUSTOMERS, page.after, page.fetch, *access, *wanted)


async def known(reader: Reader, codes: Sequence[str]) -> dict[str, Customer]:
    """The customers of these codes that are registered."""
    return {row["code"]: restore(Customer, row) for row in await reader.fetch(KNOWN, list(codes))}


async def records(reader: Reader, customer_id: UUID, page: Page) -> list[asyncpg.Record]:
    """Purchases and complaints of a customer, newest first, one more than the page shows."""
    return await reader.fetch(PURCHASES_AND_SERVICE, customer_id, page.before, page.fetch)


class Story(NamedTuple):
    """What a customer agreed, bought and complained of, oldest first."""

    contracts: list[asyncpg.Record]
    purchases: list[asyncpg.Record]
    service: list[asyncpg.Record]


async def story(reader: Reader, customer_id: UUID, since: datetime, until: datetime, limit: int) -> Story:
    """What was agreed, and what was bought and complained of in the time; at most so many of each."""
    period = (customer_id, since, until, limit)
    return Story(
        await reader.fetch(CONTRACTS_OF, customer_id, limit),
        await reader.fetch(PURCHASES_OF, *period),
        await reader.fetch(SERVICE_OF, *period),
    )


async def tracked(reader: Reader, page: CodePage, access: Access, large_levels: Sequence[str]) -> list[asyncpg.Record]:
    """Who has a tracking sheet, as this actor may see them, one more than the page shows (CON-8)."""
    visible = (access.everybody, access.people, access.customers)
    return await reader.fetch(TRACKED, page.after, page.fetch, *visible, list(large_levels))
