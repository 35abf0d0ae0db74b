"""What other departments tell a case: the goods' evidence, the investigation, the customer's claim."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from services.complaints.domain.timed_case import TimedCase
from shared.domain.money import Amount
from shared.events.complaints import (
    ClaimOutcomeReceived,
    EvidenceNotFound,
    EvidenceReceived,
    InvestigationConcluded,
    InvestigationLinked,
    LiabilityReceived,
)
from shared.events.orders import EvidenceCompiled, IssuedGoods, OrderedLine
from shared.events.quality import ClaimSettled, Share


class Evidence(BaseModel):
    """What orders knows of the goods: lines, lots, dates, people (ORD-20)."""

    order_id: UUID
    number: str
    customer_id: UUID
    lines: list[OrderedLine]
    goods: list[IssuedGoods]
    placed_at: datetime
    dispatched_at: datetime | None
    delivered_at: datetime | None
    total: Amount
    people: dict[str, str]

    @classmethod
    def of(cls, order_id: UUID, told: EvidenceCompiled) -> Self:
        return cls(order_id=order_id, **told.model_dump(include=set(cls.model_fields)))


class Investigation(BaseModel):
    """Quality's investigation of the case, as far as quality has told it."""

    id: UUID
    number: str
    liability: list[Share] = []
    summary: str | None = None


class ClaimOutcome(BaseModel):
    """What the customer got for the damage, in yuan (QUA-5)."""

    claim_id: UUID
    number: str
    settlement: str
    amount: Amount


class InvestigatedCase(TimedCase):
    """A case with its file. What is told may come in any order, again, and after the case was closed."""

    evidence: list[Evidence] = []
    evidence_missing: list[str] = []
    investigation: Investigation | None = None
    claims: list[ClaimOutcome] = []

    def keep_evidence(self, order_id: UUID, told: EvidenceCompiled) -> None:
        """The evidence of the order that the slip names."""
        if any(kept.order_id == order_id for kept in self.evidence):
            return
        self.evidence.append(Evidence.of(order_id, told))
        self.record(EvidenceReceived(order_number=told.number, lots=sorted({goods.lot for goods in told.goods})))

    def note_missing_evidence(self, order_number: str) -> None:
        """No order fits the slip; somebody has to look at it again."""
        if order_number in self.evidence_missing:
            return
        self.evidence_missing.append(order_number)
        self.record(EvidenceNotFound(order_number=order_number))

    def link_investigation(self, investigation_id: UUID, number: str) -> None:
        """Quality investigates this case."""
        if self.investigation is None:
            self.investigation = Investigation(id=investigation_id, number=number)
            self.record(InvestigationLinked(investigation_id=investigation_id))

    def note_liability(self, investigation_id: UUID, number: str, shares: list[Share]) -> None:
        """Who bears what share, as quality has established it."""
        investigation = self._investigated(investigation_id, number)
        if investigation.liability != shares:
            investigation.liability = shares
            self.record(LiabilityReceived(investigation_id=investigation_id))

    def note_conclusion(self, investigation_id: UUID, number: str, summary: str) -> None:
        """Quality has closed the investigation."""
        investigation = self._investigated(investigation_id, number)
        if investigation.summary != summary:
            investigation.summary = summary
            self.record(InvestigationConcluded(investigation_id=investigation_id, summary=summary))

    def note_claim(self, claim_id: UUID, told: ClaimSettled) -> None:
        """The customer's claim is settled."""
        if any(claim.claim_id == claim_id for claim in self.claims):
            return
        outcome = ClaimOutcome(claim_id=claim_id, number=told.number, settlement=told.settlement, amount=told.amount)
        self.claims.append(outcome)
        self.record(ClaimOutcomeReceived(settlement=outcome.settlement, amount=str(outcome.amount)))

    def _investigated(self, investigation_id: UUID, number: str) -> Investigation:
        self.link_investigation(investigation_id, number)
        assert self.investigation is not None  # noqa: S101 - linked above
        return self.investigation
