"""One active owner per duty: a session lock on a connection of its own, for liveness; safety lies elsewhere."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.persistence.pool import Connection

RETRY = 1.0

LOCK = "SELECT pg_try_advisory_lock($1)"


@asynccontextmanager
async def leadership(url: str, duty: str) -> AsyncIterator[Connection]:
    """Wait until no other replica owns `duty`, then own it while the connection lives; yields that connection.

    Raises what asyncpg raises when the database is out of reach: the caller stands for election again.
    """
    connection: Connection = await asyncpg.connect(
        url, command_timeout=30, server_settings={"application_name": f"xiaofu {duty}", "jit": "off"}
    )
    try:
        while not await connection.fetchval(LOCK, zlib.crc32(duty.encode())):  # noqa: ASYNC110 - another process has it
            await asyncio.sleep(RETRY)
        yield connection
    finally:
        # A dead link must not hold up the shutdown; the server drops the lock with the session.
        connection.terminate()
