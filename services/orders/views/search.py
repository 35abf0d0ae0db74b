"""Finding orders among a million: each way of searching has its own statement, read in the order of one index."""

from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.orders.domain.paid_order import NEW, OrderStatus
from shared.domain.numbers import SHANGHAI
from shared.persistence.pool import Reader
from shared.web.paging import Page

# Every id bears the time it was made at (UUID version 7), so a period is a range of ids: `id < $1 AND id >= $3`.
# The narrow statements merge the newest of each status and person, so that 50 of a million cost what 50 of 100 cost.

NEWEST = "SELECT id, in_brief(document) AS document FROM orders WHERE id < $1 AND id >= $3 ORDER BY id DESC LIMIT $2"

# Compared as rows: no other index has this order, so that a status nobody is in is not looked for in all orders.
BY_STATUS = """
SELECT id, in_brief(document) AS document FROM orders WHERE (status, id) < ($4, $1) AND (status, id) >= ($4, $3)
ORDER BY status DESC, id DESC LIMIT $2
"""

BY_CUSTOMER = """
SELECT id, in_brief(document) AS document FROM orders WHERE id = ANY(ARRAY(
    SELECT newest.id
    FROM unnest($4::uuid[]) AS customer (id) CROSS JOIN unnest($5::text[]) AS status (status)
    CROSS JOIN LATERAL (
        SELECT orders.id FROM orders
        WHERE orders.customer_id = customer.id AND orders.status = status.status AND orders.id < $1 AND orders.id >= $3
        ORDER BY orders.id DESC LIMIT $2
    ) AS newest
    ORDER BY newest.id DESC LIMIT $2))
ORDER BY id DESC
"""

BY_SALESPERSON = """
SELECT id, in_brief(document) AS document FROM orders WHERE id = ANY(ARRAY(
    SELECT newest.id
    FROM unnest($4::text[]) AS person (id) CROSS JOIN unnest($5::text[]) AS status (status)
    CROSS JOIN LATERAL (
        SELECT orders.id FROM orders
        WHERE orders.salesperson = person.id AND orders.status = status.status AND orders.id < $1 AND orders.id >= $3
        ORDER BY orders.id DESC LIMIT $2
    ) AS newest
    ORDER BY newest.id DESC LIMIT $2))
ORDER BY id DESC
"""

BY_CUSTOMER_AND_SALESPERSON = """
SELECT id, in_brief(document) AS document FROM orders WHERE id = ANY(ARRAY(
    SELECT newest.id
    FROM unnest($4::uuid[]) AS customer (id) CROSS JOIN unnest($5::text[]) AS status (status)
    CROSS JOIN LATERAL (
        SELECT orders.id FROM orders
        WHERE orders.customer_id = customer.id AND orders.status = status.status AND orders.id < $1 AND orders.id >= $3
          AND orders.salesperson || '' = ANY($6::text[])  -- not a reason to read the index of salespeople
        ORDER BY orders.id DESC LIMIT $2
    ) AS newest
    ORDER BY newest.id DESC LIMIT $2))
ORDER BY id DESC
"""

# A number, or the customer's own, names a few orders: whatever else is asked for is looked at in each of them.
BY_NUMBER = """
SELECT id, in_brief(document) AS document FROM orders
WHERE number = $4 AND id < $1 AND id >= $3 AND status = ANY($5::text[])
  AND ($6::uuid[] IS NULL OR customer_id = ANY($6)) AND ($7::text[] IS NULL OR salesperson = ANY($7))
LIMIT $2
"""

BY_BEGINNING = """
WITH named AS MATERIALIZED (
    SELECT id, status, customer_id, salesperson FROM orders WHERE number ~>=~ $4 AND number ~<~ $5
)
SELECT id, in_brief(document) AS document FROM orders WHERE id = ANY(ARRAY(
    SELECT id FROM named
    WHERE id < $1 AND id >= $3 AND status = ANY($6::text[])
      AND ($7::uuid[] IS NULL OR customer_id = ANY($7)) AND ($8::text[] IS NULL OR salesperson = ANY($8))
    ORDER BY id DESC LIMIT $2))
ORDER BY id DESC
"""

