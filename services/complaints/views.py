"""Every read of complaints."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg

from services.complaints.domain.complaint import Complaint
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.persistence.work import Work
from shared.web.paging import Page

COMPLAINT = """
SELECT document, (SELECT owner FROM known_customers WHERE id = complaints.customer_id) AS owner
FROM complaints WHERE id = $1
"""

# Without contact data, and without what leads to it: a list is for finding a case.
COMPLAINTS = """
SELECT id, document - '{contact, response, evidence, investigation, claims, responsibility, proposals, consent,
                        resolution, attempts, closure, reopenings, may_take, line}'::text[] AS document
FROM complaints
WHERE id < $1 AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR status = $4)
  AND ($5::uuid IS NULL OR customer_id = $5) AND ($6::text IS NULL OR number = $6)
  AND ($7::boolean IS NULL OR (status <> 'closed') = $7)
  AND ($8::uuid[] IS NULL OR customer_id = ANY($8))
  AND ($9::text[] IS NULL OR filed_by = ANY($9) OR about = ANY($9)
       OR customer_id IN (SELECT id FROM known_customers WHERE owner = ANY($9)))
ORDER BY id DESC LIMIT $2
"""

CUSTOMER = "SELECT owner FROM known_customers WHERE id = $1"

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

BY_REFERENCE = "SELECT id FROM complaints WHERE channel = $1 AND external_reference = $2"

KNOW_CUSTOMER = """
INSERT INTO known_customers (id, code, company, owner) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET code = excluded.code, company = excluded.company, owner = excluded.owner
"""

KNOW_OWNER = "UPDATE known_customers SET owner = $2 WHERE id = $1"


async def complaint(reader: Reader, identity: UUID) -> tuple[str, str | None]:
    """A complaint's document as it is kept, and the salesperson its customer belongs to; raises `NotFound`."""
    row = await reader.fetchrow(COMPLAINT, identity)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity=Complaint.ENTITY, id=str(identity))
    return row["document"], row["owner"]


async def complaints(
    reader: Reader,
    page: Page,
    *,
    kind: str | None,
    status: str | None,
    customer_id: UUID | None,
    number: str | None,
    unclosed: bool | None,
    customers: Collection[UUID] | None,
    salespeople: Collection[str] | None,
) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows; only those of `customers` and `salespeople`, where they are given."""
    return await reader.fetch(
        COMPLAINTS, page.before, page.fetch, kind, status, customer_id, number, unclosed, customers, salespeople
    )


async def owner_of(reader: Reader, customer_id: UUID) -> str:
    """The salesperson a customer belongs to; raises `NotFound` for a customer who is not registered."""
    owner: str | None = await reader.fetchval(CUSTOMER, customer_id)
    if owner is None:
        raise NotFound("there is no {entity} {id}", entity="customer", id=str(customer_id))
    return owner


async def by_reference(work: Work, channel: str, reference: str) -> Complaint | None:
    """The case that this reference of a channel has opened before, if any.

    Until the end of the transaction nobody else looks for, or files, a case of the same reference (CMP-1).
    """
    await work.fetchval(ONE_AT_A_TIME, f"{channel} {reference}")
    found: Any = await work.fetchval(BY_REFERENCE, channel, reference)
    return None if found is None else await work.get(Complaint, found)
