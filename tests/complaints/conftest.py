"""Complaints at work, and its people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.jetstream import NatsServer
from deploy.local.postgresql import PostgreSQL
from tests.complaints.asking import Desk
from tests.house import House

HURRY = """
[complaints]
response_time   = { value = 0.4, unit = "second" }
resolution_time = { value = 3, unit = "second" }
escalation_step = { value = 2, unit = "second" }
pause_cap       = { value = 0.5, unit = "second" }
department_time = { value = 1, unit = "second" }
follow_up_after = { value = 0.5, unit = "second" }
"""


@pytest.fixture(scope="session")
async def desk(house: House) -> Desk:
    """Complaints under the policy of the regulations."""
    return Desk(await house.service("complaints"))


@pytest.fixture
async def hurried(postgres_server: PostgreSQL, own_nats: NatsServer, keys: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    """Complaints whose clocks run out in seconds."""
    policy = tmp_path / "policy.toml"
    policy.write_text(HURRY)
    async with House(postgres_server.url(), own_nats.url(), keys, policy) as house:
        yield Desk(await house.service("complaints"))
