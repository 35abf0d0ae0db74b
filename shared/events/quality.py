"""What quality announces."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, JsonValue

from shared.domain.actor import Post
from shared.domain.money import Amount
from shared.events.event import Event


class Share(BaseModel):
    """One party's share of the liability, in percent; a person where one is responsible (QUA-3)."""

    department: Post
    employee: str | None = None
    percent: int
    severity: str


class InvestigationOpened(Event, name="quality.investigation.opened.v1"):
    """A quality complaint is investigated, once (QUA-1)."""

    number: str
    complaint_id: UUID
    article: str | None = None


class ComplaintRegistered(Event, name="quality.investigation.complaint_registered.v1"):
    """The complaint has come in with what its slip names; evidence may have opened the investigation before (QUA-1)."""

    complaint_number: str
    order_number: str | None = None
    article: str | None = None


class GoodsTraced(Event, name="quality.investigation.goods_traced.v1"):
    """Orders has told which lots the goods come from; none where nothing has left yet (QUA-1)."""

    complaint_id: UUID
    order_number: str
    lots: list[str]


class LotHoldOrdered(Event, name="quality.investigation.lot_hold_ordered.v1"):
    """Nothing of these lots may leave until the hold is lifted (QUA-1)."""

    complaint_id: UUID
    lot_ids: list[UUID]


class LotReleaseOrdered(Event, name="quality.investigation.lot_release_ordered.v1"):
    """The hold on these lots is lifted."""

    complaint_id: UUID
    lot_ids: list[UUID]
    reason: str


class DepartmentTaskAssigned(Event, name="quality.investigation.task_assigned.v1"):
    """A department has to find the cause in its section of the form, by `due_at` (QUA-2, CMP-5)."""

    number: str
    complaint_id: UUID
    department: Post
    due_at: datetime


class DepartmentTaskMissed(Event, name="quality.investigation.task_missed.v1"):
    """A department has not reported in time (QUA-2)."""

    number: str
    department: Post
    due_at: datetime


class FindingRecorded(Event, name="quality.investigation.finding_recorded.v1"):
    """A department has filled its section (QUA-2, QUA-3)."""

    complaint_id: UUID
    department: Post
    cause: str
    finding: str


class DepartmentTaskExtended(Event, name="quality.investigation.task_extended.v1"):
    """A department has until `due_at` now, for a reason (QUA-2)."""

    number: str
    complaint_id: UUID
    department: Post
    due_at: datetime
    reason: str


class SectionRecorded(Event, name="quality.investigation.section_recorded.v1"):
    """A section of the 8D was filled or filled anew: team, problem, containment, prevention (QUA-3)."""

    section: str
    entry: dict[str, JsonValue]


class CauseEstablished(Event, name="quality.investigation.cause_established.v1"):
    """The root cause, from the catalogue, by a method whose steps are kept (QUA-3)."""

    number: str
    complaint_id: UUID
    article: str | None = None
    cause: str
    method: str
    severity: str


class LiabilityEstablished(Event, name="quality.investigation.liability_established.v1"):
    """Who bears what share; the shares add up to 100 % (QUA-3)."""

    number: str
    complaint_id: UUID
    shares: list[Share]


class LiabilityRevised(Event, name="quality.investigation.liability_revised.v1"):
    """Later findings changed who bears what; `graver` are the people who bear a graver share now (QUA-3)."""

    number: str
    complaint_id: UUID
    shares: list[Share]
    graver: list[str]
    reason: str


class CorrectiveActionOpened(Event, name="quality.investigation.action_opened.v1"):
    """Somebody has to put the cause right by a date (QUA-4)."""

    complaint_id: UUID
    action_id: UUID
    owner: str
    due_at: datetime
    measure: str
    department: Post | None = None
    kind: str = "corrective"
    replaces: UUID | None = None


class CorrectiveActionDone(Event, name="quality.investigation.action_done.v1"):
    """The owner says it is done; another person checks the effect (QUA-4)."""

    action_id: UUID


class EffectCheckDue(Event, name="quality.investigation.effect_check_due.v1"):
    """The set time since the deed is over: somebody else than its owner looks at the effect now (QUA-4)."""

    number: str
    complaint_id: UUID
    action_id: UUID
    owner: str
    department: Post | None = None


class ActionEffectChecked(Event, name="quality.investigation.action_checked.v1"):
    """Another person has checked the effect of an action (QUA-4)."""

    action_id: UUID
    effective: bool


