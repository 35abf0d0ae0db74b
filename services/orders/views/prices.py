"""Versions of the price book compared, the price that holds at a time, exceptions, and who makes prices up."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.orders.domain.price_book import PriceBook
from shared.domain.money import Amount
from shared.persistence.pool import Reader
from shared.web.paging import CodePage, Page

type Standing = Literal["draft", "rejected", "withdrawn", "scheduled", "in_force", "replaced"]


class ShownBook(PriceBook):
    """A version as it is shown: whether its prices hold now, and which version they replace or replaced (ORD-2)."""

    standing: Standing
    replaces: str | None = None


class CurrentPrice(BaseModel):
    """The price of an article that holds for all stores at a time, per unit in yuan (ORD-2)."""

    article: str
    name: str | None
    unit: str | None
    price: Amount
    price_book: str
    effective_at: datetime


class PriceChange(BaseModel):
    """What became of an article's price between two versions; `percent` of the old price, with two places."""

    article: str
    name: str | None
    change: Literal["added", "removed", "changed"]
    old: Amount | None
    new: Amount | None
    percent: Decimal | None


class AttemptCount(BaseModel):
    """How many prices a person has made up in a month of Shanghai (ORD-3)."""

    person: str
    month: str
    attempts: int
    customers: int
    last_at: datetime


# When a version's prices hold follows from the others: kept with it, it would be wrong once another comes in between.
SHOWN_BOOKS = """
SELECT book.id, book.document - $4::text || jsonb_build_object(
    'replaces', CASE WHEN book.status = 'in_force' THEN
        (SELECT earlier.document ->> 'number' FROM price_books AS earlier
         WHERE earlier.status = 'in_force' AND earlier.effective_at < book.effective_at
         ORDER BY earlier.effective_at DESC LIMIT 1) END,
    'standing', CASE
        WHEN book.status <> 'in_force' THEN book.status
        WHEN book.effective_at::timestamptz > now() THEN 'scheduled'
        WHEN EXISTS (SELECT FROM price_books AS later WHERE later.status = 'in_force'
                     AND later.effective_at > book.effective_at AND later.effective_at::timestamptz <= now())
        THEN 'replaced' ELSE 'in_force' END) AS document
FROM price_books AS book
WHERE book.id < $1 AND (NOT $3 OR book.status = 'in_force') AND ($5::uuid IS NULL OR book.id = $5)
ORDER BY book.id DESC LIMIT $2
"""

PRICE_BOOK_NUMBER = "SELECT document ->> 'number' FROM price_books WHERE id = $1 AND (NOT $2 OR status = 'in_force')"

CURRENT_PRICES = """
WITH book AS (
    SELECT document FROM price_books WHERE status = 'in_force' AND effective_at::timestamptz <= $3
    ORDER BY effective_at DESC LIMIT 1
)
SELECT price.key AS id, jsonb_build_object(
    'article', price.key, 'name', articles.document -> 'name', 'unit', articles.document -> 'unit',
    'price', price.value, 'price_book', book.document -> 'number',
    'effective_at', book.document -> 'effective_at') AS document
FROM book, jsonb_each(book.document -> 'prices') AS price LEFT JOIN articles ON articles.article = price.key
WHERE price.key > $1 AND ($4::text[] IS NULL OR price.key = ANY($4))
ORDER BY price.key LIMIT $2
"""

COMPARED = """
WITH old AS (
    SELECT key AS article, value::numeric AS price
    FROM price_books, jsonb_each_text(document -> 'prices') WHERE id = $3
), new AS (
    SELECT key AS article, value::numeric AS price
    FROM price_books, jsonb_each_text(document -> 'prices') WHERE id = $4
)
SELECT article AS id, jsonb_build_object(
    'article', article, 'name', articles.document -> 'name',
    'change', CASE WHEN old.price IS NULL THEN 'added' WHEN new.price IS NULL THEN 'removed' ELSE 'changed' END,
    'old', old.price::text, 'new', new.price::text,
    'percent', round((new.price - old.price) * 100 / nullif(old.price, 0), 2)::text) AS document
FROM old FULL JOIN new USING (article) LEFT JOIN articles USING (article)
WHERE old.price IS DISTINCT FROM new.price AND article > $1
ORDER BY article LIMIT $2
"""

# The group of the newest attempt comes first, and its id is the group's.
ATTEMPTS_COUNTED = """
WITH counted AS (
    SELECT person, to_char((document ->> 'at')::timestamptz AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
        (array_agg(id ORDER BY id DESC))[1] AS id, count(*) AS attempts,
        count(DISTINCT document ->> 'customer_id') AS customers, max((document ->> 'at')::timestamptz) AS last_at
    FROM price_attempts
    WHERE ($3::timestamptz IS NULL OR (document ->> 'at')::timestamptz >= $3)
      AND ($4::timestamptz IS NULL OR (document ->> 'at')::timestamptz < $4)
      AND ($5::text IS NULL OR person = $5)
    GROUP BY 1, 2
)
SELECT id, jsonb_build_object('person', person, 'month', month, 'attempts', attempts, 'customers', customers,
    'last_at', to_char(last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS document
FROM counted WHERE id < $1 ORDER BY id DESC LIMIT $2
"""

EXCEPTION = "SELECT document FROM price_exceptions WHERE id = $1"

EXCEPTIONS = """
SELECT id, document FROM price_exceptions
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR customer_id = $4)
  AND ($5::text IS NULL OR article = $5)
  AND ($6::uuid[] IS NULL OR customer_id = ANY($6)) AND ($7::text[] IS NULL OR requested_by = ANY($7))
ORDER BY id DESC LIMIT $2
"""

EXCEPTIONS_OF_ORDER = """
SELECT id FROM price_exceptions
WHERE jsonb_path_query_array(document, '$.uses[*].order_id') @> jsonb_build_array($1::text) ORDER BY id
"""


async def shown_books(
    reader: Reader, page: Page, *, only_in_force: bool, without: str = "prices", book_id: UUID | None = None
) -> Sequence[asyncpg.Record]:
    """Versions newest first, without the field `without`, one more than the page shows."""
    return await reader.fetch(SHOWN_BOOKS, page.before, page.fetch, only_in_force, without, book_id)


async def current_prices(
    reader: Reader, page: CodePage, *, at: datetime, articles: Sequence[str] | None
) -> Sequence[asyncpg.Record]:
    """What holds at a time by article code, one more than the page shows; empty before the first version."""
    return await reader.fetch(CURRENT_PRICES, page.after, page.fetch, at, articles)


async def compared(reader: Reader, page: CodePage, *, old: UUID, new: UUID) -> Sequence[asyncpg.Record]:
    """What differs between two versions by article code, one more than the page shows (ORD-2)."""
    return await reader.fetch(COMPARED, page.after, page.fetch, old, new)


async def attempts_counted(
    reader: Reader, page: Page, *, since: datetime | None, until: datetime | None, person: str | None
) -> Sequence[asyncpg.Record]:
    """How often each person made up a price, by month, the one with the newest attempt first (ORD-3)."""
    return await reader.fetch(ATTEMPTS_COUNTED, page.before, page.fetch, since, until, person)


async def exceptions(
    reader: Reader,
    page: Page,
    *,
    status: str | None,
    customer_id: UUID | None,
    article: str | None,
    customers: Collection[UUID] | None,
    requesters: Collection[str] | None,
) -> Sequence[asyncpg.Record]:
    """Newest first, one more than the page shows; only those of `customers` and `requesters`, where they are given."""
    return await reader.fetch(EXCEPTIONS, page.before, page.fetch, status, customer_id, article, customers, requesters)
