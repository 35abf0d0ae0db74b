"""The clock of a complaint: how grave it is, and when it stands still (CMP-7, CMP-16)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import AwareDatetime, Field

from services.complaints.api.discretion import ComplaintChange, Discreet, Handling
from services.complaints.domain.complaint import GRADERS, Complaint
from services.complaints.domain.intake import Severity
from services.complaints.domain.personal_case import MANAGERS
from shared.domain.actor import Actor
from shared.web.asking import Body, Reason
from shared.web.identity import admit
from shared.web.routes import Routes

router = Routes(tags=["clock"], route_class=Discreet)

Grading = Annotated[Actor, Depends(admit(*GRADERS))]
Granting = Annotated[Actor, Depends(admit(*MANAGERS))]

Note = Annotated[str, Field(min_length=1, max_length=500)]


class Grade(Body):
    severity: Severity = Severity.ORDINARY
    major: bool = False
    reason: Note


class AskPause(Body):
    reason: Annotated[str, Field(min_length=1, max_length=60, description="One of the policy's `pause_reasons`")]
    note: Note
    until: AwareDatetime | None = Field(default=None, description="As long as the cap allows, if not named")


@router.post("/complaints/{complaint_id}/grade", response_model=Complaint)
async def grade_complaint(complaint_id: UUID, body: Grade, by: Grading, change: ComplaintChange) -> Response:
    """Find it graver than it was taken in; a major incident goes straight to the top (CMP-6, CMP-7)."""
    async with change(complaint_id) as complaint:
        complaint.grade(body.severity, body.major, body.reason, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/pause", response_model=Complaint)
async def ask_pause(complaint_id: UUID, body: AskPause, by: Handling, change: ComplaintChange) -> Response:
    """Ask to stop the clock, for a listed reason; nothing stops yet (CMP-16)."""
    async with change(complaint_id) as complaint:
        complaint.ask_pause(body.reason, body.note, body.until, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/pause/grant", response_model=Complaint)
async def grant_pause(complaint_id: UUID, by: Granting, change: ComplaintChange) -> Response:
    """A second person agrees: the clock stands still from now (CMP-16)."""
    async with change(complaint_id) as complaint:
        complaint.grant_pause(by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/pause/refuse", response_model=Complaint)
async def refuse_pause(complaint_id: UUID, body: Reason, by: Granting, change: ComplaintChange) -> Response:
    """A second person says no: the clock goes on (CMP-16)."""
    async with change(complaint_id) as complaint:
        complaint.refuse_pause(body.reason, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/resume", response_model=Complaint)
async def resume_clock(complaint_id: UUID, by: Handling, change: ComplaintChange) -> Response:
    """What was waited for is there: the clock goes on (CMP-16)."""
    async with change(complaint_id) as complaint:
        complaint.resume(by, change.at)
    return change.answer
