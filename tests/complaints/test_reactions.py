"""What complaints makes of what other services announce."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.domain.actor import Post
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered
from shared.events.event import Event
from shared.events.orders import EvidenceCompiled, EvidenceMissing, IssuedGoods, OrderedLine
from shared.events.quality import (
    ClaimSettled,
    CorrectiveActionOpened,
    DepartmentTaskAssigned,
    FindingRecorded,
    InvestigationClosed,
    InvestigationOpened,
    LiabilityEstablished,
    LiabilityRevised,
    Share,
)
from shared.events.staff import AbsenceBegan, AbsenceEnded, EmployeeJoined, EmployeeLeft, PostsChanged
from tests.complaints.asking import Desk
from tests.complaints.cases import AGENT, CLERK, DIRECTOR, EVIDENCE, OFFICE, SLIP, person
from tests.hearing import announce, hear, off_the_bus
from tests.house import eventually

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


def task(case: UUID) -> Event:
    due_at = datetime(2026, 11, 25, 4, tzinfo=UTC)
    return DepartmentTaskAssigned(number="ZL1", complaint_id=case, department=Post.WAREHOUSE, due_at=due_at)


def finding(case: UUID) -> Event:
    return FindingRecorded(complaint_id=case, department=Post.WAREHOUSE, cause="storage", finding="堆放混色")


ACTION = uuid4()


def action(case: UUID) -> Event:
    due_at = datetime(2026, 12, 24, 4, tzinfo=UTC)
    return CorrectiveActionOpened(complaint_id=case, action_id=ACTION, owner="w1", due_at=due_at, measure="分区堆放")


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
    (task, ["section_filled"], lambda case: case["sections"][0]["due_at"], "2026-11-25T04:00:00Z"),
    (finding, ["section_filled"], lambda case: case["sections"][0]["finding"], "堆放混色"),
    (action, ["action_noted"], lambda case: case["actions"][0]["measure"], "分区堆放"),
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
    await desk.do(case, "carry-out", DIRECTOR, {"what": "换货", "reference": "CH1"})
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


async def test_a_department_s_task_and_finding_come_in_any_order(desk: Desk) -> None:
    """CMP-5, CMP-12, CMP-17: one section of the form, in time by its own deadline."""
    for told in ((task, finding), (finding, task)):
        case, investigation = await desk.file(CLERK), uuid4()
        for event in told:
            await desk.hear(event(UUID(case["id"])), investigation)
        (section,) = (await desk.show(case, OFFICE, "/departments"))["sections"]
        assert (section["cause"], section["reported_by"]) == ("storage", "somebody")
        assert section["due_at"] == "2026-11-25T04:00:00Z"
        assert await desk.parked(investigation) == []


async def test_where_the_order_says_otherwise_than_the_slip_is_a_finding_on_the_case(desk: Desk) -> None:
    """CMP-3: nothing is refused for it, and nothing is lost."""
    case = await desk.file(CLERK, slip=SLIP | {"colour_number": "B7", "quantity": "13.00"})
    await desk.hear(evidence(UUID(case["id"])), uuid4())
    seen = await desk.show(case, OFFICE)
    differences = {one["field"]: (one["slip"], one["order"]) for one in seen["evidence"][0]["differences"]}
    assert differences["colour_number"] == ("B7", "A12")
    assert differences["quantity"] == ("13.00", "12.00")


def away(person: str, deputy: str, post: Post, branch: str) -> Event:
    ends_at = datetime(2099, 1, 1, tzinfo=UTC)
    return AbsenceBegan(employee=person, deputy=deputy, posts=[post], branch=branch, ends_at=ends_at)


async def called(desk: Desk, branch: str) -> dict[str, Any]:
    return await desk.file(CLERK, major=True, branch=branch)


async def covered(desk: Desk, case: dict[str, Any]) -> dict[str, Any]:
    async def there() -> bool:
        return bool((await desk.show(case, OFFICE))["calls"][0]["away"])

    await eventually(there)
    clock: dict[str, Any] = await desk.show(case, OFFICE, "/clock")
    return clock


async def test_the_deputy_of_an_absent_general_manager_is_called_at_once(desk: Desk) -> None:
    """CMP-7: over complaints' own stream, for a call to come; and for one that is open when the absence begins."""
    head, deputy, branch = f"h{uuid4().hex[:6]}", f"y{uuid4().hex[:6]}", f"b{uuid4().hex[:6]}"
    post = Post.BRANCH_GENERAL_MANAGER
    joined = EmployeeJoined(code=head, name="何经理", posts=[post], department="分公司", branch=branch)
    await desk.hear(joined, uuid4())
    open_call, absence = await called(desk, branch), uuid4()
    assert (await desk.show(open_call, OFFICE, "/clock"))["deputies"] == []
    await desk.hear(away(head, deputy, post, branch), absence)
    for case in (open_call, await called(desk, branch)):
        assert (await covered(desk, case))["deputies"] == [deputy]
        assert "escalation_covered" in await desk.announced(case)
        await desk.do(case, "acknowledge", person(deputy, Post.SALES_MANAGER))
    await desk.hear(AbsenceEnded(employee=head, deputy=deputy), absence)
    assert (await desk.show(await called(desk, branch), OFFICE, "/clock"))["deputies"] == []


async def test_where_the_deputy_is_away_too_the_next_post_is_called(desk: Desk) -> None:
    """CMP-7"""
    head, deputy, branch = f"h{uuid4().hex[:6]}", f"y{uuid4().hex[:6]}", f"b{uuid4().hex[:6]}"
    for one, other in ((head, deputy), (deputy, head)):
        await desk.hear(away(one, other, Post.BRANCH_GENERAL_MANAGER, branch), uuid4())
    case = await called(desk, branch)
    clock = await covered(desk, case)
    assert (clock["level"], clock["called_post"]) == (2, "general_manager")


async def test_whoever_has_left_or_another_post_is_not_waited_for(desk: Desk) -> None:
    """CMP-7: only those who hold the post count, and one of them who is there is enough."""
    head, second, deputy, branch = (f"h{uuid4().hex[:6]}" for _ in range(4))
    post, left, moved = Post.BRANCH_GENERAL_MANAGER, uuid4(), uuid4()
    for code, entity in ((second, left), (deputy, moved)):
        joined = EmployeeJoined(code=code, name="副", posts=[post], department="分公司", branch=branch)
        await desk.hear(joined, entity)
    await desk.hear(away(head, deputy, post, branch), uuid4())
    assert (await desk.show(await called(desk, branch), OFFICE, "/clock"))["deputies"] == []
    await desk.hear(EmployeeLeft(code=second, left_on=date(2026, 11, 24)), left)
    await desk.hear(PostsChanged(code=deputy, posts=[Post.SALES_MANAGER]), moved)
    assert (await covered(desk, await called(desk, branch)))["deputies"] == [deputy]


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


async def test_a_revised_split_of_the_liability_takes_the_place_of_the_first(desk: Desk) -> None:
    """QUA-3, CMP-15"""
    case = await desk.file(CLERK)
    about = UUID(case["id"])
    share = Share(department=Post.PRODUCTION, employee="w2", percent=100, severity="grave")
    revised = LiabilityRevised(number="ZL1", complaint_id=about, shares=[share], graver=["w2"], reason="复检")
    await announce(desk.running, (uuid4(), [opened(about), liability(about), revised]))
    seen = await desk.show(case, DIRECTOR)
    assert [one["employee"] for one in seen["investigation"]["liability"]] == ["w2"]
    assert await desk.parked(about) == []
