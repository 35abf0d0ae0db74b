"""What complaints announces."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import Post
from shared.domain.money import PositiveAmount
from shared.events.event import Event


class Slip(BaseModel):
    """What a quality complaint registers from the invoice or slip (CMP-3)."""

    order_number: str
    article: str
    specification: str
    quantity: PositiveAmount
    grade: str
    colour_number: str
    purchased_on: date


class Responsible(BaseModel):
    """One established responsibility (经查实): a person, their department, how grave (CMP-15)."""

    employee: str
    department: str
    severity: str
    finding: str


class ComplaintFiled(Event, name="complaints.complaint.filed.v1"):
    """A complaint was taken in; its clocks run from `received_at` (CMP-1, CMP-7)."""

    number: str
    kind: str
    channel: str
    customer_id: UUID
    received_at: datetime
    respond_by: datetime
    resolve_by: datetime
    policy: str
    major: bool = False
    slip: Slip | None = None
    about: str | None = None
    branch: str | None = None


class ComplaintAssigned(Event, name="complaints.complaint.assigned.v1"):
    """This post handles the case in person (CMP-4, CMP-6)."""

    number: str
    kind: str
    post: Post
    person: str | None = None


class ComplaintReported(Event, name="complaints.complaint.reported.v1"):
    """A grave service complaint is put before this post as well, without handling it (CMP-6)."""

    number: str
    kind: str
    post: Post


class ComplaintTaken(Event, name="complaints.complaint.taken.v1"):
    """A person has taken the case in hand (CMP-4, CMP-6)."""

    number: str
    post: Post
    person: str


class ComplaintTakenOver(Event, name="complaints.complaint.taken_over.v1"):
    """Another person handles the case from now on."""

    number: str
    post: Post
    person: str
    instead_of: str


class ResponseWarned(Event, name="complaints.complaint.response_warned.v1"):
    """The time for a first response is nearly over (CMP-7)."""

    number: str
    post: Post
    respond_by: datetime


class ResponseMissed(Event, name="complaints.complaint.response_missed.v1"):
    """No evidenced contact in time: a breach, and it stays one (CMP-7)."""

    number: str
    post: Post
    respond_by: datetime


class ResolutionWarned(Event, name="complaints.complaint.resolution_warned.v1"):
    """The time for a resolution is nearly over (CMP-7)."""

    number: str
    post: Post
    resolve_by: datetime


class ResolutionMissed(Event, name="complaints.complaint.resolution_missed.v1"):
    """Not resolved in time: a breach, and it stays one (CMP-7)."""

    number: str
    post: Post
    resolve_by: datetime


class ComplaintEscalated(Event, name="complaints.complaint.escalated.v1"):
    """The next post up the line is called, and must acknowledge by `acknowledge_by` (CMP-7)."""

    number: str
    level: int
    post: Post
    reason: str
    acknowledge_by: datetime | None = None


class EscalationAcknowledged(Event, name="complaints.complaint.escalation_acknowledged.v1"):
    """Whoever was called has taken the case up; nobody further up is called for now."""

    number: str
    post: Post
    person: str


class ComplaintResponded(Event, name="complaints.complaint.responded.v1"):
    """First evidenced contact with the customer (CMP-7, CMP-16)."""

    number: str
    channel: str
    in_time: bool


class InvestigationLinked(Event, name="complaints.complaint.investigation_linked.v1"):
    """Quality investigates this case."""

    investigation_id: UUID


class EvidenceReceived(Event, name="complaints.complaint.evidence_received.v1"):
    """The order's evidence has arrived in the case (ORD-20)."""

    order_number: str
    lots: list[str]


class EvidenceNotFound(Event, name="complaints.complaint.evidence_not_found.v1"):
    """Orders knows no order that fits the slip; the slip must be looked at again."""

    order_number: str


class LiabilityReceived(Event, name="complaints.complaint.liability_received.v1"):
    """Quality has told the case who bears what share (QUA-3)."""

    investigation_id: UUID


class InvestigationConcluded(Event, name="complaints.complaint.investigation_concluded.v1"):
    """Quality has closed its investigation of the case (QUA-4)."""

    investigation_id: UUID
    summary: str


class ResponsibilityEstablished(Event, name="complaints.complaint.responsibility_established.v1"):
    """Who is responsible has been established (经查实); only this may start a penalty (CMP-15)."""

    number: str
    kind: str
    verified: bool
    responsible: list[Responsible]


class MeasuresProposed(Event, name="complaints.complaint.measures_proposed.v1"):
    """What we offer the customer (CMP-8)."""

    number: str
    measures: str


class CustomerConsented(Event, name="complaints.complaint.customer_consented.v1"):
    """The customer agrees to what was proposed (CMP-8)."""

    number: str


class ClaimOutcomeReceived(Event, name="complaints.complaint.claim_outcome_received.v1"):
    """Quality has settled the customer's claim."""

    settlement: str
    amount: str


class ComplaintResolved(Event, name="complaints.complaint.resolved.v1"):
    """What was agreed has been carried out and the customer was told (CMP-8, CMP-10)."""

    number: str
    kind: str
    customer_id: UUID
    in_time: bool
    summary: str


class AttemptLogged(Event, name="complaints.complaint.attempt_logged.v1"):
    """Somebody has tried to reach the customer (CMP-11)."""

    number: str
    channel: str


class ComplaintClosed(Event, name="complaints.complaint.closed.v1"):
    """The customer has confirmed, or policy's attempts to ask were logged (CMP-11)."""

    number: str
    customer_id: UUID
    confirmed: bool


class ComplaintReopened(Event, name="complaints.complaint.reopened.v1"):
    """The customer is not satisfied; the case is open again (CMP-11)."""

    number: str
    reason: str
    times: int
