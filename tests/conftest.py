"""The servers of a test session, in containers or from the wheels; the fixtures are the same."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.credentials import signing_key
from deploy.local.jetstream import NatsServer
from deploy.local.postgresql import PostgreSQL
from tests import containers
from tests.house import House, Running, Served, from_wheel, new_database


def pytest_report_header() -> str:
    """Where the servers come from; `XIAOFU_TEST_SERVERS=containers|wheels` forces it."""
    try:
        choice = containers.chosen()
    except containers.Unavailable as reason:
        raise pytest.UsageError(str(reason)) from None
    return f"servers: {choice.servers} ({choice.why})"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Served]:
    contained = containers.chosen().servers == containers.CONTAINERS
    with containers.postgres_container() if contained else from_wheel(PostgreSQL) as server:
        yield server


@pytest.fixture(scope="session")
def nats_server() -> Iterator[Served]:
    contained = containers.chosen().servers == containers.CONTAINERS
    with containers.nats_container() if contained else from_wheel(NatsServer) as server:
        yield server


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a signing key and its key set."""
    folder = tmp_path_factory.mktemp("keys")
    signing_key(folder)
    return folder


@pytest.fixture
async def database(postgres_server: Served) -> str:
    """The address of an empty database."""
    return await new_database(postgres_server.url())


@pytest.fixture
def own_nats() -> Iterator[NatsServer]:
    """A NATS server that a test may kill, pause or wipe; always from the wheel."""
    with from_wheel(NatsServer) as server:
        yield server


@pytest.fixture(scope="session")
async def house(postgres_server: Served, nats_server: Served, keys: Path) -> AsyncIterator[House]:
    """Services that tests share; every test makes its own customers, orders and cases."""
    async with House(postgres_server.url(), nats_server.url(), keys) as opened:
        yield opened


@pytest.fixture(scope="session")
async def orders(house: House) -> Running:
    return await house.service("orders")
