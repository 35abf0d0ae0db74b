"""The checker's own books: what PostgreSQL holds and what JetStream holds, read without any of the code under test."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import nats
import orjson
from nats.js.errors import NotFoundError


class Fact(NamedTuple):
    """An event in the log, in the stream, or among the effects: whose it is and which."""

    entity_id: UUID
    version: int
    event_id: UUID
    data: bytes = b""


async def log_of(url: str) -> list[Fact]:
    """Everything a service has committed, in log order."""
    return await _facts(url, "SELECT entity_id, version, event_id, data FROM events ORDER BY seq")


async def effects_of(url: str) -> list[Fact]:
    """Everything echo has done, in the order it was done."""
    return await _facts(url, "SELECT entity_id, version, event_id, ''::bytea AS data FROM effects ORDER BY id")


async def inbox_of(url: str) -> dict[UUID, int]:
    """How far echo believes to have come with each tally."""
    return {row["entity_id"]: row["version"] for row in await _rows(url, "SELECT entity_id, version FROM inbox")}


async def parked_in(url: str) -> int:
    return len(await _rows(url, "SELECT id FROM dead_letters WHERE state = 'parked'"))


async def _facts(url: str, query: str) -> list[Fact]:
    return [Fact(*row.values()) for row in await _rows(url, query)]


async def _rows(url: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def stream_of(url: str, name: str) -> list[Fact]:
    """Every message of a stream, in stream order, opened with nothing but JSON."""
    client = await nats.connect(url)
    try:
        js = client.jetstream()
        try:
            state = (await js.stream_info(name)).state
        except NotFoundError:
            return []
        wanted = range(max(state.first_seq, 1), state.last_seq + 1)
        found: list[Fact] = []
        for first in range(0, len(wanted), 200):
            page = await asyncio.gather(
                *(js.get_msg(name, seq) for seq in wanted[first : first + 200]), return_exceptions=True
            )
            found += [_fact(message.data or b"") for message in page if not isinstance(message, BaseException)]
        return found
    finally:
        await client.close()


def _fact(data: bytes) -> Fact:
    envelope = orjson.loads(data)
    return Fact(UUID(envelope["subject"]), int(envelope["sequence"]), UUID(envelope["id"]), data)


def complaints(log: Sequence[Fact], stream: Sequence[Fact], *, once: bool = True) -> list[str]:
    """What is wrong with a stream: every committed event, byte for byte, in order per entity, and nothing else.

    After a repair (`once=False`) an event may stand there again, but its first appearances are in order all the same.
    """
    first = list(dict.fromkeys(stream))
    found = [f"{fact.event_id} was committed and is not in the stream" for fact in _less(log, first)]
    found += [f"{fact.event_id} is in the stream and was not committed" for fact in _less(first, log)]
    found += _disorder("the stream", first)
    if once:
        found += [f"{event_id} is in the stream {n} times" for event_id, n in _more_than_once(stream)]
    return found


def complaints_about_effects(log: Sequence[Fact], effects: Sequence[Fact]) -> list[str]:
    """What is wrong with the deeds: exactly one per event, in order per entity."""
    done = {fact.event_id for fact in effects}
    known = {fact.event_id for fact in log}
    found = [f"{fact.event_id} had no effect" for fact in log if fact.event_id not in done]
    found += [f"{fact.event_id} had an effect and was not committed" for fact in effects if fact.event_id not in known]
    found += [f"{event_id} had {n} effects" for event_id, n in _more_than_once(effects)]
    return found + _disorder("the effects", effects)


def _less(these: Iterable[Fact], those: Iterable[Hashable]) -> list[Fact]:
    known = set(those)
    return [fact for fact in these if fact not in known]


def _more_than_once(facts: Iterable[Fact]) -> list[tuple[UUID, int]]:
    return [(event_id, n) for event_id, n in Counter(fact.event_id for fact in facts).items() if n > 1]


def _disorder(where: str, facts: Iterable[Fact]) -> list[str]:
    versions: defaultdict[UUID, list[int]] = defaultdict(list)
    for fact in facts:
        versions[fact.entity_id].append(fact.version)
    return [f"{where}: {entity} goes {seen}" for entity, seen in versions.items() if seen != sorted(seen)]
