"""What three copies of a stream cost beside one: the same atomic batches, to a cluster and to one server."""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psutil
from nats.aio.client import Client

from bench.figures import RUNS, percentile, show
from bench.serving import cpu_seconds
from deploy.local.accounts import scratch
from deploy.local.jetstream import NatsServer
from deploy.local.ports import HOST, free_port
from deploy.local.stack import Stack
from shared.messaging.bus import ApiError, answer, open_bus
from shared.messaging.streams import provide_stream

NODES = 3
SIZE = 1_100  # bytes of an event, as it is published
LARGE, SMALL = 500, 3  # events of a batch: a relay that catches up; what one request brings
LARGE_BATCHES, SMALL_BATCHES = 20, 200
SUBJECT = "bare.tally.raised.v1.p00"


class Node(NatsServer):
    """One of several that know each other by their routes."""

    def __init__(self, folder: Path, own: int, routes: Sequence[int]) -> None:
        super().__init__(folder)
        self._own, self._routes = own, routes

    def _settings(self) -> dict[str, Any]:
        routes = [f"nats://{HOST}:{route}" for route in self._routes]
        cluster = {"name": "bench", "listen": f"{HOST}:{self._own}", "routes": routes}
        return super()._settings() | {"server_name": self.folder.name, "cluster": cluster}


class Taken(NamedTuple):
    """Events a second in large batches, seconds of each small one, processor seconds of all servers for an event."""

    rate: float
    small: list[float]
    used: float


async def replicating(stack: Stack) -> None:
    """One copy and three, in turn. All nodes share this machine's cores and disk: the ratio is the worst there is."""
    found: dict[int, list[Taken]] = {1: [], NODES: []}
    with _cluster() as nodes:
        alone = [psutil.Process(stack.state.processes["nats"].pid)]
        together = [psutil.Process(node.pid) for node in nodes]
        async with open_bus(stack.nats_url(), name="bench") as one, open_bus(nodes[0].url(), name="bench") as three:
            for _ in range(RUNS):
                found[1].append(await _take(one, 1, alone))
                found[NODES].append(await _take(three, NODES, together))
    ratios = [many.rate / lone.rate for many, lone in zip(found[NODES], found[1], strict=True)]
    show(f"a stream of {NODES} copies beside one (batches of {LARGE})", unit="events/s",
         ours=round(statistics.median(taken.rate for taken in found[NODES])),
         bare=round(statistics.median(taken.rate for taken in found[1])),
         ratio=round(statistics.median(ratios), 3), runs=[round(ratio, 3) for ratio in ratios])  # fmt: skip
    for copies, runs in found.items():
        show(f"a batch of {SMALL} events, {copies} copies", unit="ms",
             p50=round(statistics.median(percentile(taken.small, 0.5) for taken in runs) * 1e3, 2),
             p99=round(statistics.median(percentile(taken.small, 0.99) for taken in runs) * 1e3, 2),
             processor_us_an_event=round(statistics.median(taken.used for taken in runs) * 1e6, 1))  # fmt: skip


@contextmanager
def _cluster() -> Iterator[list[Node]]:
    with scratch() as folder:
        routes = [free_port() for _ in range(NODES)]
        nodes = [Node(folder / f"node-{own}", own, routes) for own in routes]
        try:
            for node in nodes:
                node.create()
                node.launch()
            for node in nodes:
                node.wait_ready()
            yield nodes
        finally:
            for node in nodes:
                if node.alive:
                    node.stop()


async def _take(bus: Client, copies: int, servers: Sequence[psutil.Process]) -> Taken:
    await bus.request("$JS.API.STREAM.DELETE.BARE", b"", timeout=30)
    while True:
        try:
            await provide_stream(bus, "bare", copies)
            break
        except (ApiError, TimeoutError):  # a cluster that has just been started has no leader yet
            await asyncio.sleep(0.2)
    before, began = sum(map(cpu_seconds, servers)), time.perf_counter()
    for _ in range(LARGE_BATCHES):
        await _batch(bus, LARGE)
    rate = LARGE_BATCHES * LARGE / (time.perf_counter() - began)
    used = (sum(map(cpu_seconds, servers)) - before) / (LARGE_BATCHES * LARGE)
    return Taken(rate, [await _batch(bus, SMALL) for _ in range(SMALL_BATCHES)], used)


async def _batch(bus: Client, events: int) -> float:
    """Seconds from the first event to the acknowledgement of all."""
    began, batch = time.perf_counter(), str(uuid4())
    data = b'{"id":"0"'.ljust(SIZE - 1) + b"}"
    for number in range(1, events):
        headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        await bus.publish(SUBJECT, data, headers=headers)
    headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(events), "Nats-Batch-Commit": "1"}
    answer(await bus.request(SUBJECT, data, timeout=30, headers=headers))
    return time.perf_counter() - began
