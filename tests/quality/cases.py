"""Complaints, goods and people that the tests of quality share."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4, uuid5

from services.quality.domain.department_task import DEPARTMENTS
from services.quality.domain.finding import Cause
from services.quality.domain.investigation import Investigation
from services.quality.domain.liability import LiabilityShare, Severity
from shared.domain.actor import Actor, Post
from shared.domain.money import yuan
from shared.domain.policy import Policy
from shared.events.complaints import ComplaintFiled, Slip
from shared.events.orders import EvidenceCompiled, IssuedGoods

POLICY = Policy.read()
AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
LOTS = uuid5(UUID(int=0), "lots of the tests")


def actor(id: str, *posts: Post, on_behalf_of: str | None = None) -> Actor:
    return Actor(id=id, posts=frozenset(posts), on_behalf_of=on_behalf_of)


INSPECTOR = actor("inspector", Post.QUALITY_INSPECTOR)


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
        case.report(None, Cause.FIRING, "kiln 3 too hot", actor(f"of {post}", post), AT)
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


def evidence(complaint_id: UUID, *lots: tuple[str, str], kind: str = "quality") -> EvidenceCompiled:
    return EvidenceCompiled(
        complaint_id=complaint_id,
        kind=kind,
        number="DH1",
        customer_id=uuid4(),
        lines=[],
        goods=goods(*lots),
        placed_at=AT,
        total=yuan("100"),
        people={},
    )
