"""An investigation of a quality complaint."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from services.quality.domain.corrective_action import CorrectiveAction
from services.quality.domain.department_task import DEPARTMENTS, Department, DepartmentTask, department_of
from services.quality.domain.finding import Cause, Finding
from services.quality.domain.liability import Liability, LiabilityShare
from services.quality.domain.traced_lot import TracedLot, suspected
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.numbers import number, same_id
from shared.domain.policy import Policy
from shared.domain.refusals import NotAllowedNow, NotFound, RuleBroken
from shared.events.complaints import Slip
from shared.events.orders import IssuedGoods
from shared.events.quality import (
    ActionEffectChecked,
    ComplaintRegistered,
    CorrectiveActionDone,
    CorrectiveActionOpened,
    DepartmentTaskAssigned,
    DepartmentTaskMissed,
    FindingRecorded,
    GoodsTraced,
    InvestigationClosed,
    InvestigationOpened,
    LiabilityEstablished,
    LotHoldOrdered,
    LotReleaseOrdered,
)

CLEARED = "the slip names another article"


class InvestigationStatus(StrEnum):
    NEW = "new"
    OPEN = "open"
    ESTABLISHED = "established"
    CLOSED = "closed"


NEW, OPEN, ESTABLISHED, CLOSED = InvestigationStatus
UNDER_WAY = {OPEN, ESTABLISHED}
OPENED = {OPEN, ESTABLISHED, CLOSED}


class Investigation(Aggregate):
    """质量调查: one for each quality complaint; contains the goods, finds the cause, puts it right (QUA-1 to QUA-4).

    What complaint and evidence tell may come at any time and in any order, even after the case is closed.
    """

    TABLE = "investigations"
    ENTITY = "investigation"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        InvestigationOpened: Step({NEW}, OPEN),
        ComplaintRegistered: Step(OPENED),
        GoodsTraced: Step(OPENED),
        LotHoldOrdered: Step(OPENED),
        LotReleaseOrdered: Step(OPENED),
        DepartmentTaskAssigned: Step(UNDER_WAY),
        DepartmentTaskMissed: Step(UNDER_WAY),
        FindingRecorded: Step(UNDER_WAY),
        LiabilityEstablished: Step({OPEN}, ESTABLISHED),
        CorrectiveActionOpened: Step(UNDER_WAY),
        CorrectiveActionDone: Step(UNDER_WAY),
        ActionEffectChecked: Step(UNDER_WAY),
        InvestigationClosed: Step(UNDER_WAY, CLOSED),
    }
    TIMERS = frozenset({"chase_departments"})

    status: InvestigationStatus
    number: str
    complaint_id: UUID
    complaint_number: str | None = None
    slip: Slip | None = None
    order_numbers: list[str] = []
    opened_at: datetime
    policy: str
    tasks: list[DepartmentTask] = []
    lots: list[TracedLot] = []
    findings: list[Finding] = []
    liability: Liability | None = None
    actions: list[CorrectiveAction] = []
    summary: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None

    @classmethod
    def open(cls, complaint_id: UUID, article: str | None, policy: Policy, at: datetime) -> Self:
        """Open the complaint's only investigation and set the departments to work (QUA-1, QUA-2, CMP-5)."""
        identity = same_id(complaint_id, "investigation")
        case = cls.begin(
            identity,
            number=number("ZL", identity, at),
            complaint_id=complaint_id,
            opened_at=at,
            policy=policy.version,
        )
        case.record(InvestigationOpened(number=case.number, complaint_id=complaint_id, article=article))
        due_at = policy.complaints.calendar.add(at, policy.complaints.department_time)
        for department in DEPARTMENTS:
            case._assign(department, due_at)
        case.schedule(case.chase_departments, due_at)
        return case

    def _assign(self, department: Department, due_at: datetime) -> None:
        self.record(
            DepartmentTaskAssigned(
                number=self.number, complaint_id=self.complaint_id, department=department, due_at=due_at
            )
        )
        self.tasks.append(DepartmentTask(department=department, due_at=due_at))

    def register_complaint(self, complaint_number: str, slip: Slip | None) -> None:
        """The complaint says which goods it is about; lots of other articles, held to be safe, are let go (QUA-1)."""
        order_number, article = (slip.order_number, slip.article) if slip else (None, None)
        event = ComplaintRegistered(complaint_number=complaint_number, order_number=order_number, article=article)
        self.record(event)
        self.complaint_number, self.slip = complaint_number, slip
        self._contain()

    def trace(self, order_number: str, goods: Iterable[IssuedGoods]) -> None:
        """Orders has told where the goods come from; the suspected lots are held at once (QUA-1)."""
        came = {item.lot_id: TracedLot(lot_id=item.lot_id, lot=item.lot, article=item.article) for item in goods}
        event = GoodsTraced(
            complaint_id=self.complaint_id, order_number=order_number, lots=[lot.lot for lot in came.values()]
        )
        self.record(event)
        known = {lot.lot_id for lot in self.lots}
        self.lots += [lot for lot in came.values() if lot.lot_id not in known]
        if order_number not in self.order_numbers:
            self.order_numbers.append(order_number)
        self._contain()

    def _contain(self) -> None:
        """Hold what is suspected and never was held; let go what the slip clears: the same lots in whatever order."""
        suspects = suspected(self.lots, self.slip.article if self.slip else None)
        self._hold([lot for lot in suspects if not lot.held and not lot.released])
        self._release([lot for lot in self.lots if lot.held and lot not in suspects], CLEARED)

    def _hold(self, lots: Sequence[TracedLot]) -> None:
        if lots:
            self.record(LotHoldOrdered(complaint_id=self.complaint_id, lot_ids=[lot.lot_id for lot in lots]))
        for lot in lots:
            lot.held = True

    def _release(self, lots: Sequence[TracedLot], reason: str) -> None:
        if lots:
            ids = [lot.lot_id for lot in lots]
            self.record(LotReleaseOrdered(complaint_id=self.complaint_id, lot_ids=ids, reason=reason))
        for lot in lots:
            lot.held, lot.released = False, True

    def release_lots(self, reason: str) -> None:
        """Lift the hold on all lots, once something was found (QUA-1); also after the case is closed."""
        held = [lot for lot in self.lots if lot.held]
        if not self.findings:
            raise RuleBroken("QUA-1", "lots stay on hold until a finding is recorded")
        if not held:
            raise NotAllowedNow("this investigation holds no lot")
        self._release(held, reason)

    def report(self, named: Department | None, cause: Cause, finding: str, by: Actor, at: datetime) -> None:
        """A department fills its own section: the cause, from the catalogue, and what it found (QUA-2, QUA-3)."""
        department = department_of(by, named)
        self.record(
            FindingRecorded(complaint_id=self.complaint_id, department=department, cause=cause, finding=finding)
        )
        entry = Finding(department=department, cause=cause, finding=finding, found_by=by.id, found_at=at)
        self.findings.append(entry)
        for task in self.tasks:
            if task.department == department:
                task.reported_at = task.reported_at or at
        if not any(task.awaited for task in self.tasks):
            self.unschedule(self.chase_departments)

    def chase_departments(self, at: datetime) -> None:
        """A department's time is over and it has not reported: that is on record and stays there (QUA-2)."""
        for task in self.tasks:
            if task.awaited and task.due_at <= at:
                event = DepartmentTaskMissed(number=self.number, department=task.department, due_at=task.due_at)
                self.record(event)
                task.missed_at = at
        if later := [task.due_at for task in self.tasks if task.awaited]:
            self.schedule(self.chase_departments, min(later))

    def establish_liability(self, shares: Sequence[LiabilityShare], by: Actor, at: datetime) -> None:
        """Who bears what, on what was found, and only once (QUA-3)."""
        if not self.findings:
            raise RuleBroken("QUA-3", "liability rests on findings, and no department has reported yet")
        liability = Liability.establish(shares, by, at)
        self.record(
            LiabilityEstablished(number=self.number, complaint_id=self.complaint_id, shares=list(liability.shares))
        )
        self.liability = liability

    def open_action(
        self, id: UUID, owner: str, department: Post | None, due_at: datetime, measure: str, by: Actor, at: datetime
    ) -> None:
        """Somebody has to put the cause right by a date that lies ahead (QUA-4)."""
        if due_at <= at:
            raise RuleBroken("QUA-4", "the date of an action lies ahead")
        if department is None and owner in set(Post):
            department = Post(owner)
        action = CorrectiveAction(
            id=id, owner=owner, department=department, due_at=due_at, measure=measure, opened_by=by.id, opened_at=at
        )
        event = CorrectiveActionOpened(
            complaint_id=self.complaint_id,
            action_id=id,
            owner=owner,
            due_at=due_at,
            measure=measure,
            department=department,
        )
        self.record(event)
        self.actions.append(action)

    def finish_action(self, action_id: UUID, by: Actor, at: datetime) -> None:
        """The owner, or their department, says that it is done (QUA-4)."""
        action = self.action(action_id)
        action.answerable(by)
        self.record(CorrectiveActionDone(action_id=action_id))
        action.do(by, at)

    def check_action(self, action_id: UUID, effective: bool, note: str, by: Actor, at: datetime) -> None:
        """Another person has looked at the effect; without effect the action is open again (QUA-4)."""
        action = self.action(action_id)
        action.checkable(by)
        self.record(ActionEffectChecked(action_id=action_id, effective=effective))
        action.check(effective, note, by, at)

    def close(self, summary: str, by: Actor, at: datetime) -> None:
        """Every department has reported, and every action is done and found effective by another person (QUA-4)."""
        silent = [task.department for task in self.tasks if task.reported_at is None]
        if silent:
            raise RuleBroken("QUA-4", "the department {department} has not reported yet", department=silent[0])
        unfinished = sum(not action.effective for action in self.actions)
        if unfinished:
            raise RuleBroken("QUA-4", "{count} actions are not yet done and found effective", count=unfinished)
        self.record(InvestigationClosed(number=self.number, complaint_id=self.complaint_id, summary=summary))
        self.summary, self.closed_by, self.closed_at = summary, by.id, at

    def action(self, action_id: UUID) -> CorrectiveAction:
        """One of the investigation's actions; raises `NotFound`."""
        for action in self.actions:
            if action.id == action_id:
                return action
        raise NotFound("there is no {entity} {id}", entity="action", id=str(action_id))
