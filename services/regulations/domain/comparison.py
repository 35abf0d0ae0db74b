"""What one edition says otherwise than another."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, Literal

from pydantic import BaseModel

from services.regulations.domain.content import Clause, Statement
from services.regulations.domain.regulation import Regulation
from shared.domain.policy_parameter import plain

# A run of Latin letters or digits is read as one word, a Chinese character is one by itself.
WORD = re.compile(r"[a-zA-Z0-9_.]+|\s+|.", re.DOTALL)

type Alteration = Literal["added", "removed", "changed"]


class ClauseChange(BaseModel):
    """`difference` has both texts in one: [-what went-] {+what came+} (REG-1)."""

    number: str
    change: Alteration
    before: str | None
    after: str | None
    difference: str


class ParameterChange(BaseModel):
    """A number before and after, each with its unit (REG-2)."""

    key: str
    title: str
    change: Alteration
    before: Any
    before_unit: str | None
    after: Any
    after_unit: str | None


class Side(BaseModel):
    id: str
    code: str
    edition: int
    status: str
    title: str


class Comparison(BaseModel):
    before: Side
    after: Side
    clauses: list[ClauseChange]
    parameters: list[ParameterChange]


def compare(before: Regulation, after: Regulation) -> Comparison:
    """What the later edition changes, clause by clause and number by number (REG-1, REG-2)."""
    return Comparison(
        before=_side(before),
        after=_side(after),
        clauses=list(_clauses(before.clauses, after.clauses)),
        parameters=list(_parameters(before.parameters, after.parameters)),
    )


def _side(regulation: Regulation) -> Side:
    return Side(id=str(regulation.id), **regulation.model_dump(include={"code", "edition", "status", "title"}))


def _clauses(before: tuple[Clause, ...], after: tuple[Clause, ...]) -> Iterator[ClauseChange]:
    old, new = ({clause.number: _said(clause) for clause in clauses} for clauses in (before, after))
    for number in old | new:
        was, comes = old.get(number), new.get(number)
        if was != comes:
            marked = difference(was or "", comes or "")
            yield ClauseChange(number=number, change=_kind(was, comes), before=was, after=comes, difference=marked)


def _parameters(before: tuple[Statement, ...], after: tuple[Statement, ...]) -> Iterator[ParameterChange]:
    old, new = ({statement.key: statement for statement in statements} for statements in (before, after))
    for key in old | new:
        was, comes = old.get(key), new.get(key)
        if (was and (was.value, was.unit)) != (comes and (comes.value, comes.unit)):
            yield ParameterChange(
                key=key, title=next(one.title for one in (comes, was) if one), change=_kind(was, comes),
                before=plain(was.value) if was else None, before_unit=was.unit if was else None,
                after=plain(comes.value) if comes else None, after_unit=comes.unit if comes else None,
            )  # fmt: skip


def _said(clause: Clause) -> str:
    return " ".join(part for part in (clause.heading, clause.text) if part)


def _kind(was: object, comes: object) -> Alteration:
    return "added" if was is None else "removed" if comes is None else "changed"


def difference(before: str, after: str) -> str:
    """Both texts in one, as people read it: what both have, [-what went-], {+what came+}."""
    old, new = WORD.findall(before), WORD.findall(after)
    pieces = []
    for _, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        went, came = "".join(old[i1:i2]), "".join(new[j1:j2])
        if went == came:
            pieces.append(went)
            continue
        pieces += [f"[-{went}-]"] if went else []
        pieces += [f"{{+{came}+}}"] if came else []
    return "".join(pieces)
