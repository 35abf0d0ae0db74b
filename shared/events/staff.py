"""What staff announces."""

from datetime import date, datetime
from uuid import UUID

from shared.domain.actor import Post
from shared.domain.money import Amount
from shared.events.event import Event


class EmployeeJoined(Event, name="staff.employee.joined.v1"):
    """Somebody holds a post (STF-1)."""

    code: str
    name: str
    posts: list[Post]
    department: str
    branch: str | None = None
    store: str | None = None
    superior: str | None = None


class EmployeeAppointed(Event, name="staff.employee.appointed.v1"):
    """Somebody is to hold one more post from a day on, for good or until another day (STF-1)."""

    code: str
    post: Post
    since: date
    until: date | None = None


class AppointmentEnded(Event, name="staff.employee.appointment_ended.v1"):
    """The last day on which somebody holds a post has been set (STF-1)."""

    code: str
    post: Post
    until: date


class PostsChanged(Event, name="staff.employee.posts_changed.v1"):
    """These are the posts somebody holds from now on (STF-1)."""

    code: str
    posts: list[Post]


class EmployeeTransferred(Event, name="staff.employee.transferred.v1"):
    """Somebody works in another place or under another superior from now on (STF-1)."""

    code: str
    department: str
    branch: str
    store: str | None = None
    superior: str | None = None


class EmployeeLeft(Event, name="staff.employee.left.v1"):
    """Somebody has left the company and holds no post any more (STF-1)."""

    code: str
    left_on: date


class CommitteeJoined(Event, name="staff.employee.committee_joined.v1"):
    """Somebody sits on a committee (STF-1)."""

    code: str
    committee: str
    role: str


class CommitteeLeft(Event, name="staff.employee.committee_left.v1"):
    """Somebody sits on a committee no longer (STF-1)."""

    code: str
    committee: str


class AbsencePlanned(Event, name="staff.absence.planned.v1"):
    """Somebody will be away for a time, and another person stands in (STF-1)."""

    employee: str
    deputy: str
    begins_at: datetime
    ends_at: datetime


class AbsenceBegan(Event, name="staff.absence.began.v1"):
    """Somebody is away: what is for them goes to the deputy until the absence has ended (STF-1, CON-15)."""

    employee: str
    deputy: str
    posts: list[Post]
    branch: str | None = None
    ends_at: datetime


class AbsenceEnded(Event, name="staff.absence.ended.v1"):
    """Somebody who was away is back; nobody stands in any more (STF-1)."""

    employee: str
    deputy: str


class AbsenceCancelled(Event, name="staff.absence.cancelled.v1"):
    """Somebody is not going to be away after all (STF-1)."""

    employee: str
    deputy: str


class ScheduleDrafted(Event, name="staff.penalty_schedule.drafted.v1"):
    """An edition of the penalty schedule was written; nothing of it holds yet (STF-6)."""

    number: str
    effective_on: date


class ScheduleApproved(Event, name="staff.penalty_schedule.approved.v1"):
    """An edition of the penalty schedule holds for what is established from its day on (STF-6)."""

    number: str
    effective_on: date
    approved_by: str


class ScheduleRejected(Event, name="staff.penalty_schedule.rejected.v1"):
    """An edition of the penalty schedule was not approved (STF-6)."""

    number: str
    reason: str


class ConductReported(Event, name="staff.conduct_case.reported.v1"):
    """Somebody, or a store (`store:` and its name), may have broken the rules of conduct (STF-11)."""

    number: str
    violation: str
    subject: str
    branch: str | None = None


class ConductEvidenceAdded(Event, name="staff.conduct_case.evidence_added.v1"):
    """More has come to light about a conduct case (STF-11)."""

    number: str


class ConductEstablished(Event, name="staff.conduct_case.established.v1"):
    """A second person has established the violation; a penalty is proposed (STF-11)."""

    number: str
    violation: str
    subject: str
    severity: str
    finding: str


class ConductDismissed(Event, name="staff.conduct_case.dismissed.v1"):
    """A second person has found that there was no violation (STF-11)."""

    number: str
    violation: str
    subject: str


