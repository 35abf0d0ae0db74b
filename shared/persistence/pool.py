"""Connections to the service's own database, and its migrations."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from asyncpg.pool import PoolConnectionProxy

type Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
type Pool = asyncpg.Pool[asyncpg.Record]

SPINE = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x5846_0001
LOCK_WAIT, LOCK_TRIES = 3.0, 10  # seconds a migration may make the service wait behind it, and how often it tries
APART = "-- outside a transaction"  # begins a file with one statement, such as CREATE INDEX CONCURRENTLY
FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


REMEMBER = "INSERT INTO migrations (name, checksum) VALUES ($1, $2)"

INVALID = """
SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE NOT indisvalid AND relkind = 'i' AND NOT relispartition
"""

# A machine that goes without a word would keep its locks for two hours, as systems are set up: within half a minute
# the server ends a session that no longer answers.
NOTICED = {
    "tcp_keepalives_idle": "10",  # seconds
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",  # milliseconds, where an answer was on its way
}


class Reader(Protocol):
    """Whatever a view can read from: the pool, a connection, or the work of a reaction."""

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]: ...
    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...


# Whatever a request to the database may raise. A connection that dies at the wrong moment makes asyncpg doubt its own
# state (`InternalClientError`); the pool gives out another one.
DATABASE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

OUT_OF_REACH = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)

# Faults of the surroundings: what was asked may be asked again in the same words.
PASSING = (*OUT_OF_REACH, asyncpg.TransactionRollbackError)


def passing(error: BaseException) -> bool:
    """Whether a fault passes; a wrong number of arguments is an `InterfaceError` too, and does not."""
    return isinstance(error, PASSING) and not str(error.args[:1]).startswith("('the server expects")


class MigrationError(RuntimeError):
    """The database and the migrations in the code do not belong together."""


async def _keep_session(connection: Connection) -> None:
    """No reset query at release: it would be a second round trip, and the pool never sets session state."""


@asynccontextmanager
async def open_pool(url: str, *, size: int = 16, name: str = "xiaofu") -> AsyncIterator[Pool]:
    """A pool that opens connections as they are needed and keeps at most `size`."""
    async with asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        reset=_keep_session,
        command_timeout=30,
        server_settings={"application_name": name, "jit": "off"} | NOTICED,
    ) as pool:
        yield pool


def migration_files(*folders: Path) -> list[tuple[str, str]]:
    """Name and text of every migration, the spine's first; a misnamed file is an error, not ignored."""
    found = []
    for folder in folders:
        for file in sorted(folder.glob("*.sql")):
            if not FILE_NAME.fullmatch(file.name):
                raise MigrationError(f"{file.name}: a migration is named 0001_what_it_brings.sql")
            found.append((f"{folder.parent.name}/{file.stem}", file.read_text(encoding="utf-8")))
    return found


async def migrate(url: str, folder: Path) -> list[str]:
    """Bring the database forward; returns what was applied. Safe to run from N replicas at once.

    Raises `MigrationError` if an applied migration was edited since, or if the database is ahead of this code.
    """
    connection: Connection = await asyncpg.connect(url)  # an index of a large table takes what it takes
    try:
        # Not by waiting inside a statement: an index that is built CONCURRENTLY waits for every statement to end.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", MIGRATION_LOCK):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, checksum text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        return await _apply(connection, migration_files(SPINE, folder))
    finally:
        await connection.close()


async def _apply(connection: Connection, files: Iterable[tuple[str, str]]) -> list[str]:
    done = {row["name"]: row["checksum"] for row in await connection.fetch("SELECT name, checksum FROM migrations")}
    applied = []
    for name, text in files:
        checksum = hashlib.sha256(text.encode()).hexdigest()
        known = done.pop(name, None)
        if known == checksum:
            continue
        if known is not None:
            raise MigrationError(f"{name} was edited after it had been applied; write a new migration instead")
        await _patiently(connection, text, name, checksum)
        applied.append(name)
    if done:
        raise MigrationError(f"the database is ahead of this code: it has {', '.join(sorted(done))}")
    return applied


async def _patiently(connection: Connection, text: str, name: str, checksum: str) -> None:
    """Apply one migration. Who waits for a lock makes all others wait: it soon gives up, and tries again."""
    for left in reversed(range(LOCK_TRIES)):
        try:
            await _one(connection, text, name, checksum)
        except asyncpg.LockNotAvailableError:
            if not left:
                raise
            await asyncio.sleep(LOCK_WAIT / 3)
        else:
            return


async def _one(connection: Connection, text: str, name: str, checksum: str) -> None:
    if text.startswith(APART):
        await connection.execute("SET lock_timeout = 0")  # it locks nobody out, and must wait for everybody
        await _clear_up(connection)
        await connection.execute(text)
        await connection.execute(REMEMBER, name, checksum)
        return
    async with connection.transaction():
        await connection.execute("SELECT set_config('lock_timeout', $1, true)", f"{LOCK_WAIT}s")
        await connection.execute(text)
        await connection.execute(REMEMBER, name, checksum)


async def _clear_up(connection: Connection) -> None:
    """An index whose building was interrupted stands there, invalid, under its name."""
    for row in await connection.fetch(INVALID):
        await connection.execute(f"DROP INDEX CONCURRENTLY {row['name']}")
