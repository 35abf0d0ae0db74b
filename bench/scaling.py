"""What a second and a fourth api process bring, what the balancer costs, and where an order's processor time goes."""

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping
from itertools import cycle
from typing import NamedTuple

import asyncpg

from bench.composing import OrdersInContainers, orders_in_containers
from bench.figures import RUNS, percentile, show
from bench.filling import fill
from bench.placing import ready_to_place
from bench.serving import CONNECTIONS, timed_requests
from deploy.local.accounts import scratch
from deploy.local.demo.ledger import Ledger
from deploy.local.problem import Problem
from deploy.local.stack import Stack
from shared.messaging.bus import open_bus
from shared.messaging.streams import waiting
from shared.persistence.pool import Connection

PROCESSES = (1, 2, 4)
SECONDS, WARMING = 5.0, 1.0
FILLED = 10_000  # orders to search among
SAMPLE = 100
PLACED = "orders.order.placed.v1.%"

RELAYED = "SELECT coalesce((SELECT max(seq) FROM events), 0) <= coalesce((SELECT max(safe_seq) FROM relay_state), 0)"


class Load(NamedTuple):
    """What is asked, over and over, and what must be answered."""

    name: str
    next_request: Callable[[], bytes]
    status: int


class Way(NamedTuple):
    """How many api processes, and whether the balancer stands before them."""

    processes: int
    balanced: bool

    def __str__(self) -> str:
        many = "1 api process" if self.processes == 1 else f"{self.processes} api processes"
        return f"{many} behind the balancer" if self.balanced else f"{many} without the balancer"


class Taken(NamedTuple):
    """One run: its rate, seconds of each request, processor seconds of each part for a request."""

    rate: float
    seconds: list[float]
    used: Mapping[str, float]


ONE = Way(1, balanced=True)


async def scaling(_: Stack) -> None:
    """Orders placed and searched with 16 connections: one, two, four api processes in turn; nothing lost or doubled."""
    with scratch() as folder:
        try:
            async with orders_in_containers(folder / "containers") as stack:
                connection = await asyncpg.connect(stack.database_url("orders"), command_timeout=600)
                try:
                    await _compare(stack, connection)
                finally:
                    await connection.close()
        except Problem as problem:
            show("scaling: orders placed behind the compose balancer", not_taken=str(problem))


async def _compare(stack: OrdersInContainers, connection: Connection) -> None:
    host, port = stack.balancer()
    placing = Load("place an order of 3 lines", await ready_to_place(stack, f"http://{host}:{port}"), 201)
    await fill(connection, FILLED)
    searching = Load("search", await _searches(stack, connection), 200)
    found: dict[tuple[str, Way], list[Taken]] = {}
    heaviest, placed = 0.0, 0
    for _ in range(RUNS):
        for processes in PROCESSES:
            await stack.scale(processes)
            ways = [Way(1, balanced=False), ONE] if processes == 1 else [Way(processes, balanced=True)]
            for way in ways:
                for load in (placing, searching):
                    taken, answered = await _take(stack, connection, way, load)
                    found.setdefault((load.name, way), []).append(taken)
                    placed += answered if load is placing else 0
            heaviest = max(heaviest, stack.heaviest())
    for (name, way), runs in found.items():
        _show(name, way, runs, found[name, ONE])
    show("scaling: memory of an api process under this load", unit="MiB", ours=round(heaviest))
    await _all_there_once(stack, connection, placed)


async def _searches(stack: OrdersInContainers, connection: Connection) -> Callable[[], bytes]:
    """The newest, a customer's, one by its number, one by its id: in turn, among what was filled in."""
    rows = await connection.fetch("SELECT id, number, customer_id FROM orders ORDER BY digest, id LIMIT $1", SAMPLE)
    paths = cycle(
        path
        for row in rows
        for path in ("", f"?customer_id={row['customer_id']}", f"?number={row['number']}", f"/{row['id']}")
    )
    who = stack.token("u09", "sales_manager")
    return lambda: (
        f"GET /v1/orders{next(paths)} HTTP/1.1\r\nHost: orders\r\nAuthorization: Bearer {who}\r\n\r\n".encode()
    )


async def _take(stack: OrdersInContainers, connection: Connection, way: Way, load: Load) -> tuple[Taken, int]:
    """One run, and how many requests were answered with those that warmed it up.

    What follows from the requests, events relayed and heard, is waited for before processor time is read.
    """
    host, port = stack.balancer() if way.balanced else stack.process()
    warmed = await timed_requests(port, load.next_request, WARMING, load.status, host)
    await _settled(stack, connection)
    before = await asyncio.to_thread(stack.seconds)
    began = time.perf_counter()
    seconds = await timed_requests(port, load.next_request, SECONDS, load.status, host)
    elapsed = time.perf_counter() - began
    await _settled(stack, connection)
    after = await asyncio.to_thread(stack.seconds)
    used = {part: (after[part] - before[part]) / len(seconds) for part in after}
    return Taken(len(seconds) / elapsed, seconds, used), len(warmed) + len(seconds)


async def _settled(stack: OrdersInContainers, connection: Connection) -> None:
    """Until all that was committed is in the stream, and orders has heard it."""
    while not await connection.fetchval(RELAYED):  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.05)
    async with open_bus(stack.nats_url(), name="bench") as bus:
        while await waiting(bus, "orders", "orders"):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)


def _show(name: str, way: Way, runs: list[Taken], alone: list[Taken]) -> None:
    """Medians; the ratio is to one process behind the balancer in the same round."""
    ratios = [ours.rate / theirs.rate for ours, theirs in zip(runs, alone, strict=True)]
    show(
        f"scaling: {name}, {way} ({CONNECTIONS} connections)",
        unit="requests/s",
        ours=round(statistics.median(run.rate for run in runs)),
        to_one_process=round(statistics.median(ratios), 2),
        runs=[round(ratio, 2) for ratio in ratios],
        p50_ms=round(statistics.median(percentile(run.seconds, 0.5) for run in runs) * 1e3, 1),
        p99_ms=round(statistics.median(percentile(run.seconds, 0.99) for run in runs) * 1e3, 1),
        processor_us_each={
            part: round(statistics.median(run.used[part] for run in runs) * 1e6) for part in runs[0].used
        },
    )


async def _all_there_once(stack: OrdersInContainers, connection: Connection, placed: int) -> None:
    """As many orders as were answered 201; on the stream each entity's events once, in the order of its versions."""
    ledger = Ledger(stack.nats_url(), ["orders"])
    await ledger.read()
    counted = {
        "answered": placed,
        "orders": await connection.fetchval("SELECT count(*) FROM orders") - FILLED,
        "told": await connection.fetchval("SELECT count(*) FROM events WHERE subject LIKE $1", PLACED),
        "log": await connection.fetchval("SELECT count(*) FROM events"),
        "stream": len(ledger.entries),
        "twice": len(ledger.twice()),
        "out_of_order": len(ledger.out_of_order()),
    }
    show("scaling: nothing lost, nothing doubled", **counted)
    whole = counted["answered"] == counted["orders"] == counted["told"] and counted["log"] == counted["stream"]
    if not whole or counted["twice"] or counted["out_of_order"]:
        raise AssertionError(counted)
