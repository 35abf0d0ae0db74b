"""Every service is restarted while people are working; nobody notices, and the books balance."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local.accounts import scratch
from deploy.local.ports import free_port
from deploy.local.problem import Problem
from deploy.local.restarting import restart
from deploy.local.stack import Stack
from tests.faults.ledger import complaints, log_of, parked_in, stream_of
from tests.house import eventually

DATA = Path("deploy/local/data")
CHOSEN = ("orders", "customers")
CLERKS = 4
ROUNDS = 2


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as made:
        yield made / "data"


class Sales:
    """People at the counter of a real stack: what they asked, what they were answered, what they were promised."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.promised: list[str] = []
        self.refused_connections = self.closed_connections = 0
        self._customer, self._open = "", True
        # Half of them never keep a connection, half do, as browsers and balancers do.
        self._clients = [httpx.AsyncClient(timeout=20, headers={"Connection": "close"}), httpx.AsyncClient(timeout=20)]

    async def ask(self, path: str, *posts: str, body: Any = None, user: str = "u12", **more: Any) -> Any:
        """One command; whatever but a refused connection goes wrong is a failure."""
        who = self.stack.token(user, *posts)
        headers = {"Authorization": f"Bearer {who}", "Idempotency-Key": str(uuid4())}
        service = "customers" if path.startswith("/customers") else "orders"
        staying, client = random.choice(list(enumerate(self._clients)))
        while True:
            try:
                answer = await client.post(
                    f"{self.stack.base_url(service)}/v1{path}", headers=headers, **({"json": body or {}} | more)
                )
            except httpx.ConnectError:
                self.refused_connections += 1
                await asyncio.sleep(0.02)
                continue
            except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                if not staying:
                    raise
                # A kept connection may be closed just when it is used again: its owner repeats, with the same key.
                self.closed_connections += 1
                continue
            assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
            return answer.json()

    async def furnish(self) -> None:
        """Articles with prices in force, stock, and a customer that orders has heard of."""
        book = await self.ask("/articles/import", "sales_manager", user="u09", **_file("articles.xlsx"))
        await self.ask(f"/price-books/{book['id']}/approve", "sales_director", user="u05")
        await self.ask("/lots/import", "warehouse", user="u26", **_file("stock.csv"))
        new = {
            "code": "D900",
            "contact": "王先生",
            "phone": "0757-1",
            "address": "佛山",
            "company": "恒美",
            "kind": "dealer",
            "region": "广东",
            "level": "A",
            "owner": "u12",
        }
        self._customer = (await self.ask("/customers", "sales_manager", body=new, user="u09"))["id"]
        await eventually(self._heard)

    async def _heard(self) -> bool:
        connection = await asyncpg.connect(self.stack.database_url("orders"))
        try:
            return bool(await connection.fetchval("SELECT true FROM inbox WHERE entity_id = $1", self._customer))
        finally:
            await connection.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """They sell as fast as they can while the block runs."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CLERKS):
                group.create_task(self._sell())
            yield
            self._open = False

    async def _sell(self) -> None:
        while self._open:
            wanted = {"customer_id": self._customer, "articles": ["P61001"]}
            shown = await self.ask("/stock-positions", "salesperson", body=wanted)
            await self.ask(f"/stock-positions/{shown['id']}/accept", "salesperson", body={"accepted_by": "王先生"})
            lines = [{"article": "P61001", "quantity": "0.1"}]
            order = {"customer_id": self._customer, "stock_position_id": shown["id"], "lines": lines}
            self.promised.append((await self.ask("/orders", "salesperson", body=order))["id"])

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


def _file(name: str) -> dict[str, Any]:
    return {"json": None, "files": {"file": (name, (DATA / name).read_bytes())}}


async def test_restarting_every_service_under_load_loses_and_refuses_nothing(folder: Path) -> None:
    """Again and again; no request fails, no order is lost or doubled, every event is in its stream."""
    async with Stack(folder, services={name: free_port() for name in CHOSEN}) as stack:
        sales = Sales(stack)
        await sales.furnish()
        before = {name: stack.state.processes[name].pid for name in CHOSEN}
        async with sales.open():
            for _ in range(ROUNDS):
                for name in CHOSEN:
                    sold = len(sales.promised)
                    await restart(stack, name)
                    await eventually(lambda sold=sold: _more(sales, sold))  # type: ignore[misc]  # a bound default
        await sales.close()
        assert sales.refused_connections == 0
        assert all(stack.state.processes[name].pid != before[name] for name in CHOSEN)
        assert all(stack.state.processes[name].restarts == 0 for name in CHOSEN)
        await _check(stack, sales.promised)


async def _more(sales: Sales, sold: int) -> bool:
    return len(sales.promised) > sold


async def _check(stack: Stack, promised: list[str]) -> None:
    url, nats = stack.database_url("orders"), stack.nats_url()

    async def published() -> bool:
        return set(await log_of(url)) <= set(await stream_of(nats, "ORDERS"))

    await eventually(published)
    log = await log_of(url)
    assert complaints(log, await stream_of(nats, "ORDERS")) == []
    placed = Counter(str(fact.entity_id) for fact in log if b'"type":"orders.order.placed.v1"' in fact.data)
    assert placed == Counter(promised)
    assert await parked_in(url) == 0


async def test_a_restart_that_fails_leaves_the_old_process_at_work(folder: Path) -> None:
    """A new process that dies on starting is told of; nobody was turned away."""
    async with Stack(folder, services={"staff": free_port()}) as stack:
        service: Any = stack.watch_of("staff").managed
        old, twin = service.pid, service.twin

        def broken() -> Any:
            made = twin()
            made._environment = {**made._environment, "LOG_LEVEL": "INFO", "DATABASE_URL": "nonsense"}
            return made

        service.twin = broken
        with pytest.raises(Problem, match="the old one goes on"):
            await restart(stack, "staff")
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{stack.base_url('staff')}/health/ready")).json()["process"] == old
