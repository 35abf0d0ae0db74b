"""A quality claim."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import Approvals, Outcome, content_digest
from shared.domain.money import PositiveAmount
from shared.domain.numbers import number, same_id
from shared.domain.policy import Policy
from shared.domain.refusals import RuleBroken
from shared.events.quality import ClaimApproved, ClaimProposed, ClaimRejected, ClaimSettled


class Settlement(StrEnum):
    REFUND = "refund"
    REPLACEMENT = "replacement"
    REPAIR = "repair"
    DISCOUNT = "discount"


class ClaimStatus(StrEnum):
    NEW = "new"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    SETTLED = "settled"


NEW, PROPOSED, APPROVED, REJECTED, SETTLED = ClaimStatus


class Claim(Aggregate):
    """质量索赔: what the customer gets for the damage; proposed, approved by limit, settled by finance (QUA-5)."""

    TABLE = "claims"
    ENTITY = "claim"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        ClaimProposed: Step({NEW}, PROPOSED),
        ClaimApproved: Step({PROPOSED}, APPROVED),
        ClaimRejected: Step({PROPOSED}, REJECTED),
        ClaimSettled: Step({APPROVED}, SETTLED),
    }

    status: ClaimStatus
    number: str
    complaint_id: UUID
    investigation_id: UUID
    amount: PositiveAmount
    settlement: Settlement
    policy: str
    proposed_by: str
    proposed_at: datetime
    approvals: Approvals = Approvals(rule="QUA-5", digest_rule="QUA-5")
    decided_by: str | None = None
    decided_at: datetime | None = None
    reference: str | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None

    @classmethod
    def propose(
        cls,
        id: UUID,
        complaint_id: UUID,
        amount: Decimal,
        settlement: Settlement,
        policy: Policy,
        by: Actor,
        at: datetime,
    ) -> Self:
        """Propose an amount in yuan; the post whose limit covers it decides, never the proposer (QUA-5)."""
        claim = cls.begin(
            id,
            number=number("SP", id, at),
            complaint_id=complaint_id,
            investigation_id=same_id(complaint_id, "investigation"),
            amount=amount,
            settlement=settlement,
            policy=policy.version,
            proposed_by=by.id,
            proposed_at=at,
        )
        approver = policy.quality.claim_approver(amount)
        claim.approvals.submit((approver,), claim.content_digest, by.people)
        claim.record(
            ClaimProposed(
                number=claim.number,
                complaint_id=complaint_id,
                investigation_id=claim.investigation_id,
                amount=amount,
                settlement=settlement,
                approver=approver,
            )
        )
        return claim

    @property
    def content_digest(self) -> str:
        """What a decision is bound to."""
        return content_digest(self.model_dump(include={"complaint_id", "amount", "settlement"}))

    def approve(self, by: Actor, at: datetime) -> None:
        """The post whose limit covers the amount agrees (QUA-5)."""
        self.approvals.decide(by, self.content_digest, Outcome.APPROVED, at)
        self.record(ClaimApproved(number=self.number, complaint_id=self.complaint_id, amount=self.amount))
        self.decided_by, self.decided_at = by.id, at

    def reject(self, reason: str, by: Actor, at: datetime) -> None:
        """The post whose limit covers the amount says no; another claim may be proposed (QUA-5)."""
        self.approvals.decide(by, self.content_digest, Outcome.REJECTED, at, reason)
        self.record(ClaimRejected(number=self.number, complaint_id=self.complaint_id, reason=reason))
        self.decided_by, self.decided_at = by.id, at

    def settle(self, reference: str, by: Actor, at: datetime) -> None:
        """The customer has got it, says finance with its voucher; never whoever proposed it (QUA-5)."""
        if not by.people.isdisjoint(self.approvals.excluded):
            raise RuleBroken("QUA-5", "whoever proposes a claim cannot settle it")
        self.record(
            ClaimSettled(
                number=self.number, complaint_id=self.complaint_id, amount=self.amount, settlement=self.settlement
            )
        )
        self.reference, self.settled_by, self.settled_at = reference, by.id, at
