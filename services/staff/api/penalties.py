"""Penalties: proposed by the system, decided by people."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.staff import views
from services.staff.domain.access import Access, insider
from services.staff.domain.penalty import Penalty, PenaltyStatus, Ruling, month_of
from services.staff.domain.schedule import Schedule, schedule
from shared.domain.actor import Actor
from shared.web.asking import Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import FIRST, Page, document, listing
from shared.web.routes import Routes

router = Routes(tags=["penalties"])

Decider = Annotated[Actor, Depends(admit(*schedule().deciders))]
PenaltyChange = Annotated[Change[Penalty], Depends(change_of(Penalty))]
After = Annotated[str | None, Query(max_length=40, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/penalty-schedule")
async def show_schedule(anyone: Anyone) -> Schedule:
    """What follows from which violation; every employee may know (STF-6)."""
    insider(anyone)
    return schedule()


@router.get("/penalties")
async def list_penalties(
    request: Request,
    anyone: Anyone,
    employee: Annotated[str | None, Query(max_length=40, description="Employee code")] = None,
    status: PenaltyStatus | None = None,
    cause_id: UUID | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Response:
    """Penalties, newest day first; employees see their own (STF-8)."""
    wanted = views.Wanted(employee, status, cause_id)
    rows = await views.penalties(request.app.state.pool, after, limit, Access.of(anyone), wanted)
    return listing(rows, Page(limit, FIRST))


@router.get("/penalties/{penalty_id}", response_model=Penalty)
async def show_penalty(penalty_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One penalty; employees see their own (STF-8)."""
    return document(*await views.penalty(request.app.state.pool, penalty_id, Access.of(anyone)))


@router.get("/employees/{employee_id}/ledger")
async def show_ledger(
    employee_id: UUID, request: Request, anyone: Anyone, after: After = None, limit: Limit = 50
) -> Response:
    """The penalties decided on an employee, newest day first; employees see their own (STF-8)."""
    access, pool = Access.of(anyone), request.app.state.pool
    code = await views.employee_code(pool, employee_id)
    return listing(await views.ledger(pool, after, limit, access, code), Page(limit, FIRST))


@router.post("/penalties/{penalty_id}/decide", response_model=Penalty)
async def decide_penalty(penalty_id: UUID, body: Ruling, by: Decider, change: PenaltyChange) -> Response:
    """Choose measures and fine inside the schedule; a dismissal waits for a second decider (STF-7, STF-8)."""
    async with change.together(penalty_id) as both:
        employee = await views.employee_to_fine(both.work, both.main.employee)
        fined = await views.fined(both.work, both.main, month_of(change.at))
        both.main.decide(body, employee, fined, by, change.policy, change.at)
    return change.answer


@router.post("/penalties/{penalty_id}/drop", response_model=Penalty)
async def drop_penalty(penalty_id: UUID, body: Reason, by: Decider, change: PenaltyChange) -> Response:
    """There is to be no penalty (STF-8)."""
    async with change(penalty_id) as penalty:
        penalty.drop(body.reason, by, change.at)
    return change.answer
