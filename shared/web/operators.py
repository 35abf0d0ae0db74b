"""What an operator asks of any service: health, metrics, dead letters, audit, replay, and its bus doors."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from shared.domain.refusals import NotAllowedNow, NotFound
from shared.events.event import Entity
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import DISCARD, LETTER, LETTERS, letter
from shared.messaging.inbox import HANDLED_SO_FAR
from shared.persistence.pool import Pool
from shared.web.gauges import read_gauges
from shared.web.identity import Operator
from shared.web.routes import Routes

FIRST_ENTITY = UUID(int=0)
SIGN_OF_LIFE = 5.0  # seconds: a proxy, the door or a client may take a longer silence for an end
PLACE = r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[a-z_.]+)?$"

health = APIRouter(tags=["operation"])
router = Routes(tags=["operation"])


class Reason(BaseModel):
    reason: Annotated[str, Field(min_length=3, max_length=500)]


class Again(BaseModel):
    entity_id: UUID
    after_version: Annotated[int, Field(ge=0, lt=1 << 31)] = 0


@health.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@health.get("/health/ready")
async def ready(request: Request, response: Response) -> dict[str, Any]:
    """The database answers: commands can be accepted. The bus may be away; events wait for it.

    503 while the process is leaving, and while the database is set back behind its stream: `why` says so.
    """
    state = request.app.state
    await state.pool.fetchval("SELECT 1", timeout=2)
    set_back = state.duties.set_back
    response.status_code = 503 if set_back or state.leaving else 200
    return {
        "status": "set back" if set_back else "leaving" if state.leaving else "ready",
        **({"why": set_back} if set_back else {}),
        "service": state.name,
        "roles": sorted(state.roles),
        "bus": state.duties.connected,
        "process": os.getpid(),
    }


@health.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Counters have counted all along; gauges are read now."""
    await read_gauges(request.app.state)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@health.get("/asyncapi", include_in_schema=False)
async def asyncapi(request: Request) -> Response:
    """The events this service announces and hears, as an AsyncAPI page."""
    from faststream.specification import AsyncAPI
    from faststream.specification.asyncapi import get_asyncapi_html

    page = get_asyncapi_html(
        AsyncAPI(request.app.state.reactions.broker(), title=request.app.state.name).to_specification()
    )
    return Response(page, media_type="text/html")


@router.get("/dead-letters")
async def dead_letters(
    request: Request,
    operator: Operator,
    state: Literal["parked", "discarded"] = "parked",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """Events that could not be handled, oldest first: `{"items": […], "next": id or null}`."""
    rows = await request.app.state.pool.fetch(LETTERS, state, after, limit + 1)
    items = [letter(row) for row in rows[:limit]]
    return {"items": items, "next": items[-1]["id"] if len(rows) > limit else None}


async def _letter(pool: Pool, identity: int) -> Any:
    row = await pool.fetchrow(LETTER, identity)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="dead letter", id=identity)
    if row["state"] != "parked":
        raise NotAllowedNow("this dead letter was discarded")
    return row


@router.post("/dead-letters/{identity}/retry")
async def retry(identity: int, request: Request, operator: Operator) -> dict[str, Any]:
    """Try again, and what waits behind it; `{"handled": bool, "stopped_by": why or null}`."""
    row = await _letter(request.app.state.pool, identity)
    if row["entity"] is None:
        raise NotAllowedNow("this event cannot even be read; discard it, or repair its publisher")
    consumer: Consumer = request.app.state.duties.reached().consumer
    stopped = await consumer.drain(Entity(row["entity"], row["entity_id"]), forced=True)
    left = await request.app.state.pool.fetchrow(LETTER, identity)
    return {"handled": left is None, "stopped_by": stopped}


@router.post("/dead-letters/{identity}/discard")
async def discard(identity: int, body: Reason, request: Request, operator: Operator) -> dict[str, Any]:
    """Give an event up, with a reason; what waits behind it goes on. Only the first of its entity can be discarded."""
    pool: Pool = request.app.state.pool
    row = await _letter(pool, identity)
    consumer: Consumer = request.app.state.duties.reached().consumer
    if not await pool.fetchval(DISCARD, identity, f"{operator.id}: {body.reason}"):
        raise NotAllowedNow("an earlier event of the same entity is parked or missing; deal with that first")
    stopped = await consumer.drain(Entity(row["entity"], row["entity_id"])) if row["entity"] else None
    return {"discarded": identity, "stopped_by": stopped}


@router.get("/handled")
async def handled(
    request: Request,
    operator: Operator,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    after: Annotated[str, Query(pattern=PLACE, description="`next` of the page before")] = "",
) -> dict[str, Any]:
    """How far events were handled here: `{"items": [{"entity", "entity_id", "version", "event_id"}], "next": …}`."""
    last, _, kind = after.partition(":")
    row_after = (UUID(last) if last else FIRST_ENTITY, kind)
    rows = await request.app.state.pool.fetch(HANDLED_SO_FAR, request.app.state.name, *row_after, limit + 1)
    items = [dict(row) for row in rows[:limit]]
    return {"items": items, "next": "{entity_id}:{entity}".format(**items[-1]) if len(rows) > limit else None}


@router.post("/replay")
async def replay(body: Again, request: Request, operator: Operator) -> dict[str, Any]:
    """Publish an entity's events again; whoever has handled them already skips them. `{"republished": n}`"""
    wanted = {"entity_id": str(body.entity_id), "after_version": body.after_version}
    return {"republished": await request.app.state.duties.ask_relay(wanted)}


@router.post("/audit", response_class=Response)
async def audit_stream(request: Request, operator: Operator, repair: bool = True) -> Response:
    """Compare the stream with the log and the log with its digests; publish again what the stream has lost.

    It takes as long as the log is: while it goes on, blanks are sent, and then the report.
    """
    task = asyncio.create_task(request.app.state.duties.audit(repair=repair))
    try:
        await asyncio.wait_for(asyncio.shield(task), SIGN_OF_LIFE)
    except TimeoutError:
        return StreamingResponse(_in_the_end(task), media_type="application/json")
    return Response(orjson.dumps(task.result()), media_type="application/json")


async def _in_the_end(task: asyncio.Task[dict[str, Any]]) -> AsyncIterator[bytes]:
    try:
        while not (await asyncio.wait({task}, timeout=SIGN_OF_LIFE))[0]:
            yield b" "
        yield orjson.dumps(task.result())
    finally:
        task.cancel()