BY_REFERENCE = """
WITH named AS MATERIALIZED (
    SELECT id, document, status, customer_id, salesperson FROM orders WHERE own_reference = $4
)
SELECT id, in_brief(document) AS document FROM named
WHERE id < $1 AND id >= $3 AND status = ANY($5::text[])
  AND ($6::uuid[] IS NULL OR customer_id = ANY($6)) AND ($7::text[] IS NULL OR salesperson = ANY($7))
ORDER BY id DESC LIMIT $2
"""

NUMBER_LENGTH = len("DH20261124-7F3K9QX2")
DAY_LENGTH = len("DH20261124-")  # or without the hyphen
STATUSES = [str(status) for status in OrderStatus if status is not NEW]


class Wanted(NamedTuple):
    """What orders are looked for; `None` is whatever there is. Days are Shanghai's, both included.

    A period goes by the time in the ids, which is a few milliseconds after `placed_at`. `number` may be the beginning
    of one, from its day on: `DH20261124`.
    """

    status: OrderStatus | None = None
    customers: Collection[UUID] | None = None
    salespeople: Collection[str] | None = None
    number: str | None = None
    reference: str | None = None
    first_day: date | None = None
    last_day: date | None = None


async def orders(reader: Reader, page: Page, *, wanted: Wanted) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows."""
    wanted = _day_instead_of_number(wanted)
    before = page.before if wanted.last_day is None else min(page.before, first_id(wanted.last_day + timedelta(days=1)))
    since = UUID(int=0) if wanted.first_day is None else first_id(wanted.first_day)
    query, *more = _statement(wanted)
    return await reader.fetch(query, before, page.fetch, since, *more)


def _day_instead_of_number(wanted: Wanted) -> Wanted:
    """A number that says no more than its day asks for the orders of that day, which the ids find in order."""
    if wanted.number is None or len(wanted.number) > DAY_LENGTH:
        return wanted
    with suppress(ValueError):
        day = datetime.strptime(wanted.number.removesuffix("-"), "DH%Y%m%d").date()  # noqa: DTZ007 - a day alone
        first, last = max(wanted.first_day or day, day), min(wanted.last_day or day, day)
        return wanted._replace(number=None, first_day=first, last_day=last)
    return wanted


def _statement(wanted: Wanted) -> tuple[str, *tuple[object, ...]]:
    """The statement for what is asked for, and what fills it beside the page and the period."""
    statuses = STATUSES if wanted.status is None else [str(wanted.status)]
    customers = None if wanted.customers is None else list(wanted.customers)
    salespeople = None if wanted.salespeople is None else list(wanted.salespeople)
    match wanted:
        case Wanted(number=str(number)) if len(number) >= NUMBER_LENGTH:
            return BY_NUMBER, number, statuses, customers, salespeople
        case Wanted(number=str(number)):
            return BY_BEGINNING, number, f"{number}~", statuses, customers, salespeople
        case Wanted(reference=str(reference)):
            return BY_REFERENCE, reference, statuses, customers, salespeople
        case Wanted(customers=None, salespeople=None, status=None):
            return (NEWEST,)
        case Wanted(customers=None, salespeople=None):
            return BY_STATUS, *statuses
        case Wanted(customers=None):
            return BY_SALESPERSON, salespeople, statuses
        case Wanted(salespeople=None):
            return BY_CUSTOMER, customers, statuses
        case _:
            return BY_CUSTOMER_AND_SALESPERSON, customers, statuses, salespeople


def first_id(day: date) -> UUID:
    """The lowest id that can have been made on a day in Shanghai, or later."""
    midnight = datetime.combine(day, time(), SHANGHAI)
    return UUID(int=int(midnight.timestamp() * 1000) << 80)
