"""Every read of orders."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from services.orders.domain.article import Article
from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.price_book import PriceBook
from services.orders.domain.stock_position import Available, StockPosition
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.persistence.store import restore
from shared.web.paging import Page

ORDER = "SELECT document FROM orders WHERE id = $1"

ORDERS = """
SELECT id, document FROM orders
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR customer_id = $4)
  AND ($5::text IS NULL OR number = $5)
  AND ($6::uuid[] IS NULL OR customer_id = ANY($6)) AND ($7::text[] IS NULL OR salesperson = ANY($7))
ORDER BY id DESC LIMIT $2
"""

ORDER_OF_SLIP = "SELECT id FROM orders WHERE number = $1 AND customer_id = $2"

ARTICLES = "SELECT article AS id, document FROM articles WHERE article > $1 ORDER BY article LIMIT $2"

KNOWN_ARTICLES = "SELECT article, document, digest FROM articles WHERE article = ANY($1::text[])"

LOTS = """
SELECT id, document FROM lots WHERE id < $1 AND ($3::text IS NULL OR article = $3) ORDER BY id DESC LIMIT $2
"""

KNOWN_LOTS = "SELECT lot FROM lots WHERE lot = ANY($1::text[])"

LOT = "SELECT document FROM lots WHERE id = $1"

PRICE_ATTEMPTS = "SELECT id, document FROM price_attempts WHERE id < $1 ORDER BY id DESC LIMIT $2"

PRICE_BOOKS = """
SELECT id, document - 'prices' AS document FROM price_books
WHERE id < $1 AND (NOT $3 OR status = 'in_force') ORDER BY id DESC LIMIT $2
"""

PRICE_BOOK = "SELECT document FROM price_books WHERE id = $1 AND (NOT $2 OR status = 'in_force')"

PRICE_BOOK_ROW = "SELECT document, digest FROM price_books WHERE id = $1"

AVAILABLE = """
SELECT wanted.article, coalesce(sum(lots.stock), 0) AS available
FROM unnest($1::text[]) AS wanted (article)
LEFT JOIN lots ON lots.article = wanted.article AND lots.status = 'in_stock'
    AND coalesce((lots.document ->> 'expires_on')::date >= $2, true)
GROUP BY wanted.article ORDER BY wanted.article
"""

# All that placing an order has to know, in one round trip.
PLACING = """
SELECT
    (SELECT id FROM price_books WHERE status = 'in_force' AND effective_at <= $5
     ORDER BY effective_at DESC LIMIT 1) AS book,
    (SELECT owner FROM known_customers WHERE id = $1) AS owner,
    (SELECT document FROM stock_positions WHERE id = $2) AS position,
    (SELECT document FROM contract_allowances WHERE id = $3) AS allowance,
    (SELECT jsonb_agg(document) FROM articles WHERE article = ANY($4::text[])) AS articles
"""

KNOW_CUSTOMER = """
INSERT INTO known_customers (id, code, company, owner) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET code = excluded.code, company = excluded.company, owner = excluded.owner
"""

KNOW_OWNER = "UPDATE known_customers SET owner = $2 WHERE id = $1"

CUSTOMER = "SELECT owner FROM known_customers WHERE id = $1"


ARTICLE_LIST = TypeAdapter(list[Article])


class Placing:
    """What holds for one order: prices, articles, stock position and contract."""

    def __init__(self, row: asyncpg.Record, book: PriceBook | None) -> None:
        self.owner: str = row["owner"]
        self.book = book
        self.position = StockPosition.model_validate_json(row["position"])
        self.allowance = ContractAllowance.model_validate_json(row["allowance"]) if row["allowance"] else None
        listed = ARTICLE_LIST.validate_json(row["articles"] or "[]")
        self.articles = {article.article: article for article in listed}


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


async def placing(
    reader: Reader,
    books: PriceBooks,
    customer_id: UUID,
    position_id: UUID,
    contract_id: UUID | None,
    articles: Sequence[str],
    now: datetime,
) -> Placing:
    """Raises `NotFound` for a customer, stock position or contract that is not known here."""
    allowance_id = contract_id and ContractAllowance.id_of(contract_id)
    row = await reader.fetchrow(PLACING, customer_id, position_id, allowance_id, list(articles), now.isoformat())
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    wanted = {"customer": (row["owner"], customer_id), "stock position": (row["position"], position_id)}
    if contract_id is not None:
        wanted["contract in force"] = (row["allowance"], contract_id)
    for entity, (found, identity) in wanted.items():
        if found is None:
            rule = "ORD-19" if identity == contract_id else None
            raise NotFound("there is no {entity} {id}", rule=rule, entity=entity, id=str(identity))
    return Placing(row, await books.book(reader, row["book"]))


async def stock(reader: Reader, articles: Sequence[str], today: date) -> list[Available]:
    """What can be shipped now of each article, in its unit."""
    rows = await reader.fetch(AVAILABLE, list(articles), today)
    return [Available(article=row["article"], available=row["available"]) for row in rows]


async def one(reader: Reader, query: str, entity: str, identity: UUID, *more: object) -> str:
    """A document as it is kept; raises `NotFound`."""
    text: Any = await reader.fetchval(query, identity, *more)
    if text is None:
        raise NotFound("there is no {entity} {id}", entity=entity, id=str(identity))
    return str(text)


async def orders(
    reader: Reader,
    page: Page,
    *,
    status: str | None,
    customer_id: UUID | None,
    number: str | None,
    customers: Collection[UUID] | None,
    salespeople: Collection[str] | None,
) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows; only those of `customers` and `salespeople`, where they are given."""
    return await reader.fetch(ORDERS, page.before, page.fetch, status, customer_id, number, customers, salespeople)


async def customer_owner(reader: Reader, customer_id: UUID) -> str:
    """The salesperson who looks after a customer; raises `NotFound` for one that is not registered."""
    return await one(reader, CUSTOMER, "customer", customer_id)


async def known_articles(reader: Reader, codes: Sequence[str]) -> dict[str, Article]:
    """The articles of these codes that are listed."""
    return {row["article"]: restore(Article, row) for row in await reader.fetch(KNOWN_ARTICLES, list(codes))}


async def known_lots(reader: Reader, lots: Sequence[str]) -> set[str]:
    """The lot numbers among these that have come in before."""
    return {row["lot"] for row in await reader.fetch(KNOWN_LOTS, list(lots))}


async def articles(reader: Reader, after: str, limit: int) -> Sequence[asyncpg.Record]:
    """The catalogue by code, one more than is shown."""
    return await reader.fetch(ARTICLES, after, limit + 1)
