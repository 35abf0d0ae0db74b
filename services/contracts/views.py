"""Every read of contracts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.contracts.domain.contract import Contract
from services.contracts.domain.delegation import ONLOOKERS, Delegation, stand_in
from services.contracts.domain.template import Template
from services.contracts.domain.text import ContractText, contract_text
from shared.domain.actor import Actor
from shared.domain.refusals import Forbidden, NotFound
from shared.persistence.pool import Reader
from shared.web.paging import Page

TEMPLATE = "SELECT document FROM templates WHERE id = $1"

TEMPLATES = """
SELECT id, document FROM templates
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR code = $4)
ORDER BY id DESC LIMIT $2
"""

ACTIVE_EDITION = "SELECT id FROM templates WHERE code = $1 AND status = 'active'"

NEXT_EDITION = "SELECT coalesce(max(edition), 0) + 1 FROM templates WHERE code = $1"

CUSTOMER = "SELECT company FROM known_customers WHERE id = $1"

# Whose a contract is. Of whoever writes in the name of somebody else, both may see it.
WHOSE = """
SELECT contracts.customer_id, ARRAY[drafted_by, drafted_for, known_customers.owner] AS people
FROM contracts LEFT JOIN known_customers ON known_customers.id = contracts.customer_id
WHERE contracts.id = $1
"""

CONTRACT = "SELECT document, version FROM contracts WHERE id = $1"

AMENDMENTS = "SELECT count(*) FROM contracts WHERE amends = $1"

# Lists show a contract as it stands; its earlier editions are on its own page.
NOT_LISTED = ("editions", "basis")

CONTRACTS = """
SELECT id, document - '{editions,basis}'::text[] AS document FROM contracts
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR customer_id = $4)
  AND ($5::text IS NULL OR number ^@ $5) AND ($6::text IS NULL OR kind = $6) AND ($7::uuid IS NULL OR amends = $7)
  AND ($8::timestamptz IS NULL OR created_at >= $8) AND ($9::timestamptz IS NULL OR created_at < $9)
  AND ($10::text IS NULL OR valid_until >= $10) AND ($11::text IS NULL OR valid_until <= $11)
  AND ($12::text[] IS NULL OR pairs @> pairs_of($12) AND said_all($12, said))
  AND ($13::text[] IS NULL OR drafted_by = ANY($13) OR drafted_for = ANY($13)
       OR customer_id IN (SELECT id FROM known_customers WHERE owner = ANY($13)))
ORDER BY id DESC LIMIT $2
"""

# What a customer or partner sees: what was agreed, not what we said about it among ourselves.
NOT_AGREED = (
    "submission", "reviews", "voided_reviews", "approvals", "next_step", "seal_request", "amended_because",
)  # fmt: skip

CONTRACT_OUTSIDE = "SELECT agreed(document) AS document, version FROM contracts WHERE id = $1"

CONTRACTS_OUTSIDE = """
SELECT id, agreed(document) - '{editions,basis}'::text[] AS document FROM contracts
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR customer_id = $4)
  AND ($5::text IS NULL OR number ^@ $5) AND ($6::text IS NULL OR kind = $6) AND ($7::uuid IS NULL OR amends = $7)
  AND ($8::timestamptz IS NULL OR created_at >= $8) AND ($9::timestamptz IS NULL OR created_at < $9)
  AND ($10::text IS NULL OR valid_until >= $10) AND ($11::text IS NULL OR valid_until <= $11)
  AND ($12::text[] IS NULL OR pairs @> pairs_of($12) AND said_all($12, said))
  AND customer_id = ANY($13::uuid[])
ORDER BY id DESC LIMIT $2
"""

READ = """
SELECT contracts.document AS contract, templates.document AS template, company
FROM contracts
JOIN templates ON templates.id = template_id
JOIN known_customers ON known_customers.id = customer_id
WHERE contracts.id = $1
"""

# Each paper is sealed once: what a contract took over from an amendment stands with the amendment.
SEALS = """
SELECT seal_id AS id,
       (coalesce(document #> '{editions,0,seal}', document -> 'seal')
        || jsonb_build_object('contract_id', id, 'number', number, 'customer_id', customer_id)) AS document
FROM contracts WHERE seal_id < $1 ORDER BY seal_id DESC LIMIT $2
"""

KNOW_CUSTOMER = """
INSERT INTO known_customers (id, code, company, owner) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET code = excluded.code, company = excluded.company, owner = excluded.owner
"""

KNOW_OWNER = "UPDATE known_customers SET owner = $2 WHERE id = $1"

DELEGATION = "SELECT document FROM delegations WHERE id = $1"

DELEGATIONS_BETWEEN = "SELECT document FROM delegations WHERE delegate = $1 AND absent = $2 AND status = 'given'"

DELEGATIONS = """
SELECT id, document FROM delegations
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR absent = $4)
  AND ($5::text IS NULL OR delegate = $5)
  AND ($6::text[] IS NULL OR absent = ANY($6) OR delegate = ANY($6) OR given_by = ANY($6))
