"""Handing a complaint from department to department, and what each has needed (CMP-5, CMP-14, CMP-17)."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, Field

from services.complaints.api.discretion import ComplaintChange, Discreet
from services.complaints.api.reading import visible
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.investigated_case import Section
from services.complaints.domain.shared_case import DepartmentTime, Stay
from shared.domain.actor import Post
from shared.web.asking import Body, Insider, Reason, Text
from shared.web.routes import Routes

router = Routes(tags=["departments"], route_class=Discreet)
times = Routes(tags=["departments"])


class HandOver(Body):
    department: Post
    task: Annotated[str, Field(min_length=1, max_length=500)]


class Report(Body):
    report: Text


class Departments(BaseModel):
    """Where a complaint is and was, what share of its time each department took, and quality's sections (CMP-17)."""

    stays: list[Stay]
    times: list[DepartmentTime]
    sections: list[Section]


@router.post("/complaints/{complaint_id}/hand-over", response_model=Complaint)
async def hand_over(complaint_id: UUID, body: HandOver, by: Insider, change: ComplaintChange) -> Response:
    """Give the case to the department concerned (CMP-5, CMP-14, CMP-17)."""
    async with change(complaint_id) as complaint:
        complaint.hand_over(body.department, body.task, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/hand-over/accept", response_model=Complaint)
async def accept_handover(complaint_id: UUID, by: Insider, change: ComplaintChange) -> Response:
    """Somebody of the department takes it on (CMP-17)."""
    async with change(complaint_id) as complaint:
        complaint.accept_handover(by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/hand-over/return", response_model=Complaint)
async def return_handover(complaint_id: UUID, body: Reason, by: Insider, change: ComplaintChange) -> Response:
    """It is not theirs (CMP-17)."""
    async with change(complaint_id) as complaint:
        complaint.return_handover(body.reason, by, change.at)
    return change.answer


@router.post("/complaints/{complaint_id}/report", response_model=Complaint)
async def report_back(complaint_id: UUID, body: Report, by: Insider, change: ComplaintChange) -> Response:
    """The department has done its part, and fills its section of the form (CMP-12, CMP-17)."""
    async with change(complaint_id) as complaint:
        complaint.report_back(body.report, by, change.at)
    return change.answer


@times.get("/complaints/{complaint_id}/departments")
async def show_departments(complaint_id: UUID, request: Request, by: Insider) -> Departments:
    """Each department's stays and its share of the time (CMP-17)."""
    complaint, _ = await visible(request, complaint_id, by)
    return Departments(
        stays=complaint.stays, times=complaint.department_times(datetime.now(UTC)), sections=complaint.sections
    )
