"""From the stream into a read model: the consumer with its inbox, beside pulling and writing without one."""

import asyncio
import itertools
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson
from nats.aio.client import Client

from bench.figures import against
from deploy.local.stack import Stack
from shared.domain.policy import Policy
from shared.events.envelope import Occasion, new_id, seal
from shared.events.event import Event, subject
from shared.hands import Hands
from shared.messaging.bus import open_bus
from shared.messaging.consumer import Consumer
from shared.messaging.pull import Pull
from shared.messaging.reactions import Reactions
from shared.messaging.streams import provide_stream
from shared.persistence.policies import Policies
from shared.persistence.pool import migrate, open_pool
from shared.persistence.work import Work

EVENTS = 40_000
ENTITIES = 2_000

PROJECT = """
INSERT INTO bench_purchases (entity_id, number, amount) VALUES ($1, $2, $3)
ON CONFLICT (entity_id) DO UPDATE SET number = excluded.number, amount = bench_purchases.amount + excluded.amount
"""


DONE = "SELECT coalesce(sum(version), 0) FROM inbox WHERE consumer = $1"

NUMBERS = itertools.count(1)


class Raised(Event, name="bench.tally.raised.v1"):
    """What the benchmark's stream is full of."""

    number: str
    amount: int
    remark: str


def listener() -> Reactions:
    """A consumer that has heard nothing yet: the next run begins as a new service would."""
    reactions = Reactions(f"listener{next(NUMBERS)}")
    reactions.on(Raised)(add_up)
    return reactions


async def add_up(event: Raised, work: Work) -> None:
    work.project(PROJECT, event.entity_id, event.number, event.amount)


async def consuming(stack: Stack) -> None:
    """At least 10,000 events/s from one process, inbox and projection included."""
    url = stack.database_url("customers")
    await migrate(url, Path("services/customers/migrations"))
    connection = await asyncpg.connect(url)
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS bench_purchases (entity_id uuid PRIMARY KEY, number text, amount bigint)"
    )
    await connection.close()
    async with open_bus(stack.nats_url(), name="bench") as bus, open_pool(url, size=4) as pool:
        await bus.request("$JS.API.STREAM.DELETE.BENCH", b"", timeout=10)
        await provide_stream(bus, "bench")
        await _fill(bus)
        await against(
            f"consumer with inbox and projection ({EVENTS:,} events of {ENTITIES:,} entities)",
            lambda: _ours(url, pool, bus),
            lambda: _bare(pool, bus),
            unit="events/s",
            target=10_000,
        )


async def _fill(bus: Client) -> None:
    js = bus.jetstream(timeout=30)
    entities = [new_id() for _ in range(ENTITIES)]
    occasion = Occasion("bench", datetime.now(UTC), new_id())
    for number in range(EVENTS):
        entity: UUID = entities[number % ENTITIES]
        event = Raised(number=f"DH{number}", amount=number, remark="x" * 60)
        _, data = seal(event, entity, number // ENTITIES + 1, occasion)
        await bus.publish(subject(event.NAME, entity), data)
        if number % 1000 == 999:
            await bus.flush()
    while (await js.stream_info("BENCH")).state.messages < EVENTS:  # noqa: ASYNC110 - of the broker
        await asyncio.sleep(0.05)


async def _ours(url: str, pool: asyncpg.Pool, bus: Client) -> float:
    reactions = listener()
    consumer = Consumer(url, pool, bus, reactions, Policies(Policy.read()), asyncio.Event(), Hands())
    started = time.perf_counter()
    following = asyncio.create_task(consumer.follow("bench"))
    while await pool.fetchval(DONE, reactions.service) < EVENTS:  # noqa: ASYNC110 - of the database
        await asyncio.sleep(0.1)
    took = time.perf_counter() - started
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    return EVENTS / took


async def _bare(pool: asyncpg.Pool, bus: Client) -> float:
    """Pull, decode, write the projection, acknowledge: no inbox, no order, no reactions."""
    done = 0
    started = time.perf_counter()
    async with Pull(bus, "bench", listener().service).running() as pull:
        while done < EVENTS:
            messages = await pull.batch()
            rows = []
            for message in messages:
                envelope = orjson.loads(message.data)
                rows.append((UUID(envelope["subject"]), envelope["data"]["number"], envelope["data"]["amount"]))
            async with pool.acquire() as connection, connection.transaction():
                await connection.executemany(PROJECT, rows)
            await bus.publish(messages[-1].reply, b"+ACK")
            done += len(messages)
    return EVENTS / (time.perf_counter() - started)
