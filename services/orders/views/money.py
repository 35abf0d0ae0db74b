"""Money: bank references, customers' accounts, what providers reported, and what is still to come in."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.orders.domain.payment import BankReference
from services.orders.domain.payment_notice import Fit, PaymentNotice
from shared.domain.numbers import SHANGHAI
from shared.persistence.pool import Reader
from shared.web.paging import Page

BANK_REFERENCE = """
SELECT (SELECT coalesce(orders.number, on_account.number)
        FROM bank_references LEFT JOIN orders ON orders.id = order_id
        LEFT JOIN payments_on_account AS on_account ON on_account.id = payment_id
        WHERE account = $1 AND reference = $2) AS used_in,
       EXISTS (SELECT FROM payment_notices
               WHERE account = $1 AND reference = $2 AND kind = 'reversed' AND status IN ('set_aside', 'dismissing'))
           AS gone
"""

# An order is locked before a bank reference, as by whoever records a payment (`keep_bank_references`).
LOCK_ORDER = "SELECT id FROM orders WHERE number = $1 FOR UPDATE"

LOCK_REFERENCE = "SELECT pg_advisory_xact_lock(hashtextextended($1 || E'\\n' || $2, 10))"

KNOWN_PAYMENT = """
SELECT orders.id AS order_id, payment_id FROM bank_references JOIN orders ON orders.id = order_id
WHERE account = $1 AND reference = $2 FOR UPDATE OF orders
"""

ON_ACCOUNT = """
SELECT number FROM bank_references JOIN payments_on_account ON id = payment_id WHERE account = $1 AND reference = $2
"""

GONE = """
SELECT EXISTS (SELECT FROM payment_notices
               WHERE account = $1 AND reference = $2 AND kind = 'reversed' AND status IN ('set_aside', 'dismissing'))
"""

NOTICE = "SELECT document FROM payment_notices WHERE id = $1"

NOTICES = """
SELECT id, document FROM payment_notices WHERE id < $1 AND ($3::text IS NULL OR status = $3) ORDER BY id DESC LIMIT $2
"""

PAYMENT_ON_ACCOUNT = "SELECT document FROM payments_on_account WHERE id = $1"

PAYMENTS_ON_ACCOUNT = """
SELECT id, document FROM payments_on_account
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR customer_id = $4) ORDER BY id DESC LIMIT $2
"""

ACCOUNT = "SELECT document FROM customer_accounts WHERE id = $1"

ACCOUNTS = "SELECT id, document FROM customer_accounts WHERE id < $1 ORDER BY id DESC LIMIT $2"

CUSTOMERS_BY_CODE = """
SELECT known.code, known.id, account.id IS NOT NULL AS opened,
       account.document ->> 'brought_forward' IS NOT NULL AS brought
