"""A database that was set back behind its stream stands still until an operator has chosen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.persistence.pool import Connection, Pool

WHY = "SELECT why FROM set_back LIMIT 1"

STAND_STILL = """
INSERT INTO set_back (stream, why) VALUES ($1, $2) ON CONFLICT (stream) DO UPDATE SET why = excluded.why
WHERE set_back.why <> excluded.why
"""

GO_ON = "DELETE FROM set_back WHERE stream = $1"


async def why_standing_still(pool: Pool) -> str | None:
    """What an operator must decide about; `None`: nothing, all is well."""
    why: str | None = await pool.fetchval(WHY)
    return why


async def stand_still(connection: Connection, stream: str, why: str) -> None:
    """Every process of the service sees it within a second."""
    await connection.execute(STAND_STILL, stream, why)


async def go_on(connection: Connection, stream: str) -> None:
    """The log holds whatever its stream holds."""
    await connection.execute(GO_ON, stream)


@asynccontextmanager
async def comparing(connection: Connection, stream: str, ahead: type[Exception]) -> AsyncIterator[None]:
    """While the block raises `ahead`, since the stream holds what the log does not, the service stands still."""
    try:
        yield
    except ahead as error:
        await stand_still(connection, stream, str(error))
        raise
    await go_on(connection, stream)