ORDER BY id DESC LIMIT $2
"""


class Filter(NamedTuple):
    """What is looked for among the contracts; `None` asks for any. Numbers by how they begin, days inclusive."""

    status: str | None = None
    customer_id: UUID | None = None
    number: str | None = None
    kind: str | None = None
    amends: UUID | None = None
    drafted_from: datetime | None = None
    drafted_before: datetime | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    words: list[str] | None = None


async def one(reader: Reader, query: str, entity: str, identity: UUID) -> str:
    """A document as it is kept; raises `NotFound`."""
    text: Any = await reader.fetchval(query, identity)
    if text is None:
        raise NotFound("there is no {entity} {id}", entity=entity, id=str(identity))
    return str(text)


async def drafting(reader: Reader, template_id: UUID, customer_id: UUID) -> tuple[Template, str]:
    """Template and company of a new contract; raises `NotFound` for it or for a customer who is not registered."""
    template = await one(reader, TEMPLATE, "template", template_id)
    company = await one(reader, CUSTOMER, "customer", customer_id)
    return Template.model_validate_json(template), company


async def acting(reader: Reader, by: Actor, absent: str | None, at: datetime) -> Actor:
    """Who acts: the one who asks, or the absent one through them (CON-15); raises `Forbidden`."""
    if absent is None or absent == by.on_behalf_of:
        return by
    rows = await reader.fetch(DELEGATIONS_BETWEEN, by.id, absent)
    return stand_in(by, absent, [Delegation.model_validate_json(row["document"]) for row in rows], at)


async def must_reach(reader: Reader, actor: Actor, contract_id: UUID) -> None:
    """Salespeople reach their own contracts, customers and partners theirs; raises `Forbidden` or `NotFound`."""
    if not (actor.outside or actor.only_sells):
        return
    row = await _row(reader, WHOSE, contract_id)
    mine, whose = (actor.customers, [row["customer_id"]]) if actor.outside else (actor.people, row["people"])
    if mine.isdisjoint(whose):
        raise Forbidden("this contract is not yours")


async def templates(reader: Reader, page: Page, *, status: str | None, code: str | None) -> Sequence[asyncpg.Record]:
    """Editions, newest first, one more than the page shows."""
    return await reader.fetch(TEMPLATES, page.before, page.fetch, status, code)


async def seals(reader: Reader, page: Page) -> Sequence[asyncpg.Record]:
    """The seal register, newest first, one more than the page shows (CON-5)."""
    return await reader.fetch(SEALS, page.before, page.fetch)


async def delegations(
    reader: Reader, page: Page, *, status: str | None, absent: str | None, delegate: str | None, by: Actor
) -> Sequence[asyncpg.Record]:
    """Newest first, one more than the page shows; ordinary people see those that concern them (CON-15)."""
    people = None if by.holds(*ONLOOKERS) else by.people
    return await reader.fetch(DELEGATIONS, page.before, page.fetch, status, absent, delegate, people)


async def delegation(reader: Reader, by: Actor, delegation_id: UUID) -> str:
    """One delegation; raises `NotFound`, or `Forbidden` for whom it does not concern."""
    kept = await one(reader, DELEGATION, "delegation", delegation_id)
    Delegation.model_validate_json(kept).must_concern(by)
    return kept


async def contract(reader: Reader, actor: Actor, contract_id: UUID) -> asyncpg.Record:
    """A contract's document and version, as this actor may see it; raises `NotFound` or `Forbidden`."""
    await must_reach(reader, actor, contract_id)
    return await _row(reader, CONTRACT_OUTSIDE if actor.outside else CONTRACT, contract_id)


async def contracts(reader: Reader, page: Page, actor: Actor, wanted: Filter) -> Sequence[asyncpg.Record]:
    """Newest first, one more than the page shows, and of these only what the actor may see."""
    asked = (page.before, page.fetch, *wanted)
    if actor.outside:
        return await reader.fetch(CONTRACTS_OUTSIDE, *asked, actor.customers)
    return await reader.fetch(CONTRACTS, *asked, actor.people if actor.only_sells else None)


async def read(reader: Reader, actor: Actor, contract_id: UUID) -> ContractText:
    """The contract as it reads (CON-6); raises `NotFound` or `Forbidden`."""
    await must_reach(reader, actor, contract_id)
    row = await _row(reader, READ, contract_id)
    return contract_text(
        Contract.model_validate_json(row["contract"]), Template.model_validate_json(row["template"]), row["company"]
    )


async def _row(reader: Reader, query: str, contract_id: UUID) -> asyncpg.Record:
    row = await reader.fetchrow(query, contract_id)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="contract", id=str(contract_id))
    return row
