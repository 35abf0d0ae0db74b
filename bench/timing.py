"""Deadlines by the million: ten thousand fall due in one second while complaints are filed at full rate."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson

from bench.figures import show
from bench.serving import served, timed_requests
from deploy.local.stack import Stack
from shared.persistence.pool import Connection

PENDING, DUE = 1_000_000, 10_000
LEAD = 5.0  # seconds from setting the deadlines to their falling due
LIMIT = 10.0
KEY = b"KEY-" * 9
DEED, EVENT = "warn_response", "complaints.complaint.response_warned.v1%"

# So many cases like one that was filed.
CASES = """
INSERT INTO complaints (id, version, document, digest)
SELECT made.id, version, document || jsonb_build_object('id', made.id, 'number', 'BENCH-' || n), digest
FROM complaints AS one
CROSS JOIN generate_series(1, $2) AS n CROSS JOIN LATERAL (SELECT md5('case ' || n)::uuid AS id) AS made
WHERE one.id = $1
"""

LATER = """
INSERT INTO timers (owner, kind, entity, due_at, correlation_id)
SELECT md5('later ' || n)::uuid, $2, 'complaint', now() + interval '1 day' + n * interval '1 second',
       md5('later ' || n)::uuid
FROM generate_series(1, $1::integer) AS n
"""

SOON = """
INSERT INTO timers (owner, kind, entity, due_at, correlation_id)
SELECT id, $2, 'complaint', $1, id FROM complaints WHERE number LIKE 'BENCH-%'
"""

WAITING = "SELECT count(*) FROM timers WHERE due_at <= $1"

FIRED = "SELECT count(*), count(DISTINCT entity_id) FROM events WHERE subject LIKE $1"


async def timing(stack: Stack) -> None:
    """All of them fired, once each, within 10 s of falling due."""
    connection = await asyncpg.connect(stack.database_url("complaints"), command_timeout=600)
    try:
        async with served(stack, "complaints") as (port, _):
            request = await _prepare(stack, connection, port)
            async with served(stack, "complaints", "timers"):
                due_at = datetime.now(UTC) + timedelta(seconds=LEAD)
                await connection.execute(SOON, due_at, DEED)
                filing = asyncio.create_task(
                    timed_requests(port, lambda: request.replace(KEY, str(uuid4()).encode()), LEAD + LIMIT, 201)
                )
                took = await _fired(connection, due_at)
                filed = await filing
        told, cases = await connection.fetchrow(FIRED, EVENT)  # type: ignore[misc]  # a count is one row
        show("10,000 deadlines due in one second, of a million pending, with complaints filed at full rate", unit="s",
             ours=round(took, 2), target=LIMIT, fired=told, cases=cases,
             filed_a_second=round(len(filed) / (LEAD + LIMIT)))  # fmt: skip
    finally:
        await connection.close()


async def _prepare(stack: Stack, connection: Connection, port: int) -> bytes:
    """A million deadlines to come, ten thousand cases; returns the bytes of a request that files another."""
    customer = uuid4()
    await connection.execute(
        "INSERT INTO known_customers (id, code, company, owner) VALUES ($1, 'D', 'B', 'u1')", customer
    )
    who = {"Authorization": f"Bearer {stack.token('u33', 'service_agent')}"}
    body = {
        "kind": "service", "channel": "phone", "customer_id": str(customer), "description": "Rude", "about": "u13",
        "contact": {"name": "Chen", "phone": "13800000111"},
    }  # fmt: skip
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v1", headers=who, timeout=30) as client:
        filed = (await client.post("/complaints", json=body)).raise_for_status().json()
    await connection.execute(CASES, UUID(filed["id"]), DUE)
    await connection.execute(LATER, PENDING, DEED)
    await connection.execute("VACUUM ANALYZE timers, complaints")
    content = orjson.dumps(body)
    head = (
        f"POST /v1/complaints HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {who['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nIdempotency-Key: {KEY.decode()}\r\n\r\n"
    )
    return head.encode() + content


async def _fired(connection: Connection, due_at: datetime) -> float:
    """Seconds from the moment they fall due until none of them waits any more."""
    while await connection.fetchval(WAITING, due_at):  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.05)
    return time.time() - due_at.timestamp()
