"""Migrations: forward, once, and only those that belong to the code."""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from shared.persistence import pool
from shared.persistence.pool import APART, MigrationError, migrate, migration_files
from tests.house import eventually

SPINE = ("0001_spine", "0002_policies", "0003_set_back", "0004_audited")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a service keeps its migrations."""
    made = tmp_path / "things" / "migrations"
    made.mkdir(parents=True)
    (made / "0001_things.sql").write_text("CREATE TABLE things (id uuid); SELECT pg_sleep(0.2);")
    return made


async def test_migrations_are_applied_once_the_spine_s_first(database: str, folder: Path) -> None:
    assert await migrate(database, folder) == [
        *(f"persistence/{name}" for name in SPINE),
        "things/0001_things",
    ]
    (folder / "0002_more.sql").write_text("CREATE TABLE more ()")
    assert await migrate(database, folder) == ["things/0002_more"]
    assert await migrate(database, folder) == []


async def test_two_replicas_may_migrate_at_once_and_what_cannot_be_is_refused(database: str, folder: Path) -> None:
    both = await asyncio.gather(migrate(database, folder), migrate(database, folder))
    assert sorted(map(len, both)) == [0, len(SPINE) + 1]

    (folder / "0001_things.sql").write_text("CREATE TABLE things (id text)")
    with pytest.raises(MigrationError, match=r"things/0001_things was edited"):
        await migrate(database, folder)

    (folder / "0001_things.sql").rename(folder / "0001_other.sql")
    (folder / "0001_other.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match=r"ahead of this code: it has things/0001_things"):
        await migrate(database, folder)

    (folder / "0003_half.sql").write_text("CREATE TABLE half (); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database, folder)
    connection = await asyncpg.connect(database)
    assert await connection.fetchval("SELECT to_regclass('half')") is None
    await connection.close()


@pytest.mark.parametrize("name", ["1_short.sql", "0001-dashes.sql", "0001_Capital.sql", "things.sql"])
def test_a_misnamed_file_is_an_error(folder: Path, name: str) -> None:
    (folder / name).touch()
    with pytest.raises(MigrationError, match=re.escape(f"{name}: a migration is named")):
        migration_files(folder)


async def test_an_index_is_built_while_the_service_writes_also_after_a_broken_attempt(
    database: str, folder: Path
) -> None:
    """CONCURRENTLY, outside a transaction, with a second replica migrating at once; what broke before is cleared up."""
    await migrate(database, folder)
    (folder / "0002_by_id.sql").write_text(f"{APART}\nCREATE UNIQUE INDEX CONCURRENTLY things_by_id ON things (id);")
    connection = await asyncpg.connect(database)
    await connection.execute(
        "INSERT INTO things SELECT '00000000-0000-0000-0000-000000000000' FROM generate_series(1, 2)"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await migrate(database, folder)
    await connection.execute("DELETE FROM things")
    done = await asyncio.gather(migrate(database, folder), migrate(database, folder))
    assert sorted(map(len, done)) == [0, 1]
    assert await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'things_by_id'::regclass")
    await connection.close()


async def test_a_migration_does_not_make_the_service_queue_behind_it_for_long(
    database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives up waiting for a lock and tries again; the service goes on in between."""
    monkeypatch.setattr(pool, "LOCK_WAIT", 0.1)
    await migrate(database, folder)
    (folder / "0002_more.sql").write_text("ALTER TABLE things ADD COLUMN more text")
    holder, reader = await asyncpg.connect(database), await asyncpg.connect(database)
    await holder.execute("BEGIN; SELECT * FROM things")
    migrating = asyncio.create_task(migrate(database, folder))

    async def waiting() -> bool:
        query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'things'::regclass"
        return bool(await reader.fetchval(query))

    await eventually(waiting)
    await asyncio.wait_for(reader.fetch("SELECT * FROM things"), 2)
    await holder.execute("COMMIT")
    assert await migrating == ["things/0002_more"]
    for connection in (holder, reader):
        await connection.close()
