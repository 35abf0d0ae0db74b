"""Shipments with their papers, delivery, and the day that was promised (ORD-9, ORD-11, ORD-13)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import NotAllowedNow, NotFound, Refusal, RuleBroken
from shared.events.orders import OrderDispatched, ShipmentDispatched
from shared.events.quality import LotHoldOrdered
from tests.hearing import tell
from tests.house import eventually
from tests.orders.conftest import PAPERS, Desk
from tests.orders.test_domain import (
    FINANCE,
    NOW,
    WAREHOUSE,
    invoice,
    lot,
    names,
    order,
    paid,
    plan,
    released,
    send,
)

TODAY = NOW.date()


def test_an_order_leaves_in_several_shipments_and_is_dispatched_with_the_last() -> None:
    """ORD-11: each has its own plan; nobody ships more than is ordered."""
    sending, goods = released(), lot()
    send(sending, (1, goods, "4"), certificate="ZB 1/甲")
    assert [type(event) for event in sending.recorded[-1:]] == [ShipmentDispatched]
    with pytest.raises(RuleBroken, match="planned"):
        send(sending, (1, goods, "6"))
    sending.plan_dispatch(plan())
    for quantity in ("7", "6.01"):
        with pytest.raises(RuleBroken) as refusal:
            send(sending, (1, goods, quantity))
        assert refusal.value.rule == "ORD-11"
    send(sending, (1, goods, "6"))
    assert [type(event) for event in sending.recorded[-2:]] == [ShipmentDispatched, OrderDispatched]
    assert [shipment.number for shipment in sending.shipments] == [1, 2]
    assert sending.shipments[0].certificate_link == "/v1/certificates/ZB%201%2F%E7%94%B2"
    assert sum(part.quantity for part in sending.goods) == 10
    assert goods.left == 90


@pytest.mark.parametrize(
    "papers", [{"certificate": ""}, {"manual": False}, {"warranty_card": False}, {"invoice": "FP2"}]
)
def test_a_shipment_carries_all_its_papers(papers: dict[str, Any]) -> None:
    """ORD-11: quality certificate, an invoice of this order, manual, warranty card."""
    sending, goods = released(), lot()
    with pytest.raises(RuleBroken) as refusal:
        send(sending, (1, goods, "10"), **papers)
    assert (refusal.value.rule, goods.left, sending.shipments) == ("ORD-11", 100, [])
    send(sending, (1, goods, "10"))
    assert sending.shipments[0].invoice == "FP1"


def test_of_several_invoices_the_one_that_travels_along_is_named() -> None:
    """ORD-11"""
    sending = paid()
    sending.plan_dispatch(plan())
    sending.release(WAREHOUSE, NOW)
    with pytest.raises(RuleBroken, match="no invoice"):
        send(sending, (1, lot(), "10"))
    sending.issue_invoice(invoice("FP1", "500.00"))
    sending.issue_invoice(invoice("FP2", "380.00"))
    with pytest.raises(RuleBroken, match="several"):
        send(sending, (1, lot(), "10"))
    send(sending, (1, lot(), "10"), invoice="FP2")
    assert sending.shipments[0].invoice == "FP2"


def test_invoices_never_exceed_the_total_and_bear_different_numbers() -> None:
    """ORD-11"""
    sending = paid()
    with pytest.raises(NotAllowedNow):
        order().issue_invoice(invoice())
    sending.issue_invoice(invoice("FP1", "500.00"))
    for wrong in (invoice("FP2", "380.01"), invoice("FP1", "1.00")):
        with pytest.raises(RuleBroken) as refusal:
            sending.issue_invoice(wrong)
        assert refusal.value.rule == "ORD-11"


def test_no_dispatch_without_a_plan_for_a_day_to_come() -> None:
    """ORD-11: a later plan takes the place of an earlier one."""
    sending = paid()
    sending.issue_invoice(invoice())
    sending.release(WAREHOUSE, NOW)
    with pytest.raises(RuleBroken, match="planned before"):
        send(sending, (1, lot(), "10"))
    with pytest.raises(RuleBroken, match="has passed"):
        sending.plan_dispatch(plan(TODAY - timedelta(days=1)))
    sending.plan_dispatch(plan())
    sending.plan_dispatch(plan(TODAY + timedelta(days=2), "德邦"))
    send(sending, (1, lot(), "10"))
    assert sending.shipments[0].plan
    assert sending.shipments[0].plan.carrier == "德邦"


def test_nothing_leaves_that_is_not_named_and_not_set_aside() -> None:
    """ORD-11"""
    with pytest.raises(RuleBroken, match="nothing is set aside"):
        send(released())


def test_each_shipment_is_confirmed_and_the_last_one_makes_the_order_delivered() -> None:
    """ORD-13"""
    sending = released()
    send(sending, (1, lot(), "4"))
    sending.deliver("王先生", NOW)
    assert names(sending)[-1] == "ShipmentDelivered"
    for shipment, refusal in ((1, NotAllowedNow), (2, NotFound), (None, NotAllowedNow)):
        with pytest.raises(refusal):
            sending.deliver("王先生", NOW, shipment)
    sending.plan_dispatch(plan())
    send(sending, (1, lot(), "6"))
    sending.deliver("李先生", NOW, 2)
    assert names(sending)[-2:] == ["ShipmentDelivered", "OrderDelivered"]
    assert [shipment.received_by for shipment in sending.shipments] == ["王先生", "李先生"]


def test_a_shipment_that_left_against_money_that_bounced_later_may_still_arrive() -> None:
    """ORD-9, ORD-13: the rest stays here."""
    sending = released()
    send(sending, (1, lot(), "4"))
    sending.reverse_payment(sending.payments[0].id, "bounced", FINANCE, NOW)
    sending.deliver("王先生", NOW)
    with pytest.raises(NotAllowedNow):
        send(sending, (1, lot(), "6"))


def test_a_day_that_has_passed_is_not_promised() -> None:
    """ORD-13"""
    with pytest.raises(RuleBroken) as refusal:
        order(deliver_by=TODAY - timedelta(days=1))
    assert refusal.value.rule == "ORD-13"
    due = datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert order(deliver_by=TODAY).timers["find_late"] == due  # midnight in Shanghai


def test_a_late_delivery_is_said_once_and_never_after_it_has_come() -> None:
    """ORD-13"""
    sending = released(deliver_by=TODAY)
    send(sending, (1, lot(), "4"))
    sending.find_late(NOW)
    sending.find_late(NOW)
    assert names(sending).count("DeliveryLate") == 1
    sending.plan_dispatch(plan())
    send(sending, (1, lot(), "6"))
    sending.deliver("王先生", NOW)
    assert sending.timers["find_late"] is None
    assert sending.late
    in_time = released(deliver_by=TODAY)
    send(in_time, (1, lot(), "10"))
    in_time.deliver("王先生", NOW)
    with pytest.raises(Refusal):
        in_time.find_late(NOW)


async def test_the_whole_way_in_two_shipments(shelf: Desk) -> None:
    """ORD-9, ORD-11, ORD-13: with everything that is refused on it."""
    lot, shop = await shelf.new_lot("100"), shelf.shop
    order = await shelf.paid()
    path = f"/orders/{order['id']}"
    await shop.post(f"{path}/allocate", shelf.seller)
    assert (await shop.refused(f"{path}/dispatch", shelf.warehouse, PAPERS))["status"] == 409
    await shop.post(f"{path}/release", shelf.warehouse)
    for missing in ({}, {"manual": True}, {"warranty_card": True}):
        problem = await shop.refused(f"{path}/dispatch", shelf.warehouse, {"certificate": "ZB1"} | missing)
        assert problem["rule"] == "ORD-11"
    for body, who in (({"amount": order["total"]}, shelf.clerk), ({"amount": "0.00"}, shelf.finance)):
        fields = {"invoice": "FP1", "title": "恒美", "issued_on": "2026-11-24"}
        assert (await shop.refused(f"{path}/invoice", who, fields | body))["status"] in (403, 422)
    assert (await shop.refused(f"{path}/dispatch", shelf.warehouse, PAPERS))["rule"] == "ORD-11"
    await shelf.prepare(order)
    assert (await shop.refused(f"{path}/plan-dispatch", shelf.seller, {}))["status"] == 403
    sent = await shop.post(f"{path}/dispatch", shelf.warehouse, shelf.shipment(lot, "4"))
    assert (sent["status"], sent["allocations"][0]["quantity"]) == ("released", "6.00")
    assert (await shop.refused(f"{path}/dispatch", shelf.warehouse, PAPERS))["rule"] == "ORD-11"
    await shelf.plan(order)
    sent = await shop.post(f"{path}/dispatch", shelf.warehouse, PAPERS)
    assert (sent["status"], sent["allocations"], len(sent["shipments"])) == ("dispatched", [], 2)
    shown = await shop.get(f"/lots/{lot['id']}")
    assert (shown["left"], shown["allocated"]) == ("90.00", "0.00")
    customer = shop.headers("d1", "customer", customer=shelf.customer)
    part = await shop.post(f"{path}/deliver", customer, {"received_by": "王先生", "shipment": 2})
    assert part["status"] == "dispatched"
    done = await shop.post(f"{path}/deliver", customer, {"received_by": "王先生"})
    assert (done["status"], done["received_by"]) == ("delivered", "王先生")
    assert (await shop.announced(order["id"]))[-8:] == [
        "dispatch_planned", "shipment_dispatched", "dispatch_planned", "shipment_dispatched", "dispatched",
        "shipment_delivered", "shipment_delivered", "delivered",
    ]  # fmt: skip


async def test_the_database_itself_refuses_a_shipment_that_no_money_covers(desk: Desk) -> None:
    """ORD-9: whatever the code does, and whatever the order's own status says."""
    order = await desk.place()
    left = '{"shipments": [{"released_against": "1.00"}]}'
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-9"):
        await desk.shop.pool.execute(
            "UPDATE orders SET document = document || $2::jsonb WHERE id = $1", UUID(order["id"]), left
        )
    credited = f'{{"status": "released", "confirmed": "{order["total"]}", "released_against": "{order["total"]}"}}'
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-9"):
        await desk.shop.pool.execute(
            """UPDATE orders SET document = document || $2::jsonb || '{"credited": "0.01"}' WHERE id = $1""",
            UUID(order["id"]),
            credited,
        )


