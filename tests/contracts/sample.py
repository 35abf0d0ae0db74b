"""A template, people and a contract to begin with."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from services.contracts.domain.clause import Clause
from services.contracts.domain.contract import Contract
from services.contracts.domain.lines import WantedLine, WantedService
from services.contracts.domain.slots import Slot, SlotType
from services.contracts.domain.template import ContractKind, Template
from shared.domain.actor import Actor, Post
from shared.domain.policy import Policy

AT = datetime(2026, 3, 12, 1, tzinfo=UTC)
CUSTOMER = UUID(int=1)
POLICY = Policy.read()

CLAUSES = [
    {"number": "1", "heading": "标的", "text": "乙方向甲方购买瓷砖,合同总额{total}元。"},
    {"number": "5", "heading": "交货", "text": "乙方应于{pay_by}前付清货款,甲方收款后三十日内交货。"},
]
SLOTS = [
    {"name": "total", "type": "money", "title": "合同总额"},
    {"name": "pay_by", "type": "date", "title": "付款日"},
]
VALUES: dict[str, str | int] = {"total": "1200.00", "pay_by": "2026-05-01"}
LATER = "乙方应于{pay_by}前付清货款,甲方收款后四十五日内交货。"


def person(name: str, *posts: Post, on_behalf_of: str | None = None) -> Actor:
    return Actor(id=name, posts=frozenset(posts), on_behalf_of=on_behalf_of)


drafter = person("drafter", Post.SALESPERSON)
clerk = person("clerk", Post.CLERK)
producer = person("producer", Post.PRODUCTION)
inspector = person("inspector", Post.QUALITY_INSPECTOR)
manager = person("manager", Post.SALES_MANAGER)
auditor = person("auditor", Post.AUDITOR)
keeper = person("keeper", Post.SEAL_KEEPER)
office = person("office", Post.HEADQUARTERS)
general = person("general", Post.GENERAL_MANAGER)
vice_president = person("vice_president", Post.VICE_PRESIDENT_SALES)


def line(article: str = "A1", price: str = "12.00") -> WantedLine:
    return WantedLine(article=article, specification="600×600", quantity=Decimal(100), price=Decimal(price))


def service(name: str = "铺贴指导", response: int = 24, resolution: int = 72) -> WantedService:
    return WantedService(service=name, response_hours=response, resolution_hours=resolution)


def drafted_template(kind: ContractKind = ContractKind.SALES) -> Template:
    return Template.draft(
        uuid4(),
        code="XS",
        edition=1,
        title="瓷砖销售合同",
        kind=kind,
        clauses=[Clause.model_validate(clause) for clause in CLAUSES],
        slots=[Slot.model_validate(slot) for slot in SLOTS],
        by=office,
    )


def draft(template: Template, **other: Any) -> Contract:
    fields: dict[str, Any] = {"slots": VALUES, "lines": [line()], "valid_until": date(2026, 12, 31)} | other
    return Contract.draft(uuid4(), template=template, customer_id=CUSTOMER, by=drafter, at=AT, **fields)


def slot(type: SlotType) -> Slot:
    return Slot(name="it", type=type, title="它")


class Desk:
    """One contract, and short words for what people do with it."""

    def __init__(self, kind: ContractKind = ContractKind.SALES, articles: tuple[str, ...] = ("A1",)) -> None:
        self.template = drafted_template(kind)
        self.template.activate(general, AT)
        self.contract = Contract.draft(
            uuid4(),
            template=self.template,
            customer_id=CUSTOMER,
            slots=VALUES,
            lines=[line(article) for article in articles],
            services=[service()] if kind is ContractKind.SERVICE else [],
            valid_until=date(2026, 12, 31),
            by=drafter,
            at=AT,
        )

    @property
    def digest(self) -> str:
        return self.contract.content_digest()

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.contract.recorded]

    def submitted(self) -> "Desk":
        self.contract.submit(POLICY, drafter, AT)
        return self

    def reviewed(self) -> "Desk":
        self.submitted()
        for number in range(1, self.contract.to_review + 1):
            self.contract.review(number, True, "", producer, AT)
            self.contract.review(number, True, "", inspector, AT)
        return self

    def approved(self) -> "Desk":
        self.reviewed()
        while post := self.contract.approvals.next_post:
            self.contract.approve(self.digest, "", person(f"the {post}", post), AT)
        return self

    def requested(self) -> "Desk":
        return self.approved().requested_again()

    def requested_again(self, copies: int = 2) -> "Desk":
        self.contract.request_seal(copies, "交付客户", drafter, AT)
        return self

    def sealed(self) -> "Desk":
        self.requested()
        self.contract.apply_seal(uuid4(), self.template, 2, self.digest, keeper, AT)
        return self
