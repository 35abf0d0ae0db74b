"""Deadlines: fired once, in order, by the database's clock, whatever happens."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from shared.domain.policy import Policy
from shared.hands import Hands
from shared.persistence import timers as timers_module
from shared.persistence.policies import Policies
from shared.persistence.pool import Pool
from shared.persistence.store import Store
from shared.persistence.timers import Timers
from tests.house import eventually
from tests.shared.conftest import at_work
from tests.tally import Echo, Tally, count, occasion


@pytest.fixture
def timers(pool: Pool) -> Timers:
    return Timers(pool, [Tally], Policies(Policy.read()), asyncio.Event())


async def waiting(pool: Pool, kind: str, seconds: float = -1, tally: Tally | None = None) -> Tally:
    """A tally with a deadline so many seconds from now."""
    tally = tally or await count(pool, 0)
    tally.rise(1)
    tally.schedule(getattr(tally, kind), datetime.now(UTC) + timedelta(seconds=seconds))
    await Store(pool, asyncio.Event()).save(tally, occasion())
    return tally


async def story(pool: Pool, tally: Tally) -> list[str]:
    rows = await pool.fetch("SELECT subject FROM events WHERE entity_id = $1 ORDER BY version", tally.id)
    return [row["subject"].split(".")[2] for row in rows]


async def test_a_deadline_fires_once_with_its_event_and_is_gone(pool: Pool, timers: Timers) -> None:
    tally = await waiting(pool, "lapse")
    assert await timers.fire() == 1
    assert await timers.fire() == 0
    assert await story(pool, tally) == ["opened", "raised", "closed"]
    row = await pool.fetchrow("SELECT actor, data FROM events ORDER BY seq DESC LIMIT 1")
    assert row
    assert row["actor"] == "service:timer"
    assert await pool.fetchval("SELECT count(*) FROM timers") == 0


async def test_what_follows_from_a_deadline_belongs_to_the_story_that_set_it(pool: Pool, timers: Timers) -> None:
    await waiting(pool, "lapse")
    set_by = await pool.fetchval("SELECT correlation_id FROM timers")
    await timers.fire()
    data = await pool.fetchval("SELECT data FROM events ORDER BY seq DESC LIMIT 1")
    assert f'"correlationid":"{set_by}"'.encode() in data


async def test_a_deadline_does_not_fire_before_its_time(pool: Pool, timers: Timers) -> None:
    await waiting(pool, "lapse", 3600)
    assert await timers.fire() == 0


async def test_a_cleared_deadline_never_fires(pool: Pool, timers: Timers) -> None:
    tally = await waiting(pool, "lapse")
    tally.close()
    await Store(pool, asyncio.Event()).save(tally, occasion())
    assert await timers.fire() == 0


async def test_a_moved_deadline_fires_at_the_new_time_only(pool: Pool, timers: Timers) -> None:
    tally = await waiting(pool, "lapse")
    await waiting(pool, "lapse", 3600, tally)
    assert await timers.fire() == 0
    await waiting(pool, "lapse", -1, tally)
    assert await timers.fire() == 1


async def test_what_fell_due_while_nobody_ran_fires_in_the_order_it_fell_due(pool: Pool, timers: Timers) -> None:
    late = await waiting(pool, "lapse", -10)
    early = await waiting(pool, "lapse", -30)
    middle = await waiting(pool, "lapse", -20)
    last = await pool.fetchval("SELECT max(seq) FROM events")
    assert await timers.fire() == 3
    fired = await pool.fetch("SELECT entity_id FROM events WHERE seq > $1 ORDER BY seq", last)
    assert [row["entity_id"] for row in fired] == [early.id, middle.id, late.id]


async def test_two_deadlines_of_one_thing_fire_together_in_order(pool: Pool, timers: Timers) -> None:
    tally = await waiting(pool, "remind", -20)
    await waiting(pool, "lapse", -10, tally)
    assert await timers.fire() == 2
    assert await story(pool, tally) == ["opened", "raised", "raised", "reminded", "closed"]


async def test_two_runners_fire_each_deadline_once(pool: Pool) -> None:
    for _ in range(40):
        await waiting(pool, "remind")
    both = [Timers(pool, [Tally], Policies(Policy.read()), asyncio.Event()) for _ in range(2)]

    async def drained(runner: Timers) -> int:
        fired = 0
        while now := await runner.fire(3):
            fired += now
        return fired

    assert sum(await asyncio.gather(*map(drained, both))) == 40
    assert await pool.fetchval("SELECT count(*) FROM events WHERE subject LIKE '%reminded%'") == 40


async def test_a_deadline_whose_reason_has_gone_is_a_no_op(pool: Pool, timers: Timers) -> None:
    tally = await waiting(pool, "lapse", -20)
    await waiting(pool, "remind", -10, tally)
    assert await timers.fire() == 2  # it lapsed, and a closed tally needs no reminder
    assert await story(pool, tally) == ["opened", "raised", "raised", "closed"]
    assert await pool.fetchval("SELECT count(*) FROM timers") == 0


async def test_a_deadline_that_fails_is_put_off_and_the_others_fire(pool: Pool, timers: Timers) -> None:
    bad = await waiting(pool, "stumble", -20)
    good = [await waiting(pool, "lapse", -10) for _ in range(3)]
    assert await timers.fire() == 0
    assert await timers.fire() == 0
    for tally in good:
        assert (await story(pool, tally))[-1] == "closed"
    row = await pool.fetchrow("SELECT owner, attempts, error, due_at > now() AS later FROM timers")
    assert row
    assert (row["owner"], row["attempts"], row["later"]) == (bad.id, 1, True)
    assert row["error"].startswith("ArithmeticError: stumbled")


async def test_a_deadline_that_breaks_a_constraint_is_put_off_as_well(
    pool: Pool, timers: Timers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that says no is not a database out of reach: the others must not wait for it."""

    def spoil(self: Tally, at: datetime) -> None:
        self.total = 10**9
        self.remind(at)

    bad = await waiting(pool, "stumble", -20)
    good = await waiting(pool, "lapse", -10)
    monkeypatch.setattr(Tally, "stumble", spoil)
    await timers.fire()
    assert (await story(pool, good))[-1] == "closed"
    assert await pool.fetchval("SELECT owner FROM timers WHERE error LIKE 'CheckViolationError%'") == bad.id


