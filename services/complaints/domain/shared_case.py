"""The departments of a case: who has it when, their own clocks, and their shares of its time (CMP-5, CMP-17)."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel

from services.complaints.domain.paused_case import PausedCase
from shared.domain.actor import INSIDE, Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from shared.events.complaints import (
    CaseHandedOver,
    DepartmentMissed,
    DepartmentReported,
    HandoverAccepted,
    HandoverReturned,
)

DEPARTMENTS = INSIDE - {Post.OPERATOR}


class StayEnd(StrEnum):
    PASSED_ON = "passed_on"
    RETURNED = "returned"
    REPORTED = "reported"
    SETTLED = "settled"


class Stay(BaseModel):
    """交接: a department has the case for a time. What it sends back as not its own counts for whoever gave it.

    `due_at` is its own deadline; the post that handles the case has none but the case's. `seconds` is the time it took,
    on the case's calendar.
    """

    department: Post
    task: str = ""
    since: datetime
    due_at: datetime | None = None
    counts_for: Post
    accepted_by: str | None = None
    accepted_at: datetime | None = None
    overdue: bool = False
    ended_at: datetime | None = None
    end: StayEnd | None = None
    ended_by: str | None = None
    report: str = ""
    seconds: int = 0


class DepartmentTime(BaseModel):
    """What a department has needed of a case's time; the shares of a case add up to one."""

    department: Post
    seconds: int
    share: float
    stays: int
    overdue: int


