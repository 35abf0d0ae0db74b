"""A contract as it reads: clauses with their slots filled, deviations marked."""

from datetime import date

from pydantic import BaseModel

from services.contracts.domain.amendment import Part
from services.contracts.domain.contract import Contract
from services.contracts.domain.slots import fill
from services.contracts.domain.template import Template
from shared.events.contracts import ContractLine, ServiceTerm

DRAFT_MARK = "草稿 DRAFT"


class ReadClause(BaseModel):
    """A clause of this contract; `difference` shows a deviation beside the template's words (CON-2)."""

    number: str
    heading: str
    text: str
    deviates: bool
    difference: str | None = None


class Change(BaseModel):
    """What an amendment says otherwise than the edition before; `difference` shows both in one text (CON-9)."""

    part: Part
    name: str
    before: str | None
    after: str | None
    difference: str


class ContractText(BaseModel):
    """What a printed contract says; whatever is not sealed bears a `watermark` (CON-6)."""

    number: str
    title: str
    template: str
    customer: str
    digest: str
    watermark: str | None
    clauses: list[ReadClause]
    lines: list[ContractLine]
    services: list[ServiceTerm] = []
    valid_until: date
    edition: int = 1
    changes: list[Change] = []


def contract_text(contract: Contract, template: Template, customer: str) -> ContractText:
    """The text of a contract on its template (CON-6)."""
    return ContractText(
        number=contract.number,
        title=template.title,
        template=f"{contract.template_code}/{contract.template_edition}",
        customer=customer,
        digest=contract.content_digest(),
        watermark=None if contract.seal else DRAFT_MARK,
        clauses=list(_clauses(contract, template)),
        lines=contract.lines,
        services=contract.services,
        valid_until=contract.valid_until,
        edition=contract.edition,
        changes=[
            Change(part=one.part, name=one.name, before=one.before, after=one.after, difference=one.marked)
            for one in contract.difference
        ],
    )


def _clauses(contract: Contract, template: Template) -> list[ReadClause]:
    deviations = {deviation.clause: deviation for deviation in contract.deviations}
    read = []
    for clause in template.clauses:
        deviation = deviations.get(clause.number)
        read.append(
            ReadClause(
                number=clause.number,
                heading=clause.heading,
                text=fill(deviation.text if deviation else clause.text, template.slots, contract.slots),
                deviates=deviation is not None,
                difference=deviation and deviation.marked,
            )
        )
    return read
