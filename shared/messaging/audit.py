"""The audit: does the stream hold the whole log, and is the log what was written?"""

import itertools
from collections.abc import AsyncIterator, Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from nats.aio.client import Client

from shared.messaging.bus import Imprint, imprint, read_stream
from shared.messaging.streams import stream_name
from shared.persistence.pool import Pool, Reader

PAGE = 1_000
LISTED = 100_000  # of each kind of finding; more of it is found by the next audit, after the repair

# How far the relay has come before the stream is read: what is on its way is not missing.
MARK = "SELECT safe_seq, stream_seq, rounds FROM relay_state WHERE stream = $1"

AUDITED = "SELECT audited_seq, audited_place, audited_round FROM relay_state WHERE stream = $1"

KEEP = "UPDATE relay_state SET audited_seq = $2, audited_place = $3, audited_round = $4 WHERE stream = $1"

PRESENT = """
SELECT seq, event_id FROM events JOIN unnest($1::bigint[], $2::uuid[]) AS found (number, id)
ON seq = number AND event_id = id
"""

LOG = "SELECT seq FROM events WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3"

ALL_ENTITIES = "SELECT DISTINCT entity_id FROM events WHERE entity_id > $1 ORDER BY entity_id LIMIT $2"

CHANGED_ENTITIES = "SELECT DISTINCT entity_id FROM events WHERE seq > $1"

BROKEN = """
SELECT entity_id, version FROM (
    SELECT entity_id, version, digest,
           sha256(coalesce(lag(digest) OVER entity, ''::bytea) || data) AS computed,
           lag(version, 1, 0) OVER entity AS before
    FROM events WHERE entity_id = ANY($1::uuid[]) WINDOW entity AS (PARTITION BY entity, entity_id ORDER BY version)
) AS chained WHERE digest <> computed OR version <> before + 1 ORDER BY entity_id, version
"""


class Mark(NamedTuple):
    """How far an audit has come: up to the log number `seq` all is in the stream, in the `round` of its refilling.

    Whatever has a higher number lies behind `place` there.
    """

    seq: int = 0
    place: int = 0
    round: int = 0


BEGINNING = Mark()


class Report(NamedTuple):
    """What an audit found: log numbers the stream lacks, messages the log lacks, places where a chain breaks."""

    stream: str
    in_log: int
    in_stream: int
    missing: list[int]
    foreign: list[str]
    broken_chains: list[str]

    @property
    def sound(self) -> bool:
        return not (self.missing or self.foreign or self.broken_chains)


async def audited(pool: Pool, stream: str) -> Mark:
    """How far the log was found to be in the stream, and sound, so that an audit may go on from there."""
    row = await pool.fetchrow(AUDITED, stream)
    return Mark(*row) if row else BEGINNING


async def keep(pool: Pool, stream: str, mark: Mark) -> None:
    """The next audit may go on from there."""
    await pool.execute(KEEP, stream, *mark)


async def compare(pool: Pool, bus: Client, service: str, since: Mark = BEGINNING) -> tuple[Report, Mark]:
    """Read the stream and the log once, in pages, and say how far; changes nothing.

    With `since`, only what came after it: then a chain is looked through if its entity has changed.
    """
    stream = stream_name(service)
    row = await pool.fetchrow(MARK, stream)
    mark = Mark(*row) if row else BEGINNING
    if since.round != mark.round:
        since = BEGINNING
    held, in_stream, foreign = await _read(pool, bus, stream, since, mark)
    in_log, missing = await _look_up(pool, held, since, mark)
    broken = [row async for row in broken_chains(pool, since.seq)]
    return Report(stream, in_log, in_stream, missing, foreign, broken), mark


async def _read(pool: Pool, bus: Client, stream: str, since: Mark, mark: Mark) -> tuple[bytearray, int, list[str]]:
    """Which log numbers after `since` the stream holds, a bit for each; how many messages; those that are not ours."""
    held = bytearray((mark.seq - since.seq) // 8 + 1)
    in_stream, foreign = 0, list[str]()
    page: list[Imprint] = []

    async def look_up() -> None:
        present = await _present(pool, page)
        if len(foreign) < LISTED:
            foreign.extend(str(one.event_id) for one in page if one not in present)
        for seq, _ in present:
            if since.seq < seq <= mark.seq:
                held[(seq - since.seq) // 8] |= 1 << (seq - since.seq) % 8
        page.clear()

    async for message in read_stream(bus, stream, since.place):
        in_stream += 1
        if found := imprint(message):
            page.append(found)
        elif len(foreign) < LISTED:
            foreign.append(f"message {(message.headers or {})['Nats-Sequence']}")
        if len(page) == PAGE:
            await look_up()
    await look_up()
    return held, in_stream, foreign[:LISTED]


async def _present(pool: Pool, page: Sequence[Imprint]) -> Collection[Imprint]:
    rows = await pool.fetch(PRESENT, [one.seq for one in page], [one.event_id for one in page])
    return {Imprint(*row) for row in rows}


async def _look_up(pool: Pool, held: bytearray, since: Mark, mark: Mark) -> tuple[int, list[int]]:
    """How many events the log has between the marks, and the numbers of those that are not held."""
    in_log, missing, last = 0, list[int](), since.seq
    while rows := await pool.fetch(LOG, last, mark.seq, PAGE):
        numbers = [row["seq"] for row in rows]
        if len(missing) < LISTED:
            missing += [seq for seq in numbers if not held[(seq - since.seq) // 8] >> (seq - since.seq) % 8 & 1]
        last, in_log = numbers[-1], in_log + len(rows)
    return in_log, missing[:LISTED]


async def broken_chains(reader: Reader, since: int = 0) -> AsyncIterator[str]:
    """Where the chain of an entity breaks, of those that have changed after a log number: `… version 3`."""
    found = 0
    async for entities in _entities(reader, since):
        for row in await reader.fetch(BROKEN, entities):
            yield f"{row['entity_id']} version {row['version']}"
            found += 1
        if found >= LISTED:
            return


async def _entities(reader: Reader, since: int) -> AsyncIterator[Sequence[UUID]]:
    """A page after the other."""
    if since:
        changed = await reader.fetch(CHANGED_ENTITIES, since)
        for page in itertools.batched(changed, PAGE):
            yield [row["entity_id"] for row in page]
        return
    last = UUID(int=0)
    while rows := await reader.fetch(ALL_ENTITIES, last, PAGE):
        last = rows[-1]["entity_id"]
        yield [row["entity_id"] for row in rows]
