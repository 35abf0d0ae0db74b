"""Quality claims: proposed, approved by limit, settled."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from services.quality import views
from services.quality.api.asking import Approver, Finance, Proposer
from services.quality.domain.claim import Claim, Settlement
from shared.domain.money import PositiveAmount
from shared.domain.numbers import same_id
from shared.web.asking import Body, Insider, Name, Reason
from shared.web.change import Change, change_of
from shared.web.paging import Paged, document, listing
from shared.web.routes import Routes

router = Routes(prefix="/claims", tags=["claims"])

ClaimChange = Annotated[Change[Claim], Depends(change_of(Claim))]


class ProposeClaim(Body):
    complaint_id: UUID
    amount: PositiveAmount
    settlement: Settlement


class Settle(Body):
    """`reference` is finance's voucher, or the number of what was sent instead."""

    reference: Name


@router.post("", status_code=201, response_model=Claim)
async def propose_claim(body: ProposeClaim, by: Proposer, change: ClaimChange, request: Request) -> Response:
    """Propose what the customer of an investigated complaint gets for the damage (QUA-5)."""
    investigation_id = same_id(body.complaint_id, "investigation")
    await views.one(request.app.state.pool, views.INVESTIGATION, "investigation", investigation_id)
    return await change.save(
        Claim.propose(change.new_id(), body.complaint_id, body.amount, body.settlement, change.policy, by, change.at)
    )


@router.get("")
async def list_claims(request: Request, insider: Insider, page: Paged, complaint_id: UUID | None = None) -> Response:
    """Claims, newest first; of one complaint if it is named."""
    return listing(await views.claims(request.app.state.pool, page, complaint_id=complaint_id), page)


@router.get("/{claim_id}", response_model=Claim)
async def show_claim(claim_id: UUID, request: Request, insider: Insider) -> Response:
    """One claim."""
    row = await views.one(request.app.state.pool, views.CLAIM, "claim", claim_id)
    return document(row["document"], row["version"])


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
async def settle_claim(claim_id: UUID, body: Settle, by: Finance, change: ClaimChange) -> Response:
    """The customer has got it; never said by whoever proposed it (QUA-5)."""
    async with change(claim_id) as claim:
        claim.settle(body.reference, by, change.at)
    return change.answer
