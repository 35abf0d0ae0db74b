"""What an amendment starts from, what it changes, and what a contract keeps of its earlier editions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.domain.deviation import Deviation, Passage, difference, marked
from services.contracts.domain.review import Review, Seal, Submission
from services.contracts.domain.template import Template
from shared.domain.approvals import Approvals
from shared.events.contracts import ContractLine, ServiceTerm

LONG = 1000  # characters, before and after


class Content(BaseModel):
    """What is agreed, beside the fixed text of the clauses."""

    model_config = ConfigDict(from_attributes=True)

    slots: dict[str, str]
    lines: list[ContractLine]
    services: list[ServiceTerm]
    deviations: list[Deviation]
    valid_until: date


class Basis(BaseModel):
    """The edition an amendment was drafted from, and who drafted the contract (CON-9, CON-15)."""

    edition: int
    digest: str
    drafted_by: str
    drafted_for: str | None
    content: Content


class Proceedings(BaseModel):
    """How an edition was reviewed and approved."""

    submission: Submission | None
    reviews: list[Review]
    approvals: Approvals


class Edition(BaseModel):
    """What was in force before an amendment took its place; `amendment_id` is the one that had brought it (CON-9)."""

    edition: int
    amendment_id: UUID | None
    digest: str
    content: Content
    seal: Seal
    proceedings: Proceedings


class Part(StrEnum):
    SLOT = "slot"
    LINE = "line"
    SERVICE = "service"
    CLAUSE = "clause"
    VALID_UNTIL = "valid_until"


type Change = tuple[Part, str, str | None, str | None]


class Difference(BaseModel):
    """One thing that reads otherwise than before: `name` is the slot, article, service or clause (CON-9)."""

    part: Part
    name: str
    before: str | None
    after: str | None
    passages: list[Passage]

    @classmethod
    def of(cls, part: Part, name: str, before: str | None, after: str | None) -> Self:
        """With its passages; long fillings are shown one after the other, for there may be hundreds of them."""
        old, new = before or "", after or ""
        if part is Part.CLAUSE or len(old) + len(new) <= LONG:
            passages = difference(old, new)
        else:
            passages = [Passage(change="removed", text=old), Passage(change="added", text=new)]
        return cls(part=part, name=name, before=before, after=after, passages=passages)

    @property
    def marked(self) -> str:
        """Both in one text, as in a deviation."""
        return marked(self.passages)


def differences(
    before: Content, after: Content, template: Template, known: Iterable[Difference] = ()
) -> list[Difference]:
    """Everything that `after` says otherwise than `before`, part by part; what is `known` is not worked out again."""
    clauses = {clause.number: clause.text for clause in template.clauses}
    found = [
        *_compared(Part.CLAUSE, _clauses(before, clauses), _clauses(after, clauses)),
        *_compared(Part.SLOT, before.slots, after.slots),
        *_compared(Part.LINE, _lines(before.lines), _lines(after.lines)),
        *_compared(Part.SERVICE, _services(before.services), _services(after.services)),
        *_compared(Part.VALID_UNTIL, {"": before.valid_until.isoformat()}, {"": after.valid_until.isoformat()}),
    ]
    same = {(one.part, one.name, one.before, one.after): one for one in known}
    return [same.get(change) or Difference.of(*change) for change in found]


def _compared(part: Part, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield part, name, old, new


def _clauses(content: Content, clauses: Mapping[str, str]) -> dict[str, str]:
    return {**clauses, **{deviation.clause: deviation.text for deviation in content.deviations}}


def _lines(lines: Sequence[ContractLine]) -> dict[str, str]:
    return {
        line.article: f"{line.specification}, {line.quantity} × {line.price}"
        + (f", {line.deliver_by.isoformat()}" if line.deliver_by else "")
        for line in lines
    }


def _services(services: Sequence[ServiceTerm]) -> dict[str, str]:
    return {
        term.service: f"{term.response_hours} h / {term.resolution_hours} h"
        + (f" × {term.times}" if term.times else "")
        for term in services
    }
