"""The first half of an investigation: its departments at work, its goods traced and held."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from pydantic import Field

from services.quality.domain.bought_goods import BoughtLine, value_of
from services.quality.domain.catalogue import catalogue
from services.quality.domain.department_task import DEPARTMENTS, Department, DepartmentTask, department_of
from services.quality.domain.eight_disciplines import Section
from services.quality.domain.finding import Finding
from services.quality.domain.lifecycle import INVESTIGATION, InvestigationStatus
from services.quality.domain.traced_lot import TracedLot, suspected
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate
from shared.domain.money import Amount
from shared.domain.numbers import number, same_id
from shared.domain.policy import Policy
from shared.domain.refusals import NotAllowedNow, RuleBroken
from shared.events.complaints import Slip
from shared.events.orders import IssuedGoods, OrderedLine
from shared.events.quality import (
    ComplaintRegistered,
    DepartmentTaskAssigned,
    DepartmentTaskExtended,
    DepartmentTaskMissed,
    FindingRecorded,
    GoodsTraced,
    InvestigationOpened,
    LotHoldOrdered,
    LotReleaseOrdered,
)

CLEARED = "the slip names other goods"


class ContainedCase(Aggregate):
    """What complaint and evidence tell may come at any time and in any order, even after the case is closed."""

    TABLE = "investigations"
    ENTITY = "investigation"
    START = InvestigationStatus.NEW
    LIFECYCLE = INVESTIGATION
    TIMERS = frozenset({"chase_departments", "remind_of_effects"})

    status: InvestigationStatus
    number: str
    complaint_id: UUID
    complaint_number: str | None = None
    slip: Slip | None = None
    order_numbers: list[str] = []
    opened_at: datetime
    # The policy in force when the case was opened, and what it says of the case's clocks (REG-2).
    policy: str
    effect_check_after: timedelta = timedelta(days=30)
    recurrence_within: timedelta = timedelta(days=180)
    open_sections: list[Section] = Field(default_factory=lambda: list(Section))
    tasks: list[DepartmentTask] = []
    lots: list[TracedLot] = []
    bought: list[BoughtLine] = []
    goods_value: Amount | None = None
    findings: list[Finding] = []

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
            effect_check_after=policy.quality.effect_check_after,
            recurrence_within=policy.quality.recurrence_within,
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
        """The complaint says which goods it is about; lots of others, held to be safe, are let go (QUA-1).

        It says so again when a wrong slip was corrected: other lots may be suspect then (CMP-3).
        """
        order_number, article = (slip.order_number, slip.article) if slip else (None, None)
        event = ComplaintRegistered(complaint_number=complaint_number, order_number=order_number, article=article)
        self.record(event)
        self.complaint_number, self.slip = complaint_number, slip
        self._contain()

    def trace(self, order_number: str, goods: Iterable[IssuedGoods], lines: Iterable[OrderedLine] = ()) -> None:
        """Orders has told where the goods come from and what they cost; the suspected lots are held (QUA-1, QUA-5)."""
        came = {
            item.lot_id: TracedLot(lot_id=item.lot_id, lot=item.lot, article=item.article, orders=[order_number])
            for item in goods
        }
        event = GoodsTraced(
            complaint_id=self.complaint_id, order_number=order_number, lots=[lot.lot for lot in came.values()]
        )
        self.record(event)
        known = {lot.lot_id for lot in self.lots}
        for lot in self.lots:
            if lot.lot_id in came and order_number not in lot.orders:
                lot.orders.append(order_number)
        self.lots += [lot for lot in came.values() if lot.lot_id not in known]
        if order_number not in self.order_numbers:
            self.order_numbers.append(order_number)
        told = [
            BoughtLine(order_number=order_number, article=line.article, quantity=line.quantity, price=line.price)
            for line in lines
        ]
        self.bought = [line for line in self.bought if line.order_number != order_number] + told
        self._contain()

    def _contain(self) -> None:
        """Hold what is suspected and nobody has released; let go what the slip clears: the same in whatever order."""
        self.goods_value = value_of(self.bought, self.slip)
        suspects = suspected(self.lots, self.slip)
        self._hold([lot for lot in suspects if lot.may_be_held])
        self._release([lot for lot in self.lots if lot.held and lot not in suspects], CLEARED, cleared=True)

    def _hold(self, lots: Sequence[TracedLot]) -> None:
        if lots:
            self.record(LotHoldOrdered(complaint_id=self.complaint_id, lot_ids=[lot.lot_id for lot in lots]))
        for lot in lots:
            lot.held, lot.released, lot.cleared = True, False, False

    def _release(self, lots: Sequence[TracedLot], reason: str, *, cleared: bool = False) -> None:
        if lots:
            ids = [lot.lot_id for lot in lots]
            self.record(LotReleaseOrdered(complaint_id=self.complaint_id, lot_ids=ids, reason=reason))
        for lot in lots:
            lot.held, lot.released, lot.cleared = False, True, cleared

    def release_lots(self, reason: str) -> None:
        """Lift the hold on all lots, once something was found (QUA-1); also after the case is closed."""
        held = [lot for lot in self.lots if lot.held]
        if not self.findings:
            raise RuleBroken("QUA-1", "lots stay on hold until a finding is recorded")
        if not held:
            raise NotAllowedNow("this investigation holds no lot")
        self._release(held, reason)

    def report(self, named: Department | None, cause: str, finding: str, by: Actor, at: datetime) -> None:
        """A department fills its own section: the cause, from the catalogue, and what it found (QUA-2, QUA-3)."""
        department = department_of(by, named)
        catalogue().cause(cause)
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

    def extend_task(self, department: Department, due_at: datetime, reason: str, by: Actor, at: datetime) -> None:
        """Give a department more time, before its deadline, for a reason (QUA-2)."""
        self.require(DepartmentTaskExtended)
        task = next(task for task in self.tasks if task.department == department)
        task.extendable(due_at, by, at)
        event = DepartmentTaskExtended(
            number=self.number, complaint_id=self.complaint_id, department=department, due_at=due_at, reason=reason
        )
        self.record(event)
        task.extend(due_at, reason, by, at)
        self.schedule(self.chase_departments, min(task.due_at for task in self.tasks if task.awaited))

    def chase_departments(self, at: datetime) -> None:
        """A department's time is over and it has not reported: that is on record and stays there (QUA-2)."""
        for task in self.tasks:
            if task.awaited and task.due_at <= at:
                event = DepartmentTaskMissed(number=self.number, department=task.department, due_at=task.due_at)
                self.record(event)
                task.missed_at = at
        if later := [task.due_at for task in self.tasks if task.awaited]:
            self.schedule(self.chase_departments, min(later))
