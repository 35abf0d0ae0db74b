"""The delivery dates of a contract: warned of, missed, met, and what it costs to miss them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from services.contracts.domain.breach import Breach, damages
from services.contracts.domain.milestone import Milestone, id_at
from services.contracts.domain.progress import OrderShare, PerformedLine, arrivals
from services.contracts.domain.remedy import AgreedRemedy
from services.contracts.domain.remedy import Breach as BreachKind
from shared.domain.aggregate import Aggregate
from shared.domain.money import ZERO, share
from shared.events.contracts import BreachRecorded, MilestoneApproaching, MilestoneMet, MilestoneMissed


class Faulty(NamedTuple):
    """What a breach is about: its cause, the order and the article it can be pinned to, and what that is worth."""

    cause_id: UUID
    order_id: UUID | None
    article: str | None
    value: Decimal


class DatedPerformance(Aggregate):
    """Lines with delivery dates, the orders that count towards them, and the breaches that follow (CON-10, CON-14)."""

    contract_id: UUID
    number: str
    customer_id: UUID
    owner: str | None = None
    edition: int = 1
    lines: list[PerformedLine] = []
    milestones: list[Milestone] = []
    remedies: list[AgreedRemedy] = []
    breaches: list[Breach] = []
    orders: list[OrderShare] = []

    def look_at_milestones(self, at: datetime) -> None:
        """A delivery date is near, or has passed: each is told of once, in the order of time (CON-10)."""
        self.pass_moments(at)
        self.await_next_moment()

    def pass_moments(self, at: datetime) -> None:
        """Warn of every date that is near by now, and say of every one that has passed that it is missed."""
        while passed := [m for m in self.milestones if m.next_moment and m.next_moment <= at]:
            milestone = min(passed, key=lambda m: (m.next_moment, m.article))
            if milestone.warned_at is None:
                milestone.warned_at = at
                self._tell(MilestoneApproaching, milestone)
            else:
                self._miss(milestone, at)

    def await_next_moment(self) -> None:
        """Set the timer for the milestone that has to be looked at next, if any has."""
        moments = [milestone.next_moment for milestone in self.milestones if milestone.next_moment]
        if moments:
            self.schedule(self.look_at_milestones, min(moments))
        else:
            self.unschedule(self.look_at_milestones)

    def meet_milestones(self) -> None:
        """Whatever has come in full by now is met, in time or late, and what was late is paid for (CON-10, CON-14)."""
        for milestone in self.waited_for():
            met_at = milestone.completed_at(arrivals(milestone.article, self.orders))
            if met_at is None:
                continue
            in_time = met_at < milestone.due_at
            if not in_time and milestone.missed_at is None:
                self._miss(milestone, met_at)
            milestone.met_at, milestone.in_time = met_at, in_time
            self.record(
                MilestoneMet(
                    contract_id=self.contract_id, number=self.number, article=milestone.article,
                    due_on=milestone.due_on, in_time=in_time,
                )
            )  # fmt: skip
            self._work_out(milestone, met_at)
            self.await_next_moment()

    def set_milestones(self, warning: timedelta) -> None:
        """Every line with a date has a milestone for what is contracted now; what was met stays so."""
        for line in self.lines:
            if line.deliver_by is None:
                continue
            mine = [milestone for milestone in self.milestones if milestone.is_of(line.article, line.deliver_by)]
            waited = next((milestone for milestone in mine if milestone.unmet), None)
            if waited:
                waited.quantity = line.contracted
            elif not any(milestone.met_at and milestone.quantity >= line.contracted for milestone in mine):
                self._agree_date(line, line.deliver_by, warning)

    def drop(self, milestone: Milestone, at: datetime) -> None:
        """It is waited for no longer: void if its day is still to come; if it was missed, late until now."""
        if milestone.missed_at:
            self._work_out(milestone, at)
        else:
            milestone.void_at = at

    def waited_for(self) -> list[Milestone]:
        """The milestones whose goods have not all come."""
        return [milestone for milestone in self.milestones if milestone.unmet]

    def break_for(self, kind: BreachKind, faulty: Faulty, at: datetime, base: Decimal | None = None) -> None:
        """Record a breach with the damages its clause gives; `base` is what a percentage is taken of (CON-14)."""
        remedy = self.remedy(kind)
        terms = remedy.model_dump(include={"clause", "percent", "cap"}) if remedy else {}
        due = damages(remedy, faulty.value, faulty.value if base is None else base)
        breach = Breach(
            id=id_at(at, self.id, f"breach {faulty.cause_id}"),
            kind=kind,
            **faulty._asdict(),
            **terms,
            damages=due,
            at=at,
        )
        self.breaches.append(breach)
        self.record(
            BreachRecorded(
                contract_id=self.contract_id, number=self.number, customer_id=self.customer_id, breach_id=breach.id,
                kind=kind, cause_id=breach.cause_id, clause=breach.clause, value=breach.value, damages=due,
            )
        )  # fmt: skip

    def remedy(self, kind: BreachKind) -> AgreedRemedy | None:
        """What the contract's clauses give for a breach of this kind, if they give anything."""
        return next((remedy for remedy in self.remedies if remedy.breach == kind), None)

    def _agree_date(self, line: PerformedLine, due_on: date, warning: timedelta) -> None:
        milestone = Milestone.agree(
            self.id, article=line.article, quantity=line.contracted, due_on=due_on, edition=self.edition,
            warning=warning,
        )  # fmt: skip
        self.milestones.append(milestone)

    def _work_out(self, milestone: Milestone, until: datetime) -> None:
        """A missed date under a remedy for late delivery is a breach, once: by the day, for what came late (CON-14)."""
        line = next((line for line in self.lines if line.article == milestone.article), None)
        if line is None or milestone.worked_out_at or self.remedy(BreachKind.LATE_DELIVERY) is None:
            return
        milestone.worked_out_at = until
        late = milestone.late_pieces(arrivals(milestone.article, self.orders), until)
        if not late:
            return
        value = sum((share(line.price, quantity) for quantity, _ in late), ZERO)
        by_days = sum((line.price * quantity * days for quantity, days in late), ZERO)
        faulty = Faulty(milestone.id, None, milestone.article, value)
        self.break_for(BreachKind.LATE_DELIVERY, faulty, until, by_days)

    def _miss(self, milestone: Milestone, at: datetime) -> None:
        milestone.missed_at = at
        self._tell(MilestoneMissed, milestone)

    def _tell(self, event: type[MilestoneApproaching | MilestoneMissed], milestone: Milestone) -> None:
        line = next(line for line in self.lines if line.article == milestone.article)
        self.record(
            event(
                contract_id=self.contract_id, number=self.number, customer_id=self.customer_id,
                article=milestone.article, due_on=milestone.due_on, contracted=milestone.quantity,
                delivered=line.delivered.quantity, owner=self.owner,
            )
        )  # fmt: skip
