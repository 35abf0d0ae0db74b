"""How a contract in force is performed, line by line, until it ends."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

from services.contracts.domain.breach import Breach, value_of
from services.contracts.domain.contract import Contract
from services.contracts.domain.dated_performance import DatedPerformance, Faulty
from services.contracts.domain.lines import end_of
from services.contracts.domain.progress import OrderNews, OrderShare, PerformedLine
from services.contracts.domain.remedy import AgreedRemedy
from services.contracts.domain.remedy import Breach as BreachKind
from services.contracts.domain.service_work import Job, ServiceFigures, ServiceWork
from shared.domain.actor import Actor
from shared.domain.aggregate import Lifecycle, Step
from shared.domain.money import ZERO
from shared.domain.numbers import SHANGHAI, same_id
from shared.domain.policy import Policy
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.contracts import (
    BreachRecorded,
    BreachSettled,
    BreachWaived,
    ContractExpiring,
    MilestoneApproaching,
    MilestoneMet,
    MilestoneMissed,
    PerformanceAdjusted,
    PerformanceClosed,
    PerformanceHandedOver,
    PerformanceOpened,
    PerformanceProgressed,
    ServiceWorkMeasured,
)
from shared.events.orders import IssuedGoods, OrderedLine


class PerformanceStatus(StrEnum):
    NEW = "new"
    RUNNING = "running"
    CLOSED = "closed"


NEW, RUNNING, CLOSED = PerformanceStatus
OPENED = {RUNNING, CLOSED}


class Complained(NamedTuple):
    """The goods of an order that a complaint is about: those of the article it names, if the order has it."""

    complaint_id: UUID
    order_id: UUID
    article: str | None
    lines: Sequence[OrderedLine]
    goods: Sequence[IssuedGoods]


class Performance(DatedPerformance):
    """履约: what was ordered, paid, delivered and served of a contract, and what was broken of it (CON-10 to CON-14).

    Orders that were placed under the contract go on counting after it has ended.
    """

    TABLE = "contract_performances"
    ENTITY = "performance"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        PerformanceOpened: Step({NEW}, RUNNING),
        PerformanceAdjusted: Step({RUNNING}),
        PerformanceHandedOver: Step({RUNNING}),
        PerformanceProgressed: Step(OPENED),
        MilestoneApproaching: Step({RUNNING}),
        MilestoneMissed: Step({RUNNING}),
        MilestoneMet: Step(OPENED),
        ContractExpiring: Step({RUNNING}),
        ServiceWorkMeasured: Step(OPENED),
        BreachRecorded: Step(OPENED),
        BreachSettled: Step(OPENED),
        BreachWaived: Step(OPENED),
        PerformanceClosed: Step({RUNNING}, CLOSED),
    }
    TIMERS = frozenset({"look_at_milestones", "remind_of_expiry"})

    status: PerformanceStatus
    valid_until: date
    opened_at: datetime
    policy: str | None = None
    closed_at: datetime | None = None
    services: list[ServiceFigures] = []
    works: list[ServiceWork] = []

    @staticmethod
    def id_of(contract_id: UUID) -> UUID:
        """The id of a contract's performance: not the contract's own, since the two have histories of their own."""
        return same_id(contract_id, "performance")

    @classmethod
    def open(
        cls, contract: Contract, remedies: Sequence[AgreedRemedy], owner: str | None, policy: Policy, at: datetime
    ) -> Self:
        """A contract has taken effect and is performed from now on; `owner` looks after the customer (CON-13)."""
        performance = cls.begin(
            cls.id_of(contract.id),
            contract_id=contract.id,
            number=contract.number,
            customer_id=contract.customer_id,
            owner=owner,
            edition=contract.edition,
            valid_until=contract.valid_until,
            opened_at=at,
            policy=policy.version,
        )
        performance.record(PerformanceOpened.model_validate(performance, from_attributes=True))
        performance._agree(contract, remedies, policy)
        performance._await_expiry(policy)
        return performance

    def adjust(self, contract: Contract, remedies: Sequence[AgreedRemedy], policy: Policy, at: datetime) -> None:
        """An amendment is in force; what was performed before still counts (CON-9, CON-13).

        Dates it moves are void; but what was missed before stays missed, and is late until now.
        """
        self.record(PerformanceAdjusted(contract_id=self.contract_id, edition=contract.edition))
        self.pass_moments(at)
        dates = {line.article: line.deliver_by for line in contract.lines}
        for milestone in self.waited_for():
            if not milestone.is_of(milestone.article, dates.get(milestone.article)):
                self.drop(milestone, at)
        moved = contract.valid_until != self.valid_until
        self.edition, self.valid_until = contract.edition, contract.valid_until
        self._agree(contract, remedies, policy)
        if moved:
            self._await_expiry(policy)

    def hand_over(self, owner: str) -> None:
        """Another salesperson looks after the customer, and is the one to be warned from now on (CON-13)."""
        self.owner = owner
        self.record(PerformanceHandedOver(contract_id=self.contract_id, owner=owner))

    def close(self, at: datetime) -> None:
        """The contract has ended: what was missed is late until now, what is not due yet is void (CON-10, CON-14)."""
        self.require(PerformanceClosed)
        self.pass_moments(at)
        for milestone in self.waited_for():
            self.drop(milestone, at)
        self.closed_at = at
        self.unschedule(self.look_at_milestones, self.remind_of_expiry)
        self.record(PerformanceClosed(contract_id=self.contract_id))

    def count(self, news: OrderNews) -> None:
        """An order under the contract was placed, paid, delivered or given up; told twice, it counts once (CON-13)."""
        known = next((order for order in self.orders if order.order_id == news.order_id), None)
        order = known or OrderShare(order_id=news.order_id, number=news.number)
        before = order.model_copy(deep=True)
        order.learn(news)
        if known and order == before:
            return
        self.orders += [] if known else [order]
        for line in self.lines:
            line.recount(before, order)
        self.record(
            PerformanceProgressed(
                contract_id=self.contract_id,
                order_id=news.order_id,
                deed=news.deed,
                ordered=sum((line.ordered.value for line in self.lines), ZERO),
                paid=sum((line.paid.value for line in self.lines), ZERO),
                delivered=sum((line.delivered.value for line in self.lines), ZERO),
            )
        )
        self.meet_milestones()

    def remind_of_expiry(self, at: datetime) -> None:
        """The contract ends soon, and is to be renewed if it shall go on (CON-13)."""
        self.record(ContractExpiring.model_validate(self, from_attributes=True))

    def record_quality_failure(self, complained: Complained, at: datetime) -> None:
        """Quality has established who is liable: the goods complained of break the contract, once (CON-14)."""
        if any(breach.cause_id == complained.complaint_id for breach in self.breaches):
            return
        value = value_of(complained.article, complained.lines, complained.goods)
        known = complained.article in {line.article for line in complained.lines}
        article = complained.article if known else None
        faulty = Faulty(complained.complaint_id, complained.order_id, article, value)
        self.break_for(BreachKind.QUALITY_FAILURE, faulty, at)

    def settle_breach(self, breach_id: UUID, amount: Decimal, note: str, by: Actor, at: datetime) -> None:
        """The customer got what the clauses give, or less where the note says why (CON-14)."""
        self.breach(breach_id).settle(amount, note, by, at)
        self.record(BreachSettled(contract_id=self.contract_id, breach_id=breach_id, amount=amount, note=note))

    def waive_breach(self, breach_id: UUID, reason: str, by: Actor, at: datetime) -> None:
        """Nothing is asked for the breach, for a reason (CON-14)."""
        self.breach(breach_id).waive(reason, by, at)
        self.record(BreachWaived(contract_id=self.contract_id, breach_id=breach_id, reason=reason))

    def measure(self, job: Job, by: Actor, at: datetime) -> None:
        """Measure work under a service contract against the term it falls under (CON-12)."""
        figures = next((figures for figures in self.services if figures.service == job.service), None)
        if figures is None:
            raise RuleBroken(
                "CON-12", "service {service} is not in contract {number}", service=job.service, number=self.number
            )
        if any(work.reference == job.reference for work in self.works):
            raise RuleBroken("CON-12", "work {reference} is already measured", reference=job.reference)
        job.must_be_done(at)
        self._must_be_in_force(job.requested_at)
        work = figures.measure(job, by, at)
        self.works.append(work)
        kept = work.model_dump(include={"service", "response_in_time", "resolution_in_time", "within_times"})
        self.record(ServiceWorkMeasured(contract_id=self.contract_id, number=self.number, **kept))

    def breach(self, breach_id: UUID) -> Breach:
        """One of the breaches; raises `NotFound`."""
        for breach in self.breaches:
            if breach.id == breach_id:
                return breach
        raise NotFound("there is no {entity} {id}", entity="breach", id=str(breach_id))

    def _agree(self, contract: Contract, remedies: Sequence[AgreedRemedy], policy: Policy) -> None:
        agreed = [PerformedLine.of(line) for line in contract.lines]
        articles = {line.article for line in agreed}
        gone = [line.taken_out() for line in self.lines if line.article not in articles and not line.untouched]
        self.lines, self.remedies = agreed + gone, list(remedies)
        self.services = [ServiceFigures.of(term, self.works) for term in contract.services]
        self._tally()
        self.set_milestones(policy.contracts.milestone_warning)
        self.meet_milestones()
        self.await_next_moment()

    def _await_expiry(self, policy: Policy) -> None:
        self.schedule(self.remind_of_expiry, end_of(self.valid_until) - policy.contracts.expiry_reminder)

    def _tally(self) -> None:
        for line in self.lines:
            line.tally(self.orders)

    def _must_be_in_force(self, requested_at: datetime) -> None:
        """From the day on which it took effect until it ended."""
        early = requested_at.astimezone(SHANGHAI).date() < self.opened_at.astimezone(SHANGHAI).date()
        if early or requested_at > (self.closed_at or requested_at):
            raise RuleBroken(
                "CON-12", "contract {number} was not in force when the work was asked for", number=self.number
            )
