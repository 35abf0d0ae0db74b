"""Investigations: what was found, who bears it, what is held, and the end of the case."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field

from services.quality import views
from services.quality.api.asking import Department, Handler, Inspector, Judge
from services.quality.domain import department_task
from services.quality.domain.finding import Cause
from services.quality.domain.investigation import Investigation, InvestigationStatus
from services.quality.domain.liability import LiabilityShare
from shared.web.asking import Body, Insider, Reason, Text
from shared.web.change import Change, change_of
from shared.web.paging import Paged, document, listing
from shared.web.routes import Routes

router = Routes(tags=["investigations"])

InvestigationChange = Annotated[Change[Investigation], Depends(change_of(Investigation))]


class Report(Body):
    """A department's own section; `department` is named by whoever holds the posts of several."""

    cause: Cause
    finding: Text
    department: department_task.Department | None = None


class EstablishLiability(Body):
    shares: Annotated[list[LiabilityShare], Field(min_length=1, max_length=50)]


class Close(Body):
    summary: Text


@router.get("/investigations")
async def list_investigations(
    request: Request,
    insider: Insider,
    page: Paged,
    status: InvestigationStatus | None = None,
    complaint_id: UUID | None = None,
) -> Response:
    """Investigations, newest first; by status and complaint."""
    rows = await views.investigations(request.app.state.pool, page, status=status, complaint_id=complaint_id)
    return listing(rows, page)


@router.get("/investigations/{investigation_id}", response_model=Investigation)
async def show_investigation(investigation_id: UUID, request: Request, insider: Insider) -> Response:
    """One investigation."""
    row = await views.one(request.app.state.pool, views.INVESTIGATION, "investigation", investigation_id)
    return document(row["document"], row["version"])


@router.post("/investigations/{investigation_id}/findings", response_model=Investigation)
async def report_finding(investigation_id: UUID, body: Report, by: Department, change: InvestigationChange) -> Response:
    """A department fills its own section (QUA-2)."""
    async with change(investigation_id) as investigation:
        investigation.report(body.department, body.cause, body.finding, by, change.at)
    return change.answer


@router.post("/investigations/{investigation_id}/liability", response_model=Investigation)
async def establish_liability(
    investigation_id: UUID, body: EstablishLiability, by: Judge, change: InvestigationChange
) -> Response:
    """Establish who bears what; the shares add up to 100 % (QUA-3)."""
    async with change(investigation_id) as investigation:
        investigation.establish_liability(body.shares, by, change.at)
    return change.answer


@router.post("/investigations/{investigation_id}/release-lots", response_model=Investigation)
async def release_lots(investigation_id: UUID, body: Reason, by: Inspector, change: InvestigationChange) -> Response:
    """Lift the hold on all lots of the case, once something was found (QUA-1)."""
    async with change(investigation_id) as investigation:
        investigation.release_lots(body.reason)
    return change.answer


@router.post("/investigations/{investigation_id}/close", response_model=Investigation)
async def close_investigation(
    investigation_id: UUID, body: Close, by: Handler, change: InvestigationChange
) -> Response:
    """End the case; an open action or a silent department blocks it (QUA-4)."""
    async with change(investigation_id) as investigation:
        investigation.close(body.summary, by, change.at)
    return change.answer
