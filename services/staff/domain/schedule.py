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
from shared.domain.policy import Policy
from shared.domain.refusals import RuleBroken

FILE = Path(__file__).with_name("schedule.toml")

Parameter = Annotated[str, Field(pattern=r"^penalties\.[a-z_]+$", description="Key of an amount in the policy")]


class Measure(StrEnum):
    """What may be done about a violation (STF-6)."""

    WARNING = "warning"
    PUBLIC_CRITICISM = "public_criticism"
    FINE = "fine"
    PERFORMANCE_DEDUCTION = "performance_deduction"
    SUSPENSION = "suspension"
    DEMERIT = "demerit"
    DEMOTION = "demotion"
    DISMISSAL = "dismissal"


class Dismissal(BaseModel):
    """What a dismissal needs: approvals of different people (STF-8), and that the person does not repent (STF-7)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approvals: Annotated[int, Field(ge=2)]
    only_unrepentant: bool = False


class FineRange(NamedTuple):
    """The least and the most of one fine, in yuan."""

    low: Decimal
    high: Decimal


class Entry(BaseModel):
    """处罚条目: one violation, the clause it breaks, what may follow and who decides (STF-6, STF-7)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clause: str
    violation: str
    kinds: frozenset[str]
    severities: frozenset[str]
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]
    fine_low: Parameter | None = None
    fine_high: Parameter | None = None
    repeat: Literal["each_time"]
    deciders: Annotated[tuple[Post, ...], Field(min_length=1)]
    dismissal: Dismissal | None = None
    effective: date

    @model_validator(mode="after")
    def _says_what_its_measures_need(self) -> Self:
        fined = Measure.FINE in self.measures
        if {fined} != {self.fine_low is not None, self.fine_high is not None}:
            raise ValueError("a fine, and only a fine, has its range")
        if (Measure.DISMISSAL in self.measures) != (self.dismissal is not None):
            raise ValueError("a dismissal, and only a dismissal, says what it needs")
        return self

    def fines(self, policy: Policy) -> FineRange | None:
        """The range of the fine, as the policy has it; none where the entry knows no fine (STF-7)."""
        if self.fine_low is None or self.fine_high is None:
            return None
        amounts = policy.penalties.model_dump()
        return FineRange(*(amounts[key.removeprefix("penalties.")] for key in (self.fine_low, self.fine_high)))


class Schedule(BaseModel):
    """处罚标准: all entries, old ones included (STF-6)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, file: Path = FILE) -> Self:
        """Raises `ValidationError` for a schedule that cannot be followed."""
        return cls.model_validate(tomllib.loads(file.read_text("utf-8")))

    @property
    def deciders(self) -> tuple[Post, ...]:
        """Every post that any entry names."""
        return tuple(dict.fromkeys(post for entry in self.entries for post in entry.deciders))

    def entry(self, kind: str, severity: str, on: date) -> Entry | None:
        """The entry in force on a day; none for a kind of complaint that the schedule does not cover (STF-6).

        Raises `RuleBroken` for a severity the schedule does not know: a person has to put that right.
        """
        covering = [entry for entry in self.entries if kind in entry.kinds and entry.effective <= on]
        fitting = [entry for entry in covering if severity in entry.severities]
        if covering and not fitting:
            raise RuleBroken(
                "STF-6", "the schedule knows no {kind} complaint of severity {severity}", kind=kind, severity=severity
            )
        return max(fitting, key=lambda entry: entry.effective, default=None)


@cache
def schedule() -> Schedule:
    """The company's schedule."""
    return Schedule.read()
