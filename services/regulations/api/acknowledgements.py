"""Who has taken note of an edition, and who has not."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from services.regulations import views
from services.regulations.domain.acknowledgement import Acknowledgement
from services.regulations.domain.regulation import Regulation
from shared.domain.actor import Actor, Post
from shared.web.asking import Insider
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.paging import PagedByCode, listed
from shared.web.routes import Routes

router = Routes("/regulations", tags=["acknowledgements"])

EVERYWHERE = (
    Post.HR, Post.OFFICE, Post.HEADQUARTERS, Post.TRAINER, Post.AUDITOR, Post.SALES_DIRECTOR, Post.VICE_PRESIDENT_SALES,
    Post.GENERAL_MANAGER,
)  # fmt: skip
Supervisor = Annotated[Actor, Depends(admit(*EVERYWHERE, Post.BRANCH_GENERAL_MANAGER))]
Giving = Annotated[Change[Acknowledgement], Depends(change_of(Acknowledgement))]


class Standing(BaseModel):
    """Whether an employee has acknowledged an edition."""

    employee: str
    name: str | None
    department: str | None
    branch: str | None
    posts: list[Post]
    state: Literal["missing", "given"]
    at: AwareDatetime | None


@router.post("/{regulation_id}/acknowledge", status_code=201, response_model=Acknowledgement)
async def acknowledge_regulation(regulation_id: UUID, by: Insider, change: Giving) -> Response:
    """I have read this edition; said twice it is said once (REG-3)."""
    async with change.together() as both:
        known = await both.work.find(Acknowledgement, Acknowledgement.id_of(regulation_id, by.id))
        if known is None:
            known = Acknowledgement.give(await both.work.get(Regulation, regulation_id), by, change.at)
        both.main = known
    return change.answer


@router.get("/{regulation_id}/acknowledgements")
async def list_acknowledgements(
    regulation_id: UUID,
    request: Request,
    by: Supervisor,
    page: PagedByCode,
    state: Literal["missing", "given"] | None = None,
    department: Annotated[str | None, Query(max_length=60)] = None,
    branch: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """Employees by code: who has acknowledged the edition, who has not; a branch's manager sees the branch (REG-3)."""
    pool = request.app.state.pool
    await views.regulation(pool, regulation_id)
    if not by.holds(*EVERYWHERE) and by.branch is not None:
        branch = by.branch
    given = None if state is None else state == "given"
    found = partial(
        views.acknowledgements, pool, regulation_id=regulation_id, given=given, branch=branch, department=department
    )
    return await listed(request, page, found, Standing)
