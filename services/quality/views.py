"""Every read of quality."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.web.paging import FIRST, Page

# An investigation's id follows from its complaint's and says nothing of its age.
INVESTIGATIONS = """
SELECT id, document FROM investigations
WHERE ($1::uuid = $5 OR (created_at, id) < (SELECT created_at, id FROM investigations WHERE id = $1))
  AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR complaint_id = $4)
ORDER BY created_at DESC, id DESC LIMIT $2
"""

INVESTIGATION = "SELECT document, version FROM investigations WHERE id = $1"

CLAIMS = """
SELECT id, document FROM claims WHERE id < $1 AND ($3::uuid IS NULL OR complaint_id = $3) ORDER BY id DESC LIMIT $2
"""

CLAIM = "SELECT document, version FROM claims WHERE id = $1"

CERTIFICATE = "SELECT document, version FROM certificates WHERE number = $1 OR id::text = $1"

HELD_LOTS = """
SELECT lot FROM unnest($1::text[]) AS wanted (lot)
WHERE EXISTS (SELECT FROM investigations WHERE held_lots ? lot)
"""


async def one(reader: Reader, query: str, entity: str, key: UUID | str) -> asyncpg.Record:
    """A document as it is kept, and its version; raises `NotFound`."""
    row = await reader.fetchrow(query, key)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity=entity, id=str(key))
    return row


async def investigations(
    reader: Reader, page: Page, *, status: str | None, complaint_id: UUID | None
) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows."""
    return await reader.fetch(INVESTIGATIONS, page.before, page.fetch, status, complaint_id, FIRST)


async def claims(reader: Reader, page: Page, *, complaint_id: UUID | None) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows."""
    return await reader.fetch(CLAIMS, page.before, page.fetch, complaint_id)


async def held_lots(reader: Reader, lots: Sequence[str]) -> set[str]:
    """Those of the lots, named by number or id, that an investigation holds."""
    return {row["lot"] for row in await reader.fetch(HELD_LOTS, list(lots))}
