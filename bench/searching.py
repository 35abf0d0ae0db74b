"""Orders by the million: listing and searching them, beside ten thousand, and the reports of them all."""

import random
import statistics
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import cycle
from typing import NamedTuple

import asyncpg
import psutil

from bench.figures import RUNS, percentile, show
from bench.filling import fill
from bench.reporting import reporting
from bench.serving import served, timed_requests
from deploy.local.accounts import scratch
from deploy.local.catalogue import SERVICES
from deploy.local.ports import free_offset
from deploy.local.stack import Stack
from shared.web.paging import SCREENFUL

FEW, MANY = 10_000, 1_000_000
SECONDS = 2.0
SAMPLE = 100

type Search = Callable[[], bytes]


class Filled(NamedTuple):
    """A service with many orders, and what is asked of it."""

    port: int
    process: psutil.Process
    searches: Mapping[str, Search]


async def searching(stack: Stack) -> None:
    """Every search under 50 ms at p99 with 16 connections among a million, at most a quarter dearer than among ten
    thousand. The two are asked in turn, so that a busy neighbour hits both.
    """
    with scratch() as folder:
        another = Stack(folder / "data", services={}, port_offset=free_offset(SERVICES), log_level="WARNING")
        async with another, searched(stack, FEW) as few, searched(another, MANY) as many:
            for name in few.searches:
                await _compare(name, few, many)
            await reporting(another, many.port, many.process)


@asynccontextmanager
async def searched(stack: Stack, orders: int) -> AsyncIterator[Filled]:
    """A service with so many orders."""
    connection = await asyncpg.connect(stack.database_url("orders"), command_timeout=3600)
    try:
        async with served(stack, "orders") as (port, process):  # which makes the tables
            await fill(connection, orders)
            rows = await connection.fetch("SELECT id, number, customer_id, salesperson FROM orders ORDER BY id")
            found = random.Random(orders).sample(rows, SAMPLE)
            yield Filled(port, process, _searches(stack, found))
    finally:
        await connection.close()


def _searches(stack: Stack, found: list[asyncpg.Record]) -> Mapping[str, Search]:
    manager = stack.token("u09", "sales_manager")
    samples = cycle(found)

    def request(path: str, token: str = manager) -> bytes:
        return f"GET /v1/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()

    people = {row["salesperson"]: stack.token(row["salesperson"], "salesperson") for row in found}
    return {
        "the newest": lambda: request("orders"),
        "from somewhere on": lambda: request(f"orders?after={next(samples)['id']}"),
        "of a customer": lambda: request(f"orders?customer_id={next(samples)['customer_id']}"),
        "of a customer, delivered": lambda: request(
            f"orders?status=delivered&customer_id={next(samples)['customer_id']}"
        ),
        "awaiting payment": lambda: request("orders?status=awaiting_payment"),
        "one's own as a salesperson": lambda: request("orders", people[next(samples)["salesperson"]]),
        "of a week": lambda: request(f"orders?{_week(next(samples))}"),  # a full page among ten thousand, too
        "by number": lambda: request(f"orders?number={next(samples)['number']}"),
        "one order": lambda: request(f"orders/{next(samples)['id']}"),
    }


def _week(row: asyncpg.Record) -> str:
    """The seven days that end with the one in the order's number."""
    last = datetime.strptime(row["number"][2:10], "%Y%m%d").date()  # noqa: DTZ007 - a day alone
    return f"from={last - timedelta(days=6)}&to={last}"


async def _compare(name: str, few: Filled, many: Filled) -> None:
    costs: list[float] = []
    slowest: list[float] = []
    for _ in range(RUNS):
        small = await timed_requests(few.port, few.searches[name], SECONDS, 200)
        large = await timed_requests(many.port, many.searches[name], SECONDS, 200)
        costs.append(statistics.mean(large) / statistics.mean(small))
        slowest.append(percentile(large, 0.99) * 1e3)
    show(
        f"search a million orders: {name} ({SCREENFUL} a page, 16 connections)", unit="ms p99",
        ours=round(statistics.median(slowest), 1), target=50, rate=round(len(large) / SECONDS),
        cost_beside_ten_thousand=round(statistics.median(costs), 2), runs=[round(cost, 2) for cost in costs],
        target_cost=1.25,
    )  # fmt: skip
