"""Trials and production requests, and the summary of both orders and production."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.persistence.pool import Reader
from shared.web.paging import CodePage, Page

TRIAL = "SELECT document FROM trials WHERE id = $1"

TRIALS = """
SELECT id, document FROM trials
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR customer_id = $4)
  AND ($5::text IS NULL OR article = $5)
  AND ($6::uuid[] IS NULL OR customer_id = ANY($6)) AND ($7::text[] IS NULL OR salesperson = ANY($7))
ORDER BY id DESC LIMIT $2
"""

REQUEST = "SELECT document FROM production_requests WHERE id = $1"

# Of what waits for goods: whether a lot of this article, colour and grade has some that is promised to nobody.
COVERABLE = """
  AND ($7::boolean IS NULL OR (status IN ('requested', 'planned', 'started') AND $7 = EXISTS (
      SELECT FROM lots
      WHERE lots.article = production_requests.article AND lots.status = 'in_stock' AND stock > 0 AND stock > allocated
        AND lots.document ->> 'colour_number' = production_requests.document ->> 'colour_number'
        AND lots.document ->> 'grade' = production_requests.document ->> 'grade'
        AND coalesce((lots.document ->> 'expires_on')::date >= $8, true))))
"""

# By number, which begins with the day: what has waited longest comes first.
REQUESTS = """
SELECT number AS id, document FROM production_requests
WHERE number > $1 AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR article = $4)
  AND ($5::uuid[] IS NULL OR customer_id = ANY($5)) AND ($6::text[] IS NULL OR salesperson = ANY($6)) /* coverable */
ORDER BY number LIMIT $2
""".replace("/* coverable */", COVERABLE)

# An order has few: they are looked at one by one, and not all requests for those of one order.
REQUESTS_BY_ORDER = """
WITH named AS MATERIALIZED (SELECT * FROM production_requests WHERE order_id = $9)
SELECT number AS id, document FROM named AS production_requests
WHERE number > $1 AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR article = $4)
  AND ($5::uuid[] IS NULL OR customer_id = ANY($5)) AND ($6::text[] IS NULL OR salesperson = ANY($6)) /* coverable */
ORDER BY number LIMIT $2
""".replace("/* coverable */", COVERABLE)

REQUESTS_OF_ORDER = "SELECT id FROM production_requests WHERE order_id = $1 ORDER BY id"

# What was found short in the period, by article, colour number and grade, as things stand now: `covered` is set aside
# or has left already, and of an order that was given up nothing is wanted any more. What was finished counts as made.
PLAN = """
WITH wanted AS (
    SELECT request.*, request.document ->> 'colour_number' AS colour_number, request.document ->> 'grade' AS grade,
        (request.document ->> 'quantity')::numeric AS quantity, (request.document ->> 'finished')::numeric AS made,
        CASE WHEN orders.status IN ('cancelled', 'expired') THEN 0.00
             ELSE (request.document ->> 'ordered')::numeric END AS ordered,
        (SELECT coalesce(sum((goods ->> 'quantity')::numeric), 0.00)
         FROM jsonb_array_elements(coalesce(orders.document -> 'allocations', '[]')
                                   || coalesce(orders.document -> 'goods', '[]')) AS goods
         WHERE goods -> 'line' = request.document -> 'line') AS covered
    FROM production_requests AS request JOIN orders ON orders.id = request.order_id
    WHERE request.requested_at >= $1 AND request.requested_at < $2 AND request.status <> 'cancelled'
), summed AS (
    SELECT article, colour_number, grade, sum(ordered) AS ordered, sum(least(covered, ordered)) AS allocated,
        sum(greatest(ordered - covered, 0.00)) AS short,
        coalesce(sum(quantity) FILTER (WHERE status = 'requested'), 0.00) AS unplanned,
        coalesce(sum(quantity) FILTER (WHERE status = 'planned'), 0.00) AS planned,
        coalesce(sum(quantity) FILTER (WHERE status = 'started'), 0.00) AS started,
        sum(made) AS finished,
        min(document ->> 'starts_on') FILTER (WHERE status IN ('planned', 'started'))::date AS starts_on,
        max(document ->> 'ready_on') FILTER (WHERE status IN ('planned', 'started'))::date AS ready_on,
        count(DISTINCT order_id) AS orders,
        (array_agg(DISTINCT document ->> 'order_number'))[1:5] AS order_numbers
    FROM wanted GROUP BY 1, 2, 3
)
SELECT summed.*, articles.document ->> 'name' AS name, articles.document ->> 'specification' AS specification,
    articles.document ->> 'unit' AS unit,
    coalesce((SELECT sum(stock) FROM lots
              WHERE lots.article = summed.article AND lots.status = 'in_stock'
                AND document ->> 'colour_number' = summed.colour_number AND document ->> 'grade' = summed.grade), 0.00)
        AS in_stock
FROM summed LEFT JOIN articles USING (article)
ORDER BY article, colour_number, grade
"""


class PlannedArticle(NamedTuple):
    """One row of the production plan summary, quantities in the article's unit (ORD-7)."""

    article: str
    name: str | None
    specification: str | None
    colour_number: str
    grade: str
    unit: str | None
    in_stock: Decimal
    ordered: Decimal
    allocated: Decimal
    short: Decimal
    unplanned: Decimal
    planned: Decimal
    started: Decimal
    finished: Decimal
    starts_on: date | None
    ready_on: date | None
    orders: int
    order_numbers: list[str]


async def trials(
    reader: Reader,
    page: Page,
    *,
    status: str | None,
    customer_id: UUID | None,
    article: str | None,
    customers: Collection[UUID] | None,
    salespeople: Collection[str] | None,
) -> Sequence[asyncpg.Record]:
    """Newest first, one more than the page shows; only those of `customers` and `salespeople`, where they are given."""
    return await reader.fetch(TRIALS, page.before, page.fetch, status, customer_id, article, customers, salespeople)


async def requests(
    reader: Reader,
    page: CodePage,
    *,
    status: str | None,
    article: str | None,
    order_id: UUID | None,
    customers: Collection[UUID] | None,
    salespeople: Collection[str] | None,
    coverable: bool | None,
    today: date,
) -> Sequence[asyncpg.Record]:
    """By number, the longest waiting first, one more than the page shows; only those of `customers`, `salespeople`.

    `coverable`: only what waits for goods, where some of it is in stock for anybody (true), or none is (false).
    """
    wanted = (page.after, page.fetch, status, article, customers, salespeople, coverable, today)
    if order_id is not None:
        return await reader.fetch(REQUESTS_BY_ORDER, *wanted, order_id)
    return await reader.fetch(REQUESTS, *wanted)


async def plan(reader: Reader, since: datetime, until: datetime) -> list[PlannedArticle]:
    """What was found short from `since` until before `until`, and how far production is with it (ORD-7)."""
    return [PlannedArticle(**row) for row in await reader.fetch(PLAN, _text(since), _text(until))]


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