async def test_goods_that_are_held_while_they_are_shipped_leave_before_the_hold_or_not_at_all(shelf: Desk) -> None:
    """ORD-12, QUA-1"""
    for _ in range(3):
        lot, order = await shelf.new_lot("10"), await shelf.released()
        hold = LotHoldOrdered(complaint_id=uuid4(), lot_ids=[lot["id"]])
        sent, _ = await asyncio.gather(
            shelf.shop.ask("POST", f"/orders/{order['id']}/dispatch", shelf.warehouse, json=shelf.shipment(lot)),
            tell(shelf.shop, hold, uuid4()),
        )
        story = await shelf.shop.announced(lot["id"])
        if sent.status_code == 200:
            assert story == ["received", "issued", "held"]
        else:
            assert (sent.json().get("rule"), story) == ("ORD-12", ["received", "held"])


async def test_the_same_goods_are_shipped_once(shelf: Desk) -> None:
    """ORD-11"""
    lot, order = await shelf.new_lot("100"), await shelf.released()
    path = f"/orders/{order['id']}/dispatch"
    answers = await asyncio.gather(
        *(shelf.shop.ask("POST", path, shelf.warehouse, json=shelf.shipment(lot)) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409], [one.text for one in answers]
    assert (await shelf.shop.get(f"/lots/{lot['id']}"))["left"] == "90.00"


async def test_a_delivery_that_is_late_is_an_event(shelf: Desk) -> None:
    """ORD-13"""
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    passed = await shelf.wish(deliver_by=str(today - timedelta(days=1)))
    assert (await shelf.shop.refused("/orders", shelf.seller, passed))["rule"] == "ORD-13"
    order = await shelf.place(deliver_by=str(today))

    async def late() -> bool:
        query = "UPDATE timers SET due_at = now() WHERE owner = $1 AND kind = 'find_late'"
        await shelf.shop.pool.execute(query, UUID(order["id"]))
        return bool((await shelf.shop.get(f"/orders/{order['id']}"))["late"])

    await eventually(late)
    assert (await shelf.shop.announced(order["id"]))[-1] == "delivery_late"


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("dispatch", {"certificate": ""}, "body.certificate"),
    ("dispatch", PAPERS | {"goods": []}, "body.goods"),
    ("dispatch", PAPERS | {"goods": [{"line": 1, "lot_id": "x", "quantity": "1"}]}, "body.goods.0.lot_id"),
    ("deliver", {"received_by": "x", "shipment": 0}, "body.shipment"),
    ("plan-dispatch", {"planned_on": "bald", "carrier": "x"}, "body.planned_on"),
    ("invoice", {"invoice": "FP", "title": "x", "issued_on": "2026-11-24", "amount": 1.5}, "body.amount"),
]


