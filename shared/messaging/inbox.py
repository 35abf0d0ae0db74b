"""What a consumer has handled of each entity, and what it had to park: the SQL of order, once and nothing lost."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from shared.domain.refusals import ChangedMeanwhile
from shared.events.envelope import Undecodable, provenance, unseal
from shared.events.event import Entity, Provenance
from shared.persistence.pool import Connection, Pool

CURSORS = """
SELECT wanted.entity, wanted.entity_id, coalesce(inbox.version, 0) AS version, inbox.event_id,
       (SELECT min(version) FROM dead_letters AS parked
        WHERE parked.consumer = $1 AND parked.entity = wanted.entity AND parked.entity_id = wanted.entity_id
          AND parked.state = 'parked' AND parked.version > coalesce(inbox.version, 0)) AS parked
FROM unnest($2::text[], $3::uuid[]) AS wanted (entity, entity_id)
LEFT JOIN inbox ON inbox.consumer = $1 AND inbox.entity = wanted.entity AND inbox.entity_id = wanted.entity_id
"""

ADVANCE = """
WITH incoming AS (
    SELECT * FROM unnest($2::text[], $3::uuid[], $4::integer[], $5::integer[], $6::uuid[])
        AS incoming (entity, entity_id, expected, version, event_id)
), first_seen AS (
    INSERT INTO inbox (consumer, entity, entity_id, version, event_id)
    SELECT $1, entity, entity_id, version, event_id FROM incoming WHERE expected = 0
    ON CONFLICT DO NOTHING
    RETURNING 1
), moved AS (
    UPDATE inbox SET version = incoming.version, event_id = incoming.event_id FROM incoming
    WHERE inbox.consumer = $1 AND inbox.entity = incoming.entity AND inbox.entity_id = incoming.entity_id
      AND inbox.version = incoming.expected AND incoming.expected > 0
    RETURNING 1
)
SELECT (SELECT count(*) FROM first_seen) + (SELECT count(*) FROM moved)
"""

HANDLED_SO_FAR = """
SELECT entity, entity_id, version, event_id FROM inbox
WHERE consumer = $1 AND (entity_id, entity) > ($2, $3) ORDER BY entity_id, entity LIMIT $4
"""

PARK = """
INSERT INTO dead_letters
    (consumer, source, entity, entity_id, version, event_id, subject, data, reason, error, attempts)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
WHERE $3::text IS NOT NULL OR NOT EXISTS (SELECT FROM dead_letters WHERE consumer = $1 AND data = $8)
ON CONFLICT (consumer, entity_id, entity, version, event_id) WHERE entity IS NOT NULL DO NOTHING
"""


class Heard(NamedTuple):
    """A message as it came off the bus, its envelope read as far as it could be."""

    source: str
    subject: str
    data: bytes
    envelope: dict[str, Any]
    known: Provenance | None
    fault: str | None = None


class Cursor(NamedTuple):
    """How far an entity's events were handled, and the version at which it is parked, if it is."""

    version: int
    event_id: UUID | None
    parked: int | None


def read(source: str, subject: str, data: bytes) -> Heard:
    """Never fails: what cannot be read says so in `fault`."""
    try:
        envelope = unseal(data)
        return Heard(source, subject, data, envelope, provenance(envelope))
    except Undecodable as error:
        return Heard(source, subject, data, {}, None, str(error))


async def cursors(connection: Connection, consumer: str, batch: Iterable[Heard]) -> dict[Entity, Cursor]:
    """The cursor of every entity in the batch, in one round trip."""
    entities = {heard.known.entity for heard in batch if heard.known}
    rows = await connection.fetch(
        CURSORS, consumer, [entity.kind for entity in entities], [entity.id for entity in entities]
    )
    return {
        Entity(row["entity"], row["entity_id"]): Cursor(row["version"], row["event_id"], row["parked"]) for row in rows
    }


async def advance(
    connection: Connection, consumer: str, before: dict[Entity, Cursor], after: dict[Entity, tuple[int, UUID]]
) -> None:
    """Move the cursors; raises `ChangedMeanwhile` if another active consumer moved one of them first."""
    if not after:
        return
    rows = [(*entity, before[entity].version, version, event_id) for entity, (version, event_id) in after.items()]
    moved = await connection.fetchval(ADVANCE, consumer, *zip(*rows, strict=True))
    if moved != len(rows):
        raise ChangedMeanwhile("another consumer handled these events meanwhile")


async def park(
    connection: Connection | Pool, consumer: str, heard: Heard, reason: str, error: str, attempts: int = 1
) -> bool:
    """Keep an event that cannot be handled now; parking it twice keeps it once. Returns whether it is new here."""
    known = heard.known
    place: Sequence[object] = (*known.entity, known.version, known.id) if known else (None, None, None, None)
    text = error.replace("\0", "")[:2000]  # PostgreSQL holds no U+0000, and parking must not fail
    done = await connection.execute(
        PARK, consumer, heard.source, *place, heard.subject, heard.data, reason, text, attempts
    )
    return bool(done == "INSERT 0 1")


def from_row(row: asyncpg.Record) -> Heard:
    """A parked event as it was heard."""
    return read(row["source"], row["subject"], bytes(row["data"]))
