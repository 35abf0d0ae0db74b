"""The store: one statement in which everything is kept, or nothing is."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.domain.aggregate import Aggregate
from shared.domain.policy import Policy
from shared.domain.refusals import ChangedMeanwhile, NotFound, RuleBroken
from shared.events.envelope import new_id
from shared.persistence.housekeeping import housekeeping
from shared.persistence.policies import Policies
from shared.persistence.pool import Connection, Pool, passing
from shared.persistence.store import Key, KeyTaken, Store, statement
from shared.persistence.work import Work
from tests.tally import Tally, count, occasion

SOON = timedelta(hours=1)
TABLES = ("tallies", "events", "timers", "idempotency_keys")


@pytest.fixture
def store(pool: Pool) -> Store:
    return Store(pool, asyncio.Event())


def opened(name: str = "") -> Tally:
    identity = new_id()
    return Tally.open(identity, name or f"tally {identity}")


def key(text: str = "k", request: bytes = b"body") -> Key:
    return Key("u1", text, request, 201)


async def rows(pool: Pool) -> dict[str, int]:
    """How many rows each table of the spine holds."""
    return {table: await pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}  # noqa: S608 - a constant


async def test_a_change_is_one_statement(store: Store, pool: Pool) -> None:
    statements: list[str] = []
    async with pool.acquire() as connection:
        await connection.fetch("SELECT ARRAY[gen_random_uuid()], ARRAY[now()], ARRAY[1], ARRAY[''], ARRAY[''::bytea]")
        connection.add_query_logger(lambda query: statements.append(query.query))
        tally = opened()
        tally.schedule(tally.lapse, datetime.now(UTC) + SOON)
        await Store(One(connection), asyncio.Event()).save(tally, occasion(), key())  # type: ignore[arg-type]  # a pool of one
    assert [text.split()[0] for text in statements] == ["WITH"]
    assert await rows(pool) == {"tallies": 1, "events": 1, "timers": 1, "idempotency_keys": 1}


class One:
    """A pool with a single connection, so that what it does can be counted."""

    def __init__(self, connection: Any) -> None:
        self.fetch, self.fetchrow, self.fetchval = connection.fetch, connection.fetchrow, connection.fetchval


async def test_a_document_comes_back_as_it_was_kept(store: Store) -> None:
    tally = opened()
    tally.rise(3)
    tally.remind(datetime(2026, 2, 3, 4, 5, 6, 789012, UTC))
    await store.save(tally, occasion())
    back = await store.load(Tally, tally.id)
    assert back == tally
    assert (back.version, back.digest, back.recorded, dict(back.timers)) == (3, tally.digest, (), {})


async def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="there is no tally"):
        await store.load(Tally, new_id())


async def test_a_stale_change_writes_nothing_at_all(store: Store, pool: Pool) -> None:
    """Neither document nor events nor timers nor key."""
    tally = await count(pool, 1)
    mine, theirs = await store.load(Tally, tally.id), await store.load(Tally, tally.id)
    theirs.rise(1)
    await store.save(theirs, occasion())
    before = await rows(pool)
    mine.rise(100)
    mine.schedule(mine.lapse, datetime.now(UTC) + SOON)
    with pytest.raises(ChangedMeanwhile):
        await store.save(mine, occasion(), key())
    assert await rows(pool) == before
    assert (await store.load(Tally, tally.id)).total == 2


async def test_a_stale_change_does_not_clear_timers_either(store: Store, pool: Pool) -> None:
    tally = opened()
    tally.schedule(tally.lapse, datetime.now(UTC) + SOON)
    await store.save(tally, occasion())
    stale = await store.load(Tally, tally.id)
    tally.rise(1)
    await store.save(tally, occasion())
    stale.close()
    with pytest.raises(ChangedMeanwhile):
        await store.save(stale, occasion())
    assert await pool.fetchval("SELECT count(*) FROM timers") == 1


async def test_a_thing_cannot_begin_twice(store: Store, pool: Pool) -> None:
    tally = opened()
    twin = Tally.open(tally.id, "another name")
    await store.save(tally, occasion())
    with pytest.raises(ChangedMeanwhile):
        await store.save(twin, occasion())
    assert await pool.fetchval("SELECT count(*) FROM events") == 1


async def test_of_many_who_change_the_same_version_one_wins(store: Store, pool: Pool) -> None:
    tally = await count(pool, 0)
    copies = [await store.load(Tally, tally.id) for _ in range(8)]
    for copy in copies:
        copy.rise(1)
    answers = await asyncio.gather(*(store.save(copy, occasion()) for copy in copies), return_exceptions=True)
    assert sum(not isinstance(answer, ChangedMeanwhile) for answer in answers) == 1
    assert (await store.load(Tally, tally.id)).total == 1


async def test_a_key_keeps_the_answer_that_was_given(store: Store) -> None:
    tally = opened()
    answer = await store.save(tally, occasion(), key())
    kept = await store.answered("u1", "k")
    assert kept is not None
    assert (kept.body, kept.version, kept.status, kept.request) == (answer.body, 1, 201, b"body")
    assert await store.answered("u2", "k") is None


async def test_a_key_is_used_once_and_what_came_with_it_again_is_not_kept(store: Store, pool: Pool) -> None:
    await store.save(opened(), occasion(), key())
    before = await rows(pool)
    with pytest.raises(KeyTaken):
        await store.save(opened(), occasion(), key())
    assert await rows(pool) == before


async def test_of_two_at_once_with_one_key_one_wins(store: Store, pool: Pool) -> None:
    answers = await asyncio.gather(*(store.save(opened(), occasion(), key()) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(answer, KeyTaken) for answer in answers) == 5
    assert await rows(pool) == {"tallies": 1, "events": 1, "timers": 0, "idempotency_keys": 1}


async def test_a_constraint_named_after_a_rule_becomes_its_refusal(store: Store, pool: Pool) -> None:
    tally = await count(pool, 0)
    tally.rise(-1)
    with pytest.raises(RuleBroken, match="a tally never falls below nothing") as refusal:
        await store.save(tally, occasion())
    assert refusal.value.rule == "TST-1"


async def test_so_does_a_unique_index(store: Store) -> None:
    await store.save(opened("one name"), occasion())
    with pytest.raises(RuleBroken, match="no two tallies bear one name") as refusal:
        await store.save(opened("one name"), occasion())
    assert refusal.value.rule == "TST-2"


async def test_a_constraint_without_a_rule_is_a_fault(store: Store, pool: Pool) -> None:
    tally = await count(pool, 0)
    tally.total = 1_000_000
    tally.rise(1)
    with pytest.raises(asyncpg.CheckViolationError):
        await store.save(tally, occasion())


async def test_events_form_a_chain_per_entity(store: Store, pool: Pool) -> None:
    """The digest of each covers the one before (PLT-3)."""
    tally = await count(pool, 3)
    await count(pool, 2)
    head = b""
    for row in await pool.fetch("SELECT data, digest FROM events WHERE entity_id = $1 ORDER BY version", tally.id):
        head = hashlib.sha256(head + row["data"]).digest()
        assert row["digest"] == head
    assert await pool.fetchval("SELECT digest FROM tallies WHERE id = $1", tally.id) == head
    assert tally.digest == head


@pytest.mark.parametrize("deed", ["UPDATE events SET actor = 'nobody'", "DELETE FROM events"])
async def test_events_are_never_changed_or_deleted(pool: Pool, deed: str) -> None:
    """PLT-3"""
    await count(pool, 1)
    with pytest.raises(asyncpg.RestrictViolationError, match="PLT-3"):
        await pool.execute(deed)


async def test_partitions_of_the_months_to_come_are_provided(pool: Pool) -> None:
    """From every replica at once, and again."""
    await pool.execute("DROP TABLE IF EXISTS events_2031_01")
    names = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname ~ '^events_[0-9]'"
    month = datetime.now(UTC).strftime("events_%Y_%m")
    for name in [row["relname"] for row in await pool.fetch(names)]:
        if name != month:
            await pool.execute(f"DROP TABLE {name}")
    await asyncio.gather(*(housekeeping(pool) for _ in range(4)))
    assert len(await pool.fetch(names)) == 4


async def test_an_event_with_a_time_gone_astray_is_kept_too(store: Store, pool: Pool) -> None:
    tally = opened()
    await store.save(tally, occasion()._replace(at=datetime(2001, 1, 1, tzinfo=UTC)))
    assert await pool.fetchval("SELECT tableoid::regclass::text FROM events") == "events_elsewhen"


async def test_keys_are_forgotten_after_a_month(store: Store, pool: Pool) -> None:
    await store.save(opened(), occasion(), key("old"))
    await store.save(opened(), occasion(), key("young"))
    await pool.execute("UPDATE idempotency_keys SET created_at = now() - interval '31 days' WHERE key = 'old'")
    await housekeeping(pool)
    assert await store.answered("u1", "old") is None
    assert await store.answered("u1", "young") is not None


async def test_timers_are_set_moved_and_cleared_with_the_change(store: Store, pool: Pool) -> None:
    soon, later = datetime.now(UTC) + SOON, datetime.now(UTC) + 2 * SOON
    tally = opened()
    tally.schedule(tally.lapse, soon)
    tally.schedule(tally.remind, soon)
    await store.save(tally, occasion())
    tally.rise(1)
    tally.schedule(tally.lapse, later)
    tally.unschedule(tally.remind)
    await store.save(tally, occasion())
    (row,) = await pool.fetch("SELECT owner, kind, entity, due_at FROM timers")
    assert tuple(row.values()) == (tally.id, "lapse", "tally", later)


def test_a_table_name_is_declared_and_never_comes_in() -> None:
    class Odd(Aggregate):
        TABLE = "tallies; DROP TABLE tallies"

    with pytest.raises(ValueError, match="is no table name"):
        statement("SELECT * FROM documents", Odd)


@pytest.fixture
async def work(connection: Connection) -> Work:
    return Work(connection, Policies(Policy.read()))


async def test_many_things_are_written_at_once(work: Work, pool: Pool) -> None:
    first = await count(pool, 1)
    cause = new_id()
    with work.on(occasion(causation_id=cause)):
        (await work.get(Tally, first.id)).rise(5)
        for _ in range(50):
            work.begin(opened()).rise(1)
    with work.on(occasion("u2")):
        async with work.open(Tally, first.id) as again:
            again.rise(6)
        assert await work.find(Tally, new_id()) is None
        assert await work.find(Tally, first.id) is again
    await work.flush()
    assert work.written
    assert (await Store(pool, asyncio.Event()).load(Tally, first.id)).total == 12
    assert await pool.fetchval("SELECT count(*) FROM events") == 104
    actors = await pool.fetch("SELECT actor, version FROM events WHERE entity_id = $1 ORDER BY seq", first.id)
    assert [tuple(row.values()) for row in actors] == [("u1", 1), ("u1", 2), ("u1", 3), ("u2", 4)]


async def test_log_order_is_version_order_within_an_entity(pool: Pool, work: Work) -> None:
    with work.on(occasion()):
        for _ in range(20):
            tally = work.begin(opened())
            for _ in range(5):
                tally.rise(1)
    await work.flush()
    rows = await pool.fetch("SELECT version, lag(version) OVER (PARTITION BY entity_id ORDER BY seq) AS b FROM events")
    assert all(row["version"] == (row["b"] or 0) + 1 for row in rows)


async def test_reading_sees_what_was_done_before_in_the_same_work(work: Work) -> None:
    with work.on(occasion()):
        tally = work.begin(opened("seen"))
        assert await work.fetchval("SELECT id FROM tallies WHERE name = 'seen'") == tally.id
        tally.rise(2)
        row = await work.fetchrow("SELECT total FROM tallies WHERE name = 'seen'")
        assert row
        assert row["total"] == 2
        tally.rise(2)
        assert [row["total"] for row in await work.fetch("SELECT total FROM tallies")] == [4]


async def test_writes_of_read_models_keep_their_order_across_statements(work: Work, pool: Pool) -> None:
    await count(pool, 0)
    one, two = "UPDATE tallies SET updated_at = $1", "UPDATE tallies SET updated_at = $1 "
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    for query, day in zip((one, two, one), days, strict=True):
        work.project(query, day)
    await work.flush()
    assert await pool.fetchval("SELECT updated_at FROM tallies") == days[2]


async def test_an_id_follows_from_its_cause_and_purpose(work: Work) -> None:
    cause = new_id()
    with work.on(occasion(causation_id=cause)):
        first, again, other = work.id_for("a"), work.id_for("a"), work.id_for("b")
    assert first == again != other
    assert (first.version, first.variant, first.int >> 80) == (8, cause.variant, cause.int >> 80)
    with work.on(occasion()):
        assert isinstance(work.id_for("a"), UUID)
        assert work.id_for("a") != work.id_for("a")


def test_work_without_an_occasion_is_a_mistake() -> None:
    with pytest.raises(LookupError, match="no occasion"):
        Work(None, Policies(Policy.read())).at.isoformat()  # type: ignore[arg-type]  # never gets as far as the database


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OSError(), True),
        (TimeoutError(), True),
        (asyncpg.DeadlockDetectedError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"), True),
        (asyncpg.CheckViolationError(), False),
        (ValueError(), False),
    ],
)
def test_faults_of_the_surroundings_pass_and_others_do_not(error: Exception, passes: bool) -> None:
    assert passing(error) is passes


async def test_an_argument_that_does_not_fit_is_not_a_fault_that_passes(pool: Pool) -> None:
    for arguments in ([2**70], [1, 2], ["x"]):
        with pytest.raises((asyncpg.InterfaceError, asyncpg.DataError)) as fault:
            await pool.fetchval("SELECT $1::integer", *arguments)
        assert not passing(fault.value)
