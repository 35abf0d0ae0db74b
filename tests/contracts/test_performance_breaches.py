"""What breaks a contract, and what is due for it, without I/O."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from services.contracts.domain.performance import Complained, Performance
from services.contracts.domain.remedy import AgreedRemedy, Breach
from shared.domain.actor import Post
from shared.domain.refusals import NotAllowedNow, NotFound, RuleBroken
from shared.events.contracts import BreachRecorded
from tests.contracts.performing import AT, DAY, DUE_AT, FAULTY, LATE, TestedOrder, issued, opened, ordered, wanted
from tests.contracts.sample import person

director = person("director", Post.SALES_DIRECTOR)


def test_late_delivery_costs_by_the_day_for_what_came_late() -> None:
    """CON-14: 40 of 100 in time, 10 a day late, 50 three days: 0.5 % a day of 10×12×1 + 50×12×3."""
    performance = opened(remedies=[LATE])
    for days, quantity in ((-1, "40"), (1, "10"), (3, "50")):
        performance.count(TestedOrder(ordered(quantity=quantity)).delivered(DUE_AT - timedelta(hours=1) + days * DAY))
    (breach,) = performance.breaches
    assert (breach.kind, breach.clause, breach.value, breach.damages) == (
        "late_delivery", "7", Decimal("720.00"), Decimal("9.60"),
    )  # fmt: skip
    assert breach.cause_id == performance.milestones[0].id


def test_late_delivery_never_costs_more_than_the_cap() -> None:
    """CON-14: 5 % of what was late."""
    performance = opened(remedies=[LATE])
    performance.count(TestedOrder(ordered(quantity="100")).delivered(DUE_AT + 90 * DAY))
    assert [breach.damages for breach in performance.breaches] == [Decimal("60.00")]


def test_without_a_clause_a_late_delivery_is_no_breach() -> None:
    """CON-14"""
    performance = opened(remedies=[FAULTY])
    performance.count(TestedOrder(ordered(quantity="100")).delivered(DUE_AT + DAY))
    assert performance.breaches == []


def complained(article: str | None, *, left: bool = True) -> Complained:
    """80 of A1 at 12 yuan and 10 of B2 at 5; of A1 30 have left."""
    lines = [ordered(quantity="80"), ordered("B2", "10", "5.00")]
    goods = [issued(quantity="30"), issued("B2", "10", line=2)] if left else []
    return Complained(uuid4(), uuid4(), article, lines, goods)


@pytest.mark.parametrize(
    ("article", "left", "value"),
    [("A1", True, "360"), ("A1", False, "960"), (None, True, "410"), ("unknown", True, "410"), ("B2", True, "50")],
)
def test_a_quality_failure_costs_a_share_of_the_goods_concerned(article: str | None, left: bool, value: str) -> None:
    """CON-14: 20 % of what was complained of, as far as it has left."""
    performance = opened(remedies=[FAULTY])
    performance.record_quality_failure(complained(article, left=left), AT)
    (breach,) = performance.breaches
    assert (breach.value, breach.damages) == (Decimal(value), Decimal(value) / 5)
    assert breach.article == (article if article in ("A1", "B2") else None)
    recorded = performance.recorded[-1]
    assert isinstance(recorded, BreachRecorded)
    assert (recorded.clause, recorded.damages) == ("8", breach.damages)


def test_a_quality_failure_is_recorded_once_and_without_a_clause_costs_nothing() -> None:
    """CON-14"""
    performance, failure = opened(), complained("A1")
    for _ in range(2):
        performance.record_quality_failure(failure, AT)
    assert [(breach.clause, breach.damages) for breach in performance.breaches] == [(None, Decimal(0))]


def test_damages_stay_within_a_trillion_yuan() -> None:
    """CON-14: a clause without a cap, and a date that was missed long ago."""
    remedy = AgreedRemedy(breach=Breach.LATE_DELIVERY, clause="7", percent=Decimal(100))
    performance = opened(wanted(quantity="1000000", price="900000.00"), remedies=[remedy])
    performance.close(DUE_AT + 9999 * DAY)
    assert [breach.damages for breach in performance.breaches] == [Decimal(10) ** 12]


def broken() -> Performance:
    performance = opened(remedies=[FAULTY])
    performance.record_quality_failure(complained("A1"), AT)
    return performance


def test_a_breach_is_settled_or_waived_once_and_never_for_more_than_its_clause_gives() -> None:
    """CON-14"""
    performance = broken()
    breach = performance.breaches[0]
    with pytest.raises(RuleBroken, match="the clauses give"):
        performance.settle_breach(breach.id, Decimal("72.01"), "多付", director, AT)
    performance.settle_breach(breach.id, Decimal("70.00"), "协商一致", director, AT)
    assert (breach.outcome, breach.settled, breach.decided_by) == ("settled", Decimal("70.00"), "director")
    with pytest.raises(NotAllowedNow):
        performance.waive_breach(breach.id, "客户放弃", director, AT)
    other = broken()
    other.waive_breach(other.breaches[0].id, "客户放弃", director, AT)
    assert (other.breaches[0].outcome, other.breaches[0].settled) == ("waived", None)
    with pytest.raises(NotFound):
        other.waive_breach(uuid4(), "客户放弃", director, AT)
