"""Every read of notifications."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from services.notifications.domain.recipient import Recipient
from shared.domain.actor import Post
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.web.paging import FIRST, Page

# The newest of each inbox by its index, then the newest of those: fifty are shown without reading a post's thousands.
INBOX = """
SELECT found.id, found.document
FROM unnest($3::text[], $4::text[]) AS mine (kind, key)
CROSS JOIN LATERAL (
    SELECT id, document FROM messages
    WHERE recipient_kind = mine.kind AND recipient_key = mine.key AND id < $1
    ORDER BY id DESC LIMIT $2
) AS found
ORDER BY found.id DESC LIMIT $2
"""

UNREAD = """
SELECT found.id, found.document
FROM unnest($3::text[], $4::text[]) AS mine (kind, key)
CROSS JOIN LATERAL (
    SELECT id, document FROM messages
    WHERE recipient_kind = mine.kind AND recipient_key = mine.key AND id < $1 AND status = 'delivered'
    ORDER BY id DESC LIMIT $2
) AS found
ORDER BY found.id DESC LIMIT $2
"""

# Who was told of what, and when; not what they were told.
MESSAGES = """
SELECT id, document - 'params' AS document FROM messages
WHERE id < $1 AND ($3::uuid IS NULL OR about = $3)
  AND ($4::text IS NULL OR recipient_kind = 'person' AND recipient_key = $4)
  AND ($5::text IS NULL OR recipient_kind = 'post' AND recipient_key = $5)
ORDER BY id DESC LIMIT $2
"""

# What is visible now and was not when `$1` was taken: exact however late a transaction commits. The upper bound keeps
# out rows of a database restored into a server whose transaction numbers are still lower.
ARRIVED = """
SELECT pg_current_snapshot()::text AS seen, id, recipient_kind, recipient_key, document
FROM (VALUES (1)) AS always
LEFT JOIN messages ON arrived >= pg_snapshot_xmin($1::text::pg_snapshot)
    AND arrived < pg_snapshot_xmax(pg_current_snapshot())
    AND NOT pg_visible_in_snapshot(arrived, $1::text::pg_snapshot)
ORDER BY id
"""

MISSED = """
SELECT messages.id, document FROM unnest($1::text[], $2::text[]) AS mine (kind, key)
JOIN messages ON recipient_kind = mine.kind AND recipient_key = mine.key
    AND arrived >= pg_snapshot_xmin($3::text::pg_snapshot)
    AND NOT pg_visible_in_snapshot(arrived, $3::text::pg_snapshot)
    AND pg_visible_in_snapshot(arrived, $4::text::pg_snapshot)
ORDER BY messages.id DESC LIMIT $5
"""

BULLETIN = """
SELECT bulletins.document, receipt.document ->> 'read_at' AS read_at
FROM bulletins LEFT JOIN read_receipts AS receipt ON receipt.bulletin_id = bulletins.id AND receipt.reader = $2
WHERE bulletins.id = $1 AND ($3 OR NOT EXISTS (
    SELECT FROM bulletins AS later WHERE later.document ->> 'corrects' = bulletins.document ->> 'number'))
"""

BULLETINS = """
SELECT bulletins.id, bulletins.document, receipt.document ->> 'read_at' AS read_at
FROM bulletins LEFT JOIN read_receipts AS receipt ON receipt.bulletin_id = bulletins.id AND receipt.reader = $3
WHERE ($1::uuid IS NULL
   OR (bulletins.published_at, bulletins.id) < (SELECT published_at, id FROM bulletins WHERE id = $1))
  AND NOT EXISTS (SELECT FROM bulletins AS later WHERE later.document ->> 'corrects' = bulletins.document ->> 'number')
ORDER BY bulletins.published_at DESC, bulletins.id DESC LIMIT $2
"""

RECEIPT = "SELECT document, version FROM read_receipts WHERE id = $1"

RECEIPTS = """
SELECT id, document FROM read_receipts
WHERE bulletin_id = $3 AND ($1::uuid IS NULL OR (read_at, id) < (SELECT read_at, id FROM read_receipts WHERE id = $1))
ORDER BY read_at DESC, id DESC LIMIT $2
"""


def columns(recipients: Iterable[Recipient]) -> tuple[list[str], list[str]]:
    """Kinds and keys, as the queries take them."""
    mine = list(recipients)
    return [recipient.kind for recipient in mine], [recipient.key for recipient in mine]


async def inbox(
    reader: Reader, page: Page, recipients: Iterable[Recipient], *, unread: bool
) -> Sequence[asyncpg.Record]:
    """Newest first, one more than the page shows; unread is what nobody has acknowledged."""
    return await reader.fetch(UNREAD if unread else INBOX, page.before, page.fetch, *columns(recipients))


async def messages(
    reader: Reader, page: Page, *, about: UUID | None, person: str | None, post: Post | None
) -> Sequence[asyncpg.Record]:
    """Newest first, one more than the page shows, without what fills the templates."""
    return await reader.fetch(MESSAGES, page.before, page.fetch, about, person, post)


async def missed(
    reader: Reader, recipients: Iterable[Recipient], since: str, until: str, most: int
) -> list[asyncpg.Record]:
    """What came to these inboxes between two snapshots, oldest first; of more than `most`, the newest."""
    return (await reader.fetch(MISSED, *columns(recipients), since, until, most))[::-1]


async def bulletins(reader: Reader, page: Page, by: str) -> Sequence[asyncpg.Record]:
    """Newest first, one more than the page shows, each with when this reader has read it; none that was corrected."""
    return await reader.fetch(BULLETINS, _after(page), page.fetch, by)


async def bulletin(reader: Reader, bulletin_id: UUID, by: str, *, corrected: bool = False) -> asyncpg.Record:
    """One bulletin, with when this reader has read it; raises `NotFound`, also for a corrected one if not wanted."""
    row = await reader.fetchrow(BULLETIN, bulletin_id, by, corrected)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="bulletin", id=str(bulletin_id))
    return row


async def receipts(reader: Reader, page: Page, bulletin_id: UUID) -> Sequence[asyncpg.Record]:
    """Who has read a bulletin, the latest first, one more than the page shows."""
    return await reader.fetch(RECEIPTS, _after(page), page.fetch, bulletin_id)


def _after(page: Page) -> UUID | None:
    """The last one shown, for lists by time; their ids do not follow time."""
    return None if page.before == FIRST else page.before