class PenaltyProposed(Event, name="staff.penalty.proposed.v1"):
    """The schedule prescribes this for an established responsibility; a person decides (STF-6, STF-8).

    `employee` of a penalty on a store is `store:` and its name; `supplement` counts penalties that were added to an
    earlier one for the same cause.
    """

    number: str
    employee: str
    cause_id: UUID
    clause: str
    violation: str
    measures: list[str]
    low: Amount | None = None
    high: Amount | None = None
    deciders: list[Post]
    store: str | None = None
    severity: str | None = None
    policy: str | None = None
    schedule: str | None = None
    repeats: int = 0
    supplement: int = 0


class PenaltyWithdrawn(Event, name="staff.penalty.withdrawn.v1"):
    """Something graver was established before anybody decided: the proposal is made anew (STF-8)."""

    number: str
    employee: str
    cause_id: UUID
    reason: str


class PenaltyApproved(Event, name="staff.penalty.approved.v1"):
    """The first of the deciders a dismissal needs has agreed; another one has to (STF-8)."""

    number: str
    employee: str
    measures: list[str]
    approved_by: str


class PenaltyDecided(Event, name="staff.penalty.decided.v1"):
    """A person has decided inside the range; the employee may appeal until `appeal_by` (STF-7, STF-8)."""

    number: str
    employee: str
    cause_id: UUID
    clause: str
    violation: str
    measures: list[str]
    fine: Amount
    as_deduction: bool
    appeal_by: datetime
    store: str | None = None
    branch: str | None = None
    policy: str | None = None
    decided_by: list[str] = []


class PenaltyNoticed(Event, name="staff.penalty.noticed.v1"):
    """The notice has reached the employee (STF-8)."""

    number: str
    employee: str
    message_id: UUID
    appeal_by: datetime | None = None


class PenaltyDropped(Event, name="staff.penalty.dropped.v1"):
    """A person has decided that there is no penalty (STF-8)."""

    number: str
    employee: str
    cause_id: UUID
    reason: str


class PenaltyAppealed(Event, name="staff.penalty.appealed.v1"):
    """The person concerned appeals; one of `deciders` who has not decided before decides (STF-8)."""

    number: str
    employee: str
    deciders: list[Post]


class AppealDecided(Event, name="staff.penalty.appeal_decided.v1"):
    """Somebody who had not decided before has; `outcome` is upheld, reduced or revoked (STF-8)."""

    number: str
    employee: str
    outcome: str
    measures: list[str]
    fine: Amount
    as_deduction: bool = False
    clause: str | None = None
    policy: str | None = None
    decided_by: str


class PenaltyFinal(Event, name="staff.penalty.final.v1"):
    """There is no appeal any more: the penalty may be carried out, and public criticism made public (STF-8, NOT-4)."""

    number: str
    employee: str
    measures: list[str]
    fine: Amount
    as_deduction: bool
    clause: str | None = None
    violation: str | None = None


class PenaltyExecuted(Event, name="staff.penalty.executed.v1"):
    """The penalty was carried out, as `reference` shows (STF-8)."""

    number: str
    employee: str
    measures: list[str]
    fine: Amount
    as_deduction: bool
    reference: str


class PenaltyRevoked(Event, name="staff.penalty.revoked.v1"):
    """The penalty was taken back, on appeal or by a higher post; what was taken goes back (STF-8)."""

    number: str
    employee: str
    fine: Amount
    executed: bool
    reason: str


class RewardProposed(Event, name="staff.reward.proposed.v1"):
    """Somebody is to be commended, or to get a bonus or a commission (STF-9)."""

    number: str
    employee: str
    kind: str
    amount: Amount
    proposed_by: str


class RewardApproved(Event, name="staff.reward.approved.v1"):
    """Another person has agreed to a reward (STF-9)."""

    number: str
    employee: str
    kind: str
    amount: Amount
    reason: str
    approved_by: str


class RewardRejected(Event, name="staff.reward.rejected.v1"):
    """Another person has not agreed to a reward (STF-9)."""

    number: str
    employee: str
    reason: str


class RewardPaid(Event, name="staff.reward.paid.v1"):
    """The money of a reward was paid, as `reference` shows (STF-9)."""

    number: str
    employee: str
    amount: Amount
    reference: str
