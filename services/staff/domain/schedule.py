"""The penalty schedule: data, read once."""

import tomllib
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.domain.actor import Post
from shared.domain.money import PositiveAmount
from shared.domain.policy import Policy
from shared.domain.refusals import RuleBroken

FILE = Path(__file__).with_name("schedule.toml")

FIRST = "2016-09-10"  # the edition that comes with the software; later ones are drafted and approved (STF-6)

# Who may decide: they also see what they decide on (`access.py`).
DECIDERS = frozenset({Post.HR, Post.SALES_DIRECTOR, Post.BRANCH_GENERAL_MANAGER, Post.GENERAL_MANAGER})

Parameter = Annotated[str, Field(pattern=r"^penalties\.[a-z_]+$", description="Key of an amount in the policy")]


class Subject(StrEnum):
    """Whom an entry is about."""

    PERSON = "person"
    STORE = "store"


class Measure(StrEnum):
    """What may be done about a violation; closure for rectification (停业整顿) to stores alone (STF-6)."""

    WARNING = "warning"
    PUBLIC_CRITICISM = "public_criticism"
    FINE = "fine"
    PERFORMANCE_DEDUCTION = "performance_deduction"
    SUSPENSION = "suspension"
    DEMERIT = "demerit"
    DEMOTION = "demotion"
    DISMISSAL = "dismissal"
    CLOSURE = "closure"


FOR_STORES = frozenset({Measure.WARNING, Measure.FINE, Measure.CLOSURE})


class Dismissal(BaseModel):
    """What a dismissal needs: approvals of different people (STF-8), and that the person does not repent (STF-7)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approvals: Annotated[int, Field(ge=2)]
    only_unrepentant: bool = False


class Heavier(BaseModel):
    """What is provided besides, from so many times of the same violation on (STF-6)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    times: Annotated[int, Field(ge=2, le=99)]
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]


class FineRange(NamedTuple):
    """The least and the most of one fine, in yuan."""

    low: Decimal
    high: Decimal


class Entry(BaseModel):
    """处罚条目: one violation, the clause it breaks, what may follow and who decides (STF-6, STF-7).

    A fine has its range either from the policy (`fine_low`, `fine_high`) or stated here, in yuan (`low`, `high`).
    Earlier penalties of the same violation count as repeats for `repeat_days`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clause: Annotated[str, Field(min_length=1, max_length=60)]
    violation: Annotated[str, Field(pattern=r"^[a-z_]+$", max_length=60)]
    title: Annotated[str, Field(max_length=60)] = ""
    subject: Subject = Subject.PERSON
    kinds: Annotated[frozenset[str], Field(min_length=1)]
    severities: Annotated[frozenset[str], Field(min_length=1)]
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]
    fine_low: Parameter | None = None
    fine_high: Parameter | None = None
    low: PositiveAmount | None = None
    high: PositiveAmount | None = None
    repeat: Literal["each_time"]
    repeat_days: Annotated[int, Field(ge=1, le=3650)] = 365
    heavier: Heavier | None = None
    deciders: Annotated[tuple[Post, ...], Field(min_length=2)]
    dismissal: Dismissal | None = None
    effective: date | None = None

    @model_validator(mode="after")
    def _says_what_its_measures_need(self) -> Self:
        measures = {*self.measures, *(self.heavier.measures if self.heavier else ())}
        ranges = [(self.fine_low, self.fine_high), (self.low, self.high)]
        if any((low is None) != (high is None) for low, high in ranges):
            raise ValueError("a range has both ends")
        if (Measure.FINE in measures) != (sum(low is not None for low, _ in ranges) == 1):
            raise ValueError("a fine, and only a fine, has its range")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("the low end of a range is not above the high one")
        if (Measure.DISMISSAL in measures) != (self.dismissal is not None):
            raise ValueError("a dismissal, and only a dismissal, says what it needs")
        if self.subject is Subject.STORE and not measures <= FOR_STORES:
            raise ValueError("a store is warned, fined or closed for rectification")
        if self.subject is Subject.PERSON and Measure.CLOSURE in measures:
            raise ValueError("only a store is closed for rectification")
        if not DECIDERS.issuperset(self.deciders):
            raise ValueError("penalties are decided by personnel, sales director or general managers")
        return self

    def fines(self, policy: Policy) -> FineRange | None:
        """The range of the fine, in yuan; none where the entry knows no fine (STF-7)."""
        if self.low is not None and self.high is not None:
            return FineRange(self.low, self.high)
        if self.fine_low is None or self.fine_high is None:
            return None
        amounts = policy.penalties.model_dump()
        return FineRange(*(amounts[key.removeprefix("penalties.")] for key in (self.fine_low, self.fine_high)))

    def provided(self, earlier: int) -> list[Measure]:
        """The measures for who has had so many penalties for the same violation before (STF-6)."""
        more = self.heavier.measures if self.heavier and earlier + 1 >= self.heavier.times else ()
        return list(dict.fromkeys((*self.measures, *more)))


class Schedule(BaseModel):
    """处罚标准: all entries of an edition, old ones included (STF-6).

    From `own_quotes_a_month` refused prices of their own on, a person has a conduct case (STF-11).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = FIRST
    own_quotes_a_month: Annotated[int, Field(ge=1, le=999)] = 3
    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=200)]

    @classmethod
    def read(cls, file: Path = FILE) -> Self:
        """Raises `ValidationError` for a schedule that cannot be followed."""
        return cls.model_validate(tomllib.loads(file.read_text("utf-8")))

    def entry(self, kind: str, severity: str, on: date) -> Entry | None:
        """The entry in force on a day; none for what the schedule does not cover (STF-6).

        Raises `RuleBroken` for a severity the schedule does not know: a person has to put that right.
        """
        covering = [entry for entry in self.entries if kind in entry.kinds and (entry.effective or date.min) <= on]
        fitting = [entry for entry in covering if severity in entry.severities]
        if covering and not fitting:
            raise RuleBroken(
                "STF-6", "the schedule knows no {kind} complaint of severity {severity}", kind=kind, severity=severity
            )
        return max(fitting, key=lambda entry: entry.effective or date.min, default=None)


@cache
def schedule() -> Schedule:
    """The edition that comes with the software."""
    return Schedule.read()
