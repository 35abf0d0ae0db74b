"""Reads of penalties and of the schedule they follow."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.staff.domain.access import Access
from services.staff.domain.charge import Charge
from services.staff.domain.employee import Employee
from services.staff.domain.penalty import Penalty
from services.staff.domain.ruling import Earlier
from services.staff.domain.schedule import Entry, Schedule, schedule
from services.staff.views.employees import locked
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.web.paging import CodePage, Page

FINED = """
SELECT coalesce(sum(fine), 0) FROM penalties WHERE employee = $1 AND month = $2 AND id <> $3 AND status <> 'revoked'
"""

PENALTY = """
SELECT version, document FROM penalties
WHERE id = $1 AND ($2 OR ($3::text IS NOT NULL AND branch = $3) OR employee = $4 OR employee = $5
                   OR ($6 AND status IN ('final', 'executed')))
"""

PENALTIES = """
SELECT number AS id, document FROM penalties
WHERE ($1::text IS NULL OR number < $1)
  AND ($3 OR ($4::text IS NOT NULL AND branch = $4) OR employee = $5 OR employee = $6
       OR ($7 AND status IN ('final', 'executed')))
  AND ($8::text IS NULL OR employee = $8) AND ($9::text IS NULL OR status = $9)
  AND ($10::uuid IS NULL OR cause_id = $10) AND ($11::text IS NULL OR store = $11)
ORDER BY number DESC LIMIT $2
"""

DECIDED = """
SELECT number AS id, document FROM penalties
WHERE ($1::text IS NULL OR number < $1)
  AND ($3 OR ($4::text IS NOT NULL AND branch = $4) OR employee = $5 OR employee = $6
       OR ($7 AND status IN ('final', 'executed')))
  AND employee = $8 AND month IS NOT NULL
ORDER BY number DESC LIMIT $2
"""

EARLIER = """
SELECT jsonb_build_object('number', number, 'decided_at', document -> 'decided_at', 'measures', document -> 'measures',
                          'fine', document -> 'fine') AS document
FROM penalties
WHERE employee = $1 AND violation = $2 AND month IS NOT NULL AND status <> 'revoked' AND cause_id <> $3
  AND (document ->> 'decided_at')::timestamptz > $4
ORDER BY number
"""

OPEN = "SELECT id FROM penalties WHERE cause_id = $1 AND status = 'proposed'"

UNVERIFIED = "SELECT EXISTS (SELECT FROM unverified_causes WHERE cause_id = $1)"
NOTE_UNVERIFIED = "INSERT INTO unverified_causes (cause_id) VALUES ($1) ON CONFLICT DO NOTHING"
NOTE_VERIFIED = "DELETE FROM unverified_causes WHERE cause_id = $1"

SCHEDULE = """
SELECT document FROM penalty_schedules WHERE status = 'approved' AND effective_on <= $1
ORDER BY effective_on DESC, document ->> 'decided_at' DESC LIMIT 1
"""

EDITION = "SELECT document, version FROM penalty_schedules WHERE id = $1"

EDITIONS = "SELECT id, document FROM penalty_schedules WHERE id < $1 ORDER BY id DESC LIMIT $2"


class Wanted(NamedTuple):
    """What a list of penalties is narrowed to."""

    employee: str | None = None
    status: str | None = None
    cause_id: UUID | None = None
    store: str | None = None


async def employee_to_fine(reader: Reader, code: str) -> Employee | None:
    """The employee, whose fines nobody else decides until this transaction ends; None if not registered (STF-8)."""
    return (await locked(reader, code)).get(code)


async def fined(reader: Reader, penalty: Penalty, month: str) -> Decimal:
    """What other penalties of a month (2026-05) took from the same employee, in yuan (STF-8)."""
    total: Decimal = await reader.fetchval(FINED, penalty.employee, month, penalty.id)
    return total


async def penalty(reader: Reader, penalty_id: UUID, access: Access) -> tuple[str, int]:
    """A penalty and its version; raises `NotFound`, also for one that is not this actor's business."""
    row = await reader.fetchrow(PENALTY, penalty_id, *access)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="penalty", id=str(penalty_id))
    return row["document"], row["version"]


async def penalties(reader: Reader, page: CodePage, access: Access, wanted: Wanted) -> list[asyncpg.Record]:
    """Penalties, newest day first, one more than is shown."""
    return await reader.fetch(PENALTIES, page.after or None, page.fetch, *access, *wanted)


async def decided(reader: Reader, page: CodePage, access: Access, employee: str) -> list[asyncpg.Record]:
    """Penalties decided on an employee, newest day first, one more than is shown (STF-8)."""
    return await reader.fetch(DECIDED, page.after or None, page.fetch, *access, employee)


async def earlier(reader: Reader, charge: Charge, entry: Entry, at: datetime) -> list[Earlier]:
    """The person's penalties for the same violation in the period in which they count, the oldest first (STF-6)."""
    since = at - timedelta(days=entry.repeat_days)
    rows = await reader.fetch(EARLIER, charge.employee, entry.violation, charge.cause_id, since)
    return [Earlier.model_validate_json(row["document"]) for row in rows]


async def undecided(reader: Reader, cause_id: UUID) -> list[UUID]:
    """The penalties of a cause on which nobody has decided yet."""
    return [row["id"] for row in await reader.fetch(OPEN, cause_id)]


async def unverified(reader: Reader, cause_id: UUID) -> bool:
    """Whether a complaint was looked into and not verified (CMP-15)."""
    return bool(await reader.fetchval(UNVERIFIED, cause_id))


async def schedule_on(reader: Reader, day: date) -> Schedule:
    """The schedule in force for what was established on a day (STF-6)."""
    document = await reader.fetchval(SCHEDULE, day.isoformat())
    if document is None:
        return schedule()
    edition = orjson.loads(document)
    return Schedule.model_validate({name: edition[name] for name in Schedule.model_fields})


async def edition(reader: Reader, edition_id: UUID) -> tuple[str, int]:
    """An edition of the schedule and its version; raises `NotFound`."""
    row = await reader.fetchrow(EDITION, edition_id)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="penalty_schedule", id=str(edition_id))
    return row["document"], row["version"]


async def editions(reader: Reader, page: Page) -> list[asyncpg.Record]:
    """Editions of the schedule, the latest drafted first, one more than is shown."""
    return await reader.fetch(EDITIONS, page.before, page.fetch)
