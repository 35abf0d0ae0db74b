"""Accepting a loss: the stream begins a new round from the restored log, and whoever heard the lost events is told."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import asyncpg

from deploy.local.backup import database_of
from deploy.local.backup_history import HEAD, Lost, alone, keep, lost_events
from deploy.local.catalogue import SERVICES
from deploy.local.doors import Doors
from deploy.local.postgresql import SUPERUSER
from shared.messaging.bus import STREAM_MISSING, ApiError, ask
from shared.messaging.streams import stream_name
from shared.persistence.pool import Connection

# Without entity: it stops nothing behind it, and an operator sees it until it is discarded.
TELL = """
INSERT INTO dead_letters (consumer, source, subject, data, reason, error)
SELECT $1, $2, $3, $4, 'diverged', $5
WHERE NOT EXISTS (SELECT FROM dead_letters WHERE consumer = $1 AND data = $4 AND entity IS NULL)
"""

SEEN = "SELECT version FROM inbox WHERE consumer = $1 AND entity = $2 AND entity_id = $3"

# What was parked of the lost waits for nothing any more.
DROP_PARKED = "DELETE FROM dead_letters WHERE consumer = $1 AND event_id = ANY($2::uuid[])"

SET_BACK = "UPDATE inbox SET version = $4, event_id = $5 WHERE consumer = $1 AND entity = $2 AND entity_id = $3"

FORGET = "DELETE FROM inbox WHERE consumer = $1 AND entity = $2 AND entity_id = $3"

type Surviving = dict[tuple[str, UUID], tuple[int, UUID | None]]


async def accept_loss(doors: Doors, service: str) -> tuple[Path | None, dict[str, int]]:
    """Give up what the log lacks; returns where it is kept, and how many lost events each service had heard.

    The relay fills the stream anew with its next term. Whoever heard a lost event gets it as a dead letter of the
    kind `diverged`, and takes up the entity's history where the log ends: what comes there next is handled, not
    mistaken for what was lost.
    """
    async with alone(doors, service) as (connection, bus):
        lost = await lost_events(connection, bus, service)
        if not lost:
            return None, {}
        kept = keep(doors.data_dir / "lost", service, "lost", lost)
        surviving = await _surviving(connection, lost)
        try:
            await ask(bus, f"STREAM.DELETE.{stream_name(service)}")
        except ApiError as error:
            if error.code != STREAM_MISSING:
                raise
        told = {}
        for listener in await _databases(doors):
            if heard := await _tell(database_of(doors, listener), listener, service, lost, surviving):
                told[listener] = heard
        return kept, told


async def _surviving(connection: Connection, lost: Sequence[Lost]) -> Surviving:
    """How far the log goes of each entity concerned."""
    found: Surviving = {}
    for entity in dict.fromkeys(event.known.entity for event in lost):
        row = await connection.fetchrow(HEAD, entity.id, entity.kind.partition(".")[2])
        found[entity] = (row["version"], row["event_id"]) if row else (0, None)
    return found


async def _databases(doors: Doors) -> list[str]:
    connection = await asyncpg.connect(doors.database_url(SUPERUSER))
    try:
        rows = await connection.fetch("SELECT datname FROM pg_database WHERE datname = ANY($1::text[])", [*SERVICES])
        return [row["datname"] for row in rows]
    finally:
        await connection.close()


async def _tell(url: str, listener: str, source: str, lost: Sequence[Lost], surviving: Surviving) -> int:
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass('inbox')") is None:
            return 0
        async with connection.transaction():
            return await _tell_in(connection, listener, source, lost, surviving)
    finally:
        await connection.close()


async def _tell_in(
    connection: Connection, listener: str, source: str, lost: Sequence[Lost], surviving: Surviving
) -> int:
    heard = 0
    await connection.execute(DROP_PARKED, listener, [event.known.id for event in lost])
    for event in lost:
        known = event.known
        if (await connection.fetchval(SEEN, listener, *known.entity) or 0) >= known.version:
            error = (
                f"{source} was set back and has lost this event ({known.entity.kind} {known.entity_id} version"
                f" {known.version}), which was handled here: what followed from it stands. Put it right, then discard"
            )
            await connection.execute(TELL, listener, source, event.subject, event.data, error)
            heard += 1
    for entity, (version, event_id) in surviving.items():
        if (await connection.fetchval(SEEN, listener, *entity) or 0) > version:
            if event_id is None:
                await connection.execute(FORGET, listener, *entity)
            else:
                await connection.execute(SET_BACK, listener, *entity, version, event_id)
    return heard
