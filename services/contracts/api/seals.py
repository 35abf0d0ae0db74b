"""The contract seal and its register."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field

from services.contracts import views
from services.contracts.api.approvals import Digest
from services.contracts.domain.contract import Contract
from services.contracts.domain.template import Template
from shared.domain.actor import Actor, Post
from shared.web.asking import Body
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.paging import Paged, listing
from shared.web.routes import Routes

router = Routes(tags=["seals"])

SealKeeper = Annotated[Actor, Depends(admit(Post.SEAL_KEEPER))]
Reader = Annotated[
    Actor,
    Depends(
        admit(
            Post.SEAL_KEEPER,
            Post.AUDITOR,
            Post.SALES_MANAGER,
            Post.SALES_DIRECTOR,
            Post.VICE_PRESIDENT_SALES,
            Post.GENERAL_MANAGER,
            Post.HEADQUARTERS,
        )
    ),
]
ContractChange = Annotated[Change[Contract], Depends(change_of(Contract))]


class ApplySeal(Body):
    """How many copies are sealed, and the digest printed on them."""

    copies: Annotated[int, Field(ge=1, le=100)]
    digest: Digest


@router.post("/contracts/{contract_id}/seal", response_model=Contract)
async def seal_contract(contract_id: UUID, body: ApplySeal, by: SealKeeper, change: ContractChange) -> Response:
    """Seal what was approved; the contract takes effect with it (CON-5)."""
    async with change.together(contract_id) as both:
        template = await both.work.get(Template, both.main.template_id)
        both.main.apply_seal(change.new_id(), template, body.copies, body.digest, by, change.at)
    return change.answer


@router.get("/seals")
async def list_seals(request: Request, by: Reader, page: Paged) -> Response:
    """The seal register, newest first: contract, who requested, custodian, copies, digest, time (CON-5)."""
    return listing(await request.app.state.pool.fetch(views.SEALS, page.before, page.fetch), page)
