"""Lots, and what of them can be shipped."""

from collections.abc import Sequence
from datetime import date

from services.orders.domain.stock_position import Available
from shared.persistence.pool import Reader

LOTS = """
SELECT id, document FROM lots WHERE id < $1 AND ($3::text IS NULL OR article = $3) ORDER BY id DESC LIMIT $2
"""

KNOWN_LOTS = "SELECT lot FROM lots WHERE lot = ANY($1::text[])"

LOT = "SELECT document FROM lots WHERE id = $1"

AVAILABLE = """
SELECT wanted.article, coalesce(sum(lots.stock), 0) AS available
FROM unnest($1::text[]) AS wanted (article)
LEFT JOIN lots ON lots.article = wanted.article AND lots.status = 'in_stock'
    AND coalesce((lots.document ->> 'expires_on')::date >= $2, true)
GROUP BY wanted.article ORDER BY wanted.article
"""


async def stock(reader: Reader, articles: Sequence[str], today: date) -> list[Available]:
    """What can be shipped now of each article, in its unit."""
    rows = await reader.fetch(AVAILABLE, list(articles), today)
    return [Available(article=row["article"], available=row["available"]) for row in rows]


async def known_lots(reader: Reader, lots: Sequence[str]) -> set[str]:
    """The lot numbers among these that have come in before."""
    return {row["lot"] for row in await reader.fetch(KNOWN_LOTS, list(lots))}
