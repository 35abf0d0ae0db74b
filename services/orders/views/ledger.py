"""The sales ledger (销售台帐): what is booked, entry by entry and added up (ORD-15)."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.events.event import Event
from shared.persistence.pool import Reader
from shared.persistence.work import Work

AT_ONCE = 1_000

# What an event means is read from the log itself, by the function that also checks the ledger. Whoever closes a day
# holds the calendar: an entry is booked before that, or on the first day that is open after it.
BOOK = """
WITH calendar AS (SELECT closed_until FROM sales_calendar FOR SHARE)
INSERT INTO sales_entries (event_id, part, happened_at, booked_on, kind, order_id, number, line, article, specification,
                           model, colour_number, grade, quantity, price, amount, customer_id, salesperson, store)
SELECT told.event_id, sale.part, told.at,
       greatest((told.at AT TIME ZONE 'Asia/Shanghai')::date, calendar.closed_until + 1), sale.kind, told.entity_id,
       sale.number, sale.line, sale.article, sale.specification, sale.model, sale.colour_number, sale.grade,
       sale.quantity, sale.price, sale.amount, sale.customer_id, sale.salesperson, sale.store
FROM calendar, events AS told CROSS JOIN LATERAL sales_of(told) AS sale
WHERE told.entity IN ('order', 'payment_on_account') AND told.entity_id = $1 AND told.version = $2 AND told.at = $3
ORDER BY sale.part
ON CONFLICT (event_id, part) DO NOTHING
"""

# One of these is said outright, so that the index fits that it is read by; the others sift what is found.
NARROWED = {
    "": "",
    "customer_id": "AND customer_id = $6",
    "salespeople": "AND salesperson = ($5::text[])[1]",
    "article": "AND article = $3",
    "store": "AND store = $4",
}

MATCHING = """
      AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR article = $3) AND ($4::text IS NULL OR store = $4)
      AND ($5::text[] IS NULL OR salesperson = ANY($5)) AND ($6::uuid IS NULL OR customer_id = $6)
"""

ENTRIES = """
SELECT entry.*, customer.code AS customer_code, customer.company, article.document ->> 'name' AS article_name,
       article.document ->> 'unit' AS unit
FROM (
    SELECT * FROM sales_entries WHERE (booked_on, id) > ($7::date, $8::bigint) AND booked_on <= $9 /* matching */
    ORDER BY booked_on, id LIMIT $1 OFFSET $10
) AS entry
LEFT JOIN known_customers AS customer ON customer.id = entry.customer_id
LEFT JOIN articles AS article ON article.article = entry.article
ORDER BY entry.booked_on, entry.id
"""

# The kinds of entries side by side.
FIGURES = """
           coalesce(sum(entries), 0)::bigint AS entries,
           coalesce(sum(entries) FILTER (WHERE kind = 'ordered'), 0)::bigint AS lines,
           coalesce(sum(orders) FILTER (WHERE kind = 'ordered'), 0)::bigint AS orders,
           round(coalesce(sum(quantity) FILTER (WHERE kind = 'ordered'), 0), 2) AS ordered_quantity,
           round(coalesce(sum(amount) FILTER (WHERE kind = 'ordered'), 0), 2) AS ordered_amount,
           round(coalesce(sum(quantity) FILTER (WHERE kind IN ('cancelled', 'expired')), 0), 2) AS given_up_quantity,
           round(coalesce(sum(amount) FILTER (WHERE kind IN ('cancelled', 'expired')), 0), 2) AS given_up_amount,
           round(coalesce(sum(quantity) FILTER (WHERE kind = 'dispatched'), 0), 2) AS dispatched_quantity,
           round(coalesce(sum(amount) FILTER (WHERE kind = 'dispatched'), 0), 2) AS dispatched_amount,
           round(coalesce(sum(amount) FILTER (WHERE kind = 'paid'), 0), 2) AS paid,
           round(coalesce(sum(amount) FILTER (WHERE kind IN ('reversed', 'refunded')), 0), 2) AS given_back,
           round(coalesce(sum(amount) FILTER (WHERE kind = 'credited'), 0), 2) AS credited
"""

# For each article, store, salesperson, customer or day ($1), or over all of them.
ADDED_UP = """
SELECT sums.*, coalesce(customer.company, article.document ->> 'name', '') AS name,
       coalesce(article.document ->> 'unit', '') AS unit
