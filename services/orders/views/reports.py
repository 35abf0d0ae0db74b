"""Closing days of the sales ledger, and the reports that freeze them (ORD-15)."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.orders.domain.sales_report import Content, Figures, Period
from services.orders.views.ledger import FIGURES, Wanted, added_up
from shared.domain.refusals import NotAllowedNow
from shared.persistence.pool import Reader
from shared.persistence.work import Work
from shared.web.paging import Page

AT_ONCE = 1_000

REPORT = "SELECT document FROM sales_reports WHERE id = $1"

REPORTS = """
SELECT id, document FROM sales_reports WHERE id < $1 AND ($3::text IS NULL OR kind = $3) ORDER BY id DESC LIMIT $2
"""

REPORTED = "SELECT number FROM sales_reports WHERE kind = $1 AND begins_on = $2"

CALENDAR = "SELECT closed_until FROM sales_calendar FOR UPDATE"

# Events that concern the ledger, from the first day that is open to the last that is to be closed, and not in it yet.
# Those an operator has discarded are not waited for; an event's day may be closed before it is seen, hence the week.
CLOSE = """
WITH unbooked AS (
    SELECT 1 FROM events AS told
    WHERE told.entity IN ('order', 'payment_on_account') AND split_part(told.subject, '.', 3) = ANY($3)
      AND told.at >= ($1::date - 7)::timestamp AT TIME ZONE 'Asia/Shanghai'
      AND told.at < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
      AND NOT EXISTS (SELECT FROM sales_entries AS entry WHERE entry.event_id = told.event_id)
      AND NOT EXISTS (SELECT FROM dead_letters WHERE event_id = told.event_id AND state = 'discarded')
      AND EXISTS (SELECT FROM sales_of(told))
    LIMIT 1000
), closing AS (
    INSERT INTO sales_closings (closed_until, snapshot, closed_by)
    SELECT $2, pg_current_snapshot(), $4 WHERE NOT EXISTS (SELECT FROM unbooked)
), calendar AS (
    UPDATE sales_calendar SET closed_until = $2 WHERE NOT EXISTS (SELECT FROM unbooked)
)
SELECT count(*) FROM unbooked
"""

CONCERNED = (
    "placed", "cancelled", "expired", "payment_confirmed", "payment_reversed", "overpaid", "refunded",
    "shipment_dispatched", "dispatched",
)  # fmt: skip

KEPT = "SELECT * FROM sales_entries WHERE booked_on BETWEEN $1 AND $2"

DIGESTED = """
SELECT booked_on, count(*) AS entries,
       sha256(string_agg(digest, ''::bytea ORDER BY happened_at, event_id, part)) AS digest
FROM (
    SELECT booked_on, happened_at, event_id, part,
           sales_digest(event_id, part, happened_at, booked_on, kind, order_id, number, line, article, specification,
                        model, colour_number, grade, quantity, price, amount, customer_id, salesperson, store) AS digest
    FROM (/* entries */) AS entry
) AS entries
GROUP BY booked_on ORDER BY booked_on
"""

DIGEST_KEPT = DIGESTED.replace("/* entries */", KEPT)

# By each of the groupings at once; the days of a month are one of them.
ROWS = """
SELECT sums.by,
       row_number() OVER (PARTITION BY sums.by ORDER BY sums.rank, sums.ordered_amount DESC, sums.key)::integer
           AS position,
       sums.key, coalesce(customer.company, article.document ->> 'name', '') AS name,
       coalesce(article.document ->> 'unit', '') AS unit, lines, orders, ordered_quantity, ordered_amount,
       given_up_quantity, given_up_amount, dispatched_quantity, dispatched_amount, paid, given_back, credited
