"""An absence, and who stands in."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from services.staff.domain.employee import Employee, EmployeeStatus
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.staff import AbsenceBegan, AbsenceCancelled, AbsenceEnded, AbsencePlanned

LONGEST = timedelta(days=366)


class AbsenceStatus(StrEnum):
    NEW = "new"
    PLANNED = "planned"
    AWAY = "away"
    ENDED = "ended"
    CANCELLED = "cancelled"


NEW, PLANNED, AWAY, ENDED, CANCELLED = AbsenceStatus


class Absence(Aggregate):
    """缺勤: somebody is away for a time and a deputy has their posts meanwhile (STF-1, CON-15).

    Announced when it begins and when it ends, so that every service can turn to the deputy.
    """

    TABLE = "absences"
    ENTITY = "absence"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        AbsencePlanned: Step({NEW}, PLANNED),
        AbsenceBegan: Step({PLANNED}, AWAY),
        AbsenceEnded: Step({AWAY}, ENDED),
        AbsenceCancelled: Step({PLANNED}, CANCELLED),
    }
    TIMERS: ClassVar[frozenset[str]] = frozenset({"start", "end"})

    status: AbsenceStatus
    employee: str
    deputy: str
    posts: list[Post]
    branch: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    planned_by: str
    began_at: datetime | None = None
    ended_at: datetime | None = None

    @classmethod
    def plan(
        cls,
        identity: UUID,
        absent: Employee,
        deputy: Employee,
        begins_at: datetime,
        ends_at: datetime,
        reason: str,
        by: Actor,
        at: datetime,
    ) -> Self:
        """Enter an absence: by personnel, the person or their superior; one that should have begun begins (STF-1)."""
        if not (by.holds(Post.HR) or by.id in (absent.code, absent.superior)):
            raise Forbidden("an absence is entered by personnel, the person or their superior", rule="STF-1")
        if absent.code == deputy.code:
            raise RuleBroken("STF-1", "nobody is their own deputy")
        if EmployeeStatus.LEFT in (absent.status, deputy.status):
            raise RuleBroken("STF-1", "who has left is neither absent nor a deputy")
        if not max(begins_at, at) < ends_at <= begins_at + LONGEST:
            raise RuleBroken("STF-1", "an absence ends after it begins, in the future and within a year")
        absence = cls.begin(
            identity,
            employee=absent.code,
            deputy=deputy.code,
            posts=absent.posts,
            branch=absent.branch,
            begins_at=begins_at,
            ends_at=ends_at,
            reason=reason,
            planned_by=by.id,
        )
        absence.record(AbsencePlanned.model_validate(absence, from_attributes=True))
        if begins_at <= at:
            absence.start(at)
        else:
            absence.schedule(absence.start, begins_at)
        return absence

    def start(self, at: datetime) -> None:
        """The time has come: the deputy stands in (STF-1)."""
        if self.may(AbsenceBegan):
            self.began_at = at
            self.schedule(self.end, self.ends_at)
            self.record(AbsenceBegan.model_validate(self, from_attributes=True))

    def end(self, at: datetime) -> None:
        """The person is back (STF-1)."""
        if self.may(AbsenceEnded):
            self.ended_at = at
            self.unschedule(self.end)
            self.record(AbsenceEnded(employee=self.employee, deputy=self.deputy))

    def end_early(self, by: Actor, at: datetime) -> None:
        """Back sooner, or not away at all (STF-1)."""
        if not (by.holds(Post.HR) or by.id in (self.employee, self.planned_by)):
            raise Forbidden("an absence is entered by personnel, the person or their superior", rule="STF-1")
        if self.may(AbsenceCancelled):
            self.unschedule(self.start)
            self.record(AbsenceCancelled(employee=self.employee, deputy=self.deputy))
            return
        self.require(AbsenceEnded)
        self.end(at)
