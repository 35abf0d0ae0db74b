"""Editions on their way: drafted, decided on by company leaders, withdrawn."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field, StringConstraints

from services.regulations import views
from services.regulations.api.reading import Drafter, Moment
from services.regulations.domain.content import Clause, Content, Number, Statement
from services.regulations.domain.regulation import Regulation
from services.regulations.domain.rulebook import RULEBOOK, Rulebook
from shared.domain.actor import Actor
from shared.persistence.work import Work
from shared.web.asking import Body, Insider, Reason
from shared.web.change import Change, Together, change_of
from shared.web.routes import Routes

router = Routes("/regulations", tags=["drafting"])

RegulationChange = Annotated[Change[Regulation], Depends(change_of(Regulation))]

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Clauses = Annotated[list[Clause], Field(max_length=500)]
Statements = Annotated[list[Statement], Field(max_length=500)]
Days = Annotated[int, Field(ge=1, le=3650, description="Days between two reviews")]


class Draft(Body):
    """A whole edition; its number follows from the code."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9-]{0,19}$")]
    title: Title
    clauses: Annotated[Clauses, Field(min_length=1)]
    parameters: Statements = []
    review_every: Days | None = None
    effective_at: Moment | None = None


class Revision(Body):
    """What an edition says otherwise: clauses by number and parameters by key take the place of those before."""

    title: Title | None = None
    clauses: Clauses = []
    without_clauses: Annotated[list[Number], Field(max_length=500, description="Numbers that are dropped")] = []
    parameters: Statements = []
    review_every: Days | None = None
    effective_at: Moment | None = None

    def applied_to(self, content: Content) -> Content:
        """The content with what this names in its place; new clauses and parameters come last."""
        before = {one.key: one for one in content.parameters}
        stated = {one.key: _restated(one, before.get(one.key)) for one in self.parameters}
        clauses = {one.number: one for one in (*content.clauses, *self.clauses)}
        return Content(
            title=self.title or content.title,
            clauses=tuple(one for number, one in clauses.items() if number not in self.without_clauses),
            parameters=tuple({**before, **stated}.values()),
            review_every=self.review_every or content.review_every,
            effective_at=self.effective_at,
        )


class Verdict(Body):
    """A decision on exactly the text that has this digest (`digest_of_text`)."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    comment: Annotated[str, StringConstraints(max_length=500)] = ""


class Refusal(Verdict):
    comment: Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _restated(statement: Statement, before: Statement | None) -> Statement:
    """Unit and name as before, where none is given."""
    return before.model_copy(update=statement.model_dump(exclude_unset=True)) if before else statement


async def _admitted(work: Work, regulation: Regulation) -> None:
    """What it states must be able to hold when its time comes (REG-2)."""
    book = await work.get(Rulebook, RULEBOOK)
    book.must_admit(regulation, await views.pending(work, regulation))


async def _drafted(
    both: Together[Regulation], code: str, content: Content, by: Actor, at: datetime, revises: UUID | None = None
) -> None:
    edition: int = await both.work.fetchval(views.NEXT_EDITION, code)
    both.main = Regulation.draft(code, edition, content, by, at, revises)
    await _admitted(both.work, both.main)


@router.post("", status_code=201, response_model=Regulation)
async def draft_regulation(body: Draft, by: Drafter, change: RegulationChange) -> Response:
    """Draft the next edition of the regulation of this code; nothing of it holds yet (REG-1, REG-2)."""
    content = Content(
        title=body.title,
        clauses=tuple(body.clauses),
        parameters=tuple(body.parameters),
        review_every=body.review_every or change.policy.regulations.review_time.days or 1,
        effective_at=body.effective_at,
    )
    async with change.together() as both:
        await _drafted(both, body.code, content, by, change.at)
    return change.answer


@router.post("/{regulation_id}/revise", status_code=201, response_model=Regulation)
async def revise_regulation(regulation_id: UUID, body: Revision, by: Drafter, change: RegulationChange) -> Response:
    """Draft the next edition from this one: what the body does not name stays as it is (REG-1, REG-2)."""
    async with change.together() as both:
        before = await both.work.get(Regulation, regulation_id)
        await _drafted(both, before.code, body.applied_to(before.content), by, change.at, before.id)
    return change.answer


@router.post("/{regulation_id}/change", response_model=Regulation)
async def change_regulation(regulation_id: UUID, body: Revision, by: Drafter, change: RegulationChange) -> Response:
    """Change what was not approved yet; decisions made before are void (REG-1)."""
    async with change.together(regulation_id) as both:
        both.main.change(body.applied_to(both.main.content), by, change.at)
        await _admitted(both.work, both.main)
    return change.answer


@router.post("/{regulation_id}/submit", response_model=Regulation)
async def submit_regulation(regulation_id: UUID, by: Drafter, change: RegulationChange) -> Response:
    """Freeze the text and ask the company leaders, in the order that policy names (REG-1)."""
    async with change.together(regulation_id) as both:
        both.main.submit(change.policy, by, change.at)
        await _admitted(both.work, both.main)
    return change.answer


@router.post("/{regulation_id}/approve", response_model=Regulation)
async def approve_regulation(regulation_id: UUID, body: Verdict, by: Insider, change: RegulationChange) -> Response:
    """The next company leader approves this very text, never who wrote it; the last one puts it on its way (REG-1)."""
    async with change.together(regulation_id) as both:
        both.main.approve(body.digest, body.comment, by, change.at)
        await _admitted(both.work, both.main)
    return change.answer


@router.post("/{regulation_id}/reject", response_model=Regulation)
async def reject_regulation(regulation_id: UUID, body: Refusal, by: Insider, change: RegulationChange) -> Response:
    """The next company leader says no; only a change leads further (REG-1)."""
    async with change(regulation_id) as regulation:
        regulation.reject(body.digest, body.comment, by, change.at)
    return change.answer


@router.post("/{regulation_id}/withdraw", response_model=Regulation)
async def withdraw_regulation(regulation_id: UUID, body: Reason, by: Drafter, change: RegulationChange) -> Response:
    """Give up an edition that has not taken effect (REG-1)."""
    async with change(regulation_id) as regulation:
        regulation.withdraw(body.reason, by, change.at)
    return change.answer
