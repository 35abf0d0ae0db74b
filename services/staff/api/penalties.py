"""Penalties: proposed by the system, decided by people, appealed against, carried out."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import StringConstraints

from services.staff.domain.access import Access, insider
from services.staff.domain.penalty import RANKS, Penalty, PenaltyStatus, Ruling, month_of
from services.staff.domain.ruling import AppealRuling
from services.staff.domain.schedule import DECIDERS, Subject
from services.staff.forms import penalty_notice
from services.staff.views import employees as people
from services.staff.views import penalties as views
from shared.domain.actor import Actor, Post
from shared.domain.refusals import NotAllowedNow
from shared.web.asking import Body, Name, Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import PagedByCode, document, listed
from shared.web.papers import PaperFormat, form_response
from shared.web.routes import Routes

router = Routes(tags=["penalties"])

Decider = Annotated[Actor, Depends(admit(*sorted(DECIDERS)))]
Higher = Annotated[Actor, Depends(admit(*RANKS))]
Executor = Annotated[Actor, Depends(admit(Post.HR, Post.FINANCE))]
PenaltyChange = Annotated[Change[Penalty], Depends(change_of(Penalty))]


class Grounds(Body):
    grounds: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Execution(Body):
    """The payroll or personnel document that shows it."""

    reference: Name


@router.get("/penalties")
async def list_penalties(
    request: Request,
    anyone: Anyone,
    page: PagedByCode,
    employee: Annotated[str | None, Query(max_length=100, description="Employee code")] = None,
    status: PenaltyStatus | None = None,
    cause_id: UUID | None = None,
    store: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """Penalties, newest day first; employees see their own, finance what is to be carried out (STF-8)."""
    wanted = views.Wanted(employee, status, cause_id, store)
    penalties = partial(views.penalties, request.app.state.pool, access=Access.of(anyone), wanted=wanted)
    return await listed(request, page, penalties, Penalty)


@router.get("/penalties/{penalty_id}", response_model=Penalty)
async def show_penalty(penalty_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One penalty; employees see their own (STF-8)."""
    return document(*await views.penalty(request.app.state.pool, penalty_id, Access.of(anyone)))


@router.get("/employees/{employee_id}/ledger")
async def show_ledger(employee_id: UUID, request: Request, anyone: Anyone, page: PagedByCode) -> Response:
    """The penalties decided on an employee, newest day first; employees see their own (STF-8)."""
    access, pool = Access.of(anyone), request.app.state.pool
    code = await people.employee_code(pool, employee_id)
    return await listed(request, page, partial(views.decided, pool, access=access, employee=code), Penalty)


@router.get("/penalties/{penalty_id}/notice", response_class=Response)
async def print_notice(
    penalty_id: UUID,
    request: Request,
    anyone: Anyone,
    form: Annotated[PaperFormat, Query(alias="format")] = "pdf",
) -> Response:
    """处罚通知书, once somebody has decided (STF-8)."""
    pool = request.app.state.pool
    text, _ = await views.penalty(pool, penalty_id, Access.of(anyone))
    penalty = Penalty.model_validate_json(text)
    if penalty.decided_at is None:
        raise NotAllowedNow("there is a notice once somebody has decided")
    concerned = (await people.registered(pool, [penalty.employee])).get(penalty.employee)
    sheet = penalty_notice(penalty, concerned, request.app.state.company)
    return await form_response(sheet, form, f"处罚通知书-{penalty.number}")


@router.post("/penalties/{penalty_id}/decide", response_model=Penalty)
async def decide_penalty(penalty_id: UUID, body: Ruling, by: Decider, change: PenaltyChange) -> Response:
    """Choose measures and fine inside the schedule; a dismissal waits for a second decider (STF-7, STF-8)."""
    async with change.together(penalty_id) as both:
        policy = await change.policy_of(both.main.policy, both.main.proposed_at)
        employee = await views.employee_to_fine(both.work, both.main.employee)
        fined = await views.fined(both.work, both.main, month_of(change.at))
        both.main.decide(body, employee, fined, by, policy, change.at)
    return change.answer


@router.post("/penalties/{penalty_id}/drop", response_model=Penalty)
async def drop_penalty(penalty_id: UUID, body: Reason, by: Decider, change: PenaltyChange) -> Response:
    """There is to be no penalty (STF-8)."""
    async with change(penalty_id) as penalty:
        penalty.drop(body.reason, by, change.at)
    return change.answer


@router.post("/penalties/{penalty_id}/appeal", response_model=Penalty)
async def appeal(penalty_id: UUID, body: Grounds, request: Request, anyone: Anyone, change: PenaltyChange) -> Response:
    """The person concerned says what speaks against it, in time (STF-8)."""
    insider(anyone)
    async with change(penalty_id) as penalty:
        if penalty.subject is Subject.PERSON:  # others do not even learn that there is one
            await views.penalty(request.app.state.pool, penalty_id, Access.of(anyone))
        penalty.appeal_against(body.grounds, anyone, change.at)
    return change.answer


@router.post("/penalties/{penalty_id}/appeal/decide", response_model=Penalty)
async def decide_appeal(penalty_id: UUID, body: AppealRuling, by: Decider, change: PenaltyChange) -> Response:
    """Somebody who has not decided before upholds it, makes it milder or revokes it (STF-8)."""
    async with change(penalty_id) as penalty:
        penalty.decide_appeal(body, by, change.at)
    return change.answer


@router.post("/penalties/{penalty_id}/execute", response_model=Penalty)
async def execute_penalty(penalty_id: UUID, body: Execution, by: Executor, change: PenaltyChange) -> Response:
    """Say that it was carried out; never before the time to appeal is over or the appeal decided (STF-8)."""
    async with change(penalty_id) as penalty:
        penalty.execute(body.reference, by, change.at)
    return change.answer


@router.post("/penalties/{penalty_id}/revoke", response_model=Penalty)
async def revoke_penalty(penalty_id: UUID, body: Reason, by: Higher, change: PenaltyChange) -> Response:
    """A post above those that decided takes it back (STF-8)."""
    async with change(penalty_id) as penalty:
        penalty.revoke(body.reason, by, change.at)
    return change.answer
