"""A house of its own: what is changed here must not change what other tests go by."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.jetstream import NatsServer
from tests.house import House, Running, Served, from_wheel
from tests.regulations.sample import Office


@pytest.fixture(scope="session")
def quiet_nats() -> Iterator[NatsServer]:
    with from_wheel(NatsServer) as server:
        yield server


@pytest.fixture(scope="session")
async def ministry(postgres_server: Served, quiet_nats: NatsServer, keys: Path) -> AsyncIterator[House]:
    """Regulations and whoever hears them."""
    async with House(postgres_server.url(), quiet_nats.url(), keys) as opened:
        yield opened


@pytest.fixture(scope="session")
async def regulations(ministry: House) -> Running:
    return await ministry.service("regulations")


@pytest.fixture(scope="session")
def office(regulations: Running) -> Office:
    return Office(regulations)
