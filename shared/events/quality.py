"""What quality announces."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

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


class LiabilityEstablished(Event, name="quality.investigation.liability_established.v1"):
    """Who bears what share; the shares add up to 100 % (QUA-3)."""

    number: str
    complaint_id: UUID
    shares: list[Share]


class CorrectiveActionOpened(Event, name="quality.investigation.action_opened.v1"):
    """Somebody has to put the cause right by a date (QUA-4)."""

    complaint_id: UUID
    action_id: UUID
    owner: str
    due_at: datetime
    measure: str
    department: Post | None = None


class CorrectiveActionDone(Event, name="quality.investigation.action_done.v1"):
    """The owner says it is done; another person checks the effect (QUA-4)."""

    action_id: UUID


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


class InvestigationClosed(Event, name="quality.investigation.closed.v1"):
    """Every action is done and its effect checked (QUA-4)."""

    number: str
    complaint_id: UUID
    summary: str


class CertificateIssued(Event, name="quality.certificate.issued.v1"):
    """A quality certificate (质保书) covers these lots (QUA-6)."""

    number: str
    order_number: str
    lots: list[str]
