import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain.numbers import SHANGHAI
from shared.domain.working_time import Calendar

NATURAL = Calendar()
WORKING = Calendar(kind="working")


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Natural, or with one to three stretches of work a day."""
    if draw(st.booleans()):
        return NATURAL
    count = draw(st.integers(1, 3))
    minutes = sorted(draw(st.lists(st.integers(0, 1440), min_size=2 * count, max_size=2 * count, unique=True)))
    clock = [f"{minute // 60:02}:{minute % 60:02}" for minute in minutes]
    return Calendar(kind="working", hours=tuple(f"{a}-{b}" for a, b in zip(clock[::2], clock[1::2], strict=True)))


moments = st.datetimes(datetime(2003, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
durations = st.timedeltas(timedelta(0), timedelta(hours=60))


@given(calendars(), moments, durations)
def test_what_was_added_has_elapsed(calendar: Calendar, start: datetime, duration: timedelta) -> None:
    """CMP-7"""
    assert calendar.elapsed(start, calendar.add(start, duration)) == duration


@given(calendars(), moments, durations, durations)
def test_adding_in_two_steps_is_adding_once(
    calendar: Calendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    if second:
        assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@given(calendars(), moments, durations, durations)
def test_time_runs_one_way_and_never_faster_than_the_clock(
    calendar: Calendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    middle, end = start + first, start + first + second
    assert calendar.elapsed(start, middle) + calendar.elapsed(middle, end) == calendar.elapsed(start, end)
    assert timedelta(0) <= calendar.elapsed(start, end) <= end - start
    assert calendar.elapsed(end, start) == -calendar.elapsed(start, end)


@given(moments, durations)
def test_natural_time_is_plain_addition(start: datetime, duration: timedelta) -> None:
    assert NATURAL.add(start, duration) == start + duration


def test_work_stops_over_lunch_and_overnight() -> None:
    thursday = shanghai("2026-03-12T11:00")
    assert WORKING.add(thursday, hours(1)) == shanghai("2026-03-12T12:00")
    assert WORKING.add(thursday, hours(2)) == shanghai("2026-03-12T14:30")
    assert WORKING.add(thursday, hours(6)) == shanghai("2026-03-13T09:30")


def test_work_that_ends_with_the_day_is_due_that_evening_not_the_next_morning() -> None:
    assert WORKING.add(shanghai("2026-03-12T08:30"), hours(7.5)) == shanghai("2026-03-12T17:30")


def test_nothing_added_is_the_same_moment_even_at_night() -> None:
    night = shanghai("2026-03-12T02:00")
    assert WORKING.add(night, timedelta(0)) == night


def test_an_ordinary_weekend_does_not_count() -> None:
    assert WORKING.elapsed(shanghai("2026-03-13T17:30"), shanghai("2026-03-16T08:30")) == timedelta(0)


def test_the_national_day_holiday_does_not_count_although_it_has_weekdays() -> None:
    assert WORKING.add(shanghai("2026-09-30T17:00"), hours(1)) == shanghai("2026-10-08T09:00")


def test_a_weekend_day_swapped_for_a_holiday_is_worked() -> None:
    saturday = shanghai("2026-10-10T08:30")
    assert WORKING.add(saturday, hours(1)) == shanghai("2026-10-10T09:30")


def test_in_a_year_the_holiday_tables_do_not_know_monday_to_friday_are_worked() -> None:
    national_day = shanghai("2097-10-01T08:30")  # a Tuesday
    assert WORKING.add(national_day, hours(1)) == shanghai("2097-10-01T09:30")
    assert WORKING.add(shanghai("2097-10-04T17:00"), hours(1)) == shanghai("2097-10-07T09:00")


@pytest.mark.parametrize("calendar", [NATURAL, WORKING])
def test_answers_are_in_utc(calendar: Calendar) -> None:
    assert calendar.add(shanghai("2026-03-12T11:00"), hours(1)).tzinfo is UTC
    assert calendar.add(shanghai("2026-03-12T11:00"), timedelta(0)).tzinfo is UTC


@pytest.mark.parametrize("calendar", [NATURAL, WORKING])
def test_a_moment_without_offset_or_a_negative_limit_is_a_fault(calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="offset"):
        calendar.add(datetime(2026, 3, 12), hours(1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="negative"):
        calendar.add(shanghai("2026-03-12T11:00"), hours(-1))


def test_a_word_stands_for_a_calendar_and_a_calendar_survives_json() -> None:
    assert Calendar.model_validate("working") == WORKING
    assert Calendar.model_validate_json(WORKING.model_dump_json()) == WORKING


def test_round_the_clock_on_working_days_is_one_stretch_of_24_hours() -> None:
    calendar = Calendar(kind="working", hours=("00:00-24:00",))
    assert calendar.add(shanghai("2026-03-13T12:00"), hours(24)) == shanghai("2026-03-16T12:00")


@pytest.mark.parametrize(
    "hours",
    [[], ["8:30-12:00"], ["08:30-25:00"], ["12:00-08:30"], ["08:00-08:00"], ["13:00-17:00", "08:00-12:00"],
     ["08:00-12:00", "11:00-17:00"]],
)  # fmt: skip
def test_working_hours_that_make_no_day_are_refused(hours: list[str]) -> None:
    with pytest.raises(ValidationError):
        Calendar.model_validate({"kind": "working", "hours": hours})


def test_the_holiday_tables_are_loaded_only_by_whoever_counts_working_time() -> None:
    check = "import sys, shared.domain.working_time; sys.exit('chinese_calendar' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
