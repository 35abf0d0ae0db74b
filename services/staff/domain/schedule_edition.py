"""An edition of the penalty schedule: written by one, approved by another."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from services.staff.domain.schedule import Entry, Schedule
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.numbers import SHANGHAI, number
from shared.domain.refusals import RuleBroken
from shared.events.staff import ScheduleApproved, ScheduleDrafted, ScheduleRejected


class EditionStatus(StrEnum):
    NEW = "new"
    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"


NEW, DRAFT, APPROVED, REJECTED = EditionStatus


class ScheduleEdition(Aggregate):
    """处罚标准的一个版本: whole, in force for what is established from `effective_on` on (STF-6)."""

    TABLE = "penalty_schedules"
    ENTITY = "penalty_schedule"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        ScheduleDrafted: Step({NEW}, DRAFT),
        ScheduleApproved: Step({DRAFT}, APPROVED),
        ScheduleRejected: Step({DRAFT}, REJECTED),
    }

    status: EditionStatus
    number: str
    own_quotes_a_month: int
    entries: list[Entry]
    effective_on: date
    drafted_by: str
    drafted_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None

    @classmethod
    def draft(cls, identity: UUID, schedule: Schedule, effective_on: date, by: Actor, at: datetime) -> Self:
        """Write an edition; nothing of it holds yet (STF-6)."""
        edition = cls.begin(
            identity,
            number=number("CB", identity, at),
            own_quotes_a_month=schedule.own_quotes_a_month,
            entries=list(schedule.entries),
            effective_on=effective_on,
            drafted_by=by.id,
            drafted_at=at,
        )
        edition.record(ScheduleDrafted(number=edition.number, effective_on=effective_on))
        return edition

    def approve(self, by: Actor, at: datetime) -> None:
        """Another person agrees; what has happened before today keeps the edition it had (STF-6)."""
        self.require(ScheduleApproved)
        if self.drafted_by in by.people:
            raise RuleBroken("STF-6", "whoever drafts a schedule does not approve it")
        if self.effective_on < at.astimezone(SHANGHAI).date():
            raise RuleBroken("STF-6", "a schedule does not take effect in the past")
        self.decided_by, self.decided_at = by.id, at
        self.record(ScheduleApproved(number=self.number, effective_on=self.effective_on, approved_by=by.id))

    def reject(self, reason: str, by: Actor, at: datetime) -> None:
        """Another person does not agree (STF-6)."""
        self.decided_by, self.decided_at, self.reason = by.id, at, reason
        self.record(ScheduleRejected(number=self.number, reason=reason))
