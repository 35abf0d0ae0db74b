"""What other departments tell a case: the goods' evidence, the investigation, the customer's claim."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from services.complaints.domain.slip import Correction, Difference, compare
from services.complaints.domain.timed_case import TimedCase
from shared.domain.actor import Post
from shared.domain.money import Amount
from shared.events.complaints import (
    ActionNoted,
    ClaimOutcomeReceived,
    EvidenceNotFound,
    EvidenceReceived,
    InvestigationConcluded,
    InvestigationLinked,
    LiabilityReceived,
    SectionFilled,
    Slip,
)
from shared.events.orders import EvidenceCompiled, IssuedGoods, OrderedLine
from shared.events.quality import ClaimSettled, CorrectiveActionOpened, Share


class Evidence(BaseModel):
    """What orders knows of the goods: lines, lots, dates, people (ORD-20); where the slip says otherwise (CMP-3)."""

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
    differences: list[Difference] = []

    @classmethod
    def of(cls, order_id: UUID, told: EvidenceCompiled, slip: Slip | None) -> Self:
        kept = cls(order_id=order_id, **told.model_dump(include=set(cls.model_fields)))
        kept.compare_with(slip)
        return kept

    def compare_with(self, slip: Slip | None) -> None:
        """Nothing differs from a slip that names another order, or none: it is not about these goods."""
        self.differences = compare(slip, self) if slip and slip.order_number == self.number else []


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


class Section(BaseModel):
    """A department's section of quality's form: its task and deadline, then what it found (CMP-5, CMP-12, CMP-17).

    Which of the two comes first is not said: they are different events, and may be told again.
    """

    department: Post
    assigned_at: datetime | None = None
    due_at: datetime | None = None
    reported_at: datetime | None = None
    reported_by: str | None = None
    cause: str | None = None
    finding: str | None = None

    @property
    def in_time(self) -> bool | None:
        """Whether the department reported in time; None as long as that cannot be told."""
        return None if self.due_at is None or self.reported_at is None else self.reported_at <= self.due_at


class Action(BaseModel):
    """What is done so that it does not happen again, as quality has told it (QUA-4, CMP-13)."""

    action_id: UUID
    measure: str
    owner: str
    due_at: datetime


class InvestigatedCase(TimedCase):
    """A case with its file. What is told may come in any order, again, and after the case was closed."""

    slip: Slip | None = None
    corrections: list[Correction] = []
    evidence: list[Evidence] = []
    evidence_missing: list[str] = []
    investigation: Investigation | None = None
    sections: list[Section] = []
    actions: list[Action] = []
    claims: list[ClaimOutcome] = []

    def keep_evidence(self, order_id: UUID, told: EvidenceCompiled) -> None:
        """The evidence of the order that the slip names; where the slip says otherwise is found, not lost (CMP-3)."""
        if any(kept.order_id == order_id for kept in self.evidence):
            return
        kept = Evidence.of(order_id, told, self.slip)
        self.evidence.append(kept)
        lots = sorted({goods.lot for goods in told.goods})
        differing = [difference.field for difference in kept.differences]
        self.record(EvidenceReceived(order_number=told.number, lots=lots, differences=differing))

    def replace_slip(self, slip: Slip, correction: Correction) -> None:
        """The slip says something else; what was entered before stays on record, as does what orders told (CMP-3)."""
        self.corrections.append(correction)
        self.slip = slip
        for kept in self.evidence:
            kept.compare_with(slip)

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

    def note_task(self, department: Post, due_at: datetime, assigned_at: datetime) -> None:
        """A department has to find the cause by its own deadline (CMP-5, CMP-17)."""
        section = self._section(department)
        if section.due_at != due_at:
            section.assigned_at, section.due_at = assigned_at, due_at
            self.record(SectionFilled(department=department, reported=section.reported_at is not None))

    def note_finding(self, department: Post, cause: str, finding: str, by: str, at: datetime) -> None:
        """A department has filled its section of the form (CMP-12)."""
        section = self._section(department)
        told = {"cause": cause, "finding": finding}
        if section.model_dump(include=set(told)) != told:
            section.cause, section.finding, section.reported_by, section.reported_at = cause, finding, by, at
            self.record(SectionFilled(department=department, reported=True))

    def note_action(self, told: CorrectiveActionOpened) -> None:
        """Quality has somebody put the cause right: what the customer is told of (CMP-13)."""
        if any(action.action_id == told.action_id for action in self.actions):
            return
        self.actions.append(Action.model_validate(told, from_attributes=True))
        self.record(ActionNoted(action_id=told.action_id))

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

    def _section(self, department: Post) -> Section:
        known = next((section for section in self.sections if section.department is department), None)
        if known is None:
            known = Section(department=department)
            self.sections.append(known)
        return known

    def _investigated(self, investigation_id: UUID, number: str) -> Investigation:
        self.link_investigation(investigation_id, number)
        assert self.investigation is not None  # noqa: S101 - linked above
        return self.investigation
