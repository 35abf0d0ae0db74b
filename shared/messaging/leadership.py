"""One active owner per duty: a session lock on a connection of its own, for liveness; safety lies elsewhere."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.events.partitions import SHARES, WHOLE, Partitions
from shared.messaging.streams import durable
from shared.persistence.pool import NOTICED, Connection, Pool

RETRY = 1.0

LOCK = "SELECT pg_try_advisory_lock($1)"

TAKEN = """
SELECT objid FROM pg_locks
WHERE locktype = 'advisory' AND granted AND classid = 0 AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def ear(service: str, share: Partitions = WHOLE) -> str:
    """The duty of following a share."""
    return f"consumer {durable(service, share)}"


def office(duty: str) -> int:
    """The number of the lock that whoever owns the duty holds."""
    return zlib.crc32(duty.encode())


async def unfollowed(pool: Pool, service: str) -> int:
    """How many partitions nobody follows, whichever the division of those that do."""
    taken = {row["objid"] for row in await pool.fetch(TAKEN)}
    followed = {number for share in SHARES if office(ear(service, share)) in taken for number in share.numbers}
    return len(set(WHOLE.numbers) - followed)


@asynccontextmanager
async def leadership(url: str, duty: str) -> AsyncIterator[Connection]:
    """Wait until no other replica owns `duty`, then own it while the connection lives; yields that connection.

    Raises what asyncpg raises when the database is out of reach: the caller stands for election again.
    """
    connection: Connection = await asyncpg.connect(
        url, command_timeout=30, server_settings={"application_name": f"xiaofu {duty}", "jit": "off"} | NOTICED
    )
    try:
        while not await connection.fetchval(LOCK, office(duty)):  # noqa: ASYNC110 - another process has it
            await asyncio.sleep(RETRY)
        yield connection
    finally:
        # A dead link must not hold up the shutdown; the server drops the lock with the session.
        connection.terminate()