class ClaimProposed(Event, name="quality.claim.proposed.v1"):
    """What the customer is to get for the damage; `approver` decides (QUA-5)."""

    number: str
    complaint_id: UUID
    investigation_id: UUID
    amount: Amount
    settlement: str
    approver: Post


class ClaimNegotiated(Event, name="quality.claim.negotiated.v1"):
    """A round with the customer: what they ask for, and what we offer from now on; it is decided anew (QUA-5)."""

    number: str
    complaint_id: UUID
    round: int
    asked: Amount
    offered: Amount
    settlement: str


class ClaimApproved(Event, name="quality.claim.approved.v1"):
    """The post whose limit covers the amount has agreed (QUA-5)."""

    number: str
    complaint_id: UUID
    amount: Amount


class ClaimRejected(Event, name="quality.claim.rejected.v1"):
    """The post whose limit covers the amount has said no (QUA-5)."""

    number: str
    complaint_id: UUID
    reason: str


class ClaimSettled(Event, name="quality.claim.settled.v1"):
    """The customer has got it (QUA-5)."""

    number: str
    complaint_id: UUID
    amount: Amount
    settlement: str
    reference: str | None = None


class InvestigationClosed(Event, name="quality.investigation.closed.v1"):
    """Every action is done and its effect checked (QUA-4)."""

    number: str
    complaint_id: UUID
    summary: str


class InvestigationReopened(Event, name="quality.investigation.reopened.v1"):
    """The trouble is back, or the customer is not satisfied: the case is open again, for so many times (QUA-4)."""

    number: str
    complaint_id: UUID
    reason: str
    times: int
    recurred_in: UUID | None = None


class CertificateIssued(Event, name="quality.certificate.issued.v1"):
    """A quality certificate (质保书) covers these lots (QUA-6)."""

    number: str
    order_number: str
    lots: list[str]
    order_id: UUID | None = None


class CertificateShipped(Event, name="quality.certificate.shipped.v1"):
    """The one shipment that the certificate went with; `uncovered` are its lots that it does not vouch for (QUA-6)."""

    number: str
    order_number: str
    shipment_id: UUID
    uncovered: list[str]


class CertificateWithdrawn(Event, name="quality.certificate.withdrawn.v1"):
    """The certificate vouches for nothing any more; nothing had left with it (QUA-6)."""

    number: str
    order_number: str
    reason: str


class SampleRequested(Event, name="quality.sample.requested.v1"):
    """A customer is to get a sample (样品); quality takes it (QUA-7)."""

    number: str
    customer_id: UUID
    article: str


class SampleTaken(Event, name="quality.sample.taken.v1"):
    """An inspector has taken the sample from a lot (QUA-7)."""

    number: str
    lot: str


class SampleSent(Event, name="quality.sample.sent.v1"):
    """The sample is on its way to the customer (QUA-7)."""

    number: str
    customer_id: UUID
    carrier: str


class SampleAnswered(Event, name="quality.sample.answered.v1"):
    """What the customer says of the sample (QUA-7)."""

    number: str
    customer_id: UUID
    satisfied: bool


class SampleDeclined(Event, name="quality.sample.declined.v1"):
    """There will be no sample (QUA-7)."""

    number: str
    reason: str


class StandardDrafted(Event, name="quality.standard.drafted.v1"):
    """A new edition of an inspection standard waits for approval; the digest of its text, never the text (QUA-8)."""

    code: str
    edition: int
    digest: str


class StandardApproved(Event, name="quality.standard.approved.v1"):
    """Another person has approved the edition; inspections follow it from now on (QUA-8)."""

    code: str
    edition: int
    digest: str


class StandardReadersNamed(Event, name="quality.standard.readers_named.v1"):
    """These posts may read the standard from now on (QUA-8)."""

    code: str
    readers: list[Post]


class StandardReadingRefused(Event, name="quality.standard_reading.refused.v1"):
    """Somebody who may not read a confidential standard has tried to: who, which edition if named, and why (QUA-8)."""

    standard_id: UUID
    code: str
    edition: int | None = None
    reader: str
    why: str


class StandardRead(Event, name="quality.standard_reading.logged.v1"):
    """Somebody has read a confidential standard: who, which edition and why (QUA-8)."""

    standard_id: UUID
    code: str
    edition: int
    reader: str
    why: str
