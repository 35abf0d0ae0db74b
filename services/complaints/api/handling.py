"""Handling a complaint: take it, answer the customer, establish, propose, agree, resolve (CMP-8)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import AwareDatetime, Field

from services.complaints.api.discretion import ComplaintChange, Discreet, Handling
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Channel
from services.complaints.domain.personal_case import MANAGERS
from services.complaints.domain.steps import Found
from shared.domain.actor import Actor, Post
from shared.web.asking import Body, Text
from shared.web.identity import admit
from shared.web.routes import Routes

router = Routes(tags=["handling"], route_class=Discreet)

Establishing = Annotated[Actor, Depends(admit(Post.SALES_MANAGER, Post.SALES_DIRECTOR, Post.VICE_PRESIDENT_SALES))]
Agreeing = Annotated[
    Actor,
    Depends(admit(Post.CUSTOMER, Post.PARTNER, Post.CLERK, Post.SERVICE_AGENT, Post.OFFICE, *MANAGERS)),
]


class Respond(Body):
    channel: Channel
    evidence: Annotated[str, Field(min_length=1, max_length=500, description="Where the contact is on record")]
    spoken_to: Annotated[str, Field(min_length=1, max_length=60)]
    contacted_at: AwareDatetime | None = Field(default=None, description="When it was; now, if not named")


class FindCause(Body):
    cause: Annotated[str, Field(min_length=1, max_length=60, description="In a word, as statistics count it")]
    finding: Text


class CarryOut(Body):
    what: Text
    reference: Annotated[str, Field(min_length=1, max_length=100, description="Of the delivery, refund or letter")]


class Establish(Body):
    verified: bool
    responsible: Annotated[list[Found], Field(max_length=50)] = []


class Propose(Body):
    measures: Text


class Consent(Body):
    customer_said: Text


class Resolve(Body):
    summary: Text
    told_customer_by: Annotated[str, Field(min_length=1, max_length=200)]


@router.post("/complaints/{complaint_id}/take", response_model=Complaint)
async def take_complaint(complaint_id: UUID, by: Handling, change: ComplaintChange) -> Response:
    """Handle it in person (CMP-4, CMP-6)."""
    async with change(complaint_id) as complaint:
        complaint.take(by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/acknowledge", response_model=Complaint)
async def acknowledge_escalation(complaint_id: UUID, by: Handling, change: ComplaintChange) -> Response:
    """The called post takes note; nobody further up is called (CMP-7)."""
    async with change(complaint_id) as complaint:
        complaint.acknowledge(by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/respond", response_model=Complaint)
async def respond_to_customer(complaint_id: UUID, body: Respond, by: Handling, change: ComplaintChange) -> Response:
    """Record the first contact with the customer, with its evidence (CMP-16)."""
    async with change(complaint_id) as complaint:
        complaint.respond(body.channel, body.evidence, body.spoken_to, by, change.at, body.contacted_at)
    return change.answer


@router.post("/complaints/{complaint_id}/cause", response_model=Complaint)
async def find_cause(complaint_id: UUID, body: FindCause, by: Handling, change: ComplaintChange) -> Response:
    """What happened, and why (CMP-8)."""
    async with change(complaint_id) as complaint:
        complaint.find_cause(body.cause, body.finding, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/establish", response_model=Complaint)
async def establish_responsibility(
    complaint_id: UUID, body: Establish, by: Establishing, change: ComplaintChange
) -> Response:
    """Say who is responsible, or that nobody is (CMP-15)."""
    async with change(complaint_id) as complaint:
        complaint.establish(body.verified, body.responsible, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/propose", response_model=Complaint)
async def propose_measures(complaint_id: UUID, body: Propose, by: Handling, change: ComplaintChange) -> Response:
    """Offer the customer something (CMP-8)."""
    async with change(complaint_id) as complaint:
        complaint.propose(body.measures, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/consent", response_model=Complaint)
async def record_consent(complaint_id: UUID, body: Consent, by: Agreeing, change: ComplaintChange) -> Response:
    """The customer agrees, or somebody records that they did (CMP-8)."""
    async with change(complaint_id) as complaint:
        complaint.agree(body.customer_said, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/carry-out", response_model=Complaint)
async def carry_out(complaint_id: UUID, body: CarryOut, by: Handling, change: ComplaintChange) -> Response:
    """What was agreed is done (CMP-8)."""
    async with change(complaint_id) as complaint:
        complaint.carry_out(body.what, body.reference, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/resolve", response_model=Complaint)
async def resolve_complaint(complaint_id: UUID, body: Resolve, by: Handling, change: ComplaintChange) -> Response:
    """It is carried out and the customer was told (CMP-8, CMP-10)."""
    async with change(complaint_id) as complaint:
        complaint.resolve(body.summary, body.told_customer_by, by, change.at)
    return change.answer
