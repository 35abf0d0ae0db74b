"""What a stream tells and its restored log does not: taken back into the log, or given up; nothing silently."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg
from nats.aio.client import Client
from nats.aio.msg import Msg

from deploy.local.backup import database_of
from deploy.local.backup_guard import guard
from deploy.local.catalogue import SERVICES
from deploy.local.doors import Doors
from deploy.local.problem import Problem
from shared.events.envelope import Undecodable, provenance, unseal
from shared.events.event import Provenance
from shared.messaging.bus import STREAM_MISSING, ApiError, imprint, open_bus, read_stream
from shared.messaging.leadership import leadership
from shared.messaging.streams import stream_name
from shared.persistence.pool import Connection

PATIENCE = 30.0  # seconds for the relay to let go of its office

KNOWN = "SELECT event_id FROM events WHERE event_id = ANY($1::uuid[]) AND seq = ANY($2::bigint[])"

SETTLED = """
SELECT NOT EXISTS (SELECT FROM set_back) AND EXISTS (
    SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND datname = current_database() AND application_name LIKE 'xiaofu relay %')
"""

HEAD = """
SELECT entity, version, digest, event_id FROM events WHERE entity_id = $1 AND split_part(subject, '.', 2) = $2
ORDER BY version DESC, seq DESC LIMIT 1
"""

TAKEN = "SELECT seq FROM events WHERE seq = ANY($1::bigint[]) LIMIT 1"

INSERT = """
INSERT INTO events (seq, event_id, entity, entity_id, version, subject, data, actor, at, digest)
OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

NEXT_SEQ = "SELECT setval(pg_get_serial_sequence('events', 'seq'), (SELECT max(seq) FROM events))"

DOCUMENT_TABLES = """
SELECT format('%I', relname) AS name FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'documents' AND 5 = (
    SELECT count(*) FROM pg_attribute
    WHERE attrelid = pg_class.oid AND attname IN ('id', 'version', 'document', 'digest', 'updated_at'))
"""

# The chain head says whose document it is; what it says of the thing stays as it was.
MOVE = """
UPDATE documents SET version = $4, digest = $5, document = jsonb_set(document, '{version}', to_jsonb($4::integer))
WHERE id = $1 AND version = $2 AND digest = $3
"""

PASS_OVER = """
INSERT INTO inbox (consumer, entity, entity_id, version, event_id) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (consumer, entity_id, entity) DO UPDATE SET version = excluded.version, event_id = excluded.event_id
WHERE inbox.version < excluded.version
"""


class Lost(NamedTuple):
    """An event that the stream holds and the log does not."""

    seq: int
    subject: str
    data: bytes
    known: Provenance


async def settled(doors: Doors, service: str) -> bool:
    """Whether there is nothing to choose: it has never run here, or a relay at work has found log and stream alike."""
    connection = await asyncpg.connect(database_of(doors, service))
    try:
        if await connection.fetchval("SELECT to_regclass('set_back')") is None:
            return await connection.fetchval("SELECT to_regclass('events')") is None
        return bool(await connection.fetchval(SETTLED))
    finally:
        await connection.close()


@asynccontextmanager
async def alone(doors: Doors, service: str) -> AsyncIterator[tuple[Connection, Client]]:
    """The service's database and the bus while no relay of it is at work; raises `Problem` if one does not let go."""
    url = database_of(doors, service)
    async with open_bus(doors.nats_url(), name="xiaofu restore") as bus:
        office = leadership(url, f"relay {service}")
        try:
            connection = await asyncio.wait_for(office.__aenter__(), PATIENCE)
        except TimeoutError:
            raise Problem(f"The relay of {service} is at work: its database was not set back.") from None
        try:
            yield connection, bus
        finally:
            await office.__aexit__(None, None, None)


async def lost_events(connection: Connection, bus: Client, service: str) -> list[Lost]:
    """What is in the stream and not in the log, in log order, each once. Changes nothing."""
    found: dict[UUID, Lost] = {}
    page: dict[UUID, Lost] = {}

    async def sift() -> None:
        rows = await connection.fetch(KNOWN, list(page), [lost.seq for lost in page.values()])
        for row in rows:
            page.pop(row["event_id"], None)
        found.update(page)
        page.clear()

    try:
        async for message in read_stream(bus, stream_name(service), 0):
            if lost := _read(message):
                page[lost.known.id] = lost
            if len(page) == 1000:
                await sift()
    except ApiError as error:
        if error.code not in (STREAM_MISSING, 404, 503):
            raise
    await sift()
    return sorted(found.values())


def _read(message: Msg) -> Lost | None:
    mark = imprint(message)
    if mark is None:
        return None
    try:
        known = provenance(unseal(message.data))
    except Undecodable:
        return None
    return Lost(mark.seq, (message.headers or {})["Nats-Subject"], message.data, known)


