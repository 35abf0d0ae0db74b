"""Reviews by the departments and decisions by the chain."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field, StringConstraints

from services.contracts import views
from services.contracts.domain.contract import Contract
from shared.domain.actor import Post
from shared.web.asking import Body, Insider
from shared.web.change import Change, change_of
from shared.web.routes import Routes

router = Routes(tags=["approvals"])

ContractChange = Annotated[Change[Contract], Depends(change_of(Contract))]

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Absent = Annotated[str | None, Field(min_length=1, max_length=100, description="Whose delegate one acts as")]
Comment = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


class ReviewLine(Body):
    """A department's answer for one line, counted from 1; services are counted on after the lines."""

    line: Annotated[int, Field(ge=1, le=250)]
    can_meet: bool
    comment: Comment = ""
    department: Annotated[Post | None, Field(description="Only for whoever holds the posts of several")] = None
    on_behalf_of: Absent = None


class Decide(Body):
    """A decision on the content with this digest: the one that was read."""

    digest: Digest
    comment: Comment = ""
    on_behalf_of: Absent = None


@router.post("/contracts/{contract_id}/reviews", response_model=Contract)
async def review_line(
    contract_id: UUID, body: ReviewLine, by: Insider, change: ContractChange, request: Request
) -> Response:
    """Say for one's own department whether a line can be met; a refusal blocks the contract (CON-3)."""
    by = await views.acting(request.app.state.pool, by, body.on_behalf_of, change.at)
    async with change(contract_id) as contract:
        contract.review(body.line, body.can_meet, body.comment, by, change.at, body.department)
    return change.answer


@router.post("/contracts/{contract_id}/approve", response_model=Contract)
async def approve_contract(
    contract_id: UUID, body: Decide, by: Insider, change: ContractChange, request: Request
) -> Response:
    """Approve as the next post of the chain (CON-2, CON-4, CON-7, CON-9, CON-15)."""
    by = await views.acting(request.app.state.pool, by, body.on_behalf_of, change.at)
    async with change(contract_id) as contract:
        contract.approve(body.digest, body.comment, by, change.at)
    return change.answer


@router.post("/contracts/{contract_id}/reject", response_model=Contract)
async def reject_contract(
    contract_id: UUID, body: Decide, by: Insider, change: ContractChange, request: Request
) -> Response:
    """Reject as the next post of the chain; only a change leads further (CON-4, CON-9)."""
    by = await views.acting(request.app.state.pool, by, body.on_behalf_of, change.at)
    async with change(contract_id) as contract:
        contract.reject(body.digest, body.comment, by, change.at)
    return change.answer
