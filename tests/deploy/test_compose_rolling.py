"""Every container of every service is replaced while people work behind the balancer; nobody notices."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest

from deploy.docker.restart import restart
from deploy.docker.stack import ComposeStack
from deploy.local.catalogue import SERVICES
from deploy.local.demo import policy_file
from deploy.local.problem import Problem
from tests.deploy.books import balance
from tests.faults.selling import Sales
from tests.house import eventually

REPLICAS = 2
BUSY = 600.0
PATIENCE = 60.0  # seconds: sixteen processes and their database on one machine
WRITTEN = {
    "orders": "orders.order.placed.v1",
    "customers": "customers.customer.registered.v1",
    "complaints": "complaints.complaint.filed.v1",
}


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ComposeStack]:
    folder = tmp_path_factory.mktemp("rolling")
    policy_file(folder)
    async with ComposeStack(folder, f"xiaofu-rolling-{os.getpid()}") as running:
        twice = [word for name in SERVICES for word in ("--scale", f"{name}={REPLICAS}")]
        await asyncio.to_thread(running.compose.run, "up", "--detach", "--wait", *twice, *SERVICES)
        yield running


class Company:
    """Orders are placed, dealers registered, complaints filed, and every service is asked something."""

    def __init__(self, stack: ComposeStack) -> None:
        self.stack, self.sales = stack, Sales(stack)
        self.registered: list[str] = []
        self.filed: list[str] = []
        self.read: Counter[str] = Counter()
        self._codes = count(1000)
        self._reader = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)

    async def register(self) -> None:
        self.registered.append(await self.sales.register(f"D{next(self._codes)}"))

    async def file(self) -> None:
        said = {
            "kind": "opinion",
            "channel": "phone",
            "customer_id": self.sales.customer,
            "description": "展厅灯光太暗",
            "contact": {"name": "王先生", "phone": "13800000111"},
        }
        made = await self.sales.ask("/complaints", "service_agent", service="complaints", body=said, user="u33")
        self.filed.append(made["id"])

    async def look(self) -> None:
        """One question to each of the services."""
        for name in SERVICES:
            url = f"{self.stack.base_url(name)}/v1/dead-letters"
            bearer = f"Bearer {self.stack.token('operator', 'operator')}"
            answer = await self._reader.get(url, headers={"Authorization": bearer})
            assert answer.status_code == 200, f"{name}: {answer.status_code} {answer.text}"
            self.read[name] += 1

    async def close(self) -> None:
        await self.sales.close()
        await self._reader.aclose()


async def test_replacing_every_container_under_load_loses_and_refuses_nothing(stack: ComposeStack) -> None:
    """PLT-2: no answer is an error, nothing promised is lost or doubled, every event is in its stream."""
    company = Company(stack)
    await company.sales.furnish()
    before = {name: set(stack.compose.ids(name)) for name in SERVICES}
    async with company.sales.open(company.register, company.file, company.look, clerks=2):
        for name in SERVICES:
            read = company.read[name]
            assert await asyncio.to_thread(restart, stack.compose, name, BUSY) == REPLICAS
            await eventually(lambda name=name, read=read: _more(company, name, read), PATIENCE)  # type: ignore[misc]  # bound defaults
    await company.close()
    assert (company.sales.refused_connections, company.sales.closed_connections) == (0, 0)
    after = {name: set(stack.compose.ids(name)) for name in SERVICES}
    assert {name: (len(after[name]), after[name] & before[name]) for name in SERVICES} == {
        name: (REPLICAS, set()) for name in SERVICES
    }
    promised = {
        "orders": company.sales.promised,
        "customers": [company.sales.customer, *company.registered],
        "complaints": company.filed,
    }
    for name, ids in promised.items():
        assert len(ids) > 10
        await balance(stack, name, WRITTEN[name], ids)


async def _more(company: Company, name: str, read: int) -> bool:
    return company.read[name] > read


async def test_a_new_container_that_does_not_come_up_leaves_the_old_ones_at_work(
    stack: ComposeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stack.compose.ids("staff")
    monkeypatch.setenv("DRAIN_SECONDS", "soon")  # an upgrade that cannot read its settings
    with pytest.raises(Problem, match="the old one goes on"):
        await asyncio.to_thread(restart, stack.compose, "staff")
    assert stack.compose.ids("staff") == before
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{stack.base_url('staff')}/health/ready")).status_code == 200
