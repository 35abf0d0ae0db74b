"""Reads of conduct cases and of what leads to them."""

from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.staff.domain.access import Access
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.web.paging import CodePage

# Those who answer for conduct, and who reported it; never whoever it is about.
CASE = """
SELECT version, document FROM conduct_cases
WHERE id = $1 AND subject <> $4 AND subject IS DISTINCT FROM $5
  AND ($2 OR ($3::text IS NOT NULL AND branch = $3) OR reported_by = $4)
"""

CASES = """
SELECT number AS id, document FROM conduct_cases
WHERE ($1::text IS NULL OR number < $1) AND subject <> $5 AND subject IS DISTINCT FROM $6
  AND ($3 OR ($4::text IS NOT NULL AND branch = $4) OR reported_by = $5)
  AND ($7::text IS NULL OR subject = $7) AND ($8::text IS NULL OR violation = $8) AND ($9::text IS NULL OR status = $9)
ORDER BY number DESC LIMIT $2
"""

NOTE_QUOTE = """
INSERT INTO own_quotes (attempt_id, person, month, said, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""

QUOTES = "SELECT said FROM own_quotes WHERE person = $1 AND month = $2 ORDER BY at, attempt_id"


class Sought(NamedTuple):
    """What a list of conduct cases is narrowed to."""

    subject: str | None = None
    violation: str | None = None
    status: str | None = None


async def case(reader: Reader, case_id: UUID, access: Access) -> tuple[str, int]:
    """A conduct case and its version; raises `NotFound`, also for one that is not this actor's business."""
    row = await reader.fetchrow(CASE, case_id, *access[:4])
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="conduct_case", id=str(case_id))
    return row["document"], row["version"]


async def cases(reader: Reader, page: CodePage, access: Access, sought: Sought) -> list[asyncpg.Record]:
    """Conduct cases, newest day first, one more than is shown."""
    return await reader.fetch(CASES, page.after or None, page.fetch, *access[:4], *sought)


async def own_quotes(reader: Reader, person: str, month: str) -> list[str]:
    """The prices of their own that somebody named in a month (2026-05), in words, the first first."""
    return [row["said"] for row in await reader.fetch(QUOTES, person, month)]
