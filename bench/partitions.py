"""Two consumers of one service, half the entities each, beside one for all of them: rates, and order per entity."""

import asyncio
import itertools
import os
import statistics
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from nats.aio.client import Client

from bench.figures import RUNS, show
from deploy.local.stack import Stack
from shared.domain.policy import Policy
from shared.events.envelope import Occasion, new_id, seal
from shared.events.event import PARTITIONS, Event, subject
from shared.events.partitions import Partitions
from shared.hands import Hands
from shared.messaging.bus import open_bus
from shared.messaging.consumer import Consumer
from shared.messaging.reactions import Reactions
from shared.messaging.streams import provide_stream, stream_name
from shared.persistence.policies import Policies
from shared.persistence.pool import Pool, migrate, open_pool
from shared.persistence.work import Work

EVENTS = 40_000
ENTITIES = 2_000
SOURCE = "shares"
READY = b"ready\n"
PATIENCE = 300.0

TABLE = """
CREATE TABLE IF NOT EXISTS bench_followed (
    listener text, entity_id uuid, version integer, handled integer, astray integer, amount bigint,
    PRIMARY KEY (listener, entity_id))
"""

# One line per entity, as a read model keeps it; each event tells it what it should have heard before.
PROJECT = """
INSERT INTO bench_followed AS known VALUES ($1, $2, $3, 1, ($3 <> 1)::integer, $4)
ON CONFLICT (listener, entity_id) DO UPDATE SET
    version = excluded.version, handled = known.handled + 1, amount = known.amount + excluded.amount,
    astray = known.astray + (excluded.version <> known.version + 1)::integer
"""

DONE = "SELECT coalesce(sum(version), 0) FROM inbox WHERE consumer = $1"

WRONG = """
SELECT count(*) FILTER (WHERE handled <> $2 OR version <> $2 OR astray > 0) + ($3 - count(*)) +
       (SELECT count(*) FROM dead_letters WHERE consumer = $1)
FROM bench_followed WHERE listener = $1
"""

NUMBERS = itertools.count(1)


class Counted(Event, name="shares.tally.counted.v1"):
    """What the stream is full of; each event knows which of its entity it is."""

    number: int
    amount: int
    remark: str


async def partitions(stack: Stack, events: int = EVENTS, entities: int = ENTITIES) -> None:
    """One process for everything and two for half each, in turn; fails where an entity was not told in order, once."""
    url, nats_url = stack.database_url("customers"), stack.nats_url()
    await migrate(url, Path("services/customers/migrations"))
    rates: dict[int, list[float]] = {1: [], 2: []}
    async with open_bus(nats_url, name="bench") as bus, open_pool(url, size=2) as pool:
        await pool.execute(TABLE)
        await _fill(bus, events, entities)
        for _ in range(RUNS):
            for parts in rates:
                rates[parts].append(await _followed(pool, url, nats_url, parts, events, entities))
        await bus.request(f"$JS.API.STREAM.DELETE.{stream_name(SOURCE)}", b"", timeout=10)
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    show(
        f"partitioned consumers, inbox and projection ({events:,} events of {entities:,} entities)",
        unit="events/s",
        one=round(statistics.median(rates[1])),
        two=round(statistics.median(rates[2])),
        ratio=round(statistics.median(ratios), 3),
        runs=[round(ratio, 3) for ratio in ratios],
        order="each version of each entity once and in order, in every run",
        cores=len(os.sched_getaffinity(0)),
    )


async def _fill(bus: Client, events: int, entities: int) -> None:
    await bus.request(f"$JS.API.STREAM.DELETE.{stream_name(SOURCE)}", b"", timeout=10)
    await provide_stream(bus, SOURCE)
    whose = [new_id() for _ in range(entities)]
    occasion = Occasion("bench", datetime.now(UTC), new_id())
    for number in range(events):
        entity, version = whose[number % entities], number // entities + 1
        _, data = seal(Counted(number=version, amount=number, remark="x" * 60), entity, version, occasion)
        await bus.publish(subject(Counted.NAME, entity), data)
        if number % 1000 == 999:
            await bus.flush()
    js = bus.jetstream(timeout=30)
    while (await js.stream_info(stream_name(SOURCE))).state.messages < events:  # noqa: ASYNC110 - of the broker
        await asyncio.sleep(0.05)


async def _followed(pool: Pool, url: str, nats_url: str, parts: int, events: int, entities: int) -> float:
    """Events a second, from the word to begin until the last event is committed."""
    listener = f"follower{next(NUMBERS)}"
    async with AsyncExitStack() as at_work, asyncio.timeout(PATIENCE):
        division = Partitions(0, PARTITIONS // parts - 1).division
        processes = [await at_work.enter_async_context(_process(url, nats_url, listener, it)) for it in division]
        started = time.perf_counter()
        for process in processes:
            process.write(b"go\n")
        while await pool.fetchval(DONE, listener) < events:  # noqa: ASYNC110 - of the database
            await asyncio.sleep(0.05)
        took = time.perf_counter() - started
    if wrong := await pool.fetchval(WRONG, listener, events // entities, entities):
        raise AssertionError(f"{wrong} entities of {listener}, {parts} consumers, were not told in order and once")
    return events / took


@asynccontextmanager
async def _process(url: str, nats_url: str, listener: str, share: Partitions) -> AsyncIterator[asyncio.StreamWriter]:
    """A process that is ready to follow a share; it begins with the first line it is sent."""
    words = [sys.executable, "-m", "bench.partitions", listener, str(share)]
    environment = {**os.environ, "DATABASE_URL": url, "NATS_URL": nats_url}
    process = await asyncio.create_subprocess_exec(*words, env=environment, stdin=PIPE, stdout=PIPE)
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both are pipes")
    try:
        if await process.stdout.readline() != READY:
            raise AssertionError(f"the process of {share} did not come up")
        yield process.stdin
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _follow(listener: str, share: Partitions) -> None:
    """Be such a process, for ever."""
    reactions = Reactions(listener)

    @reactions.on(Counted)
    async def project(event: Counted, work: Work) -> None:
        work.project(PROJECT, listener, event.entity_id, event.number, event.amount)

    url = os.environ["DATABASE_URL"]
    async with open_bus(os.environ["NATS_URL"], name=listener) as bus, open_pool(url, size=4) as pool:
        policies, wake = Policies(Policy.read()), asyncio.Event()
        consumer = Consumer(url, pool, bus, reactions, policies, wake, Hands(), share)
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        await asyncio.to_thread(sys.stdin.readline)
        await consumer.run()


if __name__ == "__main__":
    uvloop.run(_follow(sys.argv[1], Partitions.read(sys.argv[2])))
