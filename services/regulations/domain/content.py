"""What a regulation says: clauses, and the numbers that stand in them."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_serializer, field_validator

from shared.domain.policy_parameter import Parameter, exact, plain
from shared.domain.refusals import RuleBroken

Number = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\w.()\- ]{1,40}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
CITATION = re.compile(r"(\S+) §?(.+)")
LAST_PART = re.compile(r"(\.\d+|\(\d+\)|[a-z]|(?<=\))\d+| \d+| [a-z]+)$")


class Clause(BaseModel):
    """条款: its number as people cite it, such as 3.3, 9(3), 4.3a."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Number
    heading: Line = ""
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)] = ""


class Statement(BaseModel):
    """参数: a number that a clause of the edition states, under the key by which the rules use it (REG-2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=100)]
    value: Any
    unit: Literal["second", "minute", "hour", "day", "yuan"] | None = Field(default=None, description="As before")
    clause: Number
    title: Line = ""

    @field_validator("value", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        return exact(value)

    @field_serializer("value", when_used="json")
    def _as_number(self, value: Any) -> Any:
        return plain(value)

    def parameter(self, code: str) -> Parameter:
        """As the policy keeps it, with the clause of the regulation of this code."""
        return Parameter(value=self.value, unit=self.unit, clause=cite(code, self.clause))


class Content(BaseModel):
    """The whole of an edition; its parameters stand in its clauses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    clauses: Annotated[tuple[Clause, ...], Field(min_length=1, max_length=500)]
    parameters: Annotated[tuple[Statement, ...], Field(max_length=500)] = ()
    review_every: Annotated[int, Field(ge=1, le=3650, description="Days")]
    effective_at: datetime | None = Field(default=None, description="At once after the approval, if none is named")

    def must_agree(self) -> None:
        """Every clause and key stands once, and a parameter in a clause of this edition; raises `RuleBroken`."""
        for number in _twice([clause.number for clause in self.clauses]):
            raise RuleBroken("REG-1", "clause {number} stands there twice", number=number)
        for key in _twice([statement.key for statement in self.parameters]):
            raise RuleBroken("REG-2", "parameter {key} stands there twice", key=key)
        for statement in self.parameters:
            if clause_text(self.clauses, statement.clause) is None:
                message = "parameter {key} stands in clause {number}, which is not there"
                raise RuleBroken("REG-2", message, key=statement.key, number=statement.clause)


def cite(code: str, number: str) -> str:
    """A clause as people cite it: `D4 §3.3`, `D13 pre-sale 3`."""
    return f"{code} §{number}" if number[0].isdigit() else f"{code} {number}"


def cited(citation: str) -> tuple[str, str] | None:
    """Code and number of a citation; None for `policy` and whatever else is none."""
    found = CITATION.fullmatch(citation)
    return (found[1], found[2]) if found else None


def clause_text(clauses: Sequence[Clause], number: str) -> str | None:
    """What a clause says with all its parts; that of the nearest clause above, if it is no clause of its own."""
    while number:
        lines = list(_lines(clauses, number))
        if lines:
            return "\n".join(lines)
        shorter = LAST_PART.sub("", number)
        if shorter == number:
            return None
        number = shorter
    return None


def _lines(clauses: Sequence[Clause], number: str) -> Iterator[str]:
    wanted = (number, re.sub(r"\.(\d+)$", r"(\1)", number))
    for clause in clauses:
        if any(clause.number == one or _part_of(clause.number, one) for one in wanted):
            said = " ".join(part for part in (clause.heading, clause.text) if part)
            if said:
                yield f"{clause.number} {said}"


def _part_of(number: str, whole: str) -> bool:
    rest = number.removeprefix(whole)
    return rest not in ("", number) and (not rest[0].isdigit() or whole.endswith(")"))


def _twice(names: Sequence[str]) -> list[str]:
    return [name for place, name in enumerate(names) if name in names[:place]]
