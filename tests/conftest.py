"""The servers of a test session: containers where a Docker engine answers, else the wheels; the fixtures are the same."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.accounts import scratch
from deploy.local.credentials import signing_key
from deploy.local.jetstream import NatsServer
from deploy.local.postgresql import PostgreSQL
from tests.house import House, Running, new_database


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgreSQL]:
    with scratch() as folder:
        server = PostgreSQL(folder / "postgres")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    with scratch() as folder:
        server = NatsServer(folder / "nats")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a signing key and its key set."""
    folder = tmp_path_factory.mktemp("keys")
    signing_key(folder)
    return folder


@pytest.fixture
async def database(postgres_server: PostgreSQL) -> str:
    """The address of an empty database."""
    return await new_database(postgres_server.url())


@pytest.fixture
def own_nats() -> Iterator[NatsServer]:
    """A NATS server that a test may kill, pause or wipe."""
    with scratch() as folder:
        server = NatsServer(folder / "nats")
        server.start()
        yield server
        if server.alive:
            server.stop()


@pytest.fixture(scope="session")
async def house(postgres_server: PostgreSQL, nats_server: NatsServer, keys: Path) -> AsyncIterator[House]:
    """Services that tests share; every test makes its own customers, orders and cases."""
    async with House(postgres_server.url(), nats_server.url(), keys) as opened:
        yield opened


@pytest.fixture(scope="session")
async def orders(house: House) -> Running:
    return await house.service("orders")
