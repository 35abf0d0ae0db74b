"""What a contract says, and who wrote it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from services.contracts.domain.amendment import Basis, Content, Difference, differences
from services.contracts.domain.deviation import Deviation, difference
from services.contracts.domain.lines import each_article_once, each_service_once, must_fit, must_not_be_over
from services.contracts.domain.remedy import AgreedRemedy
from services.contracts.domain.slots import places
from services.contracts.domain.status import ContractStatus
from services.contracts.domain.template import ContractKind, Template
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate
from shared.domain.approvals import content_digest
from shared.domain.money import ZERO
from shared.domain.numbers import number
from shared.domain.refusals import RuleBroken
from shared.events.contracts import ContractChanged, ContractDrafted, ContractLine, ServiceTerm


class Writing(Aggregate):
    """The written part of a contract: slots, lines, services and deviations on a template (CON-1, CON-2, CON-12)."""

    status: ContractStatus
    number: str
    verification_code: str | None = None
    kind: ContractKind
    template_id: UUID
    template_code: str
    template_edition: int
    template_digest: str
    customer_id: UUID
    company: str | None = None
    slots: dict[str, str]
    lines: list[ContractLine]
    services: list[ServiceTerm] = []
    deviations: list[Deviation] = []
    valid_until: date
    drafted_by: str
    drafted_for: str | None = None
    drafted_at: datetime
    edited_by: str
    edited_for: str | None = None
    edition: int = 1
    amends: UUID | None = None
    amended_because: str | None = None
    basis: Basis | None = None
    difference: list[Difference] = []

    @classmethod
    def draft(
        cls,
        id: UUID,
        *,
        template: Template,
        customer_id: UUID,
        slots: Mapping[str, str | int],
        lines: Sequence[ContractLine],
        services: Sequence[ServiceTerm] = (),
        valid_until: date,
        by: Actor,
        at: datetime,
        company: str | None = None,
        verification_code: str | None = None,
    ) -> Self:
        """Draw up a contract from an active template, every slot filled and nothing else (CON-1)."""
        template.must_be_usable()
        contract = cls.begin(
            id,
            number=number("HT", id, at),
            verification_code=verification_code,
            kind=template.kind,
            template_id=template.id,
            template_code=template.code,
            template_edition=template.edition,
            template_digest=template.text_digest,
            customer_id=customer_id,
            company=company,
            slots=template.accept(slots),
            lines=each_article_once(lines),
            services=each_service_once(services),
            valid_until=valid_until,
            **_written(by, at),
        )
        must_fit(contract.kind, contract.lines, contract.services)
        must_not_be_over(valid_until, at)
        contract.record(ContractDrafted.model_validate(contract, from_attributes=True))
        return contract

    def deviate(self, clause: str, text: str, template: Template, by: Actor, at: datetime) -> None:
        """Say something else than a clause says (CON-2); the clause's own words take the deviation back."""
        template.must_be(self.template_digest)
        template.must_know(text, clause)
        before = self.content_digest()
        original = template.clause(clause).text
        others = [deviation for deviation in self.deviations if deviation.clause != clause]
        if text != original:
            passages = difference(original, text)
            others.append(Deviation(clause=clause, text=text, difference=passages, by=by.id, at=at))
        self.deviations = sorted(others, key=lambda deviation: [int(part) for part in deviation.clause.split(".")])
        self._changed(before, template, by, at)

    def change(
        self,
        template: Template,
        by: Actor,
        at: datetime,
        *,
        slots: Mapping[str, str | int] | None = None,
        lines: Sequence[ContractLine] | None = None,
        services: Sequence[ServiceTerm] | None = None,
        valid_until: date | None = None,
    ) -> None:
        """Change what is named; all reviews and decisions made before are void (CON-9)."""
        template.must_be(self.template_digest)
        before = self.content_digest()
        self._write(template, at, slots, lines, services, valid_until)
        self._changed(before, template, by, at)

    def content(self) -> Content:
        """A copy of what is agreed."""
        return Content.model_validate(self)

    def content_digest(self) -> str:
        """The digest over all that is agreed, worked out anew; of an amendment also over what it amends (CON-9)."""
        content = self.model_dump(include={"template_digest", "customer_id", "slots", "lines", "valid_until"})
        content["deviations"] = {deviation.clause: deviation.text for deviation in self.deviations}
        if self.services:
            content["services"] = self.services
        if self.edition > 1:
            content |= {"contract": self.amends or self.id, "edition": self.edition}
        return content_digest(content)

    @property
    def total(self) -> Decimal:
        """What all lines are worth, in yuan."""
        return sum((line.quantity * line.price for line in self.lines), ZERO)

    @property
    def writers(self) -> set[str]:
        """The drafter and the last editor, of an amendment also the contract's drafter, with whom they stood in for."""
        people = {self.drafted_by, self.drafted_for, self.edited_by, self.edited_for}
        if self.basis is not None:
            people |= {self.basis.drafted_by, self.basis.drafted_for}
        return {person for person in people if person}

    def agreed_remedies(self, template: Template) -> list[AgreedRemedy]:
        """What the contract gives for a breach, in percent; a deviation that says no percentage gives none (CON-14)."""
        template.must_be(self.template_digest)
        deviating = {deviation.clause: deviation.text for deviation in self.deviations}
        return [
            AgreedRemedy(
                breach=remedy.breach,
                clause=remedy.clause,
                percent=Decimal(self.slots[remedy.slot]),
                cap=Decimal(self.slots[remedy.cap_slot]) if remedy.cap_slot else None,
            )
            for remedy in template.remedies
            if remedy.clause not in deviating or remedy.slot in places(deviating[remedy.clause], remedy.clause)
        ]

    def _write(
        self,
        template: Template,
        at: datetime,
        slots: Mapping[str, str | int] | None,
        lines: Sequence[ContractLine] | None,
        services: Sequence[ServiceTerm] | None,
        valid_until: date | None,
    ) -> None:
        if slots is not None:
            self.slots = template.accept(slots)
        if lines is not None:
            self.lines = each_article_once(lines)
        if services is not None:
            self.services = each_service_once(services)
        self.valid_until = valid_until or self.valid_until
        must_fit(self.kind, self.lines, self.services)
        must_not_be_over(self.valid_until, at)
        self._compare(template)

    def _compare(self, template: Template) -> None:
        if self.basis is not None:
            self.difference = differences(self.basis.content, self.content(), template, self.difference)

    def _changed(self, before: str, template: Template, by: Actor, at: datetime) -> None:
        digest = self.content_digest()
        if digest == before:
            raise RuleBroken("CON-9", "nothing was changed")
        self._compare(template)
        self._void(at)
        self.edited_by, self.edited_for = by.id, by.on_behalf_of
        self.record(ContractChanged(digest=digest, deviations=[deviation.clause for deviation in self.deviations]))

    def _void(self, at: datetime) -> None:
        """What was decided on the content before is decided no more."""


def _written(by: Actor, at: datetime) -> dict[str, object]:
    return {
        "drafted_by": by.id,
        "drafted_for": by.on_behalf_of,
        "drafted_at": at,
        "edited_by": by.id,
        "edited_for": by.on_behalf_of,
    }