FROM (
    SELECT by, key, CASE by WHEN 'day' THEN key ELSE '' END AS rank,
           /* figures */
    FROM (
        SELECT kind,
               CASE WHEN grouping(article) = 0 THEN 'article' WHEN grouping(shop) = 0 THEN 'store'
                    WHEN grouping(salesperson) = 0 THEN 'salesperson' WHEN grouping(customer_id) = 0 THEN 'customer'
                    ELSE 'day' END AS by,
               coalesce(article, shop, salesperson, customer_id::text, booked_on::text) AS key,
               count(*) AS entries, count(*) FILTER (WHERE part = 1) AS orders,
               coalesce(sum(quantity), 0) AS quantity, sum(amount) AS amount
        FROM (SELECT *, coalesce(store, '') AS shop FROM sales_entries WHERE booked_on BETWEEN $1 AND $2) AS entry
        GROUP BY GROUPING SETS
            ((kind, article), (kind, shop), (kind, salesperson), (kind, customer_id), (kind, booked_on))
    ) AS parts
    WHERE key IS NOT NULL
    GROUP BY by, key
) AS sums
LEFT JOIN known_customers AS customer ON by = 'customer' AND customer.id::text = key
LEFT JOIN articles AS article ON by = 'article' AND article.article = key
""".replace("/* figures */", FIGURES)

KEEP_ROWS = "INSERT INTO sales_report_rows SELECT $3, report.* FROM (/* rows */) AS report".replace("/* rows */", ROWS)

REPORT_ROWS = """
SELECT * FROM sales_report_rows WHERE report_id = $1 AND (by, position) > ($2, $3) ORDER BY by, position LIMIT $4
"""


class Digested(NamedTuple):
    """What identifies the entries of a period: how many, and the digest over its days."""

    entries: int
    digest: str


def digested(days: Sequence[asyncpg.Record]) -> Digested:
    """A period's, from those of its days in order."""
    digest = hashlib.sha256(b"".join(day["digest"] for day in days)).hexdigest()
    return Digested(sum(day["entries"] for day in days), digest)


async def reports(reader: Reader, page: Page, *, kind: str | None) -> Sequence[asyncpg.Record]:
    """Closed reports, the latest first, one more than the page shows."""
    return await reader.fetch(REPORTS, page.before, page.fetch, kind)


async def close(work: Work, period: Period, by: str) -> Content:
    """Freeze the period, and with it every earlier day that is open; returns what it holds.

    Nothing is booked to these days any more, from here to the end of the transaction and after it. Raises
    `NotAllowedNow` if the period is reported already, or if an event of these days is still on its way to the ledger.
    """
    closed_until = await work.fetchval(CALENDAR)
    if number := await work.fetchval(REPORTED, period.kind, period.begins_on.isoformat()):
        raise NotAllowedNow("this period is closed already, with report {number}", number=number)
    if closed_until is None or closed_until < period.ends_on:
        waiting = await work.fetchval(CLOSE, closed_until, period.ends_on, CONCERNED, by)
        if waiting:
            raise NotAllowedNow(
                "{count} events of these days are not in the ledger yet; ask again later", count=waiting
            )
    return await content(work, period)


async def content(reader: Reader, period: Period) -> Content:
    """What the ledger holds of the period."""
    days = await reader.fetch(DIGEST_KEPT, period.begins_on, period.ends_on)
    return Content(*digested(days), await totals(reader, period))


async def totals(reader: Reader, period: Period) -> Figures:
    """What the entries of the period add up to now."""
    rows = await added_up(reader, Wanted(period.begins_on, period.ends_on))
    return Figures.model_validate(dict(rows[0])) if rows else Figures()


async def current_rows(reader: Reader, period: Period) -> list[dict[str, Any]]:
    """What a report of the period would say now by day, article, store, salesperson and customer."""
    wanted = Wanted(period.begins_on, period.ends_on)
    return [
        {**row, "by": by}
        for by in ("article", "customer", "day", "salesperson", "store")
        for row in await added_up(reader, wanted, by)
    ]


async def kept_rows(reader: Reader, report_id: UUID) -> AsyncIterator[Sequence[asyncpg.Record]]:
    """What a closed report says by day, article, store, salesperson and customer, page by page."""
    by, position = "", 0
    while page := await reader.fetch(REPORT_ROWS, report_id, by, position, AT_ONCE):
        yield page
        by, position = page[-1]["by"], page[-1]["position"]
