"""The contract seal and its register."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field

from services.contracts import performance_views, views
from services.contracts.api.approvals import Absent, Digest
from services.contracts.domain.contract import Contract
from services.contracts.domain.performance import Performance
from services.contracts.domain.review import Seal
from services.contracts.domain.template import Template
from shared.domain.actor import Actor, Post
from shared.persistence.work import Work
from shared.web.asking import Body, Insider
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.paging import Paged, listed
from shared.web.routes import Routes

router = Routes(tags=["seals"])

Writer = Annotated[Actor, Depends(admit(Post.SALESPERSON, Post.CLERK))]
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


Copies = Annotated[int, Field(ge=1, le=100)]


class RequestSeal(Body):
    """How many copies are to be sealed, and what for."""

    copies: Copies
    purpose: Annotated[str, Field(min_length=1, max_length=500)]


class ApplySeal(Body):
    """How many copies are sealed, and the digest printed on them."""

    copies: Copies
    digest: Digest
    on_behalf_of: Absent = None


class SealEntry(Seal):
    """A line of the seal register."""

    contract_id: UUID
    number: str
    customer_id: UUID


@router.post("/contracts/{contract_id}/request-seal", response_model=Contract)
async def request_seal(
    contract_id: UUID, body: RequestSeal, by: Writer, change: ContractChange, request: Request
) -> Response:
    """Ask the custodian to seal what was approved; a later request replaces an earlier one (CON-5)."""
    await views.must_reach(request.app.state.pool, by, contract_id)
    async with change(contract_id) as contract:
        contract.request_seal(body.copies, body.purpose, by, change.at)
    return change.answer


@router.post("/contracts/{contract_id}/seal", response_model=Contract)
async def seal_contract(
    contract_id: UUID, body: ApplySeal, by: Insider, change: ContractChange, request: Request
) -> Response:
    """Seal what was approved, as many copies as were asked for; it takes effect with it (CON-5, CON-9)."""
    by = await views.acting(request.app.state.pool, by, body.on_behalf_of, change.at)
    async with change.together(contract_id) as both:
        template = await both.work.get(Template, both.main.template_id)
        both.main.apply_seal(change.new_id(), template, body.copies, body.digest, by, change.at)
        await _take_effect(both.work, both.main, template, change)
    return change.answer


async def _take_effect(work: Work, contract: Contract, template: Template, change: Change[Contract]) -> None:
    """What follows from the seal in the same transaction: an amendment is incorporated in its contract (CON-9).

    From then on the contract is performed (CON-13); one from before performances were kept, from its amendment on.
    """
    if contract.amends is not None:
        amendment, contract = contract, await work.get(Contract, contract.amends)
        contract.incorporate(amendment)
    remedies = contract.agreed_remedies(template)
    performance = await work.find(Performance, Performance.id_of(contract.id))
    if performance is not None:
        policy = await change.policy_of(performance.policy, performance.opened_at)
        performance.adjust(contract, remedies, policy, change.at)
    else:
        owner = await work.fetchval(performance_views.OWNER, contract.customer_id)
        work.begin(Performance.open(contract, remedies, owner, change.policy, change.at))


@router.get("/seals")
async def list_seals(request: Request, by: Reader, page: Paged) -> Response:
    """The seal register, newest first: contract, who requested, custodian, copies, digest, time (CON-5)."""
    return await listed(request, page, partial(views.seals, request.app.state.pool), SealEntry)
