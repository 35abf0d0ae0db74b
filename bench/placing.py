"""Placing an order of three lines over HTTP, beside the same statement sent by the bare driver."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
import psutil

from bench.figures import against, show
from bench.serving import CONNECTIONS, cpu_seconds, served, timed_requests
from deploy.local.doors import Doors
from deploy.local.ports import HOST
from deploy.local.stack import Stack
from services.orders.domain.order import Order
from services.orders.domain.stock_position import Available, StockPosition
from shared.domain.actor import Actor
from shared.domain.policy import Policy
from shared.events.envelope import Occasion, new_id
from shared.events.orders import OrderedLine
from shared.persistence.pool import open_pool
from shared.persistence.store import Draft, Key, stamp, write

SECONDS = 5.0
DATA = Path("deploy/local/data")
ARTICLES = 3
KEY = b"KEY-" * 9  # stands for an idempotency key, which is as long


async def placing(stack: Stack) -> None:
    """At least 0.45 of the bare rate, with 16 connections and one service process."""
    async with served(stack, "orders") as (port, process):
        next_request = await ready_to_place(stack, f"http://{HOST}:{port}")
        await against(
            "place an order over HTTP (3 lines, 16 connections, api role)",
            lambda: _http(port, next_request, process),
            lambda: _bare(stack),
            unit="orders/s",
            target_ratio=0.45,
        )


async def ready_to_place(stack: Doors, address: str) -> Callable[[], bytes]:
    """A customer, prices and an accepted stock position; what returns the bytes of a request to place an order."""
    customer = uuid4()
    connection = await asyncpg.connect(stack.database_url("orders"))
    await connection.execute("INSERT INTO known_customers VALUES ($1, 'D000', 'Bench', 'u01')", customer)
    await connection.close()

    def who(user: str, *posts: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {stack.token(user, *posts)}"}

    async with httpx.AsyncClient(base_url=f"{address}/v1", timeout=30, trust_env=False) as client:
        files = {"file": ("articles.xlsx", (DATA / "articles.xlsx").read_bytes())}
        book = (
            await client.post("/articles/import", headers=who("m", "sales_manager"), files=files)
        ).raise_for_status()
        path = f"/price-books/{book.json()['id']}/approve"
        (await client.post(path, headers=who("d", "sales_director"), json={})).raise_for_status()
        listed = (await client.get("/articles?limit=20", headers=who("s", "salesperson"))).json()["items"]
        articles = [article["article"] for article in listed if article["in_production"]][:ARTICLES]
        body = {"customer_id": str(customer), "articles": articles}
        shown = (await client.post("/stock-positions", headers=who("s", "salesperson"), json=body)).json()
        path = f"/stock-positions/{shown['id']}/accept"
        (await client.post(path, headers=who("s", "salesperson"), json={"accepted_by": "Wang"})).raise_for_status()
    order = {
        "customer_id": str(customer),
        "stock_position_id": shown["id"],
        "lines": [{"article": article, "quantity": "10"} for article in articles],
    }
    content = orjson.dumps(order)
    head = (
        f"POST /v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {who('s', 'salesperson')['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nIdempotency-Key: {KEY.decode()}\r\n\r\n"
    )
    request = head.encode() + content
    return lambda: request.replace(KEY, str(uuid4()).encode())


async def _http(port: int, next_request: Callable[[], bytes], process: psutil.Process) -> float:
    """Orders placed per second over 16 connections that are kept open; the client costs as little as it can."""
    before = cpu_seconds(process)
    started = time.perf_counter()
    taken = await timed_requests(port, next_request, SECONDS, 201)
    elapsed = time.perf_counter() - started
    used = cpu_seconds(process) - before
    show("CPU of the service process per placed order", unit="us", ours=round(used / len(taken) * 1e6))
    return len(taken) / elapsed


def _order() -> tuple[Order, Occasion]:
    at = datetime.now(UTC)
    by = Actor(id="s")
    customer: UUID = uuid4()
    lines = [
        OrderedLine(
            article=f"A{n}", specification="800x800x10 mm", model="MB-8801", grade="优等品", colour_number="A1",
            quantity=Decimal(10), price=Decimal("88.00"), authority="price book JG20261124-00000000",
        )
        for n in range(ARTICLES)
    ]  # fmt: skip
    shown = [Available(article=line.article, available=Decimal(0)) for line in lines]
    position = StockPosition.show(new_id(), customer, shown, by, at)
    position.accept("Wang", at)
    order = Order.place(
        new_id(), customer_id=customer, contract_id=None, position=position, lines=lines, requirements="",
        salesperson="s", policy=POLICY, by=by, at=at,
    )  # fmt: skip
    return order, Occasion("s", at, new_id())


POLICY = Policy.read()


async def _bare(stack: Stack) -> float:
    """The same statement with the same arguments, prepared beforehand, as fast as the driver sends it."""
    async with open_pool(stack.database_url("orders"), size=CONNECTIONS) as pool:
        sent: list[tuple[str, tuple[object, ...]]] = []

        class Recorder:
            """Takes the statement down instead of sending it."""

            async def fetch(self, query: str, *args: object) -> list[int]:
                sent.append((query, args))
                return [1]

        for _ in range(int(SECONDS * 8000)):
            order, occasion = _order()
            rows = stamp(order, occasion)
            draft = Draft(order, 0, rows, occasion.correlation_id)
            key = Key("s", str(uuid4()), b"0" * 32, 201)
            await write(Recorder(), Order, [draft], key)  # type: ignore[arg-type]  # takes down what a pool would be sent
        waiting = iter(sent)
        until = time.perf_counter() + SECONDS

        async def client() -> int:
            done = 0
            async with pool.acquire() as connection:
                for query, args in waiting:
                    await connection.fetch(query, *args)
                    done += 1
                    if time.perf_counter() > until:
                        break
            return done

        started = time.perf_counter()
        done = sum(await asyncio.gather(*(client() for _ in range(CONNECTIONS))))
        return done / (time.perf_counter() - started)
