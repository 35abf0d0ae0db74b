"""Quality at work."""

import pytest

from tests.house import House, Running


@pytest.fixture(scope="session")
async def quality(house: House) -> Running:
    return await house.service("quality")