@pytest.mark.parametrize(("deed", "body", "field"), BAD, ids=[f"{deed} {field}" for deed, _, field in BAD])
async def test_bad_input_is_named_by_its_field(desk: Desk, deed: str, body: dict[str, Any], field: str) -> None:
    order, anybody = await desk.place(), desk.shop.headers("x", "warehouse", "finance", "clerk")
    problem = await desk.shop.refused(f"/orders/{order['id']}/{deed}", anybody, body)
    assert (problem["status"], problem["errors"][0]["field"]) == (422, field)


async def test_what_does_not_exist_is_not_found(shelf: Desk) -> None:
    order = await shelf.released()
    goods = {"goods": [{"line": 1, "lot_id": str(uuid4()), "quantity": "1"}]}
    dispatch = f"/orders/{order['id']}/dispatch"
    assert (await shelf.shop.refused(dispatch, shelf.warehouse, PAPERS | goods))["status"] == 404
    lot = await shelf.new_lot()
    goods = {"goods": [{"line": 2, "lot_id": lot["id"], "quantity": "1"}]}
    assert (await shelf.shop.refused(dispatch, shelf.warehouse, PAPERS | goods))["status"] == 404
    assert Decimal((await shelf.shop.get(f"/lots/{lot['id']}"))["left"]) == 100
    assert date.fromisoformat((await shelf.plan(order))["plan"]["planned_on"]) == date(2099, 1, 1)
