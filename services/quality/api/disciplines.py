"""The sections of an investigation's 8D report, and who bears what was found."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.quality import views
from services.quality.api.asking import Handler, Judge
from services.quality.domain.eight_disciplines import Analysis, Containment, Prevention, Problem, Team
from services.quality.domain.investigation import Investigation
from services.quality.domain.liability import LiabilityShare
from shared.web.asking import Body, Text
from shared.web.change import Change, change_of
from shared.web.routes import Routes

router = Routes(prefix="/investigations/{investigation_id}", tags=["investigations"])

InvestigationChange = Annotated[Change[Investigation], Depends(change_of(Investigation))]


class EstablishLiability(Body):
    shares: Annotated[list[LiabilityShare], Field(min_length=1, max_length=50)]


class ReviseLiability(EstablishLiability):
    reason: Text


@router.post("/team", response_model=Investigation)
async def name_team(investigation_id: UUID, body: Team, by: Handler, change: InvestigationChange) -> Response:
    """D1: who leads and who takes part (QUA-3)."""
    async with change(investigation_id) as investigation:
        investigation.name_team(body, by, change.at)
    return change.answer


@router.post("/problem", response_model=Investigation)
async def describe_problem(investigation_id: UUID, body: Problem, by: Handler, change: InvestigationChange) -> Response:
    """D2: what is wrong, where, when and how much of it (QUA-3)."""
    async with change(investigation_id) as investigation:
        investigation.describe(body, by, change.at)
    return change.answer


@router.post("/containment", response_model=Investigation)
async def contain(investigation_id: UUID, body: Containment, by: Handler, change: InvestigationChange) -> Response:
    """D3: what was done at once, beside the lots on hold (QUA-3)."""
    async with change(investigation_id) as investigation:
        investigation.contain(body, by, change.at)
    return change.answer


@router.post("/cause", response_model=Investigation)
async def establish_cause(investigation_id: UUID, body: Analysis, by: Handler, change: InvestigationChange) -> Response:
    """D4: the root cause; a case in which the same one was put right not long ago reopens (QUA-3, QUA-4)."""
    async with change.together(investigation_id) as both:
        investigation = both.main
        investigation.analyse(body, by, change.at)
        assert investigation.analysis is not None  # noqa: S101 - just recorded
        found = (investigation.analysis.article, body.cause, investigation_id, change.at)
        for row in await both.work.fetch(views.RECURRED, *found):
            before = await both.work.get(Investigation, row["id"])
            before.recur(investigation.number, investigation_id, change.at)
    return change.answer


@router.post("/prevention", response_model=Investigation)
async def prevent(investigation_id: UUID, body: Prevention, by: Handler, change: InvestigationChange) -> Response:
    """D7: standards changed and people trained, so that it does not come back (QUA-3)."""
    async with change(investigation_id) as investigation:
        investigation.prevent(body, by, change.at)
    return change.answer


@router.post("/liability", response_model=Investigation)
async def establish_liability(
    investigation_id: UUID, body: EstablishLiability, by: Judge, change: InvestigationChange
) -> Response:
    """Establish who bears what; the shares add up to 100 % (QUA-3)."""
    async with change(investigation_id) as investigation:
        investigation.establish_liability(body.shares, by, change.at)
    return change.answer


@router.post("/liability/revise", response_model=Investigation)
async def revise_liability(
    investigation_id: UUID, body: ReviseLiability, by: Judge, change: InvestigationChange
) -> Response:
    """Later findings change who bears what, and how grave it is (QUA-3)."""
    async with change(investigation_id) as investigation:
        investigation.revise_liability(body.shares, body.reason, by, change.at)
    return change.answer
