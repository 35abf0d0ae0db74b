"""The proof of a closed report: worked out again from the events alone (ORD-15)."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import asyncpg

from services.orders.domain.sales_report import Period, SalesReport
from services.orders.views.reports import CONCERNED, DIGEST_KEPT, DIGESTED, KEPT, ROWS, Digested, digested, totals
from shared.persistence.pool import Reader

DIFFERENCES_SHOWN = 50
AT_ONCE = timedelta(days=7)  # of a million orders a year they are 60,000 events, which take some seconds

# The same entries from the log alone.
TOLD = """
SELECT told.event_id, told.at AS happened_at, day.booked_on, told.entity_id AS order_id, sale.*
FROM events AS told
CROSS JOIN LATERAL (SELECT sales_day(told) AS booked_on) AS day
CROSS JOIN LATERAL sales_of(told) AS sale
WHERE told.entity IN ('order', 'payment_on_account') AND split_part(told.subject, '.', 3) = ANY($3)
  AND told.at >= ($1::date - 7)::timestamp AT TIME ZONE 'Asia/Shanghai'
  AND told.at < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
  AND day.booked_on BETWEEN $1 AND $2
"""

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


async def proof(reader: Reader, report: SalesReport) -> AsyncIterator[Mapping[str, Any] | None]:
    """The report worked out again from the events alone, beside what is frozen and what the ledger holds.

    It takes its time: `None` is a sign of life, what comes last is the proof. Its `differences` name up to 50 entries
    that are missing, invented or changed.
    """
    period, frozen = report.period, Digested(report.entries, report.entries_digest)
    kept: list[asyncpg.Record] = []
    told: list[asyncpg.Record] = []
    differences: list[asyncpg.Record] = []
    for days in _weeks(period):
        kept_now = await reader.fetch(DIGEST_KEPT, *days)
        told_now = await reader.fetch(DIGEST_TOLD, *days, CONCERNED)
        yield None
        if kept_now != told_now and len(differences) < DIFFERENCES_SHOWN:
            differences += await reader.fetch(DIFFERENCES, *days, CONCERNED, DIFFERENCES_SHOWN - len(differences))
            yield None
        kept += kept_now
        told += told_now
    rows_differ = await reader.fetchval(ROWS_DIFFER, *period[1:], report.id)
    totals_agree = await totals(reader, period) == report.totals
    yield {
        "number": report.number,
        "reproduced": frozen == digested(kept) == digested(told) and totals_agree and not rows_differ,
        "frozen": frozen._asdict(),
        "ledger": digested(kept)._asdict(),
        "events": digested(told)._asdict(),
        "totals_agree": totals_agree,
        "rows_that_differ": rows_differ,
        "differences": [dict(row) for row in differences],
    }


def _weeks(period: Period) -> Iterator[tuple[date, date]]:
    first = period.begins_on
    while first <= period.ends_on:
        yield first, min(first + AT_ONCE - timedelta(days=1), period.ends_on)
        first += AT_ONCE
