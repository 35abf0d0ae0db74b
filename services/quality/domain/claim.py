"""A quality claim."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

from pydantic import BaseModel

from services.quality.domain.claim_limit import approver_of
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import Approvals, Outcome, content_digest
from shared.domain.money import ZERO, Amount, PositiveAmount
from shared.domain.numbers import number, same_id
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.quality import ClaimApproved, ClaimNegotiated, ClaimProposed, ClaimRejected, ClaimSettled


class Settlement(StrEnum):
    REFUND = "refund"
    REPLACEMENT = "replacement"
    REPAIR = "repair"
    DISCOUNT = "discount"


# Money goes through finance; goods are sent by the warehouse, and mended by technicians.
SETTLERS = {
    Settlement.REFUND: (Post.FINANCE,),
    Settlement.DISCOUNT: (Post.FINANCE,),
    Settlement.REPLACEMENT: (Post.FINANCE, Post.WAREHOUSE),
    Settlement.REPAIR: (Post.FINANCE, Post.TECHNICIAN),
}


class ClaimStatus(StrEnum):
    NEW = "new"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    SETTLED = "settled"


NEW, PROPOSED, APPROVED, REJECTED, SETTLED = ClaimStatus


class Case(NamedTuple):
    """What a claim's investigation says: what the goods cost, and what earlier claims of the case came to, in yuan."""

    goods_value: Decimal | None = None
    earlier: Decimal = ZERO


UNKNOWN = Case()


class Round(BaseModel):
    """协商: one round with the customer: what they ask for, and what we offer for it."""

    round: int
    asked: Amount
    offered: PositiveAmount
    settlement: Settlement
    note: str = ""
    negotiated_by: str
    negotiated_at: datetime


class Claim(Aggregate):
    """质量索赔: what the customer gets for the damage; proposed, negotiated, approved by limit, settled (QUA-5)."""

    TABLE = "claims"
    ENTITY = "claim"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        ClaimProposed: Step({NEW, PROPOSED}, PROPOSED),
        ClaimNegotiated: Step({PROPOSED, APPROVED}, PROPOSED),
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
    goods_value: Amount | None = None
    earlier_claims: Amount = ZERO
    proposed_by: str
    proposed_at: datetime
    rounds: list[Round] = []
    negotiators: list[str] = []
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
        case: Case = UNKNOWN,
    ) -> Self:
        """Propose an amount in yuan; the post whose limit covers the case decides, never the proposer (QUA-5)."""
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
        claim._submit(case, policy, by.people)
        return claim

    def _submit(self, case: Case, policy: Policy, people: Iterable[str]) -> None:
        """Ask whoever the limits name; nobody who worked on it decides."""
        self.goods_value, self.earlier_claims = case.goods_value, case.earlier
        self.negotiators = sorted({*self.negotiators, *people})
        approver = approver_of(self.amount, case.earlier, case.goods_value, policy.quality)
        self.approvals.submit((approver,), self.content_digest, self.negotiators)
        self.record(
            ClaimProposed(
                number=self.number,
                complaint_id=self.complaint_id,
                investigation_id=self.investigation_id,
                amount=self.amount,
                settlement=self.settlement,
                approver=approver,
            )
        )

    @property
    def content_digest(self) -> str:
        """What a decision is bound to."""
        return content_digest(self.model_dump(include={"complaint_id", "amount", "settlement"}))

    def negotiate(
        self,
        asked: Decimal,
        offered: Decimal,
        settlement: Settlement,
        note: str,
        policy: Policy,
        by: Actor,
        at: datetime,
        case: Case = UNKNOWN,
    ) -> None:
        """A round with the customer: they ask, we offer; the offer is decided anew, whatever was before (QUA-5)."""
        event = ClaimNegotiated(
            number=self.number,
            complaint_id=self.complaint_id,
            round=len(self.rounds) + 1,
            asked=asked,
            offered=offered,
            settlement=settlement,
        )
        self.record(event)
        self.approvals.void(at, "negotiated")
        self.decided_by = self.decided_at = None
        self.rounds.append(
            Round(
                round=event.round,
                asked=asked,
                offered=offered,
                settlement=settlement,
                note=note,
                negotiated_by=by.id,
                negotiated_at=at,
            )
        )
        self.amount, self.settlement = offered, settlement
        self._submit(case, policy, by.people | set(self.approvals.excluded) | {self.proposed_by})

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
        """The customer has got it, with the voucher or number that shows it; never said by who proposed it (QUA-5)."""
        settlers = SETTLERS[self.settlement]
        if not by.holds(*settlers):
            raise Forbidden("this is for the posts {posts}", rule="QUA-5", posts=", ".join(settlers))
        if not by.people.isdisjoint(self.approvals.excluded):
            raise RuleBroken("QUA-5", "whoever proposes a claim cannot settle it")
        self.record(
            ClaimSettled(
                number=self.number,
                complaint_id=self.complaint_id,
                amount=self.amount,
                settlement=self.settlement,
                reference=reference,
            )
        )
        self.reference, self.settled_by, self.settled_at = reference, by.id, at
