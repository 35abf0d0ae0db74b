"""Tally and echo on the real servers, with relays and consumers that a test starts and stops by itself."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from nats.aio.client import Client

from deploy.local.jetstream import NatsServer
from deploy.local.postgresql import PostgreSQL
from shared.domain.policy import Policy
from shared.events.partitions import WHOLE, Partitions
from shared.hands import Hands
from shared.messaging.bus import ApiError, ask, open_bus
from shared.messaging.consumer import Consumer
from shared.messaging.leadership import leadership
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.persistence.policies import Policies
from shared.persistence.pool import Connection, Pool, migrate, open_pool
from shared.settings import Settings
from shared.telemetry import log
from tests.house import Running, new_database, running
from tests.tally import FOLDER, create_app, luck, reactions

type Databases = Callable[[str], Awaitable[str]]
type Relaying = Callable[..., AbstractAsyncContextManager[Relay]]
type Consuming = Callable[..., AbstractAsyncContextManager[Consumer]]

# Making a database and removing its files costs seconds on a slow disk; emptying one costs milliseconds.
EMPTY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$ BEGIN
    EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(relname), ', ') || ' RESTART IDENTITY'
             FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'migrations'
               AND relnamespace = 'public'::regnamespace);
END $$;
ALTER TABLE events ENABLE TRIGGER events_are_never_changed;
"""


@pytest.fixture(scope="session")
def free() -> dict[str, list[str]]:
    """Databases that no test is using, by service."""
    return {"tally": [], "echo": []}


@pytest.fixture
async def databases(postgres_server: PostgreSQL, free: dict[str, list[str]]) -> AsyncIterator[Databases]:
    """Migrated, empty databases of tally and echo, as many as a test wants."""
    used: list[tuple[str, str]] = []

    async def one(name: str) -> str:
        if not free[name]:
            fresh = await new_database(postgres_server.url())
            await migrate(fresh, FOLDER / name / "migrations")
            free[name].append(fresh)
        used.append((name, free[name].pop()))
        return used[-1][1]

    yield one
    for name, url in used:
        connection = await asyncpg.connect(url)
        await connection.execute(EMPTY)
        await connection.close()
        free[name].append(url)


@pytest.fixture
async def tally_url(databases: Databases) -> str:
    return await databases("tally")


@pytest.fixture
async def echo_url(databases: Databases) -> str:
    return await databases("echo")


@pytest.fixture
async def pool(tally_url: str) -> AsyncIterator[Pool]:
    """Tally's database."""
    async with open_pool(tally_url, size=8) as opened:
        yield opened


@pytest.fixture
async def echo_pool(echo_url: str) -> AsyncIterator[Pool]:
    """Echo's database."""
    async with open_pool(echo_url, size=8) as opened:
        yield opened


@pytest.fixture
async def connection(tally_url: str) -> AsyncIterator[Connection]:
    """A connection to tally's database outside any pool."""
    opened = await asyncpg.connect(tally_url)
    yield opened
    opened.terminate()


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[Client]:
    """A connection to a NATS on which tally and echo have said nothing yet."""
    luck.clear()
    luck.update(tries=0, needed=3)
    async with open_bus(nats_server.url(), name="test") as opened:
        for stream in ("TALLY", "ECHO"):
            with contextlib.suppress(ApiError):
                await ask(opened, f"STREAM.DELETE.{stream}")
        yield opened


@pytest.fixture
def relaying(tally_url: str, bus: Client) -> Relaying:
    """Run a relay of tally; leaving the block stops it between two steps."""

    @asynccontextmanager
    async def relaying(
        url: str | None = None, on: Client | None = None, wake: asyncio.Event | None = None
    ) -> AsyncIterator[Relay]:
        relay = Relay(url or tally_url, on or bus, "tally", wake or asyncio.Event(), hands := Hands())
        async with at_work(relay.run(), hands):
            yield relay

    return relaying


@pytest.fixture
def consuming(echo_url: str, echo_pool: Pool, bus: Client) -> Consuming:
    """Run a consumer of echo; leaving the block stops it between two batches."""

    @asynccontextmanager
    async def consuming(
        on: Client | None = None, hear: Reactions = reactions, share: Partitions = WHOLE
    ) -> AsyncIterator[Consumer]:
        policies, wake, hands = Policies(Policy.read()), asyncio.Event(), Hands()
        consumer = Consumer(echo_url, echo_pool, on or bus, hear, policies, wake, hands, share)
        async with at_work(consumer.run(), hands):
            yield consumer

    return consuming


@asynccontextmanager
async def at_work(deed: Awaitable[None], hands: Hands) -> AsyncIterator[None]:
    """A task while the block runs; what it has in hand is finished."""
    task = asyncio.ensure_future(deed)
    try:
        yield
        assert not task.done(), "it ended by itself"
    finally:
        await hands.rest(5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def spoken() -> Iterator[list[str]]:
    """What is logged; a service in this process may have set logging up in a way that pytest's own does not survive."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]  # all it is for
    log.addHandler(handler)
    before = log.level
    log.setLevel(logging.DEBUG)
    yield lines
    log.setLevel(before)
    log.removeHandler(handler)


@pytest.fixture
def everyone_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock that lets only one lead is out of order: every relay and every consumer believes to be the one."""

    @asynccontextmanager
    async def anyone(url: str, duty: str) -> AsyncIterator[Connection]:
        async with leadership(url, f"{duty} {uuid4()}") as opened:
            yield opened

    monkeypatch.setattr("shared.messaging.relay.leadership", anyone)
    monkeypatch.setattr("shared.messaging.consumer.leadership", anyone)


def settings(url: str, nats_url: str, keys: Path, **more: object) -> Settings:
    """Of a service under test."""
    values = {"database_url": url, "nats_url": nats_url, "jwks": str(keys / "jwks.json"), "pool_size": 4}
    return Settings.model_validate(values | {"log_level": "CRITICAL"} | more)


@pytest.fixture
async def tally(tally_url: str, bus: Client, nats_server: NatsServer, keys: Path) -> AsyncIterator[Running]:
    """The tally service, whole."""
    app = create_app("tally", settings(tally_url, nats_server.url(), keys, body_limit=10_000, request_seconds=1))
    async with running("tally", app, keys) as opened:
        yield opened


@pytest.fixture
async def echo(echo_url: str, bus: Client, nats_server: NatsServer, keys: Path) -> AsyncIterator[Running]:
    """The echo service, whole."""
    async with running("echo", create_app("echo", settings(echo_url, nats_server.url(), keys)), keys) as opened:
        yield opened
