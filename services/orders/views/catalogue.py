"""Articles, price books, and prices that people made up."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.orders.domain.article import Article
from services.orders.domain.price_book import PriceBook
from shared.persistence.pool import Reader
from shared.persistence.store import restore
from shared.web.paging import CodePage, Page

ARTICLES = """
SELECT article AS id, document FROM articles
WHERE article > $1 AND ($3::boolean IS NULL OR document -> 'in_production' = to_jsonb($3)) ORDER BY article LIMIT $2
"""

KNOWN_ARTICLES = "SELECT article, document, digest FROM articles WHERE article = ANY($1::text[])"

PRICE_ATTEMPTS = "SELECT id, document FROM price_attempts WHERE id < $1 ORDER BY id DESC LIMIT $2"

PRICE_BOOK = "SELECT document FROM price_books WHERE id = $1 AND (NOT $2 OR status = 'in_force')"

PRICES = """
SELECT key AS id, jsonb_build_object('article', key, 'price', value) AS document
FROM jsonb_each((SELECT document -> 'prices' FROM price_books WHERE id = $1)) WHERE key > $2 ORDER BY key LIMIT $3
"""

PRICE_BOOK_ROW = "SELECT document, digest FROM price_books WHERE id = $1"


class PriceBooks:
    """Price books in force, kept in memory: they never change again, and placing an order needs only a few prices."""

    def __init__(self) -> None:
        self._book: PriceBook | None = None

    async def book(self, reader: Reader, identity: UUID | None) -> PriceBook | None:
        if identity is None:
            return None
        if self._book is None or self._book.id != identity:
            record = await reader.fetchrow(PRICE_BOOK_ROW, identity)
            self._book = restore(PriceBook, record) if record else None
        return self._book


async def known_articles(reader: Reader, codes: Sequence[str]) -> dict[str, Article]:
    """The articles of these codes that are listed."""
    return {row["article"]: restore(Article, row) for row in await reader.fetch(KNOWN_ARTICLES, list(codes))}


async def articles(reader: Reader, page: CodePage, *, in_production: bool | None) -> Sequence[asyncpg.Record]:
    """The catalogue by code, one more than is shown."""
    return await reader.fetch(ARTICLES, page.after, page.fetch, in_production)


async def price_attempts(reader: Reader, page: Page) -> Sequence[asyncpg.Record]:
    """Prices that people made up, newest first, one more than the page shows (ORD-3)."""
    return await reader.fetch(PRICE_ATTEMPTS, page.before, page.fetch)


async def prices(reader: Reader, book_id: UUID, page: CodePage) -> Sequence[asyncpg.Record]:
    """The prices of a version by article code, one more than the page shows (ORD-2)."""
    return await reader.fetch(PRICES, book_id, page.after, page.fetch)
