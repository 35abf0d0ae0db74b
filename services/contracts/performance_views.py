"""Every read of how contracts are performed."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from services.contracts import views
from services.contracts.domain.performance import Complained
from shared.domain.actor import Actor
from shared.domain.refusals import NotFound
from shared.events.orders import IssuedGoods, OrderedLine
from shared.persistence.pool import Reader
from shared.persistence.work import Work
from shared.web.paging import Page

OWNER = "SELECT owner FROM known_customers WHERE id = $1"

RUNNING = "SELECT id FROM contract_performances WHERE customer_id = $1 AND status = 'running'"

# Its orders are counted and left out: there may be thousands, and they come in pages.
PERFORMANCE = """
SELECT CASE WHEN $2 THEN performed(document) ELSE document END - 'orders'
       || jsonb_build_object('order_count', jsonb_array_length(document -> 'orders')) AS document, version
FROM contract_performances WHERE contract_id = $1
"""

ORDERS = """
SELECT (share ->> 'order_id')::uuid AS id, share AS document
FROM contract_performances, jsonb_array_elements(document -> 'orders') AS share
WHERE contract_id = $3 AND (share ->> 'order_id')::uuid < $1
ORDER BY 1 DESC LIMIT $2
"""

BREACHES = """
SELECT (breach ->> 'id')::uuid AS id, breach AS document
FROM contract_performances,
     jsonb_array_elements((CASE WHEN $4 THEN performed(document) ELSE document END) -> 'breaches') AS breach
WHERE contract_id = $3 AND (breach ->> 'id')::uuid < $1
ORDER BY 1 DESC LIMIT $2
"""

# The id sorts by the day, and so does the list.
MILESTONES = """
SELECT id, document FROM contract_milestones
WHERE id < $1 AND ($3::text IS NULL OR state = $3) AND ($4::date IS NULL OR due_on < $4)
  AND ($5::text[] IS NULL OR customer_id IN (SELECT id FROM known_customers WHERE owner = ANY($5))
       OR contract_id IN (SELECT id FROM contracts WHERE drafted_by = ANY($5) OR drafted_for = ANY($5)))
ORDER BY id DESC LIMIT $2
"""

KNOW_COMPLAINT = """
INSERT INTO complained_goods (complaint_id, filed, article) VALUES ($1, true, $2)
ON CONFLICT (complaint_id) DO UPDATE SET filed = true, article = excluded.article
"""

KNOW_GOODS = """
INSERT INTO complained_goods (complaint_id, contract_id, order_id, lines, goods)
VALUES ($1, $2, $3, $4::text::jsonb, $5::text::jsonb)
ON CONFLICT (complaint_id) DO UPDATE
SET contract_id = excluded.contract_id, order_id = excluded.order_id, lines = excluded.lines, goods = excluded.goods
"""

KNOW_LIABILITY = """
INSERT INTO complained_goods (complaint_id, established) VALUES ($1, true)
ON CONFLICT (complaint_id) DO UPDATE SET established = true
"""

CONFIRMED = """
SELECT contract_id, order_id, article, lines, goods FROM complained_goods
WHERE complaint_id = $1 AND filed AND established AND contract_id IS NOT NULL
"""

LINES, GOODS = TypeAdapter(list[OrderedLine]), TypeAdapter(list[IssuedGoods])


async def performance(reader: Reader, actor: Actor, contract_id: UUID) -> asyncpg.Record:
    """Document, without its orders, and version of how a contract is performed, as this actor may see it.

    Raises `NotFound` or `Forbidden`.
    """
    await views.must_reach(reader, actor, contract_id)
    row = await reader.fetchrow(PERFORMANCE, contract_id, actor.outside)
    if row is None:
        raise NotFound("contract {id} is not in force, nor was it", id=str(contract_id))
    return row


async def breaches(reader: Reader, actor: Actor, contract_id: UUID, page: Page) -> Sequence[asyncpg.Record]:
    """The breaches of a contract this actor may see, newest first."""
    return await reader.fetch(BREACHES, page.before, page.fetch, contract_id, actor.outside)


async def orders(reader: Reader, contract_id: UUID, page: Page) -> Sequence[asyncpg.Record]:
    """What each order under the contract contributes, newest first."""
    return await reader.fetch(ORDERS, page.before, page.fetch, contract_id)


async def milestones(
    reader: Reader, actor: Actor, state: str | None, before: date | None, page: Page
) -> Sequence[asyncpg.Record]:
    """Milestones of all contracts, the latest day first; of these only what the actor may see."""
    people = actor.people if actor.only_sells else None
    return await reader.fetch(MILESTONES, page.before, page.fetch, state, before, people)


async def confirmed(work: Work, complaint_id: UUID) -> tuple[UUID, Complained] | None:
    """The contract and the goods of a complaint, once complaint, goods and liability are all known (CON-14)."""
    row = await work.fetchrow(CONFIRMED, complaint_id)
    if row is None:
        return None
    lines, goods = LINES.validate_json(row["lines"]), GOODS.validate_json(row["goods"])
    return row["contract_id"], Complained(complaint_id, row["order_id"], row["article"], lines, goods)
