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
    evidence: list[str] = []


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
    store: str | None = None
    severity: str | None = None


class SlipCorrected(Event, name="complaints.complaint.slip_corrected.v1"):
    """The slip was entered wrongly: `slip` is what it says, `before` what was entered, if anything was (CMP-3)."""

    number: str
    kind: str
    customer_id: UUID
    slip: Slip
    before: Slip | None = None
    reason: str


class ComplaintGraded(Event, name="complaints.complaint.graded.v1"):
    """Somebody inside has found the case graver than it was taken in (CMP-6, CMP-7)."""

    number: str
    kind: str
    severity: str
    major: bool
    policy: str | None = None


class ComplaintAssigned(Event, name="complaints.complaint.assigned.v1"):
    """This post handles the case in person (CMP-4, CMP-6)."""

    number: str
    kind: str
    post: Post
    person: str | None = None
    policy: str | None = None


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
    policy: str | None = None


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
    policy: str | None = None


class ComplaintEscalated(Event, name="complaints.complaint.escalated.v1"):
    """The next post up the line is called, and must acknowledge by `acknowledge_by` (CMP-7)."""

    number: str
    level: int
    post: Post
    reason: str
    acknowledge_by: datetime | None = None
    policy: str | None = None


class EscalationAcknowledged(Event, name="complaints.complaint.escalation_acknowledged.v1"):
    """Whoever was called has taken the case up; nobody further up is called for now."""

    number: str
    post: Post
    person: str


class EscalationCovered(Event, name="complaints.complaint.escalation_covered.v1"):
    """Whoever holds the called post is away: their deputies are called in their place, at once (CMP-7)."""

    number: str
    level: int
    post: Post
    away: list[str]
    deputies: list[str]
    acknowledge_by: datetime
    policy: str | None = None


class PauseRequested(Event, name="complaints.complaint.pause_requested.v1"):
    """Whoever handles the case asks to stop its clock; a second person decides (CMP-16)."""

    number: str
    reason: str
    person: str


class PauseRefused(Event, name="complaints.complaint.pause_refused.v1"):
    """A second person has said no: the clock goes on (CMP-16)."""

    number: str
    reason: str
    person: str
    policy: str | None = None


class ClockPaused(Event, name="complaints.complaint.clock_paused.v1"):
    """A second person has agreed: the clock stands still until `ends_at` at the latest (CMP-16)."""

    number: str
    reason: str
    person: str
    ends_at: datetime
    policy: str | None = None


class ClockResumed(Event, name="complaints.complaint.clock_resumed.v1"):
    """The clock goes on, and its deadlines have moved by exactly the pause (CMP-16)."""

    number: str
    paused_seconds: int
    respond_by: datetime
    resolve_by: datetime


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
    differences: list[str] = []


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


class SectionFilled(Event, name="complaints.complaint.section_filled.v1"):
    """What quality's investigation tells of a department's task is on the case (CMP-5, CMP-12, CMP-17)."""

    department: Post
    reported: bool


class ActionNoted(Event, name="complaints.complaint.action_noted.v1"):
    """A corrective action of quality's is on the case, to be told to the customer (CMP-13)."""

    action_id: UUID


class CaseHandedOver(Event, name="complaints.complaint.handed_over.v1"):
    """A department has the case from now on, and its own clock runs (CMP-5, CMP-14, CMP-17)."""

    number: str
    kind: str
    from_department: Post
    department: Post
    task: str
    due_at: datetime


class HandoverAccepted(Event, name="complaints.complaint.handover_accepted.v1"):
    """Somebody of the department has taken the case on (CMP-17)."""

    number: str
    department: Post
    person: str


class HandoverReturned(Event, name="complaints.complaint.handover_returned.v1"):
    """The department has sent the case back: it is not theirs (CMP-17)."""

    number: str
    department: Post
    back_to: Post
    reason: str


class DepartmentReported(Event, name="complaints.complaint.department_reported.v1"):
    """The department has done its part, and the case is back with the post that handles it (CMP-14, CMP-17)."""

    number: str
    department: Post
    back_to: Post
    in_time: bool
    seconds: int


class DepartmentMissed(Event, name="complaints.complaint.department_missed.v1"):
    """A department has had the case longer than policy allows (CMP-17)."""

    number: str
    department: Post
    due_at: datetime
    policy: str | None = None


class VisitPlanned(Event, name="complaints.complaint.visit_planned.v1"):
    """Somebody is to go and see the customer and the goods (CMP-9)."""

    number: str
    planned_for: datetime
    people: list[str]


class VisitRecorded(Event, name="complaints.complaint.visit_recorded.v1"):
    """Who went, and when; what was found is on the case (CMP-9)."""

    number: str
    visited_at: datetime
    people: list[str]


class VisitCancelled(Event, name="complaints.complaint.visit_cancelled.v1"):
    """Nobody goes after all (CMP-9)."""

    number: str
    reason: str


class CauseFound(Event, name="complaints.complaint.cause_found.v1"):
    """Whoever handles the case has found out what happened, and why (CMP-8)."""

    number: str
    kind: str
    cause: str


class ResponsibilityEstablished(Event, name="complaints.complaint.responsibility_established.v1"):
    """Who is responsible has been established (经查实); only this may start a penalty (CMP-15)."""

    number: str
    kind: str
    verified: bool
    responsible: list[Responsible]
    policy: str | None = None


class MeasuresProposed(Event, name="complaints.complaint.measures_proposed.v1"):
    """What we offer the customer (CMP-8)."""

    number: str
    measures: str


class CustomerConsented(Event, name="complaints.complaint.customer_consented.v1"):
    """The customer agrees to what was proposed (CMP-8)."""

    number: str


class MeasuresCarriedOut(Event, name="complaints.complaint.carried_out.v1"):
    """What the customer agreed to was done (CMP-8)."""

    number: str
    reference: str


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


class OpinionAnswered(Event, name="complaints.complaint.opinion_answered.v1"):
    """An opinion was answered with what the department concerned says to it (CMP-14)."""

    number: str
    customer_id: UUID
    department: Post


class MeasuresTold(Event, name="complaints.complaint.measures_told.v1"):
    """The customer was told what is done so that it does not happen again (CMP-13)."""

    number: str
    customer_id: UUID
    measures: str


class FollowUpDue(Event, name="complaints.complaint.follow_up_due.v1"):
    """It is time to ask the customer how things are since (CMP-10)."""

    number: str
    customer_id: UUID
    post: Post
    policy: str | None = None


class CustomerFollowedUp(Event, name="complaints.complaint.followed_up.v1"):
    """The customer was asked how things are since (CMP-10)."""

    number: str
    customer_id: UUID
    satisfied: bool


class ComplaintSummedUp(Event, name="complaints.complaint.summed_up.v1"):
    """What the company learns from the case (CMP-8, CMP-13)."""

    number: str
    kind: str
    cause: str
    lesson: str
    prevention: str


class AttemptLogged(Event, name="complaints.complaint.attempt_logged.v1"):
    """Somebody has tried to reach the customer (CMP-11)."""

    number: str
    channel: str


class ComplaintClosed(Event, name="complaints.complaint.closed.v1"):
    """The customer has confirmed, or policy's attempts to ask were logged (CMP-11)."""

    number: str
    customer_id: UUID
    confirmed: bool
    policy: str | None = None


class ComplaintReopened(Event, name="complaints.complaint.reopened.v1"):
    """The customer is not satisfied; the case is open again (CMP-11)."""

    number: str
    reason: str
    times: int
    post: Post | None = None
    person: str | None = None
