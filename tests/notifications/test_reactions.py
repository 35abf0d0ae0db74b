"""What notifications does about what it hears, through the real consumer on the real database."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from services.notifications.reactions import reactions
from services.notifications.rendering import TEMPLATES
from shared.domain.actor import Post
from shared.events import complaints, contracts, orders, quality
from shared.events.event import Event
from shared.events.staff import PenaltyDecided, PenaltyProposed
from tests.hearing import tell
from tests.house import PATIENCE, Running

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
CUSTOMER = UUID("0198c0de-0000-7000-8000-000000000001")
BY = {"number": "TS1", "post": Post.SALES_MANAGER}
MONEY = Decimal("100.00")


def filed(kind: str = "quality", *, major: bool = False) -> complaints.ComplaintFiled:
    return complaints.ComplaintFiled(
        number="TS1", kind=kind, channel="phone", customer_id=CUSTOMER, received_at=NOW, respond_by=NOW,
        resolve_by=NOW, policy="p", major=major,
    )  # fmt: skip


def decided(*measures: str, **other: Any) -> PenaltyDecided:
    fields: dict[str, Any] = {
        "number": "CF1", "employee": "u404", "cause_id": uuid4(), "clause": "D19 §4.3a", "violation": "服务态度",
        "measures": list(measures), "fine": MONEY, "as_deduction": False, "appeal_by": NOW,
    }  # fmt: skip
    return PenaltyDecided(**fields | other)


PENALTY_PROPOSED = PenaltyProposed(
    number="CF1", employee="u404", cause_id=uuid4(), clause="c", violation="v", measures=["fine"],
    deciders=[Post.HR, Post.GENERAL_MANAGER],
)  # fmt: skip
TASK = {"number": "DC1", "department": Post.PRODUCTION, "due_at": NOW}

WHO_IS_TOLD_WHAT: list[tuple[Event, set[tuple[str, str]]]] = [
    (filed(), {("complaint_received", str(CUSTOMER))}),
    (filed("service", major=True), {("complaint_received", str(CUSTOMER))}),
    (
        complaints.ComplaintReported(number="TS1", kind="service", post=Post.OFFICE),
        {("grave_complaint_reported", "office")},
    ),
    (
        complaints.ComplaintAssigned(number="TS1", kind="quality", post=Post.SALES_DIRECTOR),
        {("quality_complaint_assigned", "sales_director")},
    ),
    (
        complaints.ComplaintAssigned(number="TS1", kind="service", post=Post.SALES_MANAGER, person="u05"),
        {("complaint_assigned", "sales_manager"), ("complaint_assigned", "u05")},
    ),
    (complaints.ResponseWarned(**BY, respond_by=NOW), {("response_warned", "sales_manager")}),
    (complaints.ResponseMissed(**BY, respond_by=NOW), {("response_missed", "sales_manager")}),
    (complaints.ResolutionWarned(**BY, resolve_by=NOW), {("resolution_warned", "sales_manager")}),
    (complaints.ResolutionMissed(**BY, resolve_by=NOW), {("resolution_missed", "sales_manager")}),
    (complaints.ComplaintEscalated(**BY, level=1, reason="silence"), {("complaint_escalated", "sales_manager")}),
    (
        complaints.ComplaintResolved(number="TS1", kind="quality", customer_id=CUSTOMER, in_time=True, summary="换货"),
        {("complaint_resolved", str(CUSTOMER))},
    ),
    (
        complaints.ComplaintClosed(number="TS1", customer_id=CUSTOMER, confirmed=True),
        {("complaint_closed", str(CUSTOMER))},
    ),
    (quality.DepartmentTaskAssigned(**TASK, complaint_id=uuid4()), {("department_task_assigned", "production")}),
    (
        quality.DepartmentTaskMissed(**TASK),
        {("department_task_missed", "production"), ("department_task_missed", "sales_director")},
    ),
    (
        quality.DepartmentTaskMissed(number="DC1", department=Post.SALES_DIRECTOR, due_at=NOW),
        {("department_task_missed", "sales_director")},
    ),
    (
        quality.CorrectiveActionOpened(
            complaint_id=uuid4(), action_id=uuid4(), owner="u21", due_at=NOW, measure="调整窑温"
        ),
        {("corrective_action_opened", "u21")},
    ),
    (
        quality.ClaimProposed(
            number="SP1", complaint_id=uuid4(), investigation_id=uuid4(), amount=MONEY, settlement="refund",
            approver=Post.SALES_DIRECTOR,
        ),
        {("claim_proposed", "sales_director")},
    ),
    (
        orders.OrderPaid(number="DH1", customer_id=CUSTOMER, total=MONEY, confirmed=MONEY),
        {("order_paid", "warehouse")},
    ),
    (
        orders.OrderDispatched(number="DH1", customer_id=CUSTOMER, delivery_order="CH1", certificate="ZB1", goods=[]),
        {("order_dispatched", str(CUSTOMER))},
    ),
    (
        orders.PriceRefused(person="u11", customer_id=CUSTOMER, article="T1", asked=MONEY, allowed=None),
        {("price_refused", "sales_manager")},
    ),
    (orders.LotHeld(lot="L1", article="T1", investigation_id=uuid4()), {("lot_held", "warehouse")}),
    (
        contracts.ContractSubmitted(
            number="HT1", digest="d", departments=[Post.PRODUCTION, Post.QUALITY_INSPECTOR], chain=[]
        ),
        {("contract_submitted", "production"), ("contract_submitted", "quality_inspector")},
    ),
    (
        contracts.ContractReviewed(number="HT1", next_post=Post.SALES_MANAGER),
        {("contract_awaits_approval", "sales_manager")},
    ),
    (
        contracts.ContractApprovalGiven(number="HT1", post=Post.SALES_MANAGER, digest="d", next_post=Post.AUDITOR),
        {("contract_awaits_approval", "auditor")},
    ),
    (contracts.ContractApprovalGiven(number="HT1", post=Post.AUDITOR, digest="d"), set()),
    (contracts.ContractApproved(number="HT1", digest="d"), {("contract_approved", "seal_keeper")}),
    (
        contracts.ContractTookEffect(
            number="HT1", customer_id=CUSTOMER, kind="sales", digest="d", copies=2, sealed_by="u07", lines=[],
            valid_until=date(2027, 11, 24),
        ),
        {("contract_took_effect", post) for post in ("production", "warehouse", "finance")},
    ),
    (PENALTY_PROPOSED, {("penalty_proposed", "hr"), ("penalty_proposed", "general_manager")}),
    (decided("fine"), {("penalty_notice", "u404")}),
]  # fmt: skip


async def told(notifications: Running, about: UUID) -> list[dict[str, Any]]:
    rows = await notifications.pool.fetch("SELECT document FROM messages WHERE about = $1 ORDER BY id", about)
    return [orjson.loads(row["document"]) for row in rows]


@pytest.mark.parametrize(
    ("event", "expected"), WHO_IS_TOLD_WHAT, ids=[type(event).__name__ for event, _ in WHO_IS_TOLD_WHAT]
)
async def test_who_is_told_what(notifications: Running, event: Event, expected: set[tuple[str, str]]) -> None:
    """NOT-1, CMP-4 to CMP-7, CMP-10, QUA-2 to QUA-5, ORD-3, ORD-11, CON-3 to CON-5, CON-11, STF-8"""
    heard = await tell(notifications, event)
    assert heard.known is not None
    messages = await told(notifications, heard.known.entity_id)
    assert {(message["template"], message["recipient"]["key"]) for message in messages} == expected
    for message in messages:
        assert UUID(message["cause_id"]) == heard.known.id
        assert set(message["params"]) == TEMPLATES[message["template"]].speaks_of
        assert message["urgent"] == (message["template"] == "complaint_escalated")
    assert await notifications.pool.fetchval("SELECT count(*) FROM dead_letters") == 0


def test_everything_heard_is_in_the_table_above() -> None:
    """NOT-1"""
    assert {event.NAME for event, _ in WHO_IS_TOLD_WHAT} == set(reactions._by_name)


async def test_an_event_delivered_twice_is_told_once(notifications: Running) -> None:
    """NOT-3: also when the consumer has lost its memory of it."""
    heard = await tell(notifications, decided("public_criticism", "fine"))
    assert heard.known is not None
    entity_id = heard.known.entity_id
    handle = notifications.app.state.duties.consumer.handle
    await handle([heard])
    await notifications.pool.execute("DELETE FROM inbox WHERE entity_id = $1", entity_id)
    await asyncio.wait_for(handle([heard]), PATIENCE)
    (notice,) = await told(notifications, entity_id)
    assert await notifications.announced(notice["id"]) == ["delivered"]
    bulletins = "SELECT count(*) FROM bulletins WHERE penalty_id = $1"
    assert await notifications.pool.fetchval(bulletins, entity_id) == 1
    assert await notifications.pool.fetchval("SELECT count(*) FROM dead_letters") == 0


async def test_the_same_happening_twice_is_told_twice(notifications: Running) -> None:
    """NOT-3: another cause is another message."""
    heard = await tell(notifications, complaints.ResponseWarned(**BY, respond_by=NOW))
    assert heard.known is not None
    await tell(notifications, complaints.ResponseWarned(**BY, respond_by=NOW), heard.known.entity_id, 2)
    assert len(await told(notifications, heard.known.entity_id)) == 2


async def test_the_notice_announces_what_staff_waits_for(notifications: Running) -> None:
    """STF-8: about the penalty, caused by its decision, for the employee in person."""
    heard = await tell(notifications, decided("warning"))
    assert heard.known is not None
    (notice,) = await told(notifications, heard.known.entity_id)
    data = await notifications.pool.fetchval("SELECT data FROM events WHERE entity_id = $1", UUID(notice["id"]))
    announced = orjson.loads(data)
    assert announced["type"] == "notifications.message.delivered.v1"
    assert announced["causationid"] == str(heard.known.id)
    wanted = {"template": "penalty_notice", "about": str(heard.known.entity_id), "person": "u404"}
    assert announced["data"].items() >= (wanted | {"cause_id": str(heard.known.id)}).items()


async def test_an_escalation_says_until_when_it_waits(notifications: Running) -> None:
    """NOT-5: what the event says, or else policy's time."""
    until = NOW + timedelta(hours=9)
    heard = await tell(
        notifications, complaints.ComplaintEscalated(**BY, level=1, reason="silence", acknowledge_by=until)
    )
    assert heard.known is not None
    (message,) = await told(notifications, heard.known.entity_id)
    assert datetime.fromisoformat(message["params"]["acknowledge_by"]) == until
    heard = await tell(notifications, complaints.ComplaintEscalated(**BY, level=1, reason="silence"))
    assert heard.known is not None
    (message,) = await told(notifications, heard.known.entity_id)
    policy = notifications.app.state.policy.messages.acknowledgement_time
    assert datetime.fromisoformat(message["params"]["acknowledge_by"]) == heard.known.time + policy


async def test_only_public_criticism_becomes_a_bulletin(notifications: Running) -> None:
    """NOT-4, STF-7"""
    count = "SELECT count(*) FROM bulletins WHERE penalty_id = $1"
    for measures, expected in ((("fine", "warning"), 0), (("public_criticism",), 1)):
        heard = await tell(notifications, decided(*measures))
        assert heard.known is not None
        assert await notifications.pool.fetchval(count, heard.known.entity_id) == expected


async def test_a_penalty_decided_anew_is_not_published_again(notifications: Running) -> None:
    """NOT-4: once per penalty; the employee gets a new notice all the same."""
    heard = await tell(notifications, decided("public_criticism"))
    assert heard.known is not None
    await tell(notifications, decided("public_criticism", "warning"), heard.known.entity_id, 2)
    count = "SELECT count(*) FROM bulletins WHERE penalty_id = $1"
    assert await notifications.pool.fetchval(count, heard.known.entity_id) == 1
    assert len(await told(notifications, heard.known.entity_id)) == 2
    assert await notifications.pool.fetchval("SELECT count(*) FROM dead_letters") == 0
