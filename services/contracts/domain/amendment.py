"""What an amendment starts from, what it changes, and what a contract keeps of its earlier editions."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.domain.deviation import Deviation, Passage, difference, marked
from services.contracts.domain.review import Review, Seal, Submission
from services.contracts.domain.template import Template
from shared.domain.approvals import Approvals
from shared.events.contracts import ContractLine, ServiceTerm


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


class Difference(BaseModel):
    """One thing that reads otherwise than before: `name` is the slot, article, service or clause (CON-9)."""

    part: Part
    name: str
    before: str | None
    after: str | None
    passages: list[Passage]

    @property
    def marked(self) -> str:
        """Both in one text, as in a deviation."""
        return marked(self.passages)


def differences(before: Content, after: Content, template: Template) -> list[Difference]:
    """Everything that `after` says otherwise than `before`, part by part (CON-9)."""
    clauses = {clause.number: clause.text for clause in template.clauses}
    return [
        *_compared(Part.CLAUSE, _clauses(before, clauses), _clauses(after, clauses)),
        *_compared(Part.SLOT, before.slots, after.slots),
        *_compared(Part.LINE, _lines(before.lines), _lines(after.lines)),
        *_compared(Part.SERVICE, _services(before.services), _services(after.services)),
        *_compared(Part.VALID_UNTIL, {"": before.valid_until.isoformat()}, {"": after.valid_until.isoformat()}),
    ]


def _compared(part: Part, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield Difference(part=part, name=name, before=old, after=new, passages=difference(old or "", new or ""))


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
