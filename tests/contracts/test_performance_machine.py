"""Whatever is told and done, and whenever the clock strikes, a performance keeps its word."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.contracts.domain.lines import WantedLine
from services.contracts.domain.performance import Complained, Performance
from services.contracts.domain.progress import OrderDeed
from services.contracts.domain.service_work import Job
from shared.domain.actor import Post
from shared.domain.money import ZERO
from shared.domain.refusals import NotAllowedNow, Refusal
from shared.events.contracts import ServiceTerm
from tests.contracts.performing import AT, DAY, FAULTY, LATE, TestedOrder, agreed, issued, opened, ordered, wanted
from tests.contracts.sample import POLICY, person

SOMEBODY = person("director", Post.SALES_DIRECTOR)
TERM = ServiceTerm(service="维修", response_hours=4, resolution_hours=48, times=2)
DUE = st.none() | st.dates(date(2026, 3, 10), date(2026, 3, 30))
LINES = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 50), DUE), unique_by=lambda line: line[0])


class AnyPerformance(RuleBasedStateMachine):
    """News, amendments, deadlines and decisions in any order, with the timers of the store beside them."""

    @initialize(lines=LINES)
    def seal(self, lines: list[tuple[str, int, date | None]]) -> None:
        self.now, self.edition, self.closed = AT, 1, False
        self.timers: dict[str, datetime] = {}
        self.missed: set[UUID] = set()
        self.met: set[UUID] = set()
        self.damages: dict[UUID, Decimal] = {}
        self.orders = [TestedOrder(*(ordered(article, "20") for article in "ABC")) for _ in range(3)]
        self.keep(opened(*self.wanted(lines), remedies=[LATE, FAULTY], services=[TERM]))

    @staticmethod
    def wanted(lines: list[tuple[str, int, date | None]]) -> list[WantedLine]:
        return [wanted(article, str(quantity), by=by) for article, quantity, by in lines]

    def keep(self, performance: Performance) -> None:
        """What the store does: document and timers."""
        for kind, due_at in performance.timers.items():
            self.timers.pop(kind, None)
            if due_at is not None:
                self.timers[kind] = due_at
        self.kept = performance.model_dump_json()

    @property
    def performance(self) -> Performance:
        return Performance.model_validate_json(self.kept)

    def attempt(self, deed: Callable[[Performance], None]) -> None:
        performance = self.performance
        try:
            deed(performance)
        except Refusal:
            return
        self.keep(performance)

    @rule(hours=st.integers(1, 72))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def timers_fire(self) -> None:
        for kind, due_at in sorted(self.timers.items(), key=lambda timer: timer[1]):
            if due_at > self.now:
                continue
            del self.timers[kind]
            performance = self.performance
            try:
                getattr(performance, kind)(self.now)
            except NotAllowedNow:
                assert not performance.recorded
                continue
            self.keep(performance)

    @rule(
        number=st.integers(0, 2), deed=st.sampled_from([deed for deed in OrderDeed if deed is not OrderDeed.DELIVERED])
    )
    def an_order_moves(self, number: int, deed: OrderDeed) -> None:
        self.attempt(lambda it: it.count(self.orders[number].news(deed, self.now)))

    @rule(number=st.integers(0, 2), article=st.sampled_from("ABC"), quantity=st.integers(1, 20), ago=st.integers(0, 9))
    def goods_come(self, number: int, article: str, quantity: int, ago: int) -> None:
        news = self.orders[number].delivered(self.now - ago * DAY, issued(article, str(quantity)), shipment=uuid4())
        self.attempt(lambda it: it.count(news))

    @rule(lines=LINES)
    def amend(self, lines: list[tuple[str, int, date | None]]) -> None:
        self.edition += 1
        contract = agreed(*self.wanted(lines), services=[TERM], edition=self.edition)
        self.attempt(lambda it: it.adjust(contract, [LATE], POLICY, self.now))

    @rule(article=st.sampled_from(["A", "x", None]))
    def goods_fail(self, article: str | None) -> None:
        complained = Complained(uuid4(), uuid4(), article, [ordered("A", "20")], [])
        for _ in range(2):
            self.attempt(lambda it: it.record_quality_failure(complained, self.now))

    @rule(amount=st.decimals(0, 500, places=2), waive=st.booleans(), data=st.data())
    def decide(self, amount: Decimal, waive: bool, data: st.DataObject) -> None:
        if breaches := self.performance.breaches:
            breach = data.draw(st.sampled_from(breaches)).id
            if waive:
                self.attempt(lambda it: it.waive_breach(breach, "客户放弃", SOMEBODY, self.now))
            else:
                self.attempt(lambda it: it.settle_breach(breach, amount, "协商一致", SOMEBODY, self.now))

    @rule(reference=st.sampled_from(["W1", "W2", "W3"]), hours=st.lists(st.integers(-9, 60), min_size=3, max_size=3))
    def work(self, reference: str, hours: list[int]) -> None:
        asked, begun, done = (AT + timedelta(hours=hour) for hour in hours)
        job = Job(
            service="维修", reference=reference, requested_at=asked, responded_at=begun, done_at=done, by_whom="w"
        )
        self.attempt(lambda it: it.measure(job, SOMEBODY, self.now))

    @rule()
    def end(self) -> None:
        if self.now > AT + 9 * DAY:
            self.attempt(lambda it: it.close(self.now))

    @invariant()
    def nothing_is_undone(self) -> None:
        """CON-10, CON-14: what was missed, met or broken stays so, and no sum of damages ever changes."""
        performance = self.performance
        missed = {one.id for one in performance.milestones if one.missed_at}
        met = {one.id for one in performance.milestones if one.met_at}
        damages = {breach.id: breach.damages for breach in performance.breaches}
        assert missed >= self.missed
        assert met >= self.met
        assert damages.items() >= self.damages.items()
        self.missed, self.met, self.damages = missed, met, damages

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        """CON-12, CON-13, CON-14"""
        performance = self.performance
        for names in (
            [one.cause_id for one in performance.breaches],
            [one.reference for one in performance.works],
            [one.order_id for one in performance.orders],
            [one.id for one in performance.milestones],
        ):
            assert len(names) == len(set(names))
        assert all(line.paid.quantity <= line.ordered.quantity for line in performance.lines)
        assert all((breach.settled or ZERO) <= breach.damages for breach in performance.breaches)

    @invariant()
    def what_is_waited_for_has_its_timer(self) -> None:
        """CON-10: while the contract is in force, for every date that is still open the clock runs."""
        performance = self.performance
        moments = [one.next_moment for one in performance.milestones if one.next_moment]
        assert self.timers.get("look_at_milestones") == min(moments, default=None)
        articles = [one.article for one in performance.milestones if one.next_moment]
        assert len(articles) == len(set(articles))


TestAnyPerformance = AnyPerformance.TestCase
TestAnyPerformance.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