async def test_the_one_that_is_put_off_is_the_one_that_failed(pool: Pool, timers: Timers) -> None:
    """Also while another runner holds the one that fell due first."""
    first = await waiting(pool, "remind", -30)
    bad = await waiting(pool, "stumble", -20)
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetch("SELECT FROM timers WHERE owner = $1 FOR UPDATE", first.id)
        await timers.fire()
    assert [row["owner"] for row in await pool.fetch("SELECT owner FROM timers WHERE attempts > 0")] == [bad.id]


async def test_a_deadline_of_another_service_is_left_alone(pool: Pool) -> None:
    await waiting(pool, "lapse")
    assert await Timers(pool, [Echo], Policies(Policy.read()), asyncio.Event()).fire() == 0


async def test_a_deed_that_is_not_declared_cannot_be_scheduled() -> None:
    tally = Tally.open(occasion().correlation_id, "x")
    with pytest.raises(LookupError, match="rename is not declared in Tally"):
        tally.schedule(rename, datetime.now(UTC))


def rename(at: datetime) -> None:
    """Nothing a tally declares."""


async def test_the_runner_fires_at_the_time_and_tells_the_relay(pool: Pool) -> None:
    wake, hands = asyncio.Event(), Hands()
    runner = Timers(pool, [Tally], Policies(Policy.read()), wake)
    async with at_work(runner.run(hands), hands):
        tally = await waiting(pool, "lapse", 0.2)

        async def closed() -> bool:
            return (await story(pool, tally))[-1] == "closed"

        await eventually(closed)
        assert wake.is_set()


async def test_the_runner_outlives_a_database_that_goes_away(
    pool: Pool, timers: Timers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers_module, "LONGEST_WAIT", 0.05)
    fire, faults = timers.fire, [OSError("gone"), asyncpg.PostgresConnectionError("gone"), asyncpg.InterfaceError("x")]

    async def faulty(limit: int = 500) -> Any:
        if faults:
            raise faults.pop()
        return await fire(limit)

    monkeypatch.setattr(timers, "fire", faulty)
    tally = await waiting(pool, "lapse")
    hands = Hands()
    async with at_work(timers.run(hands), hands):

        async def closed() -> bool:
            return (await story(pool, tally))[-1] == "closed"

        await eventually(closed)


async def test_a_fault_that_passes_puts_nothing_off(
    pool: Pool, timers: Timers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadlock(self: Tally, at: datetime) -> None:
        raise asyncpg.DeadlockDetectedError

    await waiting(pool, "stumble")
    monkeypatch.setattr(Tally, "stumble", deadlock)
    with pytest.raises(asyncpg.DeadlockDetectedError):
        await timers.fire()
    assert await pool.fetchval("SELECT attempts FROM timers") == 0
