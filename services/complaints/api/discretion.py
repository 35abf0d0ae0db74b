"""Whoever is answered sees of a complaint what they may see, a repeated answer included (CMP-18)."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.personal_case import MANAGERS
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden
from shared.web.change import Change, change_of
from shared.web.identity import admit, signed_in
from shared.web.problems import Answered
from shared.web.routes import Command

Handling = Annotated[Actor, Depends(admit(Post.OFFICE, *MANAGERS))]
ComplaintChange = Annotated[Change[Complaint], Depends(change_of(Complaint))]
Text = Annotated[str, Field(min_length=1, max_length=2000)]


class Body(BaseModel):
    """What a command brings: nothing unknown, and no text that is blank."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def shown(body: bytes | memoryview, by: Actor) -> bytes:
    """A complaint's document as `by` may see it; the very bytes, where nothing has to be hidden."""
    kept = Complaint.model_validate_json(bytes(body))
    seen = kept.shown_to(by)
    return bytes(body) if seen is kept else seen.model_dump_json().encode()


class Discreet(Command):
    """A route that answers with a complaint."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, its answer passed through `shown` — also the answer that an idempotency key repeats."""
        handler = super().get_route_handler()

        async def discreet(request: Request) -> Response:
            by = await signed_in(request)
            try:
                response = await handler(request)
            except Answered as before:
                raise Answered(before.answer._replace(body=shown(before.answer.body, by))) from before
            headers = {name: value for name, value in response.headers.items() if name != "content-length"}
            return Response(shown(response.body, by), response.status_code, headers)

        return discreet


def own_customer(by: Actor) -> UUID:
    """The customer that a customer or partner speaks for; raises `Forbidden` where the token names none."""
    with suppress(ValueError):
        return UUID(by.customer or by.partner or "")
    raise Forbidden("your sign-in names no customer")
