"""What the customer is told and asked afterwards, the answer to an opinion, the lesson (CMP-10, CMP-13, CMP-14)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.complaints.api.discretion import ComplaintChange, Discreet, Handling
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.followed_case import CALLERS
from services.complaints.domain.intake import Channel
from shared.domain.actor import Actor
from shared.web.asking import Body, Text
from shared.web.identity import admit
from shared.web.routes import Routes

router = Routes(tags=["afterwards"], route_class=Discreet)

Calling = Annotated[Actor, Depends(admit(*CALLERS))]
Spoken = Annotated[str, Field(min_length=1, max_length=60)]


class Answer(Body):
    answer: Text
    channel: Channel
    evidence: Annotated[str, Field(min_length=1, max_length=500)]
    spoken_to: Spoken


class TellMeasures(Body):
    measures: Text
    channel: Channel
    spoken_to: Spoken


class FollowUp(Body):
    channel: Channel
    spoken_to: Spoken
    said: Annotated[str, Field(min_length=1, max_length=500)]
    satisfied: bool


class SumUp(Body):
    cause: Annotated[str, Field(min_length=1, max_length=60)]
    lesson: Text
    prevention: Text


@router.post("/complaints/{complaint_id}/answer", response_model=Complaint)
async def answer_opinion(complaint_id: UUID, body: Answer, by: Handling, change: ComplaintChange) -> Response:
    """Answer an opinion that the department concerned has seen; it is closed with it (CMP-14)."""
    async with change(complaint_id) as complaint:
        complaint.answer(body.answer, body.channel, body.evidence, body.spoken_to, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/tell-measures", response_model=Complaint)
async def tell_measures(complaint_id: UUID, body: TellMeasures, by: Calling, change: ComplaintChange) -> Response:
    """Tell the customer what is done so that it does not happen again (CMP-13)."""
    async with change(complaint_id) as complaint:
        complaint.tell_measures(body.measures, body.channel, body.spoken_to, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/follow-up", response_model=Complaint)
async def follow_up(complaint_id: UUID, body: FollowUp, by: Calling, change: ComplaintChange) -> Response:
    """Ask the customer how things are since; whoever is not satisfied has their case reopened (CMP-10, CMP-11)."""
    async with change(complaint_id) as complaint:
        complaint.follow_up(body.channel, body.spoken_to, body.said, body.satisfied, change.policy, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/sum-up", response_model=Complaint)
async def sum_up(complaint_id: UUID, body: SumUp, by: Handling, change: ComplaintChange) -> Response:
    """Say why it happened, what is learned, and what is done about it (CMP-8, CMP-13)."""
    async with change(complaint_id) as complaint:
        complaint.sum_up(body.cause, body.lesson, body.prevention, by, change.at)
    return change.answer
