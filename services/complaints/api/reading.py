"""Complaints as they are read."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel

from services.complaints import views
from services.complaints.api.discretion import Discreet, refuse_readers
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Kind
from services.complaints.domain.lifecycle import ComplaintStatus
from services.complaints.domain.terms import Breach
from shared.domain.actor import Actor, Post
from shared.web.identity import Anyone
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["complaints"])
one = Routes(tags=["complaints"], route_class=Discreet)


class ClockReading(BaseModel):
    """How a case stands in time (CMP-7)."""

    respond_by: datetime
    resolve_by: datetime
    responded_at: datetime | None
    breaches: list[Breach]
    level: int
    called_post: Post | None
    deputies: list[str]
    paused_until: datetime | None
    paused_seconds: int


async def visible(request: Request, complaint_id: UUID, by: Actor) -> tuple[Complaint, str]:
    """A complaint `by` may look at, and its text; raises `NotFound` and `Forbidden`."""
    text, owner = await views.complaint(request.app.state.pool, complaint_id)
    complaint = Complaint.model_validate_json(text)
    refuse_readers(complaint, owner, by)
    return complaint, text


@router.get("/complaints")
async def list_complaints(
    request: Request,
    anyone: Anyone,
    page: Paged,
    kind: Kind | None = None,
    status: ComplaintStatus | None = None,
    customer_id: UUID | None = None,
    number: Annotated[str | None, Query(max_length=40)] = None,
    department: Annotated[Post | None, Query(description="Whoever has the case at present")] = None,
    unclosed: Annotated[bool | None, Query(alias="open", description="Whether the case is not closed yet")] = None,
) -> Response:
    """Complaints in short, newest first; salespeople see their customers', customers and partners theirs."""
    complaints = partial(
        views.complaints,
        request.app.state.pool,
        kind=kind,
        status=status,
        customer_id=customer_id,
        number=number,
        unclosed=unclosed,
        department=department,
        customers=anyone.customers if anyone.outside else None,
        salespeople=anyone.people if anyone.only_sells else None,
    )
    return await listed(request, page, complaints, Complaint, without=views.NOT_LISTED)


@one.get("/complaints/{complaint_id}", response_model=Complaint)
async def show_complaint(complaint_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One complaint; contact data only for those who need it (CMP-18)."""
    complaint, text = await visible(request, complaint_id, anyone)
    return document(text, complaint.version)


@router.get("/complaints/{complaint_id}/clock")
async def show_clock(complaint_id: UUID, request: Request, anyone: Anyone) -> ClockReading:
    """Deadlines, breaches, and how far up the line the case has gone (CMP-7)."""
    complaint, _ = await visible(request, complaint_id, anyone)
    pause = complaint.pause
    return ClockReading(
        respond_by=complaint.terms.respond_by,
        resolve_by=complaint.terms.resolve_by,
        responded_at=complaint.response.at if complaint.response else None,
        breaches=complaint.breaches,
        level=complaint.level,
        called_post=complaint.called.post if complaint.called else None,
        deputies=complaint.called.deputies if complaint.called and not anyone.outside else [],
        paused_until=pause.ends_at if pause and pause.running else None,
        paused_seconds=int(complaint.paused_for.total_seconds()),
    )
