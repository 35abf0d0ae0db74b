"""Single messages, and who was told of what."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.notifications import views
from services.notifications.api import reading
from services.notifications.api.reading import Reading
from services.notifications.domain.message import Message
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Paged, listed
from shared.web.routes import Routes

router = Routes(tags=["messages"])

WATCHERS = (Post.OPERATOR, Post.OFFICE)
Watcher = Annotated[Actor, Depends(admit(*WATCHERS))]
MessageChange = Annotated[Change[Message], Depends(change_of(Message))]


@router.get("/messages")
async def list_messages(
    request: Request,
    watcher: Watcher,
    page: Paged,
    about: UUID | None = None,
    person: Annotated[str | None, Query(max_length=40)] = None,
    post: Post | None = None,
) -> Response:
    """Who was told of what and has acknowledged it, newest first, without what they were told (NOT-3)."""
    messages = partial(views.messages, request.app.state.pool, about=about, person=person, post=post)
    return await listed(request, page, messages, Message, without=["params"])


@router.get("/messages/{message_id}")
async def show_message(message_id: UUID, request: Request, anyone: Anyone, language: Reading) -> Response:
    """One message: its recipients read it; operator and office see only that it is there."""
    message = await request.app.state.store.load(Message, message_id)
    if message.is_for(anyone):
        content = reading.message(message.model_dump_json(), language)
    elif anyone.holds(*WATCHERS):
        content = message.model_dump(mode="json", exclude={"params"})
    else:
        raise Forbidden("this message is for somebody else", rule="NOT-1")
    return reading.answer(content, language, message.version)


@router.post("/messages/{message_id}/acknowledge", response_model=Message)
async def acknowledge_message(message_id: UUID, recipient: Anyone, change: MessageChange) -> Response:
    """Take note of a message; for a post, whoever holds it does so for all (NOT-5)."""
    async with change(message_id) as message:
        message.acknowledge(recipient, change.at)
    return change.answer
