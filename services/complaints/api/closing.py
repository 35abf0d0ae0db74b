"""After the resolution: reach the customer, close, reopen (CMP-11)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.complaints.api.discretion import ComplaintChange, Discreet
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Channel
from services.complaints.domain.settled_case import CLOSERS, REOPENERS
from shared.domain.actor import Actor, Post
from shared.web.asking import Body, Reason
from shared.web.identity import admit
from shared.web.routes import Routes

router = Routes(tags=["closing"], route_class=Discreet)

Calling = Annotated[Actor, Depends(admit(*CLOSERS))]
Closing = Annotated[Actor, Depends(admit(Post.CUSTOMER, Post.PARTNER, *CLOSERS))]
Reopening = Annotated[Actor, Depends(admit(Post.CUSTOMER, Post.PARTNER, *REOPENERS))]


class LogAttempt(Body):
    channel: Channel
    note: Annotated[str, Field(min_length=1, max_length=500)]


class Close(Body):
    confirmed_by: Annotated[str, Field(min_length=1, max_length=60)] | None = None


@router.post("/complaints/{complaint_id}/attempts", response_model=Complaint)
async def log_attempt(complaint_id: UUID, body: LogAttempt, by: Calling, change: ComplaintChange) -> Response:
    """Log an attempt to reach the customer (CMP-11)."""
    async with change(complaint_id) as complaint:
        complaint.log_attempt(body.channel, body.note, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/close", response_model=Complaint)
async def close_complaint(complaint_id: UUID, body: Close, by: Closing, change: ComplaintChange) -> Response:
    """On the customer's word, or after policy's attempts to get it (CMP-11)."""
    async with change(complaint_id) as complaint:
        complaint.close(body.confirmed_by, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/reopen", response_model=Complaint)
async def reopen_complaint(complaint_id: UUID, body: Reason, by: Reopening, change: ComplaintChange) -> Response:
    """The customer is not satisfied; the clocks start anew (CMP-11)."""
    async with change(complaint_id) as complaint:
        complaint.reopen(body.reason, change.policy, by, change.at)
    return change.answer
