"""An order's whole life, from the stock shown to the goods handed over: what it costs, and what it leaves behind."""

import asyncio
import time
from collections.abc import Awaitable
from typing import NamedTuple

import asyncpg
import psutil

from bench.figures import show
from deploy.local.demo.account import Account
from deploy.local.demo.cast import Cast
from deploy.local.demo.ledger import Ledger
from deploy.local.demo.ordering import confirm, pay, place, prepare
from deploy.local.demo.visitors import Visitors, eventually
from deploy.local.stack import Stack
from shared.messaging.bus import ask, open_bus
from shared.messaging.streams import stream_name

ORDERS, WARMING, AT_ONCE = 300, 24, 8
REST = 5.0  # seconds
LINES = 3

SIZES = """
SELECT CASE WHEN relname LIKE 'events%' THEN 'log'
            WHEN relname IN ('inbox', 'timers', 'idempotency_keys') THEN relname
            ELSE 'things' END AS kind, sum(pg_total_relation_size(oid))::bigint AS bytes
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1
"""

WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"


class Books(NamedTuple):
    """What was kept until now: bytes by service and kind, events by stream."""

    bytes: dict[str, int]
    events: dict[str, int]


async def living(stack: Stack) -> None:
    """Orders of three lines placed, paid, confirmed, released, dispatched and delivered; every service hears of it."""
    visitors = Visitors(stack)
    cast = Cast(stack, visitors, Account(), Ledger(stack.nats_url(), stack.services))
    try:
        await _open(cast)
        await _live(cast, WARMING)
        before = await _books(stack)
        spent, _ = await _meter(stack, asyncio.sleep(REST))
        rest = {part: seconds / REST for part, seconds in spent.items()}
        began = time.perf_counter()
        spent, written = await _meter(stack, _live(cast, ORDERS))
        took = time.perf_counter() - began
        after = await _books(stack)
    finally:
        await visitors.close()
    show("the stack at rest", unit="ms of processor time a second", ours=round(sum(rest.values()) * 1e3, 1),
         each={part: round(seconds * 1e3, 2) for part, seconds in rest.items()})  # fmt: skip
    own = {part: (seconds - rest[part] * took) / ORDERS * 1e3 for part, seconds in spent.items()}
    show(
        "an order's whole life (3 lines, placed to delivered), beyond the rest", unit="ms of processor time",
        ours=round(sum(own.values()), 1), each={part: round(each, 2) for part, each in own.items()},
        orders_a_second=round(ORDERS / took, 1),
        events={stream: round((now - before.events[stream]) / ORDERS, 2) for stream, now in after.events.items()},
    )  # fmt: skip
    left = {kind: round((now - before.bytes.get(kind, 0)) / ORDERS) for kind, now in after.bytes.items()}
    show("what it leaves on the disk", unit="bytes", ours=sum(left.values()),
         each={kind: size for kind, size in left.items() if size}, write_ahead_log=round(written / ORDERS))  # fmt: skip


async def _meter(stack: Stack, deed: Awaitable[None]) -> tuple[dict[str, float], int]:
    """Processor seconds of every part during the deed, and bytes written ahead by PostgreSQL."""
    connection = await asyncpg.connect(stack.database_url("orders"))
    try:
        written, seconds = await connection.fetchval(WRITTEN), _seconds(stack)
        await deed
        spent = {part: now - seconds[part] for part, now in _seconds(stack).items()}
        return spent, await connection.fetchval(WRITTEN) - written
    finally:
        await connection.close()


async def _open(cast: Cast) -> None:
    """Customers, articles, prices and stock."""
    visitors = cast.visitors
    await visitors.upload("customers", "/customers/import", "u19", "dealers.csv")
    await visitors.upload("orders", "/lots/import", "u26", "stock.csv")
    book = (await visitors.upload("orders", "/articles/import", "u09", "articles.xlsx")).json()
    await visitors.post("orders", f"/price-books/{book['id']}/approve", "u05")
    listed = (await visitors.get("orders", "/articles?limit=200"))["items"]
    lots = (await visitors.get("orders", "/lots?limit=200", "u26"))["items"]
    fitting = {(lot["article"], lot["colour_number"], lot["grade"]) for lot in lots if not lot["expires_on"]}
    cast.articles = [
        one
        for one in listed
        if one["in_production"] and (one["article"], one["colour_number"], one["grade"]) in fitting
    ]
    cast.dealers = (await visitors.get("customers", "/customers?limit=50", "u09"))["items"]
    shown = {"customer_id": cast.dealers[-1]["id"], "articles": [cast.articles[0]["article"]]}

    async def known() -> bool:
        return (await visitors.ask("POST", "orders", "/stock-positions", "u12", json=shown)).status_code == 201

    await eventually(known)


async def _live(cast: Cast, orders: int) -> None:
    """So many lives, eight at a time; returns when every service has heard of all of them."""
    waiting = iter(range(orders))

    async def one_after_another() -> None:
        for number in waiting:
            await _one(cast, number)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    await cast.ledger.settled(patience=120)


async def _one(cast: Cast, number: int) -> None:
    chosen = [cast.articles[(number * LINES + line) % len(cast.articles)]["article"] for line in range(LINES)]
    dealer = cast.dealers[number % len(cast.dealers)]
    order = await place(cast, dealer, dealer["owner"], dict.fromkeys(chosen, "1"))
    await confirm(cast, order, await pay(cast, order))
    path = f"/orders/{order['id']}"
    await cast.visitors.post("orders", f"{path}/allocate", dealer["owner"])
    await cast.visitors.post("orders", f"{path}/release", "u26")
    await prepare(cast, order)
    papers = {"certificate": f"ZB-{number}", "manual": True, "warranty_card": True}
    await cast.visitors.post("orders", f"{path}/dispatch", "u26", papers)
    await cast.visitors.post("orders", f"{path}/deliver", "u28", {"received_by": "梁耀祖"})


def _seconds(stack: Stack) -> dict[str, float]:
    """Processor time of every process of the stack, its children's with it, and of this one, which asks."""
    used = {"generator": _used(psutil.Process())}
    for name, entry in stack.state.processes.items():
        process = psutil.Process(entry.pid)
        ended = process.cpu_times()
        used[name] = ended.children_user + ended.children_system + _used(process)
        used[name] += sum(_used(child) for child in process.children(recursive=True))
    return used


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _books(stack: Stack) -> Books:
    """What is kept, without the room that a table has for more: each is written anew before it is weighed."""
    kept: dict[str, int] = {}
    events: dict[str, int] = {}
    async with open_bus(stack.nats_url(), name="bench") as bus:
        for service in stack.services:
            connection = await asyncpg.connect(stack.database_url(service), command_timeout=600)
            try:
                await connection.execute("VACUUM FULL")
                kept |= {f"{service} {row['kind']}": row["bytes"] for row in await connection.fetch(SIZES)}
            finally:
                await connection.close()
            state = (await ask(bus, f"STREAM.INFO.{stream_name(service)}"))["state"]
            kept["streams"] = kept.get("streams", 0) + state["bytes"]
            events[service] = state["messages"]
    return Books(kept, events)
