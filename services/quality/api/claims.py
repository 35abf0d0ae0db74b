"""Quality claims: proposed, approved by limit, settled."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field

from services.quality import views
from services.quality.api.asking import Approver, Proposer, Settler
from services.quality.domain.claim import Claim, Settlement
from shared.domain.money import Amount, PositiveAmount
from shared.web.asking import Body, Insider, Name, Reason
from shared.web.change import Change, change_of
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(prefix="/claims", tags=["claims"])

ClaimChange = Annotated[Change[Claim], Depends(change_of(Claim))]


class ProposeClaim(Body):
    complaint_id: UUID
    amount: PositiveAmount
    settlement: Settlement


class Negotiate(Body):
    """One round: what the customer asks for, and what we offer for it, both in yuan."""

    asked: Amount
    offered: PositiveAmount
    settlement: Settlement
    note: Annotated[str, Field(max_length=2000)] = ""


class Settle(Body):
    """`reference` is the voucher, or the number of the order sent instead or of the repair."""

    reference: Name


@router.post("", status_code=201, response_model=Claim)
async def propose_claim(body: ProposeClaim, by: Proposer, change: ClaimChange, request: Request) -> Response:
    """Propose what the customer of an investigated complaint gets for the damage (QUA-5)."""
    case = await views.claimed_case(request.app.state.pool, body.complaint_id)
    return await change.save(
        Claim.propose(
            change.new_id(), body.complaint_id, body.amount, body.settlement, change.policy, by, change.at, case
        )
    )


@router.get("")
async def list_claims(request: Request, insider: Insider, page: Paged, complaint_id: UUID | None = None) -> Response:
    """Claims, newest first; of one complaint if it is named."""
    claims = partial(views.claims, request.app.state.pool, complaint_id=complaint_id)
    return await listed(request, page, claims, Claim)


@router.get("/{claim_id}", response_model=Claim)
async def show_claim(claim_id: UUID, request: Request, insider: Insider) -> Response:
    """One claim."""
    row = await views.one(request.app.state.pool, views.CLAIM, "claim", claim_id)
    return document(row["document"], row["version"])


@router.post("/{claim_id}/negotiate", response_model=Claim)
async def negotiate_claim(
    claim_id: UUID, body: Negotiate, by: Proposer, change: ClaimChange, request: Request
) -> Response:
    """A round with the customer; what we offer from now on is decided anew (QUA-5)."""
    async with change(claim_id) as claim:
        case = await views.claimed_case(request.app.state.pool, claim.complaint_id, claim_id)
        policy = await change.policy_of(claim.policy, claim.proposed_at)
        claim.negotiate(body.asked, body.offered, body.settlement, body.note, policy, by, change.at, case)
    return change.answer


@router.post("/{claim_id}/approve", response_model=Claim)
async def approve_claim(claim_id: UUID, by: Approver, change: ClaimChange) -> Response:
    """The post whose limit covers the amount agrees; never the proposer (QUA-5)."""
    async with change(claim_id) as claim:
        claim.approve(by, change.at)
    return change.answer


@router.post("/{claim_id}/reject", response_model=Claim)
async def reject_claim(claim_id: UUID, body: Reason, by: Approver, change: ClaimChange) -> Response:
    """The post whose limit covers the amount says no (QUA-5)."""
    async with change(claim_id) as claim:
        claim.reject(body.reason, by, change.at)
    return change.answer


@router.post("/{claim_id}/settle", response_model=Claim)
async def settle_claim(claim_id: UUID, body: Settle, by: Settler, change: ClaimChange) -> Response:
    """The customer has got it; never said by whoever proposed it (QUA-5)."""
    async with change(claim_id) as claim:
        claim.settle(body.reference, by, change.at)
    return change.answer
