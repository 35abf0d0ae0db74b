"""People who buy and sell while something is done to a stack, and what they were promised."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.doors import Doors
from tests.house import eventually

DATA = Path("deploy/local/data")
CLERKS = 4
PATIENCE = 60.0  # seconds: a slow answer on a busy machine is an answer

type Deed = Callable[[], Awaitable[object]]


class Sales:
    """People at the counter of a real stack: what they asked, what they were answered, what they were promised."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        self.promised: list[str] = []
        self.refused_connections = self.closed_connections = 0
        self.customer, self._open = "", True
        # Half of them never keep a connection, half do, as browsers and balancers do.
        self._clients = [
            httpx.AsyncClient(timeout=PATIENCE, headers={"Connection": "close"}),
            httpx.AsyncClient(timeout=PATIENCE),
        ]

    async def ask(
        self, path: str, *posts: str, service: str = "orders", body: Any = None, user: str = "u12", **more: Any
    ) -> Any:
        """One command; whatever but a refused connection goes wrong is a failure."""
        who = self.doors.token(user, *posts)
        headers = {"Authorization": f"Bearer {who}", "Idempotency-Key": str(uuid4())}
        staying, client = random.choice(list(enumerate(self._clients)))
        while True:
            try:
                answer = await client.post(
                    f"{self.doors.base_url(service)}/v1{path}", headers=headers, **({"json": body or {}} | more)
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
        self.customer = await self.register("D900")
        await eventually(self._heard)

    async def register(self, code: str) -> str:
        """A new dealer's id."""
        new = {
            "code": code,
            "contact": "王先生",
            "phone": "0757-1",
            "address": "佛山",
            "company": "恒美",
            "kind": "dealer",
            "region": "广东",
            "level": "A",
            "owner": "u12",
        }
        made = await self.ask("/customers", "sales_manager", service="customers", body=new, user="u09")
        return str(made["id"])

    async def _heard(self) -> bool:
        """Whether orders knows the dealer, whom customers has told it of."""
        who = self.doors.token("u12", "salesperson")
        answer = await self._clients[0].post(
            f"{self.doors.base_url('orders')}/v1/stock-positions",
            headers={"Authorization": f"Bearer {who}"},
            json={"customer_id": self.customer, "articles": ["P61001"]},
        )
        return answer.status_code == 201

    @asynccontextmanager
    async def open(self, *deeds: Deed, clerks: int = CLERKS) -> AsyncIterator[None]:
        """They sell as fast as they can while the block runs; others do each of the deeds again and again."""
        async with asyncio.TaskGroup() as group:
            for deed in (*[self._sell] * clerks, *deeds):
                group.create_task(self._again(deed))
            yield
            self._open = False

    async def _again(self, deed: Deed) -> None:
        while self._open:
            await deed()

    async def _sell(self) -> None:
        wanted = {"customer_id": self.customer, "articles": ["P61001"]}
        shown = await self.ask("/stock-positions", "salesperson", body=wanted)
        await self.ask(f"/stock-positions/{shown['id']}/accept", "salesperson", body={"accepted_by": "王先生"})
        lines = [{"article": "P61001", "quantity": "0.1"}]
        order = {"customer_id": self.customer, "stock_position_id": shown["id"], "lines": lines}
        self.promised.append((await self.ask("/orders", "salesperson", body=order))["id"])

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


def _file(name: str) -> dict[str, Any]:
    return {"json": None, "files": {"file": (name, (DATA / name).read_bytes())}}
