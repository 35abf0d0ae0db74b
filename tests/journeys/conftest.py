"""All services of the house, and a house of one's own for tests that stop, slow down or overwhelm it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.jetstream import NatsServer
from tests.house import House, Served
from tests.journeys.town import Town, build


@pytest.fixture(scope="session")
async def town(house: House) -> Town:
    """Every service, with articles, prices and nobody in it yet."""
    opened = await build(house)
    await opened.open_shop()
    return opened


@pytest.fixture
async def own_house(postgres_server: Served, own_nats: NatsServer, keys: Path) -> AsyncIterator[House]:
    """Services on a bus that the test may stop."""
    async with House(postgres_server.url(), own_nats.url(), keys) as opened:
        yield opened
