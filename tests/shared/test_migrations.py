"""Migrations: forward, once, and only those that belong to the code."""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from shared.persistence.pool import MigrationError, migrate, migration_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a service keeps its migrations."""
    made = tmp_path / "things" / "migrations"
    made.mkdir(parents=True)
    (made / "0001_things.sql").write_text("CREATE TABLE things (id uuid); SELECT pg_sleep(0.2);")
    return made


async def test_migrations_are_applied_once_the_spine_s_first(database: str, folder: Path) -> None:
    assert await migrate(database, folder) == ["persistence/0001_spine", "persistence/0002_policies", "things/0001_things"]
    (folder / "0002_more.sql").write_text("CREATE TABLE more ()")
    assert await migrate(database, folder) == ["things/0002_more"]
    assert await migrate(database, folder) == []


async def test_two_replicas_may_migrate_at_once_and_what_cannot_be_is_refused(database: str, folder: Path) -> None:
    both = await asyncio.gather(migrate(database, folder), migrate(database, folder))
    assert sorted(map(len, both)) == [0, 3]

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
