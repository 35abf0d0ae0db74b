"""Every service is restarted while people are working; nobody notices, and the books balance."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.accounts import scratch
from deploy.local.ports import free_port
from deploy.local.problem import Problem
from deploy.local.restarting import restart
from deploy.local.stack import Stack
from tests.faults.ledger import complaints, log_of, parked_in, stream_of
from tests.faults.selling import Sales
from tests.house import eventually

CHOSEN = ("orders", "customers")
ROUNDS = 2


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as made:
        yield made / "data"


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
