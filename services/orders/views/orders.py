"""Orders, and all that writing one has to know."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from services.orders.domain.article import Article
from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.price_book import PriceBook
from services.orders.domain.price_exception import PriceException
from services.orders.domain.stock_position import StockPosition
from services.orders.views.catalogue import PriceBooks
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader

ORDER = "SELECT document FROM orders WHERE id = $1"

# Whoever moves goods of an order locks it first, and then the lots: so nobody waits for each other in a circle.
LOCK_ORDER = "SELECT id FROM orders WHERE id = $1 FOR UPDATE"

ORDER_OF_SLIP = "SELECT id FROM orders WHERE number = $1 AND customer_id = $2"

# All that placing an order has to know, in one round trip.
PLACING = """
SELECT
    (SELECT id FROM price_books WHERE status = 'in_force' AND effective_at <= $5
     ORDER BY effective_at DESC LIMIT 1) AS book,
    (SELECT owner FROM known_customers WHERE id = $1) AS owner,
    (SELECT document FROM stock_positions WHERE id = $2) AS position,
    (SELECT document FROM contract_allowances WHERE id = $3) AS allowance,
    (SELECT jsonb_agg(document) FROM articles WHERE article = ANY($4::text[])) AS articles,
    -- only what a line names a price for: usually nothing, and then nothing is read
    (SELECT jsonb_agg(document) FROM price_exceptions
     WHERE customer_id = $1 AND article = ANY($6::text[]) AND status = 'approved') AS exceptions
"""

ARTICLE_LIST = TypeAdapter(list[Article])
EXCEPTION_LIST = TypeAdapter(list[PriceException])


class Placing:
    """What holds for one order: prices, articles, stock position and contract."""

    def __init__(self, row: asyncpg.Record, book: PriceBook | None) -> None:
        self.owner: str = row["owner"]
        self.book = book
        self.position = StockPosition.model_validate_json(row["position"])
        self.allowance = ContractAllowance.model_validate_json(row["allowance"]) if row["allowance"] else None
        listed = ARTICLE_LIST.validate_json(row["articles"] or "[]")
        self.articles = {article.article: article for article in listed}
        self.exceptions = EXCEPTION_LIST.validate_json(row["exceptions"] or "[]")


async def placing(
    reader: Reader,
    books: PriceBooks,
    customer_id: UUID,
    position_id: UUID,
    contract_id: UUID | None,
    articles: Sequence[str],
    priced: Sequence[str],
    now: datetime,
) -> Placing:
    """`priced` are the articles for which a price is named.

    Raises `NotFound` for a customer, stock position or contract that is not known here.
    """
    allowance_id = contract_id and ContractAllowance.id_of(contract_id)
    row = await reader.fetchrow(
        PLACING, customer_id, position_id, allowance_id, list(articles), now.isoformat(), list(priced)
    )
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    wanted = {"customer": (row["owner"], customer_id), "stock position": (row["position"], position_id)}
    if contract_id is not None:
        wanted["contract in force"] = (row["allowance"], contract_id)
    for entity, (found, identity) in wanted.items():
        if found is None:
            rule = "ORD-19" if identity == contract_id else None
            raise NotFound("there is no {entity} {id}", rule=rule, entity=entity, id=str(identity))
    return Placing(row, await books.book(reader, row["book"]))
