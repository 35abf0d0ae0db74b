"""Due times: in natural hours round the clock, or in the hours people in China are at work."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import takewhile
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.domain.numbers import SHANGHAI

ClockHours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Interval = tuple[timedelta, timedelta]


class Calendar(BaseModel):
    """How a time limit runs: `natural` never stops, `working` counts working hours on China's working days.

    Statutory holidays and weekends swapped into working days come from the `chinesecalendar` package, which
    knows the years up to its release; in years it does not know, Monday to Friday are the working days.

    The word alone (`"working"`) stands for a calendar with the usual hours.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["natural", "working"] = "natural"
    hours: tuple[ClockHours, ...] = Field(default=("08:30-12:00", "13:30-17:30"), min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _from_its_kind(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @field_validator("hours")
    @classmethod
    def _in_order(cls, hours: tuple[str, ...]) -> tuple[str, ...]:
        moments = [moment for interval in hours for moment in _interval(interval)]
        if any(later <= earlier for earlier, later in zip(moments[::2], moments[1::2], strict=True)):
            raise ValueError("working hours close after they open")
        if any(later < earlier for earlier, later in zip(moments[1::2], moments[2::2], strict=False)):
            raise ValueError("working hours follow one another without overlap")
        return hours

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The earliest moment (UTC) at which `duration`, never negative, has passed since `start`."""
        if duration < timedelta(0):
            raise ValueError("a time limit is not negative")
        start = _utc(start)
        if self.kind == "natural" or not duration:
            return start + duration
        left = duration
        for opens, closes in self._open_from(start):  # pragma: no branch - there is always a next one
            if left <= closes - opens:
                break
            left -= closes - opens
        return opens + left

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The time that has passed on this calendar; negative when `end` lies before `start`."""
        start, end = _utc(start), _utc(end)
        if self.kind == "natural":
            return end - start
        if end < start:
            return -self.elapsed(end, start)
        before_end = takewhile(lambda stretch: stretch[0] < end, self._open_from(start))
        return sum((min(closes, end) - opens for opens, closes in before_end), timedelta(0))

    @cached_property
    def _intervals(self) -> tuple[Interval, ...]:
        return tuple(_interval(interval) for interval in self.hours)

    def _open_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of working time from `start` on, without end; the first may have begun before."""
        day = start.astimezone(SHANGHAI).date()
        while True:
            if _is_working_day(day):
                midnight = datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
                for opens, closes in self._intervals:
                    if midnight + closes > start:
                        yield max(midnight + opens, start), midnight + closes
            day += timedelta(days=1)


def _interval(hours: str) -> Interval:
    opens, closes = (timedelta(hours=int(text[:2]), minutes=int(text[3:])) for text in hours.split("-"))
    return opens, closes


def _is_working_day(day: date) -> bool:
    # Imported here because few services count working time, and each would carry the tables in memory.
    from chinese_calendar import is_workday

    try:
        return bool(is_workday(day))
    except NotImplementedError:  # a year the package does not know
        return day.weekday() < 5


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset from UTC")
    return moment.astimezone(UTC)
