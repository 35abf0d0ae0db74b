"""Investigations: what was found, who bears it, what is held, and the end of the case."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import AwareDatetime, Field

from services.quality import goods_views, views
from services.quality.api.asking import FAR, Department, Handler, Inspector
from services.quality.api.shipments import Whereabouts
from services.quality.domain import department_task
from services.quality.domain.investigation import Investigation
from services.quality.domain.lifecycle import InvestigationStatus
from shared.web.asking import Body, Insider, Name, Reason, Text
from shared.web.change import Change, change_of
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["investigations"])

InvestigationChange = Annotated[Change[Investigation], Depends(change_of(Investigation))]


class Report(Body):
    """A department's own section; `department` is named by whoever holds the posts of several."""

    cause: Name
    finding: Text
    department: department_task.Department | None = None


class Extend(Reason):
    """More time for a department, and why."""

    due_at: Annotated[AwareDatetime, Field(lt=FAR)]


class Close(Body):
    """D8: how it ended, and whom we thank."""

    summary: Text
    thanks: Annotated[str, Field(max_length=2000)] = ""


@router.get("/investigations")
async def list_investigations(
    request: Request,
    insider: Insider,
    page: Paged,
    status: InvestigationStatus | None = None,
    complaint_id: UUID | None = None,
) -> Response:
    """Investigations, newest first; by status and complaint."""
    found = partial(views.investigations, request.app.state.pool, status=status, complaint_id=complaint_id)
    return await listed(request, page, found, Investigation)


@router.get("/investigations/{investigation_id}", response_model=Investigation)
async def show_investigation(investigation_id: UUID, request: Request, insider: Insider) -> Response:
    """One investigation."""
    row = await views.one(request.app.state.pool, views.INVESTIGATION, "investigation", investigation_id)
    return document(row["document"], row["version"])


@router.get("/investigations/{investigation_id}/goods", response_model=list[Whereabouts])
async def show_goods(investigation_id: UUID, request: Request, insider: Insider) -> list[Whereabouts]:
    """Where goods of the case's lots are now: promised to orders, under way, delivered (QUA-1)."""
    pool = request.app.state.pool
    row = await views.one(pool, views.INVESTIGATION, "investigation", investigation_id)
    lots = Investigation.model_validate_json(row["document"]).lots
    return [Whereabouts(**place) for place in await goods_views.under_way(pool, [lot.lot_id for lot in lots])]


@router.post("/investigations/{investigation_id}/findings", response_model=Investigation)
async def report_finding(investigation_id: UUID, body: Report, by: Department, change: InvestigationChange) -> Response:
    """A department fills its own section (QUA-2)."""
    async with change(investigation_id) as investigation:
        investigation.report(body.department, body.cause, body.finding, by, change.at)
    return change.answer


@router.post("/investigations/{investigation_id}/tasks/{department}/extend", response_model=Investigation)
async def extend_task(
    investigation_id: UUID,
    department: department_task.Department,
    body: Extend,
    by: Handler,
    change: InvestigationChange,
) -> Response:
    """Give a department more time, before its deadline; never by itself (QUA-2)."""
    async with change(investigation_id) as investigation:
        investigation.extend_task(department, body.due_at, body.reason, by, change.at)
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
        investigation.close(body.summary, by, change.at, body.thanks)
    return change.answer
