"""The daily and the monthly sales report, without I/O (ORD-15)."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.sales_report import Content, Figures, Period, SalesReport, SalesReportKind
from shared.domain.actor import Actor
from shared.domain.refusals import NotAllowedNow, RuleBroken
from shared.events.envelope import new_id
from shared.events.orders import SalesReportClosed
from tests.orders.books import ONE_DAY

DAILY, MONTHLY = SalesReportKind
NOTHING = Content(0, "", Figures())


@given(st.dates(date(2000, 1, 1), date(2900, 1, 1)))
def test_a_period_is_its_days_and_no_more(day: date) -> None:
    """ORD-15."""
    month = Period.of(MONTHLY, day.replace(day=1))
    assert month.begins_on.month == month.ends_on.month
    assert (month.ends_on + ONE_DAY).day == 1
    assert Period.of(DAILY, day) == (DAILY, day, day)


def test_a_monthly_report_begins_on_the_first() -> None:
    """ORD-15."""
    with pytest.raises(RuleBroken, match="the first of its month"):
        Period.of(MONTHLY, date(2026, 11, 2))


def test_a_day_is_closed_once_it_is_over_in_shanghai() -> None:
    """ORD-15."""
    period = Period.of(DAILY, date(2026, 11, 23))
    close = (new_id(), period, NOTHING, Actor(id="u09"))
    with pytest.raises(RuleBroken, match="is over"):
        SalesReport.close(*close, datetime(2026, 11, 23, 15, 59, tzinfo=UTC))
    report = SalesReport.close(*close, datetime(2026, 11, 23, 16, 0, tzinfo=UTC))
    assert (report.number, report.status) == ("RB20261123", "closed")
    with pytest.raises(NotAllowedNow):
        report.record(report.recorded[0])


def test_a_report_says_what_it_froze() -> None:
    """ORD-15."""
    period = Period.of(MONTHLY, date(2026, 10, 1))
    report = SalesReport.close(new_id(), period, Content(7, "d", Figures(lines=3)), Actor(id="u09"), datetime.now(UTC))
    event = SalesReportClosed(
        number="YB202610",
        kind="monthly",
        begins_on=date(2026, 10, 1),
        ends_on=date(2026, 10, 31),
        entries=7,
        digest="d",
    )
    assert report.recorded == (event,)
