"""Quotations, and what pricing one has to know."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.price_book import PriceBook
from services.orders.views.catalogue import PriceBooks
from services.orders.views.orders import ARTICLE_LIST, EXCEPTION_LIST
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.web.paging import Page

QUOTATION = "SELECT document FROM quotations WHERE id = $1"

QUOTATIONS = """
SELECT id, document FROM quotations
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR customer_id = $4)
  AND ($5::text IS NULL OR number = $5)
  AND ($6::uuid[] IS NULL OR customer_id = ANY($6)) AND ($7::text[] IS NULL OR salesperson = ANY($7))
ORDER BY id DESC LIMIT $2
"""

# All that offering prices has to know, in one round trip.
QUOTING = """
SELECT
    (SELECT id FROM price_books WHERE status = 'in_force' AND effective_at <= $4
     ORDER BY effective_at DESC LIMIT 1) AS book,
    (SELECT owner FROM known_customers WHERE id = $1) AS owner,
    (SELECT document FROM contract_allowances WHERE id = $2) AS allowance,
    (SELECT jsonb_agg(document) FROM articles WHERE article = ANY($3::text[])) AS articles,
    (SELECT jsonb_agg(document) FROM price_exceptions
     WHERE customer_id = $1 AND article = ANY($5::text[]) AND status = 'approved') AS exceptions
"""


class Quoting:
    """What holds for one quotation: prices, articles and contract."""

    def __init__(self, row: asyncpg.Record, book: PriceBook | None) -> None:
        self.owner: str = row["owner"]
        self.book = book
        self.allowance = ContractAllowance.model_validate_json(row["allowance"]) if row["allowance"] else None
        self.articles = {each.article: each for each in ARTICLE_LIST.validate_json(row["articles"] or "[]")}
        self.exceptions = EXCEPTION_LIST.validate_json(row["exceptions"] or "[]")


async def quoting(
    reader: Reader,
    books: PriceBooks,
    customer_id: UUID,
    contract_id: UUID | None,
    articles: Sequence[str],
    priced: Sequence[str],
    now: datetime,
) -> Quoting:
    """`priced` are the articles for which a price is named. Raises `NotFound` for a customer or contract not known."""
    allowance_id = contract_id and ContractAllowance.id_of(contract_id)
    row = await reader.fetchrow(QUOTING, customer_id, allowance_id, list(articles), now.isoformat(), list(priced))
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    if row["owner"] is None:
        raise NotFound("there is no {entity} {id}", entity="customer", id=str(customer_id))
    if contract_id is not None and row["allowance"] is None:
        raise NotFound("there is no {entity} {id}", rule="ORD-19", entity="contract in force", id=str(contract_id))
    return Quoting(row, await books.book(reader, row["book"]))


async def quotations(
    reader: Reader,
    page: Page,
    *,
    status: str | None,
    customer_id: UUID | None,
    number: str | None,
    customers: Collection[UUID] | None,
    salespeople: Collection[str] | None,
) -> Sequence[asyncpg.Record]:
    """Newest first, one more than the page shows; only those of `customers` and `salespeople`, where they are given."""
    return await reader.fetch(QUOTATIONS, page.before, page.fetch, status, customer_id, number, customers, salespeople)
