"""Absences, and who stands in."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime

from services.staff.domain.absence import Absence, AbsenceStatus
from services.staff.domain.access import insider
from services.staff.views import employees as views
from shared.domain.actor import Post
from shared.domain.refusals import NotFound, RuleBroken
from shared.web.asking import Body, Name
from shared.web.change import Change, change_of
from shared.web.identity import Anyone
from shared.web.paging import Paged, listed
from shared.web.routes import Routes

router = Routes(tags=["absences"])

AbsenceChange = Annotated[Change[Absence], Depends(change_of(Absence))]
Code = Annotated[str | None, Query(max_length=40, description="Employee code")]


class Planned(Body):
    """Who is away from when till when, and who stands in; employee codes."""

    employee: Name
    deputy: Name
    begins_at: AwareDatetime
    ends_at: AwareDatetime
    reason: Name


@router.post("/absences", status_code=201, response_model=Absence)
async def plan_absence(body: Planned, anyone: Anyone, change: AbsenceChange) -> Response:
    """Enter an absence and its deputy; one that should have begun begins at once (STF-1, CON-15)."""
    insider(anyone)
    async with change.together() as both:
        people = await views.locked(both.work, body.employee, body.deputy)
        for code in (body.employee, body.deputy):
            if code not in people:
                raise NotFound("there is no {entity} {id}", entity="employee", id=code)
        if await views.clashes(both.work, body.employee, body.deputy, body.begins_at, body.ends_at):
            raise RuleBroken("STF-1", "one of the two is away or stands in for somebody in that time already")
        absent, deputy = people[body.employee], people[body.deputy]
        times = (body.begins_at, body.ends_at)
        both.main = Absence.plan(change.new_id(), absent, deputy, *times, body.reason, anyone, change.at)
    return change.answer


@router.post("/absences/{absence_id}/end", response_model=Absence)
async def end_absence(absence_id: UUID, anyone: Anyone, change: AbsenceChange) -> Response:
    """Back sooner than planned, or not away at all (STF-1)."""
    insider(anyone)
    async with change(absence_id) as absence:
        absence.end_early(anyone, change.at)
    return change.answer


@router.get("/absences")
async def list_absences(
    request: Request,
    anyone: Anyone,
    page: Paged,
    employee: Code = None,
    deputy: Code = None,
    status: AbsenceStatus | None = None,
) -> Response:
    """Who is away and who stands in, for people inside; the reason is for personnel (STF-1)."""
    insider(anyone)
    with_reason = anyone.holds(Post.HR)
    read = partial(views.absences, employee=employee, deputy=deputy, status=status, with_reason=with_reason)
    absences = partial(read, request.app.state.pool)
    return await listed(request, page, absences, Absence, without=() if with_reason else ["reason"])
