"""A company template, edition by edition."""

import operator
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field

from services.contracts.domain.clause import Clause
from services.contracts.domain.remedy import Remedy, must_be_said
from services.contracts.domain.slots import Slot, SlotType, accept_all, places
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import content_digest
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.contracts import TemplateActivated, TemplateDrafted, TemplateRetired


class TemplateStatus(StrEnum):
    NEW = "new"
    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class ContractKind(StrEnum):
    """Sales, the exclusive sale of goods on clearance (处理产品包销), or a service."""

    SALES = "sales"
    CLEARANCE = "clearance"
    SERVICE = "service"


class Template(Aggregate):
    """蓝本: the text that contracts are drawn up from; it never changes, only a new edition replaces it (CON-1)."""

    TABLE = "templates"
    ENTITY = "template"
    START = TemplateStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        TemplateDrafted: Step({TemplateStatus.NEW}, TemplateStatus.DRAFT),
        TemplateActivated: Step({TemplateStatus.DRAFT}, TemplateStatus.ACTIVE),
        TemplateRetired: Step({TemplateStatus.ACTIVE}, TemplateStatus.RETIRED),
    }

    status: TemplateStatus
    code: str
    edition: int
    title: str
    kind: ContractKind
    clauses: list[Clause]
    slots: list[Slot]
    remedies: Annotated[list[Remedy], Field(exclude_if=operator.not_)] = []
    text_digest: str
    drafted_by: str
    drafted_for: str | None = None
    activated_by: str | None = None
    activated_at: datetime | None = None
    retired_by: str | None = None
    retired_at: datetime | None = None

    @classmethod
    def draft(
        cls,
        id: UUID,
        *,
        code: str,
        edition: int,
        title: str,
        kind: ContractKind,
        clauses: Sequence[Clause],
        slots: Sequence[Slot],
        remedies: Sequence[Remedy] = (),
        by: Actor,
    ) -> Self:
        """A new edition; every place in its clauses is a declared slot, and every slot has a place (CON-1)."""
        _agree(clauses, slots)
        must_be_said(remedies, clauses, slots)
        template = cls.begin(
            id,
            code=code,
            edition=edition,
            title=title,
            kind=kind,
            clauses=list(clauses),
            slots=list(slots),
            remedies=list(remedies),
            text_digest="",
            drafted_by=by.id,
            drafted_for=by.on_behalf_of,
        )
        template.text_digest = template.digest_of_text()
        template.record(TemplateDrafted(code=code, edition=edition, digest=template.text_digest))
        return template

    def activate(self, by: Actor, at: datetime) -> None:
        """Contracts may be drawn up from it, says somebody else than its drafter (CON-1)."""
        if not by.people.isdisjoint({self.drafted_by, self.drafted_for}):
            raise RuleBroken("CON-1", "whoever drafts a template cannot activate it")
        self._must_be_whole()
        self.activated_by, self.activated_at = by.id, at
        self.record(TemplateActivated(code=self.code, edition=self.edition, digest=self.text_digest))

    def retire(self, by: Actor, at: datetime) -> None:
        """No contract is drawn up from it any more; those that were stay (CON-1)."""
        self.retired_by, self.retired_at = by.id, at
        self.record(TemplateRetired(code=self.code, edition=self.edition))

    def must_be_usable(self) -> None:
        """A contract is drawn up only from an active edition, as it was activated (CON-1)."""
        if not self.may(TemplateRetired):
            raise RuleBroken(
                "CON-1", "template {code} edition {edition} is not active", code=self.code, edition=self.edition
            )
        self._must_be_whole()

    def must_be(self, digest: str) -> None:
        """The text is the one a contract was drawn up from, to the letter (CON-1)."""
        if self.digest_of_text() != digest:
            raise RuleBroken("CON-1", "this is not the template text the contract was drawn up from")

    def clause(self, number: str) -> Clause:
        """The clause of this number; raises `NotFound`."""
        for clause in self.clauses:
            if clause.number == number:
                return clause
        raise NotFound("there is no {entity} {id}", entity="clause", id=number)

    def accept(self, values: Mapping[str, str | int]) -> dict[str, str]:
        """The slots filled, each with a value of its type, a remedy's with a percentage; raises `Invalid` (CON-1)."""
        return accept_all(self.slots, values, {name for remedy in self.remedies for name in remedy.slots})

    def must_know(self, text: str, clause: str) -> None:
        """The text of a deviation fills the same slots as the template (CON-1)."""
        _declared(places(text, clause), {slot.name for slot in self.slots}, clause)

    def digest_of_text(self) -> str:
        """The digest over everything that is printed, worked out anew; what is not there does not count."""
        parts = {"code", "edition", "title", "kind", "clauses", "slots", "remedies"}
        return content_digest(self.model_dump(include=parts))

    def _must_be_whole(self) -> None:
        if self.digest_of_text() != self.text_digest:
            raise RuleBroken("CON-1", "the text of the template is not the one that was drafted")


def _agree(clauses: Sequence[Clause], slots: Sequence[Slot]) -> None:
    _once([clause.number for clause in clauses], "clause {name} is given twice")
    _once([slot.name for slot in slots], "slot {name} is given twice")
    names, placed = {slot.name for slot in slots}, set[str]()
    for clause in clauses:
        found = places(clause.text, clause.number)
        _declared(found, names, clause.number)
        placed.update(found)
    for name in sorted(names - placed):
        raise RuleBroken("CON-1", "slot {slot} has no place in any clause", slot=name)
    for slot in slots:
        if (slot.type is SlotType.CHOICE) != bool(slot.options):
            raise RuleBroken("CON-1", "slot {slot}: a choice, and nothing else, names its options", slot=slot.name)


def _declared(found: Sequence[str], names: set[str], clause: str) -> None:
    for name in found:
        if name not in names:
            raise RuleBroken(
                "CON-1", "clause {clause} has a place for {slot}, which is no slot", clause=clause, slot=name
            )


def _once(names: Sequence[str], message: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise RuleBroken("CON-1", message, name=name)