FROM (
    SELECT key,
           /* figures */
    FROM (/* parts */) AS parts (key, kind, entries, orders, quantity, amount)
    GROUP BY key
) AS sums
LEFT JOIN known_customers AS customer ON $1 = 'customer' AND customer.id::text = sums.key
LEFT JOIN articles AS article ON $1 = 'article' AND article.article = sums.key
ORDER BY CASE $1 WHEN 'day' THEN key END, ordered_amount DESC, key
""".replace("/* figures */", FIGURES)

FROM_ENTRIES = """
    SELECT CASE $1::text WHEN 'article' THEN article WHEN 'store' THEN coalesce(store, '')
                         WHEN 'salesperson' THEN salesperson WHEN 'customer' THEN customer_id::text
                         WHEN 'day' THEN booked_on::text ELSE '' END,
           kind, count(*), count(*) FILTER (WHERE part = 1), coalesce(sum(quantity), 0), sum(amount)
    FROM sales_entries
    WHERE ($1 <> 'article' OR article IS NOT NULL) /* matching */
    GROUP BY 1, 2
"""

BY_ENTRIES = ADDED_UP.replace("/* parts */", FROM_ENTRIES).replace(
    "/* matching */", "AND booked_on BETWEEN $7 AND $8 /* matching */"
)

# Whole months from the totals that are kept of them; what is left at either end from its entries.
BY_MONTHS = ADDED_UP.replace("/* parts */", """
    SELECT CASE $1::text WHEN '' THEN '' ELSE key END, kind, entries, orders, quantity, amount FROM sales_months
    WHERE dimension = CASE $1 WHEN '' THEN 'salesperson' ELSE $1 END AND month >= $4::date AND month < $5::date
    UNION ALL /* ends */
""").replace("/* ends */", FROM_ENTRIES.replace("/* matching */", """
    AND (booked_on >= $2::date AND booked_on < least($4::date, $3::date + 1)
         OR booked_on >= greatest($2::date, $5::date) AND booked_on <= $3::date)
"""))  # fmt: skip


class Wanted(NamedTuple):
    """Which entries: those booked from one day to another, and of these, where it is named, of one kind, article, …"""

    first: date
    last: date
    kind: str | None = None
    article: str | None = None
    store: str | None = None
    salespeople: Sequence[str] | None = None
    customer_id: UUID | None = None

    @property
    def narrowed(self) -> str:
        """What the entries are found by, apart from their days; empty if by nothing."""
        if self.salespeople and len(self.salespeople) == 1 and self.customer_id is None:
            return "salespeople"
        return next((name for name in ("customer_id", "article", "store") if getattr(self, name) is not None), "")

    @property
    def all(self) -> bool:
        """Whether nothing but the days is named."""
        return self[2:] == (None,) * 5


def book(event: Event, work: Work) -> None:
    """Enter an event of an order in the ledger (ORD-15); hearing it twice books it once."""
    work.project(BOOK, event.entity_id, event.provenance.version, event.time)


async def entries(
    reader: Reader, wanted: Wanted, after: tuple[date, int] | None = None, limit: int = AT_ONCE, leave_out: int = 0
) -> list[asyncpg.Record]:
    """Entries in the order they are kept, by day and as they were booked: those that follow `after`, at most `limit`.

    `leave_out` is how many of them to pass over, which takes its time if they are many.
    """
    query = _matching(ENTRIES, wanted)
    day, identity = after or (wanted.first, 0)
    return await reader.fetch(query, limit, *wanted[2:], day, identity, wanted.last, leave_out)


async def all_entries(
    reader: Reader, wanted: Wanted, first: Sequence[asyncpg.Record]
) -> AsyncIterator[Sequence[asyncpg.Record]]:
    """The `first` entries and all that follow them, page by page; between them no connection is held."""
    page = first
    while page:
        yield page
        page = await entries(reader, wanted, (page[-1]["booked_on"], page[-1]["id"]))


async def added_up(reader: Reader, wanted: Wanted, by: str = "") -> list[asyncpg.Record]:
    """The figures of each `article`, `store`, `salesperson`, `customer` or `day`, largest first; of `""` one row."""
    if not wanted.all:
        return await reader.fetch(_matching(BY_ENTRIES, wanted), by, *wanted[2:], wanted.first, wanted.last)
    first = wanted.first if wanted.first.day == 1 else (wanted.first.replace(day=1) + timedelta(days=31)).replace(day=1)
    end = (wanted.last + timedelta(days=1)).replace(day=1)
    return await reader.fetch(BY_MONTHS, by, wanted.first, wanted.last, first, end)


def _matching(query: str, wanted: Wanted) -> str:
    return query.replace("/* matching */", NARROWED[wanted.narrowed] + MATCHING)
