"""The penalty schedule and its editions."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field

from services.staff.domain.access import insider
from services.staff.domain.employee import day_of
from services.staff.domain.schedule import Entry, Schedule
from services.staff.domain.schedule_edition import ScheduleEdition
from services.staff.views import penalties as views
from shared.domain.actor import Actor, Post
from shared.web.asking import Body, Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["penalty schedule"])

Drafter = Annotated[Actor, Depends(admit(Post.HR, Post.OFFICE, Post.HEADQUARTERS))]
Approver = Annotated[Actor, Depends(admit(Post.GENERAL_MANAGER))]
EditionChange = Annotated[Change[ScheduleEdition], Depends(change_of(ScheduleEdition))]


class Drafted(Body):
    """A whole edition: what is not in it is punished no longer from `effective_on` on."""

    effective_on: date
    own_quotes_a_month: Annotated[int, Field(ge=1, le=999)] = 3
    entries: Annotated[list[Entry], Field(min_length=1, max_length=200)]


@router.get("/penalty-schedule")
async def show_schedule(request: Request, anyone: Anyone, on: date | None = None) -> Schedule:
    """What follows from which violation, today or on a day; every employee may know (STF-6)."""
    insider(anyone)
    return await views.schedule_on(request.app.state.pool, on or day_of(datetime.now(UTC)))


@router.get("/penalty-schedules")
async def list_editions(request: Request, anyone: Anyone, page: Paged) -> Response:
    """The editions of the schedule, the latest drafted first (STF-6)."""
    insider(anyone)
    return await listed(request, page, partial(views.editions, request.app.state.pool), ScheduleEdition)


@router.get("/penalty-schedules/{edition_id}", response_model=ScheduleEdition)
async def show_edition(edition_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One edition of the schedule (STF-6)."""
    insider(anyone)
    return document(*await views.edition(request.app.state.pool, edition_id))


@router.post("/penalty-schedules", status_code=201, response_model=ScheduleEdition)
async def draft_edition(body: Drafted, by: Drafter, change: EditionChange) -> Response:
    """Write an edition; nothing of it holds before it is approved (STF-6)."""
    schedule = Schedule(own_quotes_a_month=body.own_quotes_a_month, entries=tuple(body.entries))
    edition = ScheduleEdition.draft(change.new_id(), schedule, body.effective_on, by, change.at)
    return await change.save(edition)


@router.post("/penalty-schedules/{edition_id}/approve", response_model=ScheduleEdition)
async def approve_edition(edition_id: UUID, by: Approver, change: EditionChange) -> Response:
    """Another person agrees; it holds for what is established from its day on (STF-6)."""
    async with change(edition_id) as edition:
        edition.approve(by, change.at)
    return change.answer


@router.post("/penalty-schedules/{edition_id}/reject", response_model=ScheduleEdition)
async def reject_edition(edition_id: UUID, body: Reason, by: Approver, change: EditionChange) -> Response:
    """Another person does not agree (STF-6)."""
    async with change(edition_id) as edition:
        edition.reject(body.reason, by, change.at)
    return change.answer
