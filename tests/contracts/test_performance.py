"""The rules of how a contract is performed, without I/O."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.domain.progress import OrderDeed, OrderNews
from shared.domain.refusals import NotAllowedNow
from shared.events.contracts import MilestoneMet, PerformanceProgressed
from tests.contracts.performing import (
    AT,
    DAY,
    DUE,
    DUE_AT,
    LATE,
    TestedOrder,
    agreed,
    figures,
    issued,
    opened,
    ordered,
    told,
    wanted,
)
from tests.contracts.sample import POLICY

WARNING = POLICY.contracts.milestone_warning


def test_each_line_says_how_much_is_ordered_paid_and_delivered_and_what_it_is_worth() -> None:
    """CON-13"""
    performance, order = opened(wanted(), wanted("B2", "10", "5.00")), TestedOrder()
    performance.count(order.placed())
    assert figures(performance) == ("60.00", "0.00", "0.00")
    performance.count(order.paid())
    assert figures(performance) == ("60.00", "60.00", "0.00")
    performance.count(order.delivered(AT, issued(quantity="25"), shipment=uuid4()))
    assert figures(performance) == ("60.00", "60.00", "25.00")
    progressed = performance.recorded[-1]
    assert isinstance(progressed, PerformanceProgressed)
    assert (progressed.ordered, progressed.paid, progressed.delivered) == tuple(map(Decimal, ("720", "720", "300")))
    assert figures(performance, "B2") == ("0.00", "0.00", "0.00")


def test_money_that_is_called_back_counts_no_more_and_nor_does_an_order_that_is_given_up() -> None:
    """CON-13"""
    performance, order = opened(), TestedOrder()
    for news in (order.placed(), order.paid(), order.news(OrderDeed.GATE_CLOSED)):
        performance.count(news)
    assert figures(performance) == ("60.00", "0.00", "0.00")
    performance.count(order.news(OrderDeed.GIVEN_UP))
    assert figures(performance) == ("0.00", "0.00", "0.00")


def test_what_is_told_twice_is_recorded_once() -> None:
    """CON-13"""
    performance, order = opened(), TestedOrder()
    placed = order.placed()
    performance.count(placed)
    recorded = len(performance.recorded)
    performance.count(placed)
    assert len(performance.recorded) == recorded


def test_shipments_and_the_whole_order_are_not_added_up() -> None:
    """CON-13: the delivery of the whole order tells again what its shipments told."""
    performance, order = opened(), TestedOrder()
    parts = [order.delivered(AT, issued(quantity=part), shipment=uuid4()) for part in ("25", "35")]
    for news in (order.placed(), *parts, order.delivered()):
        performance.count(news)
    assert figures(performance) == ("60.00", "0.00", "60.00")


@st.composite
def stories(draw: st.DrawFn) -> list[OrderNews]:
    """All that is told of a few orders."""
    told: list[OrderNews] = []
    for _ in range(draw(st.integers(1, 3))):
        order = TestedOrder(ordered(quantity="30"), ordered("B2", "4", "5.55"))
        told.append(order.placed())
        told += [order.news(deed) for deed in draw(st.lists(st.sampled_from(["paid", "gate_closed"]), max_size=3))]  # type: ignore[arg-type]  # deeds are told by their words
        for part in draw(st.lists(st.integers(1, 15), max_size=2)):
            told.append(order.delivered(AT + part * DAY, issued(quantity=str(part)), shipment=uuid4()))
        if draw(st.booleans()):
            told.append(order.delivered(AT + 40 * DAY))
        if draw(st.booleans()):
            told.append(order.news(OrderDeed.GIVEN_UP))
    return told


@given(told=stories(), data=st.data())
def test_in_whatever_order_and_however_often_orders_are_told_of_the_sums_are_the_same(
    told: list[OrderNews], data: st.DataObject
) -> None:
    """CON-13, PLT-2"""

    def sums(heard: list[OrderNews]) -> list[object]:
        performance = opened(wanted(), wanted("B2", "10", "5.55"))
        for news in heard:
            performance.count(news)
        return [(line.ordered, line.paid, line.delivered) for line in performance.lines]

    again = data.draw(st.lists(st.sampled_from(told), max_size=5))
    shuffled = data.draw(st.permutations(told + again))
    assert sums(shuffled) == sums(told)


def test_a_date_is_warned_of_once_before_and_missed_once_after() -> None:
    """CON-10"""
    performance = opened()
    assert performance.timers["look_at_milestones"] == DUE_AT - WARNING
    performance.look_at_milestones(DUE_AT - WARNING)
    assert performance.timers["look_at_milestones"] == DUE_AT
    performance.look_at_milestones(DUE_AT - DAY)
    assert told(performance) == ["MilestoneApproaching"]
    performance.look_at_milestones(DUE_AT)
    performance.look_at_milestones(DUE_AT + DAY)
    assert told(performance) == ["MilestoneApproaching", "MilestoneMissed"]
    assert performance.timers["look_at_milestones"] is None


def test_after_a_stop_what_is_overdue_is_told_of_in_the_order_in_which_it_fell_due() -> None:
    """CON-10"""
    performance = opened(wanted("B2", by=DUE + DAY), wanted())
    performance.look_at_milestones(DUE_AT + 30 * DAY)
    moments = [(type(event).__name__, event.article) for event in performance.recorded[1:]]  # type: ignore[attr-defined]  # all are of milestones
    expected = [(name, article) for name in ("MilestoneApproaching", "MilestoneMissed") for article in ("A1", "B2")]
    assert moments == expected


def test_a_date_is_met_when_the_whole_line_has_come_and_the_day_is_the_customers() -> None:
    """CON-10: in Shanghai the day ends at 16:00 UTC."""
    performance = opened()
    first, second = TestedOrder(), TestedOrder(ordered(quantity="40"))
    performance.count(first.delivered())
    assert told(performance) == []
    performance.count(second.delivered(DUE_AT - timedelta(seconds=1)))
    assert told(performance) == ["MilestoneMet"]
    assert performance.milestones[0].in_time
    assert performance.timers["look_at_milestones"] is None


def test_a_missed_date_stays_missed_when_the_goods_come_late() -> None:
    """CON-10"""
    performance = opened()
    performance.count(TestedOrder(ordered(quantity="100")).delivered(DUE_AT))
    assert told(performance) == ["MilestoneMissed", "MilestoneMet"]
    (milestone,) = performance.milestones
    assert (milestone.missed_at, milestone.in_time, milestone.state) == (DUE_AT, False, "met")


def test_goods_that_came_in_time_but_were_told_of_late_cost_nothing() -> None:
    """CON-10, CON-14: the bus was away; the miss stays on record, but nothing was late."""
    performance = opened(remedies=[LATE])
    performance.look_at_milestones(DUE_AT)
    performance.count(TestedOrder(ordered(quantity="100")).delivered(DUE_AT - DAY))
    met = performance.recorded[-1]
    assert isinstance(met, MilestoneMet)
    assert met.in_time
    assert performance.milestones[0].missed_at
    assert performance.breaches == []


def test_what_has_not_come_when_the_contract_ends_was_late_until_then() -> None:
    """CON-10, CON-14"""
    performance = opened(wanted(), wanted("B2", "10", "5.00", DUE + 30 * DAY), remedies=[LATE])
    performance.close(DUE_AT + DAY)
    assert told(performance) == ["MilestoneApproaching", "MilestoneMissed", "BreachRecorded", "PerformanceClosed"]
    assert [milestone.state for milestone in performance.milestones] == ["missed", "void"]
    assert [breach.damages for breach in performance.breaches] == [Decimal("12.00")]
    assert performance.timers == {"look_at_milestones": None, "remind_of_expiry": None}
    performance.count(TestedOrder(ordered(quantity="100")).delivered(DUE_AT + 9 * DAY))
    assert performance.milestones[0].state == "met"
    assert len(performance.breaches) == 1


def test_a_contract_ends_once() -> None:
    """CON-13"""
    performance = opened()
    performance.close(AT)
    with pytest.raises(NotAllowedNow):
        performance.close(AT)
    with pytest.raises(NotAllowedNow):
        performance.remind_of_expiry(AT)
    performance.look_at_milestones(DUE_AT)
    assert told(performance) == ["PerformanceClosed"]


def test_an_amendment_moves_a_date_and_what_was_delivered_still_counts() -> None:
    """CON-9, CON-10, CON-13"""
    performance = opened(wanted(), wanted("B2"), wanted("C3", by=None))
    performance.count(TestedOrder(ordered(), ordered("B2", "7")).placed())
    later = DUE + 30 * DAY
    performance.adjust(agreed(wanted(quantity="150", by=later), edition=2), [LATE], POLICY, AT + DAY)
    assert (performance.edition, performance.remedies) == (2, [LATE])
    assert {line.article: line.contracted for line in performance.lines} == {"A1": Decimal(150), "B2": Decimal(0)}
    assert figures(performance, "B2") == ("7.00", "0.00", "0.00")
    assert [(one.due_on, one.quantity, one.state) for one in performance.milestones] == [
        (DUE, Decimal(100), "void"), (DUE, Decimal(100), "void"), (later, Decimal(150), "open"),
    ]  # fmt: skip
    assert performance.timers["look_at_milestones"] == DUE_AT + 30 * DAY - WARNING


def test_an_amendment_does_not_undo_a_missed_date() -> None:
    """CON-10, CON-14: it was late until the amendment moved it."""
    performance = opened(remedies=[LATE])
    performance.adjust(agreed(wanted(by=DUE + 30 * DAY), edition=2), [LATE], POLICY, DUE_AT + DAY)
    assert [one.state for one in performance.milestones] == ["missed", "open"]
    assert [breach.damages for breach in performance.breaches] == [Decimal("12.00")]
    performance.close(DUE_AT + 40 * DAY)
    assert len(performance.breaches) == 2


def test_an_amendment_that_asks_for_more_opens_a_met_date_again() -> None:
    """CON-9, CON-10"""
    performance = opened()
    performance.count(TestedOrder(ordered(quantity="100")).delivered())
    performance.adjust(agreed(wanted(), edition=2), [], POLICY, AT)
    assert [one.state for one in performance.milestones] == ["met"]
    performance.adjust(agreed(wanted(quantity="120"), edition=3), [], POLICY, AT)
    assert [one.state for one in performance.milestones] == ["met", "open"]
    performance.adjust(agreed(wanted(quantity="100"), edition=4), [], POLICY, AT)
    assert [one.state for one in performance.milestones] == ["met", "met"]


def test_the_end_of_the_contract_is_reminded_of_and_moves_with_an_amendment() -> None:
    """CON-13"""
    performance = opened(valid_until=date(2026, 12, 31))
    end = datetime.fromisoformat("2027-01-01T00:00:00+08:00")
    assert performance.timers["remind_of_expiry"] == end - POLICY.contracts.expiry_reminder
    performance.remind_of_expiry(end)
    assert told(performance) == ["ContractExpiring"]
    performance.remember(b"")
    performance.adjust(agreed(wanted(), edition=2, valid_until=date(2026, 12, 31)), [], POLICY, AT)
    assert "remind_of_expiry" not in performance.timers
    performance.adjust(agreed(wanted(), edition=3, valid_until=date(2027, 12, 31)), [], POLICY, AT)
    assert performance.timers["remind_of_expiry"] == end + 365 * DAY - POLICY.contracts.expiry_reminder


def test_the_new_salesperson_is_the_one_to_be_warned() -> None:
    """CON-10, CON-13"""
    performance = opened()
    performance.hand_over("u2")
    performance.look_at_milestones(DUE_AT - WARNING)
    assert performance.recorded[-1].owner == "u2"  # type: ignore[attr-defined]  # the warning
