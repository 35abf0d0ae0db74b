"""Notifications at work."""

import pytest

from tests.house import House, Running


@pytest.fixture(scope="session")
async def notifications(house: House) -> Running:
    return await house.service("notifications")
