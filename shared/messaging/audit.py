"""The audit: does the stream hold the whole log, and is the log what was written?"""

from typing import NamedTuple
from uuid import UUID

from nats.aio.client import Client

from shared.messaging.bus import imprint, read_stream
from shared.messaging.streams import stream_name
from shared.persistence.pool import Pool

PAGE = 5000

# Up to the mark that the relay had passed before the stream was read: what is on its way is not missing.
MARK = "SELECT coalesce((SELECT safe_seq FROM relay_state WHERE stream = $1), 0)"

LOG = "SELECT seq, event_id FROM events WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3"

BROKEN = """
SELECT entity_id, version FROM (
    SELECT entity_id, version, digest,
           sha256(coalesce(lag(digest) OVER entity, ''::bytea) || data) AS computed,
           lag(version, 1, 0) OVER entity AS before
    FROM events WINDOW entity AS (PARTITION BY entity, entity_id ORDER BY version)
) AS chained WHERE digest <> computed OR version <> before + 1 ORDER BY entity_id, version LIMIT 100
"""


class Report(NamedTuple):
    """What an audit found: log numbers the stream lacks, messages the log lacks, places where a chain breaks."""

    stream: str
    in_log: int
    in_stream: int
    missing: list[int]
    foreign: list[str]
    broken_chains: list[str]


async def compare(pool: Pool, bus: Client, service: str) -> Report:
    """Read the stream and the log once, in pages; changes nothing."""
    stream = stream_name(service)
    mark = await pool.fetchval(MARK, stream)
    held: dict[UUID, int] = {}
    foreign: list[str] = []
    count = 0
    async for message in read_stream(bus, stream, 0):
        count += 1
        if (found := imprint(message)) is None:
            foreign.append(f"message {(message.headers or {})['Nats-Sequence']}")
        else:
            held[found.event_id] = found.seq
    missing: list[int] = []
    last, in_log = 0, 0
    while rows := await pool.fetch(LOG, last, mark, PAGE):
        missing += [row["seq"] for row in rows if held.pop(row["event_id"], None) is None]
        last, in_log = rows[-1]["seq"], in_log + len(rows)
    foreign += [str(event_id) for event_id, seq in held.items() if seq <= last]
    broken = [f"{row['entity_id']} version {row['version']}" for row in await pool.fetch(BROKEN)]
    return Report(stream, in_log, count, missing, foreign, broken)