FROM known_customers AS known LEFT JOIN customer_accounts AS account ON account.customer_id = known.id
WHERE known.code = ANY($1::text[])
"""

# What was outstanding at the end of day $1 is what is outstanding now, less what has changed from moment $2 on. What an
# account owes belongs to whoever looks after the customer. Each part is added up by itself, before they are joined.
RECEIVABLES = """
WITH outstanding AS (
    SELECT {who} AS who, $1 - placed_on AS days, sum(outstanding) AS owed
    FROM orders WHERE placed_on <= $1 AND outstanding > 0 AND ($3::text[] IS NULL OR salesperson = ANY($3))
    GROUP BY who, days
    UNION ALL
    SELECT {who} AS who, $1 - since AS days, - sum(owed)
    FROM receivable_changes WHERE at >= $2 AND since <= $1 AND owed <> 0 AND salesperson IS NOT NULL
        AND ($3::text[] IS NULL OR salesperson = ANY($3))
    GROUP BY who, days
    UNION ALL
    SELECT {whose}, $1 - owed_since::date, owed
    FROM customer_accounts JOIN known_customers AS known ON known.id = customer_id
    WHERE owed > 0 AND owed_since::date <= $1 AND ($3::text[] IS NULL OR owner = ANY($3))
    UNION ALL
    SELECT {whose}, $1 - since, - owed
    FROM receivable_changes JOIN known_customers AS known ON known.id = customer_id
    WHERE at >= $2 AND since <= $1 AND owed <> 0 AND salesperson IS NULL AND ($3::text[] IS NULL OR owner = ANY($3))
), added AS (
    SELECT who, sum(owed) AS outstanding,
           coalesce(sum(owed) FILTER (WHERE days <= 7), 0.00) AS up_to_7_days,
           coalesce(sum(owed) FILTER (WHERE days BETWEEN 8 AND 30), 0.00) AS up_to_30_days,
           coalesce(sum(owed) FILTER (WHERE days BETWEEN 31 AND 60), 0.00) AS up_to_60_days,
           coalesce(sum(owed) FILTER (WHERE days BETWEEN 61 AND 90), 0.00) AS up_to_90_days,
           coalesce(sum(owed) FILTER (WHERE days > 90), 0.00) AS over_90_days
    FROM outstanding GROUP BY who HAVING sum(owed) <> 0
)
"""

# Days $1 to $2 in Shanghai, which begin at moment $4 and end before moment $5.
COLLECTION = """
WITH moved AS (
    SELECT {who} AS who, sum(outstanding) FILTER (WHERE placed_on < $1) AS opening,
           sum(total) FILTER (WHERE placed_on >= $1) AS placed, NULL::numeric AS received, sum(outstanding) AS closing
    FROM orders WHERE placed_on <= $2 AND (placed_on >= $1 OR outstanding > 0)
        AND ($3::text[] IS NULL OR salesperson = ANY($3))
    GROUP BY who
    UNION ALL
    SELECT {who} AS who, - sum(owed) FILTER (WHERE since < $1), NULL, sum(received) FILTER (WHERE at < $5),
           - sum(owed) FILTER (WHERE at >= $5 AND since <= $2)
    FROM receivable_changes WHERE at >= $4 AND salesperson IS NOT NULL AND ($3::text[] IS NULL OR salesperson = ANY($3))
    GROUP BY who
    UNION ALL
    SELECT {whose}, CASE WHEN owed_since::date < $1 THEN owed END, NULL, NULL, owed
    FROM customer_accounts JOIN known_customers AS known ON known.id = customer_id
    WHERE owed > 0 AND owed_since::date <= $2 AND ($3::text[] IS NULL OR owner = ANY($3))
    UNION ALL
    SELECT {whose}, CASE WHEN since < $1 THEN - owed END, NULL, CASE WHEN at < $5 THEN received END,
           CASE WHEN at >= $5 AND since <= $2 THEN - owed END
    FROM receivable_changes JOIN known_customers AS known ON known.id = customer_id
    WHERE at >= $4 AND salesperson IS NULL AND ($3::text[] IS NULL OR owner = ANY($3))
), summed AS (
    SELECT who, coalesce(sum(opening), 0.00) AS opening, coalesce(sum(placed), 0.00) AS placed,
           coalesce(sum(received), 0.00) AS received, coalesce(sum(closing), 0.00) AS outstanding
    FROM moved GROUP BY who
), added AS (
    SELECT *, outstanding - opening - placed + received AS adjusted FROM summed
    WHERE opening <> 0 OR placed <> 0 OR received <> 0 OR outstanding <> 0
)
"""

NAMED = {
    False: "SELECT who AS salesperson, added.* FROM added ORDER BY who",
    True: """
        SELECT who AS customer_id, code, company, added.* FROM added LEFT JOIN known_customers ON id = who
        ORDER BY code, who
    """,
}
COLUMNS = {False: ("salesperson", "owner"), True: ("customer_id", "known.id")}


def _by(report: str, by_customer: bool) -> str:
    """The report by customer or by salesperson: its columns are named in code, never by whoever asks."""
    who, whose = COLUMNS[by_customer]
    return report.replace("{whose}", whose).replace("{who}", who) + NAMED[by_customer]


class Customer(NamedTuple):
    """A customer of one code, and whether their balance was brought forward and their account opened before."""

    id: UUID
    brought: bool
    opened: bool


async def bank_reference(reader: Reader, account: str, reference: str) -> BankReference:
    """What is known of a bank reference before money is recorded under it (ORD-10)."""
    row = await reader.fetchrow(BANK_REFERENCE, account, reference)
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    return BankReference(account, reference, row["used_in"], row["gone"])


async def fit(reader: Reader, notice: PaymentNotice, order_number: str | None, new_id: UUID) -> Fit:
    """Which order the notice is about: the one that has its bank reference, else the one of this number.

    Holds order and reference until the transaction ends.
    """
    named = order_number and await reader.fetchval(LOCK_ORDER, order_number)
    money = (notice.account, notice.reference)
    await reader.fetchval(LOCK_REFERENCE, *money)
    gone = await reader.fetchval(GONE, *money)
    known = await reader.fetchrow(KNOWN_PAYMENT, *money)
    if known:
        return Fit(known["order_id"], known["payment_id"], gone, new_id)
    return Fit(named or None, None, gone, new_id, await reader.fetchval(ON_ACCOUNT, *money))


async def notices(reader: Reader, page: Page, *, status: str | None) -> Sequence[asyncpg.Record]:
    """What providers have reported, in the order of their ids, one more than the page shows."""
    return await reader.fetch(NOTICES, page.before, page.fetch, status)


async def payments_on_account(
    reader: Reader, page: Page, *, status: str | None, customer_id: UUID | None
) -> Sequence[asyncpg.Record]:
    """Payments that are for no order, newest first, one more than the page shows."""
    return await reader.fetch(PAYMENTS_ON_ACCOUNT, page.before, page.fetch, status, customer_id)


async def accounts(reader: Reader, page: Page) -> Sequence[asyncpg.Record]:
    """Customers' accounts in the order of their ids, one more than the page shows."""
    return await reader.fetch(ACCOUNTS, page.before, page.fetch)


async def customers_of(reader: Reader, codes: Sequence[str]) -> dict[str, list[Customer]]:
    """The customers that orders has heard of under each of these codes."""
    found: dict[str, list[Customer]] = {}
    for row in await reader.fetch(CUSTOMERS_BY_CODE, list(codes)):
        found.setdefault(row["code"], []).append(Customer(row["id"], bool(row["brought"]), row["opened"]))
    return found


async def receivables(
    reader: Reader, as_of: date, *, by_customer: bool, salespeople: Collection[str] | None
) -> list[asyncpg.Record]:
    """What was outstanding at the end of a day in Shanghai, by age since the order was placed (ORD-16)."""
    return await reader.fetch(_by(RECEIVABLES, by_customer), as_of, _end(as_of), salespeople and list(salespeople))


async def collection(
    reader: Reader, begins_on: date, ends_on: date, *, by_customer: bool, salespeople: Collection[str] | None
) -> list[asyncpg.Record]:
    """What was to come in, what came in and what is left, from one day in Shanghai to the end of another (ORD-16)."""
    begins = _end(begins_on - timedelta(days=1))
    people = salespeople and list(salespeople)
    return await reader.fetch(_by(COLLECTION, by_customer), begins_on, ends_on, people, begins, _end(ends_on))


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
