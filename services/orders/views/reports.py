"""Closing days of the sales ledger, the reports that freeze them, and their proof from the events (ORD-15)."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.orders.domain.sales_report import Content, Figures, Period, SalesReport
from services.orders.views.ledger import FIGURES, Wanted, added_up
from shared.domain.refusals import NotAllowedNow
from shared.persistence.pool import Reader
from shared.persistence.work import Work
from shared.web.paging import Page

AT_ONCE = 1_000
DIFFERENCES_SHOWN = 50

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
    WHERE told.entity = 'order' AND split_part(told.subject, '.', 3) = ANY($3)
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

# The same entries from the log alone.
TOLD = """
SELECT told.event_id, told.at AS happened_at, day.booked_on, told.entity_id AS order_id, sale.*
FROM events AS told
CROSS JOIN LATERAL (SELECT sales_day(told) AS booked_on) AS day
CROSS JOIN LATERAL sales_of(told) AS sale
WHERE told.entity = 'order' AND split_part(told.subject, '.', 3) = ANY($3)
  AND told.at >= ($1::date - 7)::timestamp AT TIME ZONE 'Asia/Shanghai'
  AND told.at < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
  AND day.booked_on BETWEEN $1 AND $2
"""

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
DIGEST_TOLD = DIGESTED.replace("/* entries */", TOLD)

DIFFERENCES = """
WITH kept AS (/* kept */), told AS (/* told */)
SELECT event_id, part, coalesce(told.number, kept.number) AS number,
       CASE WHEN kept.order_id IS NULL THEN 'missing' WHEN told.order_id IS NULL THEN 'invented'
            ELSE 'changed' END AS what,
       to_jsonb(kept) - 'id' AS kept, to_jsonb(told) AS told
FROM kept FULL JOIN told USING (event_id, part)
WHERE to_jsonb(kept) - 'id' IS DISTINCT FROM to_jsonb(told)
ORDER BY event_id, part LIMIT $4
""".replace("/* kept */", KEPT).replace("/* told */", TOLD)

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

ROWS_DIFFER = """
SELECT count(*) FROM (
    (SELECT /* columns */ FROM sales_report_rows WHERE report_id = $3
     EXCEPT SELECT /* columns */ FROM (/* rows */) AS now)
    UNION ALL
    (SELECT /* columns */ FROM (/* rows */) AS now
     EXCEPT SELECT /* columns */ FROM sales_report_rows WHERE report_id = $3)
) AS difference
""".replace("/* rows */", ROWS).replace(
    "/* columns */",
    "by, key, lines, orders, ordered_quantity, ordered_amount, given_up_quantity, given_up_amount, dispatched_quantity,"
    " dispatched_amount, paid, given_back, credited",
)  # fmt: skip


class Digested(NamedTuple):
    """What identifies the entries of a period: how many, and the digest over its days."""

    entries: int
    digest: str


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
    """What the ledger holds of the period now."""
    entries, digest = await _digested(reader, DIGEST_KEPT, period)
    return Content(entries, digest, await _totals(reader, period))


async def current_rows(reader: Reader, period: Period) -> list[asyncpg.Record]:
    """What a report of the period would say by day, article, store, salesperson and customer."""
    return await reader.fetch(ROWS + " ORDER BY by, position", period.begins_on, period.ends_on)


async def kept_rows(reader: Reader, report_id: UUID) -> AsyncIterator[Sequence[asyncpg.Record]]:
    """What a closed report says by day, article, store, salesperson and customer, page by page."""
    by, position = "", 0
    while page := await reader.fetch(REPORT_ROWS, report_id, by, position, AT_ONCE):
        yield page
        by, position = page[-1]["by"], page[-1]["position"]


async def proof(reader: Reader, report: SalesReport) -> Mapping[str, Any]:
    """The report worked out again from the events alone, beside what is frozen and what the ledger holds.

    `differences` names up to 50 entries that are missing, invented or changed.
    """
    period = report.period
    kept = await _digested(reader, DIGEST_KEPT, period)
    told = await _digested(reader, DIGEST_TOLD, period, CONCERNED)
    frozen = Digested(report.entries, report.entries_digest)
    rows_differ = await reader.fetchval(ROWS_DIFFER, *period[1:], report.id)
    differences: list[asyncpg.Record] = []
    if kept != told:
        differences = await reader.fetch(DIFFERENCES, *period[1:], CONCERNED, DIFFERENCES_SHOWN)
    totals_agree = await _totals(reader, period) == report.totals
    return {
        "number": report.number,
        "reproduced": frozen == kept == told and totals_agree and not rows_differ,
        "frozen": frozen._asdict(),
        "ledger": kept._asdict(),
        "events": told._asdict(),
        "totals_agree": totals_agree,
        "rows_that_differ": rows_differ,
        "differences": [dict(row) for row in differences],
    }


async def _digested(reader: Reader, query: str, period: Period, *more: object) -> Digested:
    days = await reader.fetch(query, period.begins_on, period.ends_on, *more)
    digest = hashlib.sha256(b"".join(day["digest"] for day in days)).hexdigest()
    return Digested(sum(day["entries"] for day in days), digest)


async def _totals(reader: Reader, period: Period) -> Figures:
    rows = await added_up(reader, Wanted(period.begins_on, period.ends_on))
    return Figures.model_validate(dict(rows[0])) if rows else Figures()
