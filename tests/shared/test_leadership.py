"""One owner per duty, and what becomes of its locks when a machine is gone."""

import pytest

from shared.messaging.leadership import leadership
from shared.persistence.pool import open_pool
from tests.shared.conftest import Databases

SETTINGS = "SELECT name, setting::integer AS value FROM pg_settings WHERE name LIKE 'tcp_%'"


@pytest.mark.parametrize("locks", ["an office", "rows"])
async def test_a_machine_that_vanishes_without_a_word_loses_its_locks_within_half_a_minute(
    databases: Databases, locks: str
) -> None:
    """PLT-2: what the server itself says it will do for that session; a cut cable cannot be had in a test."""
    url = await databases("tally")
    if locks == "an office":
        async with leadership(url, "relay tally") as connection:
            said = {row["name"]: row["value"] for row in await connection.fetch(SETTINGS)}
    else:
        async with open_pool(url, size=2) as pool:
            said = {row["name"]: row["value"] for row in await pool.fetch(SETTINGS)}
    silent = said["tcp_keepalives_idle"] + said["tcp_keepalives_interval"] * said["tcp_keepalives_count"]
    assert 0 < said["tcp_keepalives_idle"] < silent <= 30
    assert 0 < said["tcp_user_timeout"] <= 30_000
