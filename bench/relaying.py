"""From the log into the stream: the relay beside a bare loop of atomic batches."""

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import asyncpg
from nats.aio.client import Client

from bench.figures import against
from deploy.local.stack import Stack
from shared.hands import Hands
from shared.messaging.bus import answer, open_bus
from shared.messaging.relay import Relay
from shared.messaging.streams import provide_stream
from shared.persistence.pool import migrate

EVENTS = 40_000
BATCH = 500
SIZE = 450  # bytes, as our events are

FILL = """
INSERT INTO events (event_id, entity, entity_id, version, subject, data, actor, at, digest)
SELECT gen_random_uuid(), 'tally', ('00000000-0000-4000-8000-' || lpad((n % 2000)::text, 12, '0'))::uuid, 1 + n / 2000,
       'bench.tally.raised.v1.p00', convert_to(rpad('{"id":"' || n || '"', $2 - 1, ' ') || '}', 'UTF8'),
       'bench', now(), ''
FROM generate_series(0, $1 - 1) AS n
"""


async def relaying(stack: Stack) -> None:
    """At least 15,000 events/s, committed to fsynced, and 0.6 of the bare loop."""
    url = stack.database_url("orders")
    await migrate(url, Path("services/orders/migrations"))
    async with open_bus(stack.nats_url(), name="bench") as bus:
        await against(
            f"relay, committed to fsynced in JetStream ({EVENTS:,} events of {SIZE} bytes, batches of {BATCH})",
            lambda: _ours(url, bus),
            lambda: _bare(bus),
            unit="events/s",
            target=15_000,
            target_ratio=0.6,
        )


async def _ours(url: str, bus: Client) -> float:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("TRUNCATE events, relay_state")
        await _drop(bus, "BENCH")
        await provide_stream(bus, "bench")
        await connection.execute(FILL, EVENTS, SIZE)
        relay = Relay(url, bus, "bench", asyncio.Event(), Hands())
        await relay.resync(connection)
        started = time.perf_counter()
        while await relay.step(connection):
            pass
        return EVENTS / (time.perf_counter() - started)
    finally:
        await connection.close()


async def _bare(bus: Client) -> float:
    """The same bytes in the same batches, with nothing around them."""
    await _drop(bus, "BARE")
    await provide_stream(bus, "bare")
    data = b'{"id":"0"'.ljust(SIZE - 1) + b"}"
    started = time.perf_counter()
    for _ in range(EVENTS // BATCH):
        batch = str(uuid4())
        for number in range(1, BATCH):
            headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            await bus.publish("bare.tally.raised.v1.p00", data, headers=headers)
        headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(BATCH), "Nats-Batch-Commit": "1"}
        answer(await bus.request("bare.tally.raised.v1.p00", data, timeout=10, headers=headers))
    return EVENTS / (time.perf_counter() - started)


async def _drop(bus: Client, stream: str) -> None:
    await bus.request(f"$JS.API.STREAM.DELETE.{stream}", b"", timeout=10)
