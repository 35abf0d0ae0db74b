"""Processes and servers die, pause and lose their disks under load; the books must balance all the same."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.accounts import scratch
from deploy.local.jetstream import NatsServer
from deploy.local.postgresql import PostgreSQL
from tests.faults.stage import Stage, seeds
from tests.house import eventually


@pytest.fixture(params=seeds(1), ids=lambda seed: f"seed {seed}")
async def stage(
    request: pytest.FixtureRequest, postgres_server: PostgreSQL, own_nats: NatsServer, keys: Path, tmp_path: Path
) -> AsyncIterator[Stage]:
    """Servers and no process yet; `FAULT_SEED` repeats a run."""
    opened = Stage(postgres_server, own_nats, keys, tmp_path, request.param)
    yield opened
    await opened.end()


async def a_while(stage: Stage, least: int = 10, most: int = 80) -> None:
    """Until the next blow falls: a random number of commands further on, answered or not."""
    until = stage.asked + stage.chance.randint(least, most)

    async def come() -> bool:
        return stage.asked >= until

    await eventually(come)


async def test_services_that_are_killed_again_and_again_lose_and_double_nothing(stage: Stage) -> None:
    """SIGKILL at random points of relay, consumer, timers and commands."""
    await stage.start("tally", "echo")
    async with stage.load():
        for _ in range(4):
            await a_while(stage)
            victim = stage.chance.choice(stage.services)
            await asyncio.to_thread(victim.kill)
            victim.launch()
            await stage.ready(victim)
        await a_while(stage)
    await stage.check()


async def test_a_replica_that_froze_and_wakes_as_a_zombie_does_no_harm(stage: Stage) -> None:
    """SIGSTOP; its lock goes to the other replica; SIGCONT: it still believes to be the one."""
    await stage.start("tally", "tally", "echo", "echo")
    async with stage.load():
        for name in ("tally", "echo", "tally"):
            await a_while(stage)
            frozen = await stage.leader(name)
            frozen.pause()
            await stage.take_office_away(name)
            assert await stage.leader(name) is not frozen
            await a_while(stage)
            frozen.resume()
        await a_while(stage)
    await stage.check(once=False)


async def test_a_bus_that_is_killed_and_then_loses_its_disk_costs_no_event(stage: Stage) -> None:
    """Commands are accepted meanwhile; the stream is refilled from the log."""
    await stage.start("tally", "echo")
    async with stage.load():
        await a_while(stage)
        await asyncio.to_thread(stage.nats.kill)
        await a_while(stage)
        await asyncio.to_thread(stage.nats.start)
        await a_while(stage, 100, 150)
        await asyncio.to_thread(stage.nats.kill)
        stage.nats.wipe()
        await asyncio.to_thread(stage.nats.start)
        await a_while(stage)
    await stage.check(once=False)


@pytest.fixture
def own_postgres() -> Iterator[PostgreSQL]:
    """A PostgreSQL that a test may kill."""
    with scratch() as folder:
        server = PostgreSQL(folder / "postgres")
        server.start()
        yield server
        server.kill()


async def test_a_database_that_is_killed_under_load_keeps_what_it_promised(
    stage: Stage, own_postgres: PostgreSQL
) -> None:
    """SIGKILL to PostgreSQL: sessions, locks and half-made transactions are gone, what was answered is not."""
    stage.postgres = own_postgres
    await stage.start("tally", "echo")
    async with stage.load():
        for _ in range(2):
            await a_while(stage)
            await asyncio.to_thread(own_postgres.kill)
            await asyncio.to_thread(own_postgres.start)
        await a_while(stage)
    await stage.check()
