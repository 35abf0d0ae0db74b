"""One's own inbox, as a list and as a live stream."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.notifications import views
from services.notifications.api import reading
from services.notifications.api.reading import Reading
from services.notifications.domain.message import Message
from services.notifications.domain.recipient import inboxes_of
from services.notifications.feed import BACKLOG, Feed, Listener
from shared.domain.refusals import Invalid
from shared.web.identity import Anyone
from shared.web.paging import Paged
from shared.web.routes import Routes

EVENT_STREAM = "a live stream is asked for with Accept: text/event-stream"


@asynccontextmanager
async def live(app: FastAPI) -> AsyncIterator[None]:
    """Streams end as soon as the process is told to stop, and before the pool they read from is closed."""
    async with Feed(app.state.pool).running() as app.state.feed:
        app.state.before_stop.append(app.state.feed.stop)
        yield


router = Routes(tags=["inbox"], lifespan=live)


class Told(Message):
    """A message as its recipient reads it."""

    title: str
    body: str


@router.get("/inbox")
async def list_inbox(
    request: Request, anyone: Anyone, page: Paged, language: Reading, unread: bool = False
) -> Response:
    """What I, my posts and my customer were told, newest first; `unread` is what nobody has acknowledged (NOT-1)."""
    inbox = partial(views.inbox, request.app.state.pool, recipients=inboxes_of(anyone), unread=unread)

    def render(row: asyncpg.Record) -> dict[str, Any]:
        return reading.message(row["document"], language)

    return await reading.listed(request, page, inbox, render, Told, language)


async def listening(request: Request, anyone: Anyone, accept: Annotated[str, Header()] = "") -> AsyncIterator[Listener]:
    """Refused without the `Accept` header, by which the door knows a request without a time limit."""
    if EventSourceResponse.media_type not in accept:
        raise Invalid(EVENT_STREAM, [{"field": "header.accept", "code": "not_acceptable", "detail": EVENT_STREAM}])
    feed: Feed = request.app.state.feed
    async with feed.listen(inboxes_of(anyone)) as listener:
        yield listener


SNAPSHOT = r"^\d{1,19}:\d{1,19}:[\d,]*$"


async def missed(
    request: Request,
    listener: Annotated[Listener, Depends(listening)],
    last_event_id: Annotated[str | None, Header(pattern=SNAPSHOT, max_length=8000)] = None,
) -> list[str]:
    """What has come since the client was last here; nothing for a client that is new."""
    if last_event_id is None:
        return []
    pool = request.app.state.pool
    rows = await views.missed(pool, listener.recipients, last_event_id, listener.since, BACKLOG)
    return [row["document"] for row in rows]


@router.get("/inbox/stream", response_class=EventSourceResponse)
async def stream_inbox(
    listener: Annotated[Listener, Depends(listening)],
    earlier: Annotated[list[str], Depends(missed)],
    language: Reading,
) -> AsyncIterator[ServerSentEvent]:
    """New messages as they come, as server-sent events (NOT-2).

    What is in the inbox now is not repeated: open the stream, wait for its first line, then read the inbox. A stream
    lasts at most fifteen minutes; a client that comes again with `Last-Event-ID` gets what it missed, at most the
    newest thousand, some of it perhaps twice.
    """
    for document in earlier:
        yield ServerSentEvent(raw_data=reading.line(document, language))
    yield ServerSentEvent(comment="listening", id=listener.since)
    async for arrival in listener:
        yield ServerSentEvent(raw_data=reading.line(arrival.document, language), id=arrival.seen)
