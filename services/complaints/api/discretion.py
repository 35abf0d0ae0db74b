"""Whoever is answered sees of a complaint what they may see, a repeated answer included (CMP-18)."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response

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


def refuse_readers(complaint: Complaint, owner: str | None, by: Actor) -> None:
    """Customers and partners see theirs; a salesperson who is nothing else inside, those of the customers they own.

    They also see what they took in, and what is about them.
    """
    complaint.refuse_strangers(by)
    mine = by.people & {owner, complaint.filed_by, complaint.about} or complaint.is_of(by)
    if by.only_sells and not mine:
        raise Forbidden("this complaint is not yours")
