"""Every read of contracts."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.contracts.domain.contract import Contract
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

CONTRACTS = """
SELECT id, document FROM contracts
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR customer_id = $4)
  AND ($5::text IS NULL OR number = $5)
  AND ($6::text[] IS NULL OR drafted_by = ANY($6) OR drafted_for = ANY($6)
       OR customer_id IN (SELECT id FROM known_customers WHERE owner = ANY($6)))
ORDER BY id DESC LIMIT $2
"""

# What a customer or partner sees: what was agreed, not what we said about it among ourselves.
CONTRACT_OUTSIDE = """
SELECT document - '{submission,reviews,voided_reviews,approvals,next_step}'::text[] AS document, version
FROM contracts WHERE id = $1
"""

CONTRACTS_OUTSIDE = """
SELECT id, document - '{submission,reviews,voided_reviews,approvals,next_step}'::text[] AS document FROM contracts
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR customer_id = $4)
  AND ($5::text IS NULL OR number = $5) AND customer_id = ANY($6::uuid[])
ORDER BY id DESC LIMIT $2
"""

READ = """
SELECT contracts.document AS contract, templates.document AS template, company
FROM contracts
JOIN templates ON templates.id = template_id
JOIN known_customers ON known_customers.id = customer_id
WHERE contracts.id = $1
"""

SEALS = """
SELECT seal_id AS id,
       (document -> 'seal' || jsonb_build_object('contract_id', id, 'number', number, 'customer_id', customer_id))
       AS document
FROM contracts WHERE seal_id < $1 ORDER BY seal_id DESC LIMIT $2
"""

KNOW_CUSTOMER = """
INSERT INTO known_customers (id, code, company, owner) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET code = excluded.code, company = excluded.company, owner = excluded.owner
"""

KNOW_OWNER = "UPDATE known_customers SET owner = $2 WHERE id = $1"


class Filter(NamedTuple):
    """What is looked for among the contracts; `None` asks for any."""

    status: str | None = None
    customer_id: UUID | None = None
    number: str | None = None


async def one(reader: Reader, query: str, entity: str, identity: UUID) -> str:
    """A document as it is kept; raises `NotFound`."""
    text: Any = await reader.fetchval(query, identity)
    if text is None:
        raise NotFound("there is no {entity} {id}", entity=entity, id=str(identity))
    return str(text)


async def drafting(reader: Reader, template_id: UUID, customer_id: UUID) -> Template:
    """The template of a new contract; raises `NotFound` for it or for a customer who is not registered."""
    template = await one(reader, TEMPLATE, "template", template_id)
    await one(reader, CUSTOMER, "customer", customer_id)
    return Template.model_validate_json(template)


async def must_reach(reader: Reader, actor: Actor, contract_id: UUID) -> None:
    """Salespeople reach their own contracts, customers and partners theirs; raises `Forbidden` or `NotFound`."""
    if not (actor.outside or actor.only_sells):
        return
    row = await _row(reader, WHOSE, contract_id)
    mine, whose = (actor.customers, [row["customer_id"]]) if actor.outside else (actor.people, row["people"])
    if mine.isdisjoint(whose):
        raise Forbidden("this contract is not yours")


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
