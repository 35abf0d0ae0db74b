"""What staff announces."""

from datetime import datetime
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


class PenaltyProposed(Event, name="staff.penalty.proposed.v1"):
    """The schedule prescribes this for an established responsibility; a person decides (STF-6, STF-8)."""

    number: str
    employee: str
    cause_id: UUID
    clause: str
    violation: str
    measures: list[str]
    low: Amount | None = None
    high: Amount | None = None
    deciders: list[Post]


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


class PenaltyNoticed(Event, name="staff.penalty.noticed.v1"):
    """The notice has reached the employee (STF-8)."""

    number: str
    employee: str
    message_id: UUID


class PenaltyDropped(Event, name="staff.penalty.dropped.v1"):
    """A person has decided that there is no penalty (STF-8)."""

    number: str
    employee: str
    cause_id: UUID
    reason: str
