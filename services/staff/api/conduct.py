"""Violations of the rules of conduct: reported by anybody inside, established by a second person."""

from datetime import date
from functools import partial
from typing import Annotated, Self
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field, model_validator

from services.staff.domain.access import Access, insider
from services.staff.domain.charge import STORE
from services.staff.domain.conduct_case import ConductCase, ConductStatus, Severity, Violation
from services.staff.domain.schedule import DECIDERS
from services.staff.views import conduct as views
from services.staff.views.employees import known
from shared.domain.actor import Actor
from shared.web.asking import Body, Name, Text
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import PagedByCode, document, listed
from shared.web.routes import Routes

router = Routes(tags=["conduct"])

Judge = Annotated[Actor, Depends(admit(*sorted(DECIDERS)))]
CaseChange = Annotated[Change[ConductCase], Depends(change_of(ConductCase))]


class Report(Body):
    """A violation by a person (employee code) or, for a store violation, by a store of a branch."""

    violation: Violation
    employee: Name | None = None
    store: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    branch: Name | None = None
    occurred_on: date
    description: Text
    evidence: Annotated[list[Name], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _names_its_subject(self) -> Self:
        of_a_store = self.violation is Violation.STORE_VIOLATION
        if of_a_store != (self.store is not None and self.branch is not None):
            raise ValueError("a store violation, and no other, names store and branch")
        if of_a_store == (self.employee is not None):
            raise ValueError("any violation but a store's names an employee")
        return self


class Evidence(Body):
    evidence: Name


class Finding(Body):
    severity: Severity
    finding: Text


class Dismissal(Body):
    finding: Text


@router.post("/conduct-cases", status_code=201, response_model=ConductCase)
async def report_violation(body: Report, request: Request, anyone: Anyone, change: CaseChange) -> Response:
    """Put a violation on record, with what shows it (STF-11)."""
    insider(anyone)
    subject, branch = f"{STORE}{body.store}", body.branch
    if body.employee is not None:
        subject, branch = body.employee, (await known(request.app.state.pool, body.employee)).branch
    facts = (body.occurred_on, body.description, body.evidence)
    case = ConductCase.report(change.new_id(), body.violation, subject, branch, *facts, anyone, change.at)
    return await change.save(case)


@router.get("/conduct-cases")
async def list_cases(
    request: Request,
    anyone: Anyone,
    page: PagedByCode,
    subject: Annotated[str | None, Query(max_length=100)] = None,
    violation: Violation | None = None,
    status: ConductStatus | None = None,
) -> Response:
    """Conduct cases, newest day first, for those who judge them and who reported them; never the subject (STF-11)."""
    sought = views.Sought(subject, violation, status)
    cases = partial(views.cases, request.app.state.pool, access=Access.of(anyone), sought=sought)
    return await listed(request, page, cases, ConductCase)


@router.get("/conduct-cases/{case_id}", response_model=ConductCase)
async def show_case(case_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One conduct case (STF-11)."""
    return document(*await views.case(request.app.state.pool, case_id, Access.of(anyone)))


@router.post("/conduct-cases/{case_id}/evidence", response_model=ConductCase)
async def add_evidence(case_id: UUID, body: Evidence, request: Request, anyone: Anyone, change: CaseChange) -> Response:
    """More has come to light (STF-11)."""
    async with change(case_id) as case:
        await views.case(request.app.state.pool, case_id, Access.of(anyone))
        case.add_evidence(body.evidence)
    return change.answer


@router.post("/conduct-cases/{case_id}/establish", response_model=ConductCase)
async def establish_violation(case_id: UUID, body: Finding, by: Judge, change: CaseChange) -> Response:
    """A second person says what happened; a penalty is proposed by the schedule (STF-11, STF-8)."""
    async with change(case_id) as case:
        case.establish(body.severity, body.finding, by, change.at)
    return change.answer


@router.post("/conduct-cases/{case_id}/dismiss", response_model=ConductCase)
async def dismiss_case(case_id: UUID, body: Dismissal, by: Judge, change: CaseChange) -> Response:
    """A second person says that there was no violation (STF-11)."""
    async with change(case_id) as case:
        case.dismiss(body.finding, by, change.at)
    return change.answer
