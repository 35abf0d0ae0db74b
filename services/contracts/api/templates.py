"""Company templates."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field, StringConstraints

from services.contracts import views
from services.contracts.domain.clause import Clause
from services.contracts.domain.remedy import Remedy
from services.contracts.domain.slots import Slot
from services.contracts.domain.template import ContractKind, Template, TemplateStatus
from shared.domain.actor import Actor, Post
from shared.web.asking import Body, Insider
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["templates"])

Headquarters = Annotated[Actor, Depends(admit(Post.HEADQUARTERS))]
Activator = Annotated[Actor, Depends(admit(Post.HEADQUARTERS, Post.GENERAL_MANAGER))]
TemplateChange = Annotated[Change[Template], Depends(change_of(Template))]


class DraftTemplate(Body):
    """A new edition of the template with this code; editions count from 1."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    kind: ContractKind
    clauses: Annotated[list[Clause], Field(min_length=1, max_length=200)]
    slots: Annotated[list[Slot], Field(max_length=200)] = []
    remedies: Annotated[list[Remedy], Field(max_length=10, description="What a breach costs, by the clauses")] = []


@router.post("/templates", status_code=201, response_model=Template)
async def draft_template(body: DraftTemplate, by: Headquarters, change: TemplateChange, request: Request) -> Response:
    """Draft an edition; its places, slots and remedies must agree (CON-1, CON-14)."""
    edition: int = await request.app.state.pool.fetchval(views.NEXT_EDITION, body.code)
    return await change.save(Template.draft(change.new_id(), edition=edition, by=by, **dict(body)))


@router.get("/templates")
async def list_templates(
    request: Request,
    by: Insider,
    page: Paged,
    status: TemplateStatus | None = None,
    code: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Editions of templates, newest first."""
    templates = partial(views.templates, request.app.state.pool, status=status, code=code)
    return await listed(request, page, templates, Template)


@router.get("/templates/{template_id}", response_model=Template)
async def show_template(template_id: UUID, request: Request, by: Insider) -> Response:
    """One edition with its clauses and slots."""
    return document(await views.one(request.app.state.pool, views.TEMPLATE, "template", template_id))


@router.post("/templates/{template_id}/activate", response_model=Template)
async def activate_template(template_id: UUID, by: Activator, change: TemplateChange) -> Response:
    """Let contracts be drawn up from this edition, and no more from the one before; never by its drafter (CON-1)."""
    async with change.together(template_id) as both:
        active = await both.work.fetchval(views.ACTIVE_EDITION, both.main.code)
        if active not in (None, template_id):
            (await both.work.get(Template, active)).retire(by, change.at)
            await both.work.flush()  # the one goes before the other comes: never are two active
        both.main.activate(by, change.at)
    return change.answer


@router.post("/templates/{template_id}/retire", response_model=Template)
async def retire_template(template_id: UUID, by: Activator, change: TemplateChange) -> Response:
    """Let no contract be drawn up from this edition any more; those that were stay (CON-1)."""
    async with change(template_id) as template:
        template.retire(by, change.at)
    return change.answer
