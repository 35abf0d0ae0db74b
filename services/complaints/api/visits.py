"""Visits to the customer on account of a complaint (CMP-9)."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response
from pydantic import AwareDatetime, Field

from services.complaints.api.discretion import ComplaintChange, Discreet, Handling
from services.complaints.domain.complaint import Complaint
from shared.web.asking import Body, Insider, Reason, Text
from shared.web.routes import Routes

router = Routes(tags=["visits"], route_class=Discreet)

Code = Annotated[str, Field(min_length=1, max_length=60)]
People = Annotated[list[Code], Field(min_length=1, max_length=20)]
Position = Annotated[int, Path(ge=1, le=1000, description="The visit, counted from 1")]


class PlanVisit(Body):
    planned_for: AwareDatetime
    people: People


class RecordVisit(Body):
    visited_at: AwareDatetime
    people: People
    findings: Text
    attachments: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]],
        Field(max_length=50, description="References of photographs, measurements, minutes"),
    ] = []
    signed_by: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        default=None, description="Who has signed the minutes for the customer"
    )


@router.post("/complaints/{complaint_id}/visits", response_model=Complaint)
async def plan_visit(complaint_id: UUID, body: PlanVisit, by: Handling, change: ComplaintChange) -> Response:
    """Somebody is to go and see (CMP-9)."""
    async with change(complaint_id) as complaint:
        complaint.plan_visit(body.planned_for, body.people, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/visits/{position}/record", response_model=Complaint)
async def record_visit(
    complaint_id: UUID, position: Position, body: RecordVisit, by: Insider, change: ComplaintChange
) -> Response:
    """Who went, when, what was found, and who signed (CMP-9)."""
    async with change(complaint_id) as complaint:
        complaint.record_visit(position, **dict(body), by=by, at=change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/visits/{position}/cancel", response_model=Complaint)
async def cancel_visit(
    complaint_id: UUID, position: Position, body: Reason, by: Handling, change: ComplaintChange
) -> Response:
    """Nobody goes after all (CMP-9)."""
    async with change(complaint_id) as complaint:
        complaint.cancel_visit(position, body.reason, by)
    return change.answer
