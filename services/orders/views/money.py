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
SELECT (SELECT number FROM bank_references JOIN orders ON orders.id = order_id
        WHERE account = $1 AND reference = $2) AS used_in,
       EXISTS (SELECT FROM payment_notices
               WHERE account = $1 AND reference = $2 AND kind = 'reversed' AND status = 'set_aside') AS gone
"""

# An order is locked before a bank reference, as by whoever records a payment (`keep_bank_references`).
LOCK_ORDER = "SELECT id FROM orders WHERE number = $1 FOR UPDATE"

LOCK_REFERENCE = "SELECT pg_advisory_xact_lock(hashtextextended($1 || E'\\n' || $2, 10))"

KNOWN_PAYMENT = """
SELECT orders.id AS order_id, payment_id FROM bank_references JOIN orders ON orders.id = order_id
WHERE account = $1 AND reference = $2 FOR UPDATE OF orders
"""

GONE = """
SELECT EXISTS (SELECT FROM payment_notices
               WHERE account = $1 AND reference = $2 AND kind = 'reversed' AND status = 'set_aside')
"""

NOTICE = "SELECT document FROM payment_notices WHERE id = $1"

NOTICES = """
SELECT id, document FROM payment_notices WHERE id < $1 AND ($3::text IS NULL OR status = $3) ORDER BY id DESC LIMIT $2
"""

ACCOUNT = "SELECT document FROM customer_accounts WHERE id = $1"

ACCOUNTS = "SELECT id, document FROM customer_accounts WHERE id < $1 ORDER BY id DESC LIMIT $2"

CUSTOMERS_BY_CODE = """
SELECT known.code, known.id, account.id IS NOT NULL AS opened,
       account.document ->> 'brought_forward' IS NOT NULL AS brought
FROM known_customers AS known LEFT JOIN customer_accounts AS account ON account.customer_id = known.id
WHERE known.code = ANY($1::text[])
"""

# What was outstanding at the end of day $1 is what is outstanding now, less what has changed from moment $2 on.
RECEIVABLES = """
WITH outstanding AS (
    SELECT customer_id, salesperson, placed_on AS since, outstanding AS owed
    FROM orders WHERE placed_on <= $1 AND outstanding > 0
    UNION ALL
    SELECT customer_id, NULL, owed_since::date, owed FROM customer_accounts WHERE owed > 0 AND owed_since::date <= $1
    UNION ALL
    SELECT customer_id, salesperson, since, - owed FROM receivable_changes WHERE at >= $2 AND since <= $1 AND owed <> 0
), attributed AS (
    SELECT customer_id, $1 - since AS days, owed,
           coalesce(salesperson, (SELECT owner FROM known_customers WHERE id = customer_id), '') AS salesperson
    FROM outstanding
), added AS (
    SELECT CASE WHEN $3 THEN customer_id END AS customer_id, CASE WHEN NOT $3 THEN salesperson END AS salesperson,
           sum(owed) AS outstanding,
           coalesce(sum(owed) FILTER (WHERE days <= 7), 0.00) AS up_to_7_days,
           coalesce(sum(owed) FILTER (WHERE days BETWEEN 8 AND 30), 0.00) AS up_to_30_days,
           coalesce(sum(owed) FILTER (WHERE days BETWEEN 31 AND 60), 0.00) AS up_to_60_days,
           coalesce(sum(owed) FILTER (WHERE days BETWEEN 61 AND 90), 0.00) AS up_to_90_days,
           coalesce(sum(owed) FILTER (WHERE days > 90), 0.00) AS over_90_days
    FROM attributed WHERE $4::text[] IS NULL OR salesperson = ANY($4)
    GROUP BY 1, 2 HAVING sum(owed) <> 0
)
SELECT added.*, code, company FROM added LEFT JOIN known_customers ON id = customer_id
ORDER BY code, salesperson, customer_id
"""

# Days $1 to $2 in Shanghai, which begin at moment $5 and end before moment $6.
COLLECTION = """
WITH moved AS (
    SELECT customer_id, salesperson, CASE WHEN placed_on < $1 THEN outstanding ELSE 0.00 END AS opening,
           CASE WHEN placed_on >= $1 THEN total ELSE 0.00 END AS placed, 0.00 AS received, outstanding AS closing
    FROM orders WHERE placed_on <= $2 AND (placed_on >= $1 OR outstanding > 0)
    UNION ALL
    SELECT customer_id, NULL, CASE WHEN owed_since::date < $1 THEN owed ELSE 0.00 END, 0.00, 0.00, owed
    FROM customer_accounts WHERE owed > 0 AND owed_since::date <= $2
    UNION ALL
    SELECT customer_id, salesperson, CASE WHEN since < $1 THEN - owed ELSE 0.00 END, 0.00,
           CASE WHEN at < $6 THEN received ELSE 0.00 END,
           CASE WHEN at >= $6 AND since <= $2 THEN - owed ELSE 0.00 END
    FROM receivable_changes WHERE at >= $5
), attributed AS (
    SELECT moved.*, coalesce(salesperson, (SELECT owner FROM known_customers WHERE id = customer_id), '') AS person
    FROM moved
), added AS (
    SELECT CASE WHEN $3 THEN customer_id END AS customer_id, CASE WHEN NOT $3 THEN person END AS salesperson,
           sum(opening) AS opening, sum(placed) AS placed, sum(received) AS received,
           sum(closing) - sum(opening) - sum(placed) + sum(received) AS adjusted, sum(closing) AS outstanding
    FROM attributed WHERE $4::text[] IS NULL OR person = ANY($4)
    GROUP BY 1, 2
)
SELECT added.*, code, company FROM added LEFT JOIN known_customers ON id = customer_id
WHERE opening <> 0 OR placed <> 0 OR received <> 0 OR outstanding <> 0
ORDER BY code, salesperson, customer_id
"""


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
    return Fit(named or None, None, gone, new_id)


async def notices(reader: Reader, page: Page, *, status: str | None) -> Sequence[asyncpg.Record]:
    """What providers have reported, in the order of their ids, one more than the page shows."""
    return await reader.fetch(NOTICES, page.before, page.fetch, status)


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
    return await reader.fetch(RECEIVABLES, as_of, _end(as_of), by_customer, salespeople and list(salespeople))


async def collection(
    reader: Reader, begins_on: date, ends_on: date, *, by_customer: bool, salespeople: Collection[str] | None
) -> list[asyncpg.Record]:
    """What was to come in, what came in and what is left, from one day in Shanghai to the end of another (ORD-16)."""
    begins = _end(begins_on - timedelta(days=1))
    people = salespeople and list(salespeople)
    return await reader.fetch(COLLECTION, begins_on, ends_on, by_customer, people, begins, _end(ends_on))


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
