"""What the papers of an order say beside the order itself."""

from typing import NamedTuple

from pydantic import TypeAdapter

from services.orders.domain.article import Article
from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.order import Order
from shared.persistence.pool import Reader

CALLED = """
SELECT
    (SELECT code FROM known_customers WHERE id = $1) AS code,
    (SELECT company FROM known_customers WHERE id = $1) AS company,
    (SELECT document ->> 'number' FROM contract_allowances WHERE id = $2) AS contract,
    (SELECT jsonb_agg(document) FROM articles WHERE article = ANY($3::text[])) AS articles
"""

ARTICLES = TypeAdapter(list[Article])


class Called(NamedTuple):
    """What is called how: customer, contract and articles, which an order knows by id and code."""

    customer_code: str
    customer: str
    contract: str
    articles: dict[str, Article]


async def called(reader: Reader, order: Order) -> Called:
    """In one round trip; what is not known is an empty text, or is not among the articles."""
    allowance_id = ContractAllowance.id_of(order.contract_id) if order.contract_id else None
    codes = [line.article for line in order.lines]
    row = await reader.fetchrow(CALLED, order.customer_id, allowance_id, codes)
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    articles = {article.article: article for article in ARTICLES.validate_json(row["articles"] or "[]")}
    return Called(row["code"] or "", row["company"] or "", row["contract"] or "", articles)
