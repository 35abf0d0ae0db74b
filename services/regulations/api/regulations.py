"""Editions of regulations: read, searched, compared, reviewed."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import StringConstraints

from services.regulations import views
from services.regulations.api.first import first_editions_entered
from services.regulations.api.reading import DRAFTERS, Code, Moment
from services.regulations.domain.comparison import Comparison, compare
from services.regulations.domain.regulation import Regulation, RegulationStatus
from shared.domain.actor import Actor, Post
from shared.web.asking import Body, Insider
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.paging import PagedByCode, document, listed
from shared.web.routes import Routes

router = Routes("/regulations", tags=["regulations"], lifespan=first_editions_entered)

RegulationChange = Annotated[Change[Regulation], Depends(change_of(Regulation))]
Reviewer = Annotated[Actor, Depends(admit(*DRAFTERS, Post.VICE_PRESIDENT_SALES, Post.GENERAL_MANAGER))]


class Reviewed(Body):
    outcome: Literal["confirmed", "revise"]
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


@router.get("")
async def list_regulations(
    request: Request,
    by: Insider,
    page: PagedByCode,
    code: Code = None,
    status: RegulationStatus | None = None,
    text: Annotated[
        str | None, Query(min_length=1, max_length=100, description="In title, clause or parameter")
    ] = None,
    at: Annotated[Moment | None, Query(description="In force at this time")] = None,
) -> Response:
    """Editions by code and number, without their clauses; everybody inside may read (REG-1)."""
    wanted = views.Wanted(code, status, text, at)
    found = partial(views.regulations, request.app.state.pool, wanted=wanted)
    return await listed(request, page, found, Regulation, without=["clauses"])


@router.get("/{regulation_id}", response_model=Regulation)
async def show_regulation(regulation_id: UUID, request: Request, by: Insider) -> Response:
    """One edition with its clauses and parameters (REG-1, REG-2)."""
    return document(*await views.regulation(request.app.state.pool, regulation_id))


@router.get("/{before_id}/compare/{after_id}")
async def compare_regulations(before_id: UUID, after_id: UUID, request: Request, by: Insider) -> Comparison:
    """What one edition says otherwise than another: clauses with both texts in one, numbers old and new (REG-1)."""
    store = request.app.state.store
    return compare(await store.load(Regulation, before_id), await store.load(Regulation, after_id))


@router.post("/{regulation_id}/review", response_model=Regulation)
async def review_regulation(regulation_id: UUID, body: Reviewed, by: Reviewer, change: RegulationChange) -> Response:
    """An edition in force was looked at: confirmed as it is, or to be revised (REG-1)."""
    async with change(regulation_id) as regulation:
        regulation.review(body.outcome, body.note, by, change.at)
    return change.answer
