"""Complaints, goods and people that the tests of quality share."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID, uuid4, uuid5

from services.quality.domain.department_task import DEPARTMENTS
from services.quality.domain.eight_disciplines import Analysis, Step
from services.quality.domain.investigation import Investigation
from services.quality.domain.liability import LiabilityShare, Severity
from shared.domain.actor import Actor, Post
from shared.domain.money import yuan
from shared.domain.policy import Policy
from shared.events.complaints import ComplaintFiled, Slip
from shared.events.orders import (
    EvidenceCompiled,
    IssuedGoods,
    LotReceived,
    OrderedLine,
    OrderPlaced,
    ShipmentDispatched,
)

POLICY = Policy.read()
AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
LOTS = uuid5(UUID(int=0), "lots of the tests")


def actor(id: str, *posts: Post, on_behalf_of: str | None = None) -> Actor:
    return Actor(id=id, posts=frozenset(posts), on_behalf_of=on_behalf_of)


INSPECTOR = actor("inspector", Post.QUALITY_INSPECTOR)


def bought(article: str, quantity: str, price: str) -> OrderedLine:
    return OrderedLine(
        article=article,
        specification="600×600",
        model="M",
        grade="优等品",
        colour_number="A1",
        quantity=yuan(quantity),
        price=yuan(price),
        authority="price book",
    )


def slip(article: str, order_number: str = "DH1") -> Slip:
    return Slip(
        order_number=order_number,
        article=article,
        specification="600×600",
        quantity=yuan("10"),
        grade="优等品",
        colour_number="A1",
        purchased_on=date(2026, 11, 1),
    )


def goods(*lots: tuple[str, str]) -> list[IssuedGoods]:
    """Goods from lots, each given by its number and its article; a lot of one number is the same lot."""
    return [
        IssuedGoods(line=line, article=article, lot_id=uuid5(LOTS, lot), lot=lot, quantity=yuan("5"))
        for line, (lot, article) in enumerate(lots, start=1)
    ]


def share(percent: int, department: Post = Post.PRODUCTION, employee: str | None = None) -> LiabilityShare:
    return LiabilityShare(department=department, employee=employee, percent=percent, severity=Severity.ORDINARY)


def opened() -> Investigation:
    return Investigation.open(uuid4(), "A-1", POLICY, AT)


def reported() -> Investigation:
    """An investigation in which every department has reported."""
    case = opened()
    for post in DEPARTMENTS:
        case.report(None, "firing", "kiln 3 too hot", actor(f"of {post}", post), AT)
    return case


def held(case: Investigation) -> set[str]:
    return {lot.lot for lot in case.lots if lot.held}


def complaint(kind: str = "quality", article: str | None = "A-1") -> ComplaintFiled:
    return ComplaintFiled(
        number="TS1",
        kind=kind,
        channel="phone",
        customer_id=uuid4(),
        received_at=AT,
        respond_by=AT,
        resolve_by=AT,
        policy=POLICY.version,
        slip=slip(article) if article else None,
    )


def placed(number: str, customer_id: UUID | None = None) -> OrderPlaced:
    return OrderPlaced(
        number=number, customer_id=customer_id or uuid4(), salesperson="u12", lines=[], total=yuan("100.00")
    )


def received(lot: str, article: str = "A-1") -> LotReceived:
    return LotReceived(lot=lot, article=article, colour_number="A1", grade="优等品", quantity=yuan("500"))


def dispatched(number: str, certificate: str, goods: list[IssuedGoods], shipment: int = 1) -> ShipmentDispatched:
    return ShipmentDispatched(
        number=number,
        customer_id=uuid4(),
        shipment_id=uuid4(),
        shipment=shipment,
        delivery_order="CH1",
        certificate=certificate,
        invoice="FP1",
        goods=goods,
    )


def analysis(cause: str = "firing", severity: Severity = Severity.ORDINARY, article: str | None = None) -> Analysis:
    steps = [Step(question=f"why {place}", answer="because") for place in range(3)]
    return Analysis(
        cause=cause, method="five_why", steps=steps, root_cause="thermocouple", severity=severity, article=article
    )


def evidence(
    complaint_id: UUID, *lots: tuple[str, str], kind: str = "quality", lines: Sequence[OrderedLine] = ()
) -> EvidenceCompiled:
    return EvidenceCompiled(
        complaint_id=complaint_id,
        kind=kind,
        number="DH1",
        customer_id=uuid4(),
        lines=list(lines),
        goods=goods(*lots),
        placed_at=AT,
        total=yuan("100"),
        people={},
    )