class SharedCase(PausedCase):
    """A case that departments hand to one another: at any time one of them has it."""

    TIMERS = PausedCase.TIMERS | {"miss_department"}

    stays: list[Stay] = []

    @property
    def internal(self) -> frozenset[str]:
        return super().internal | {"stays", "pauses"}

    @property
    def stay(self) -> Stay | None:
        """Where the case is; nowhere once it is settled."""
        return self.stays[-1] if self.stays and self.stays[-1].ended_at is None else None

    @property
    def reports(self) -> list[Stay]:
        """What departments have reported."""
        return [stay for stay in self.stays if stay.end is StayEnd.REPORTED]

    def hand_over(self, department: Post, task: str, by: Actor, at: datetime) -> None:
        """Give the case to the department concerned; its own clock runs from now (CMP-5, CMP-14, CMP-17)."""
        here = self._present()
        if by.id != self.handler:
            self._require_department(here, by)
        self.refuse_concerned(by)
        self.require(CaseHandedOver)
        if department not in DEPARTMENTS or department in (here.department, self.post):
            raise RuleBroken("CMP-17", "a complaint is handed to another department of the company", field="department")
        due_at = self.terms.calendar.add(at, self.terms.department_time)
        self._end(here, StayEnd.PASSED_ON, by, at)
        self._begin(department, at, task, due_at)
        facts = {"from_department": here.department, "department": department, "task": task, "due_at": due_at}
        self.record(CaseHandedOver(number=self.number, kind=self.kind, **facts))

    def accept_handover(self, by: Actor, at: datetime) -> None:
        """Somebody of the department takes the case on (CMP-17)."""
        here = self._given(by)
        here.accepted_by, here.accepted_at = by.id, at
        self.record(HandoverAccepted(number=self.number, department=here.department, person=by.id))

    def return_handover(self, reason: str, by: Actor, at: datetime) -> None:
        """It is not theirs: the case goes back, and the time counts for whoever gave it (CMP-17)."""
        here = self._given(by)
        giver = self.stays[-2]
        here.report, here.counts_for = reason, giver.counts_for
        self._end(here, StayEnd.RETURNED, by, at)
        self._begin(giver.department, at, giver.task, self._what_is_left(giver, at))
        self.stays[-1].accepted_by, self.stays[-1].accepted_at = giver.accepted_by, giver.accepted_at
        facts = {"department": here.department, "back_to": giver.department, "reason": reason}
        self.record(HandoverReturned(number=self.number, **facts))

    def report_back(self, report: str, by: Actor, at: datetime) -> None:
        """The department has done its part and filled its section: the case is back with its post (CMP-12, CMP-17)."""
        here = self._present()
        self.refuse_concerned(by)
        self._require_department(here, by)
        if here.due_at is None:
            raise NotAllowedNow("the complaint has not been handed to a department")
        if here.accepted_at is None:
            here.accepted_by, here.accepted_at = by.id, at
        in_time = not here.overdue and at <= here.due_at
        here.report, here.overdue = report, not in_time
        self._end(here, StayEnd.REPORTED, by, at)
        self._begin(self.post, at)
        facts = {"department": here.department, "back_to": self.post, "in_time": in_time, "seconds": here.seconds}
        self.record(DepartmentReported(number=self.number, **facts))

    def miss_department(self, at: datetime) -> None:
        """The department has had the case longer than it may (CMP-17)."""
        here = self.stay
        if here and here.due_at is not None and not here.overdue and self.may(DepartmentMissed):
            here.overdue = True
            facts = {"department": here.department, "due_at": here.due_at, "policy": self.terms.policy}
            self.record(DepartmentMissed(number=self.number, **facts))

    def settle_stay(self, by: Actor, at: datetime) -> None:
        """Nobody has the case any more."""
        if self.stay:
            self._end(self.stay, StayEnd.SETTLED, by, at)

    def begin_stay(self, at: datetime) -> None:
        """The post that handles the case has it."""
        self._begin(self.post, at)

    def department_times(self, at: datetime) -> list[DepartmentTime]:
        """Each department's share of the case's time so far, the longest first (CMP-17)."""
        by_department: dict[Post, list[Stay]] = {}
        for stay in self.stays:
            by_department.setdefault(stay.counts_for, []).append(stay)
        seconds = {name: sum(self._seconds(stay, at) for stay in stays) for name, stays in by_department.items()}
        total = sum(seconds.values())
        times = [
            DepartmentTime(
                department=name,
                seconds=seconds[name],
                share=seconds[name] / total if total else 1 / len(by_department),
                stays=len(stays),
                overdue=sum(stay.overdue for stay in stays),
            )
            for name, stays in by_department.items()
        ]
        return sorted(times, key=lambda time: -time.seconds)

    def _what_is_left(self, stay: Stay, at: datetime) -> datetime | None:
        """The deadline of a department that gets the case back: what it had left when it gave it away."""
        if stay.due_at is None or stay.ended_at is None:
            return None
        left = self.terms.calendar.elapsed(stay.ended_at, stay.due_at)
        return self.terms.calendar.add(at, max(left, timedelta(0)))

    def _seconds(self, stay: Stay, at: datetime) -> int:
        return stay.seconds if stay.ended_at else int(self.terms.calendar.elapsed(stay.since, at).total_seconds())

    def _present(self) -> Stay:
        """Where the case is; one that was filed before stays were recorded is with its post since it came."""
        if not self.stays:
            self._begin(self.post, self.received_at)
        if self.stay is None:
            raise NotAllowedNow("the complaint is settled: no department has it")
        return self.stay

    def _given(self, by: Actor) -> Stay:
        here = self._present()
        self.refuse_concerned(by)
        self._require_department(here, by)
        if here.due_at is None or here.accepted_at is not None:
            raise NotAllowedNow("there is no hand-over to be accepted or returned")
        return here

    def _require_department(self, here: Stay, by: Actor) -> None:
        if not by.holds(here.department):
            raise Forbidden("the complaint is with {department}", rule="CMP-17", department=here.department)

    def _begin(self, department: Post, at: datetime, task: str = "", due_at: datetime | None = None) -> None:
        self.stays.append(Stay(department=department, task=task, since=at, due_at=due_at, counts_for=department))
        if due_at is not None:
            self.schedule(self.miss_department, due_at)

    def _end(self, stay: Stay, end: StayEnd, by: Actor, at: datetime) -> None:
        stay.seconds = self._seconds(stay, at)
        stay.end, stay.ended_by, stay.ended_at = end, by.id, at
        self.unschedule(self.miss_department)
