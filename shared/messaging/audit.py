"""The audit: does the stream hold the whole log, and is the log what was written?"""

from typing import NamedTuple
from uuid import UUID

from nats.aio.client import Client

from shared.messaging.bus import read_stream
from shared.messaging.streams import stream_name
from shared.persistence.pool import Pool

PAGE = 5000

# Up to the mark that the relay has passed: what is on its way is not missing.
LOG = """
SELECT seq, event_id FROM events
WHERE seq > $1 AND seq <= coalesce((SELECT safe_seq FROM relay_state WHERE stream = $2), 0) ORDER BY seq LIMIT $3
"""

BROKEN = """
SELECT entity_id, version FROM (
    SELECT entity_id, version, digest,
           sha256(coalesce(lag(digest) OVER entity, ''::bytea) || data) AS computed,
           lag(version, 1, 0) OVER entity AS before
    FROM events WINDOW entity AS (PARTITION BY entity_id ORDER BY version)
) AS chained WHERE digest <> computed OR version <> before + 1 ORDER BY entity_id, version LIMIT 100
"""


class Report(NamedTuple):
    """What an audit found: log numbers the stream lacks, stream messages the log lacks, places where a chain breaks."""

    stream: str
    in_log: int
    in_stream: int
    missing: list[int]
    foreign: list[str]
    broken_chains: list[str]


async def compare(pool: Pool, bus: Client, service: str) -> Report:
    """Read the stream and the log once, in pages; changes nothing."""
    stream = stream_name(service)
    held: dict[UUID, int] = {}
    count = 0
    async for message in read_stream(bus, stream, 0):
        headers = message.headers or {}
        held[UUID(headers["Nats-Msg-Id"].partition(":")[0])] = int(headers["Xiaofu-Seq"])
        count += 1
    missing: list[int] = []
    last, in_log = 0, 0
    while rows := await pool.fetch(LOG, last, stream, PAGE):
        missing += [row["seq"] for row in rows if held.pop(row["event_id"], None) is None]
        last, in_log = rows[-1]["seq"], in_log + len(rows)
    foreign = [str(event_id) for event_id, seq in held.items() if seq <= last]
    broken = [f"{row['entity_id']} version {row['version']}" for row in await pool.fetch(BROKEN)]
    return Report(stream, in_log, count, missing, foreign, broken)