def keep(folder: Path, service: str, what: str, lost: Sequence[Lost]) -> Path:
    """The events as they were published, one a line, for people who must look at what they mean."""
    folder.mkdir(exist_ok=True, mode=0o700)
    file = folder / f"{service}-{what}-{datetime.now(UTC):%Y%m%d-%H%M%S}.jsonl"
    file.write_bytes(b"".join(event.data + b"\n" for event in lost))
    file.chmod(0o600)
    return file


class Head(NamedTuple):
    """Where an entity's chain ends; `logged` is the entity as the log calls it."""

    logged: str
    version: int
    digest: bytes
    event_id: UUID | None


async def catch_up(doors: Doors, service: str) -> tuple[int, list[str]]:
    """Put what the stream knows back into the log; returns how much, and the things whose documents lag behind it.

    Only where every chain goes on from what the log holds: the numbers, the versions and the digests are then those
    that were lost. Raises `Problem`, with nothing changed, where the database has gone another way since.
    """
    async with alone(doors, service) as (connection, bus):
        lost = await lost_events(connection, bus, service)
        if not lost:
            return 0, []
        causes = await _causes(bus, lost)
        async with connection.transaction():
            await connection.execute("LOCK TABLE events IN EXCLUSIVE MODE")
            if taken := await connection.fetchval(TAKEN, [event.seq for event in lost]):
                raise Problem(
                    f"{service} has gone another way since: its log has an event {taken} of its own. The lost events"
                    " cannot be taken back; restore again, or give them up with --accept-loss."
                )
            before, after = await _append(connection, service, lost)
            behind = await _move_documents(connection, before, after)
            for known in causes:
                await connection.execute(PASS_OVER, service, *known.entity, known.version, known.id)
            await connection.execute(NEXT_SEQ)
            born = [(after[place].logged, place[1]) for place, head in before.items() if not head.version]
            await guard(connection, service, born)
        keep(doors.data_dir / "recovered", service, "recovered", lost)
        return len(lost), behind


async def _append(
    connection: Connection, service: str, lost: Sequence[Lost]
) -> tuple[dict[tuple[str, UUID], Head], dict[tuple[str, UUID], Head]]:
    """The chain heads of all entities concerned, before and after."""
    before: dict[tuple[str, UUID], Head] = {}
    after: dict[tuple[str, UUID], Head] = {}
    for event in lost:
        known = event.known
        place = (known.entity.kind, known.entity_id)
        if place not in after:
            before[place] = after[place] = await _head(connection, known)
        head = after[place]
        if known.version != head.version + 1:
            raise Problem(
                f"{known.entity.kind} {known.entity_id} has version {head.version} in the log and {known.version} in"
                f" the stream: the chain of {service} does not go on. Give the events up with --accept-loss."
            )
        digest = hashlib.sha256(head.digest + event.data).digest()
        row = (event.seq, known.id, head.logged, known.entity_id, known.version, event.subject, event.data)
        await connection.execute(INSERT, *row, known.actor, known.time, digest)
        after[place] = Head(head.logged, known.version, digest, known.id)
    return before, after


async def _head(connection: Connection, known: Provenance) -> Head:
    name = known.entity.kind.partition(".")[2]
    row = await connection.fetchrow(HEAD, known.entity_id, name)
    return Head(*row.values()) if row else Head(name, 0, b"", None)


async def _move_documents(
    connection: Connection, before: dict[tuple[str, UUID], Head], after: dict[tuple[str, UUID], Head]
) -> list[str]:
    """The next change of a thing goes on from its last event. Its document knows no more than before: each is named."""
    tables = [row["name"] for row in await connection.fetch(DOCUMENT_TABLES)]
    behind = []
    for (kind, identity), head in after.items():
        was = before[kind, identity]
        behind.append(f"{kind} {identity}: version {was.version} of {head.version}")
        for table in tables if was.version else []:
            # the name is one the catalogue gave, quoted by the server
            move = MOVE.replace("UPDATE documents", f"UPDATE {table}")
            await connection.execute(move, identity, was.version, was.digest, head.version, head.digest)
    return behind


async def _causes(bus: Client, lost: Sequence[Lost]) -> list[Provenance]:
    """The events of any service that the lost ones followed from: what followed from them is not to follow again."""
    wanted = {event.known.causation_id for event in lost} - {None}
    found: list[Provenance] = []
    for source in SERVICES if wanted else ():
        try:
            found += [
                event.known
                async for message in read_stream(bus, stream_name(source), 0)
                if (event := _read(message)) and event.known.id in wanted
            ]
        except ApiError as error:
            if error.code not in (STREAM_MISSING, 404, 503):
                raise
    return sorted(found, key=lambda known: known.version)
