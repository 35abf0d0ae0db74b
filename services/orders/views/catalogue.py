"""Articles, price books, and prices that people made up."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.orders.domain.article import Article
from services.orders.domain.price_book import PriceBook
from shared.persistence.pool import Reader
from shared.persistence.store import restore

ARTICLES = "SELECT article AS id, document FROM articles WHERE article > $1 ORDER BY article LIMIT $2"

KNOWN_ARTICLES = "SELECT article, document, digest FROM articles WHERE article = ANY($1::text[])"

PRICE_ATTEMPTS = "SELECT id, document FROM price_attempts WHERE id < $1 ORDER BY id DESC LIMIT $2"

PRICE_BOOKS = """
SELECT id, document - 'prices' AS document FROM price_books
WHERE id < $1 AND (NOT $3 OR status = 'in_force') ORDER BY id DESC LIMIT $2
"""

PRICE_BOOK = "SELECT document FROM price_books WHERE id = $1 AND (NOT $2 OR status = 'in_force')"

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


async def articles(reader: Reader, after: str, limit: int) -> Sequence[asyncpg.Record]:
    """The catalogue by code, one more than is shown."""
    return await reader.fetch(ARTICLES, after, limit + 1)
