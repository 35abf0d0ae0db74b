"""Lots, and what of them can be shipped."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from services.orders.domain.allocation import Stocked
from services.orders.domain.lot import Lot
from services.orders.domain.stock_position import Available
from shared.persistence.pool import Reader
from shared.persistence.store import restore
from shared.persistence.work import Work
from shared.web.paging import Page

# What is promised to orders stands beside the document, kept by the orders: it changes far more often than the lot.
LOTS = """
SELECT id, document || jsonb_build_object('allocated', allocated::text) AS document FROM lots
WHERE id < $1 AND ($3::text IS NULL OR article = $3) ORDER BY id DESC LIMIT $2
"""

KNOWN_LOTS = "SELECT lot FROM lots WHERE lot = ANY($1::text[])"

LOT = "SELECT document || jsonb_build_object('allocated', allocated::text) FROM lots WHERE id = $1"

AVAILABLE = """
SELECT wanted.article, coalesce(sum(lots.stock - lots.allocated), 0) AS available
FROM unnest($1::text[]) AS wanted (article)
LEFT JOIN lots ON lots.article = wanted.article AND lots.status = 'in_stock'
    AND coalesce((lots.document ->> 'expires_on')::date >= $2, true)
GROUP BY wanted.article ORDER BY wanted.article
"""


# Locked, in the order of their ids: of two who want the last of a lot one comes after the other and finds it promised.
STOCKED = """
SELECT document, digest, allocated,
    coalesce(document ->> 'received_on', (created_at AT TIME ZONE 'Asia/Shanghai')::date::text)::date AS since
FROM lots WHERE article = ANY($1::text[]) AND stock > 0 AND status = 'in_stock' ORDER BY id FOR UPDATE
"""

STOCKED_BY_ID = """
SELECT id, allocated,
    coalesce(document ->> 'received_on', (created_at AT TIME ZONE 'Asia/Shanghai')::date::text)::date AS since
FROM lots WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""


async def stocked(reader: Reader, articles: Collection[str]) -> list[Stocked]:
    """Every lot of the articles that holds something and is not on hold, locked until the transaction ends."""
    rows = await reader.fetch(STOCKED, list(articles))
    return [Stocked(restore(Lot, row), row["allocated"], row["since"]) for row in rows]


async def stocked_by_id(work: Work, lot_ids: Collection[UUID]) -> dict[UUID, Stocked]:
    """These lots, locked and in hand to be changed; raises `NotFound` for one that does not exist."""
    locked = {row["id"]: row for row in await work.fetch(STOCKED_BY_ID, list(lot_ids))}
    lots = [await work.get(Lot, lot_id) for lot_id in sorted(lot_ids)]
    return {lot.id: Stocked(lot, locked[lot.id]["allocated"], locked[lot.id]["since"]) for lot in lots}


async def stock(reader: Reader, articles: Sequence[str], today: date) -> list[Available]:
    """What can be promised now of each article, in its unit: not on hold, not expired, not promised to others."""
    rows = await reader.fetch(AVAILABLE, list(articles), today)
    return [Available(article=row["article"], available=row["available"]) for row in rows]


async def lots(reader: Reader, page: Page, *, article: str | None) -> Sequence[asyncpg.Record]:
    """Newest first, one more than the page shows; of one article if it is named."""
    return await reader.fetch(LOTS, page.before, page.fetch, article)


async def known_lots(reader: Reader, lots: Sequence[str]) -> set[str]:
    """The lot numbers among these that have come in before."""
    return {row["lot"] for row in await reader.fetch(KNOWN_LOTS, list(lots))}
