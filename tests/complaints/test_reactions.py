"""What complaints makes of what other services announce."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.domain.actor import Post
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered
from shared.events.event import Event
from shared.events.orders import EvidenceCompiled, EvidenceMissing, IssuedGoods, OrderedLine
from shared.events.quality import ClaimSettled, InvestigationClosed, InvestigationOpened, LiabilityEstablished, Share
from tests.complaints.asking import Desk
from tests.complaints.cases import AGENT, CLERK, DIRECTOR, EVIDENCE, OFFICE, person
from tests.hearing import hear, off_the_bus

ORDER, INVESTIGATION, CLAIM = "order", "investigation", "claim"


def evidence(case: UUID) -> Event:
    line = OrderedLine(
        article="TL-8001", specification="800×800", model="抛光", grade="优等品", colour_number="A12",
        quantity=Decimal("12.00"), price=Decimal("88.00"), authority="JG1",
    )  # fmt: skip
    goods = IssuedGoods(line=1, article="TL-8001", lot_id=uuid4(), lot="L20261101", quantity=Decimal("12.00"))
    return EvidenceCompiled(
        complaint_id=case, kind="quality", number="DH20261101-7F3K9QX2", customer_id=uuid4(), lines=[line],
        goods=[goods], placed_at=datetime.now(UTC), total=Decimal("1056.00"), people={"salesperson": "s1"},
    )  # fmt: skip


def missing(case: UUID) -> Event:
    return EvidenceMissing(complaint_id=case, order_number="DH20261101-7F3K9QX2")


def opened(case: UUID) -> Event:
    return InvestigationOpened(number="ZL1", complaint_id=case)


def liability(case: UUID) -> Event:
    share = Share(department=Post.WAREHOUSE, employee="w1", percent=100, severity="ordinary")
    return LiabilityEstablished(number="ZL1", complaint_id=case, shares=[share])


def concluded(case: UUID) -> Event:
    return InvestigationClosed(number="ZL1", complaint_id=case, summary="分色有误，已改进")


def settled(case: UUID) -> Event:
    return ClaimSettled(number="SP1", complaint_id=case, amount=Decimal("500.00"), settlement="discount")


# What is heard, of which thing, what the case announces of it, and where it shows.
HEARD: list[tuple[Callable[[UUID], Event], list[str], Callable[[dict[str, Any]], Any], Any]] = [
    (evidence, ["evidence_received"], lambda case: case["evidence"][0]["goods"][0]["lot"], "L20261101"),
    (missing, ["evidence_not_found"], lambda case: case["evidence_missing"], ["DH20261101-7F3K9QX2"]),
    (opened, ["investigation_linked"], lambda case: case["investigation"]["number"], "ZL1"),
    (
        liability,
        ["investigation_linked", "liability_received"],
        lambda case: case["investigation"]["liability"][0]["employee"],
        "w1",
    ),
    (
        concluded,
        ["investigation_linked", "investigation_concluded"],
        lambda case: case["investigation"]["summary"],
        "分色有误，已改进",
    ),
    (settled, ["claim_outcome_received"], lambda case: case["claims"][0]["amount"], "500.00"),
]


@pytest.mark.parametrize(
    ("event", "announced", "look", "seen"), HEARD, ids=lambda value: getattr(value, "__name__", "")
)
async def test_what_others_tell_is_kept_on_the_case(
    desk: Desk,
    event: Callable[[UUID], Event],
    announced: list[str],
    look: Callable[[dict[str, Any]], Any],
    seen: Any,
) -> None:
    """CMP-5, ORD-20, QUA-3, QUA-5: as the first that is heard, again as another event, and twice off the bus."""
    case = await desk.file(CLERK)
    entity_id = uuid4()
    await desk.hear(event(UUID(case["id"])), entity_id)
    assert look(await desk.show(case, OFFICE)) == seen
    assert await desk.announced(case) == ["filed", "assigned", *announced]
    await desk.hear(event(UUID(case["id"])), entity_id)
    assert await desk.announced(case) == ["filed", "assigned", *announced]
    assert await desk.parked(entity_id) == []


async def test_what_others_tell_after_the_case_was_closed_is_kept_too(desk: Desk) -> None:
    """CMP-11"""
    case = await desk.file(CLERK)
    await desk.do(case, "take", DIRECTOR)
    await desk.do(case, "respond", DIRECTOR, {"channel": "phone", "evidence": EVIDENCE, "spoken_to": "王先生"})
    await desk.do(case, "propose", DIRECTOR, {"measures": "换货"})
    await desk.do(case, "consent", AGENT, {"customer_said": "可以"})
    await desk.do(case, "resolve", DIRECTOR, {"summary": "已换货", "told_customer_by": "电话"})
    await desk.do(case, "close", AGENT, {"confirmed_by": "王先生"})
    identity, investigation = UUID(case["id"]), uuid4()
    for event, entity_id in (
        (settled(identity), uuid4()),
        (opened(identity), investigation),
        (liability(identity), investigation),
        (concluded(identity), investigation),
        (evidence(identity), uuid4()),
    ):
        await desk.hear(event, entity_id)
        assert await desk.parked(entity_id) == []
    seen = await desk.show(case, OFFICE)
    assert seen["status"] == "closed"
    assert seen["claims"]
    assert seen["evidence"]
    assert seen["investigation"]["summary"]


async def test_an_event_that_comes_twice_is_taken_once(desk: Desk) -> None:
    """PLT-2"""
    case, entity_id = await desk.file(CLERK), uuid4()
    heard = off_the_bus(settled(UUID(case["id"])), entity_id)
    for _ in range(2):
        await hear(desk.running, heard)
    assert (await desk.announced(case)).count("claim_outcome_received") == 1


async def test_a_customer_is_known_from_hearing_of_them_and_their_owner_may_change(desk: Desk) -> None:
    """CMP-1"""
    customer_id = await desk.customer(owner="s1")
    case = await desk.file(CLERK, customer_id=str(customer_id))
    await desk.hear(CustomerOwnerChanged(code="K1", owner="s9"), customer_id)
    assert (await desk.show(case, person("s9", Post.SALESPERSON)))["id"] == case["id"]
    answer = await desk.running.ask("GET", f"/complaints/{case['id']}", desk.as_(person("s1", Post.SALESPERSON)))
    assert answer.status_code == 403
    registered = CustomerRegistered(code="K1", company="合肥建材", kind="dealer", region="安徽", level="A", owner="s3")
    await desk.hear(registered, customer_id)
    assert (await desk.show(case, person("s3", Post.SALESPERSON)))["id"] == case["id"]
