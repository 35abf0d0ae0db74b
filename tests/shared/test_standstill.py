"""A database that was set back behind its stream: the service says so, and does nothing that would make it worse."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.hands import Hands
from shared.persistence.pool import Pool
from shared.persistence.standstill import go_on, stand_still, why_standing_still
from tests.house import Running, eventually
from tests.shared.conftest import Databases, Relaying
from tests.tally import count

WHY = "TALLY holds events that this database does not"


async def health(service: Running) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://it") as client:
        return await client.get("/health/ready")


async def test_commands_are_refused_and_questions_answered_until_an_operator_has_chosen(tally: Running) -> None:
    clerk = tally.headers("u1", "clerk")
    kept = await tally.post("/tallies", clerk, {"name": f"tally {uuid4()}"})

    async def status() -> Any:
        answer = await health(tally)
        return answer.status_code, answer.json().get("why")

    async def stands_still() -> bool:
        return await status() == (503, WHY)

    async def goes_on() -> bool:
        return await status() == (200, None)

    async def led() -> bool:
        return bool(await tally.pool.fetchval("SELECT safe_seq FROM relay_state"))

    await eventually(led)
    await stand_still(tally.pool, "TALLY", WHY)
    await eventually(stands_still)
    refused = await tally.ask("POST", f"/tallies/{kept['id']}/raise", clerk, json={"by": 1})
    assert (refused.status_code, refused.json()["code"]) == (503, "set_back")
    assert (await tally.get(f"/tallies/{kept['id']}", clerk))["version"] == 1
    assert (await tally.ask("POST", "/audit?repair=false", tally.headers("o", "operator"))).status_code == 200

    await go_on(tally.pool, "TALLY")
    await eventually(goes_on)
    assert (await tally.post(f"/tallies/{kept['id']}/raise", clerk, {"by": 1}))["version"] == 2


async def test_the_relay_says_that_the_database_was_set_back_and_takes_it_back_when_it_was_not(
    pool: Pool, tally_url: str, relaying: Relaying, databases: Databases
) -> None:
    """A wiped database stands still; the one the stream is of goes on, even if somebody thought otherwise."""
    set_back = await databases("tally")
    await stand_still(pool, "TALLY", WHY)
    await count(pool, 3)

    async def sound() -> bool:
        marked = await pool.fetchval("SELECT safe_seq FROM relay_state")
        return bool(marked) and await why_standing_still(pool) is None

    async with relaying():
        await eventually(sound)

    async def said() -> bool:
        connection = await asyncpg.connect(set_back)
        try:
            why = await connection.fetchval("SELECT why FROM set_back")
            return why is not None and "xiaofu restore --catch-up" in why
        finally:
            await connection.close()

    async with relaying(url=set_back):
        await eventually(said)


async def test_nothing_is_taken_in_hand_while_a_service_stands_still() -> None:
    """Neither what was heard nor what falls due: both go through the same hands."""
    hands, done = Hands(), asyncio.Event()

    async def work() -> None:
        async with hands.busy():
            done.set()

    hands.hold(True)
    working = asyncio.create_task(work())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(done.wait(), 0.05)
    hands.hold(False)
    await working
    assert done.is_set()
