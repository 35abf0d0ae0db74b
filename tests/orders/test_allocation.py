"""Stock is set aside first expired first out, one colour number in a line, and never twice (ORD-7, ORD-12)."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.orders.domain.allocation import Stocked
from shared.domain.refusals import RuleBroken
from shared.events.quality import LotHoldOrdered
from tests.hearing import tell
from tests.house import eventually
from tests.orders.conftest import PAPERS, Desk
from tests.orders.test_domain import NOW, WAREHOUSE, lot, order, paid, plan, prepare, released, send, stocked

TODAY = NOW.date()
MAY, JUNE = date(2027, 5, 1), date(2027, 6, 1)


def picked(lots: list[Stocked], **changed: Any) -> list[tuple[str, Decimal]]:
    """What an order for 10 gets."""
    placed = order(**changed)
    placed.allocate(lots, TODAY)
    return [(goods.lot, goods.quantity) for goods in placed.allocations]


def test_what_expires_first_leaves_first_and_then_what_came_in_first() -> None:
    """ORD-12: no expiry comes last."""
    lots = [
        stocked(lot("3", "never, new"), since=date(2026, 11, 2)),
        stocked(lot("3", "never, old"), since=date(2026, 11, 1)),
        stocked(lot("3", "June", expires_on=JUNE)),
        stocked(lot("3", "May", expires_on=MAY)),
    ]
    assert picked(lots) == [("May", 3), ("June", 3), ("never, old", 3), ("never, new", 1)]


def test_nothing_is_promised_that_is_on_hold_expired_or_promised_to_others() -> None:
    """ORD-12."""
    held = lot("9", "held")
    held.hold(uuid4())
    lots = [
        stocked(held),
        stocked(lot("9", "expired", expires_on=TODAY - timedelta(days=1))),
        stocked(lot("9", "promised"), "7"),
        stocked(lot("9", "today", expires_on=TODAY)),
        stocked(lot("9", "other grade", grade="一级品")),
        stocked(lot("9", "other article", article="P61002")),
    ]
    assert picked(lots) == [("today", 9), ("promised", 1)]


def test_nothing_is_promised_that_expires_before_the_promised_day() -> None:
    """ORD-12, ORD-13."""
    lots = [stocked(lot("10", "May", expires_on=MAY)), stocked(lot("10", "June", expires_on=JUNE))]
    assert picked(lots, deliver_by=MAY) == [("May", 10)]
    assert picked(lots, deliver_by=MAY + timedelta(days=1)) == [("June", 10)]


def test_what_stock_cannot_cover_is_a_shortage_and_nothing_else_is() -> None:
    """ORD-7."""
    placed = order()
    placed.allocate([stocked(lot("4"))], TODAY)
    [short] = placed.shortages
    assert (short.line, short.article, short.colour_number, short.quantity) == (1, "P61001", "P100", 6)
    placed.allocate([stocked(lot("20"))], TODAY)
    assert not placed.shortages


def test_allocating_again_takes_the_place_of_what_was_set_aside_before() -> None:
    """ORD-7: its own goods are free for it."""
    placed, first = order(), lot("10")
    placed.allocate([stocked(first)], TODAY)
    placed.allocate([stocked(first, "10"), stocked(lot("10", "May", expires_on=MAY))], TODAY)
    assert [(goods.lot, goods.quantity) for goods in placed.allocations] == [("May", 10)]
    placed.allocate([stocked(first, "10")], TODAY)
    assert placed.allocations == []
    assert placed.shortages[0].quantity == 10


def colours() -> list[Stocked]:
    """The article's own colour number P100 covers 6 of 10; two others cover everything."""
    return [
        stocked(lot("6", "own", expires_on=MAY)),
        stocked(lot("20", "P107", colour_number="P107")),
        stocked(lot("20", "P109", colour_number="P109", expires_on=JUNE)),
    ]


def test_a_line_never_mixes_colour_numbers() -> None:
    """ORD-7: the one that covers it whole and expires first; else the article's own, and a shortage."""
    placed = order()
    placed.allocate(colours(), TODAY)
    assert [goods.lot for goods in placed.allocations] == ["P109"]
    assert placed.lines[0].colour_number == "P109"
    big = order("30")
    big.allocate(colours(), TODAY)
    assert [goods.lot for goods in big.allocations] == ["own"]
    assert (big.shortages[0].colour_number, big.shortages[0].quantity) == ("P100", 24)


def test_a_colour_number_that_the_customer_has_named_stays() -> None:
    """ORD-5, ORD-7."""
    placed = order()
    placed.lines[0].colour_named = True
    placed.allocate(colours(), TODAY)
    assert [goods.lot for goods in placed.allocations] == ["own"]


def test_what_has_left_settles_the_colour_number_of_the_rest() -> None:
    """ORD-7."""
    sending = released()
    send(sending, (1, lot("6", "own"), "6"))
    sending.allocate(colours()[1:], TODAY)
    assert sending.allocations == []
    assert (sending.shortages[0].colour_number, sending.shortages[0].quantity) == ("P100", 4)


def test_a_shipment_takes_from_what_is_set_aside_for_it_and_leaves_the_rest() -> None:
    """ORD-11, ORD-12: others' share of the lot stays theirs."""
    sending, shared = paid(), lot("12")
    sending.allocate([stocked(shared, "4")], TODAY)
    assert [goods.quantity for goods in sending.allocations] == [8]
    prepare(sending)
    sending.release(WAREHOUSE, NOW)
    send(sending, (1, stocked(shared, "12"), "5"))
    assert [goods.quantity for goods in sending.allocations] == [3]
    assert sending.shortages[0].quantity == 2
    sending.plan_dispatch(plan())
    with pytest.raises(RuleBroken) as refusal:
        send(sending, (1, stocked(shared, "7"), "5"))
    assert refusal.value.rule == "ORD-12"


def test_goods_from_elsewhere_take_the_place_of_what_was_set_aside() -> None:
    """ORD-11: an order never holds more than is still to be shipped."""
    sending, mine = paid(), lot("10", "mine")
    sending.allocate([stocked(mine)], TODAY)
    prepare(sending)
    sending.release(WAREHOUSE, NOW)
    send(sending, (1, stocked(lot("50", "free"), "43"), "7"))
    assert [(goods.lot, goods.quantity) for goods in sending.allocations] == [("mine", 3)]


async def allocate(desk: Desk, order: dict[str, Any], who: dict[str, str] | None = None) -> dict[str, Any]:
    allocated: dict[str, Any] = await desk.shop.post(f"/orders/{order['id']}/allocate", who or desk.seller)
    return allocated


async def promised(desk: Desk, lot: dict[str, Any]) -> str:
    return str((await desk.shop.get(f"/lots/{lot['id']}"))["allocated"])


async def test_what_is_set_aside_is_shown_to_nobody_else_as_available(shelf: Desk) -> None:
    """ORD-6, ORD-7, ORD-12."""
    lot = await shelf.new_lot("12")
    first, second = await shelf.place(), await shelf.place()
    allocated = await allocate(shelf, first)
    assert [(goods["lot"], goods["quantity"]) for goods in allocated["allocations"]] == [(lot["lot"], "10.00")]
    assert (await shelf.position())["lines"][0]["available"] == "2.00"
    short = await allocate(shelf, second, shelf.warehouse)
    assert (short["allocations"][0]["quantity"], short["shortages"][0]["quantity"]) == ("2.00", "8.00")
    assert await promised(shelf, lot) == "12.00"
    freed = await shelf.shop.post(f"/orders/{first['id']}/free-allocation", shelf.seller, {"reason": "等客户"})
    assert freed["allocations"] == []
    assert await promised(shelf, lot) == "2.00"
    problem = await shelf.shop.refused(f"/orders/{first['id']}/free-allocation", shelf.seller, {"reason": "再来"})
    assert problem["status"] == 409
    assert not (await allocate(shelf, second))["shortages"]
    assert await shelf.shop.announced(first["id"]) == ["placed", "goods_allocated", "allocation_freed"]


async def test_of_two_clerks_who_set_aside_the_last_square_metre_one_has_it(shelf: Desk) -> None:
    """ORD-7, ORD-12: the other is told what is short."""
    lot = await shelf.new_lot("10")
    orders = [await shelf.place() for _ in range(4)]
    answers = await asyncio.gather(*(allocate(shelf, order) for order in orders))
    assert sorted(len(answer["allocations"]) for answer in answers) == [0, 0, 0, 1]
    assert sorted(len(answer["shortages"]) for answer in answers) == [0, 1, 1, 1]
    assert await promised(shelf, lot) == "10.00"


async def test_many_who_set_aside_at_once_never_promise_more_than_there_is(shelf: Desk) -> None:
    """ORD-12"""
    lots = [await shelf.new_lot("10") for _ in range(3)]
    orders = [await shelf.place("7") for _ in range(6)]
    await asyncio.gather(*(allocate(shelf, order) for order in orders for _ in range(2)))
    assert [await promised(shelf, lot) for lot in lots] == ["10.00"] * 3
    shown = [await shelf.shop.get(f"/orders/{order['id']}") for order in orders]
    held = sum(Decimal(goods["quantity"]) for order in shown for goods in order["allocations"])
    assert held == 30


async def test_an_order_is_set_goods_aside_for_or_cancelled_and_then_holds_nothing(shelf: Desk) -> None:
    """ORD-12, ORD-17"""
    lot = await shelf.new_lot("100")
    for _ in range(4):
        order = await shelf.place()
        path = f"/orders/{order['id']}"
        answers = await asyncio.gather(
            shelf.shop.ask("POST", f"{path}/allocate", shelf.warehouse, json={}),
            shelf.shop.ask("POST", f"{path}/cancel", shelf.seller, json={"reason": "不要了"}),
        )
        assert answers[1].status_code == 200, answers[1].text
        assert answers[0].status_code in (200, 409)
        assert (await shelf.shop.get(path))["allocations"] == []
        assert await promised(shelf, lot) == "0.00"


async def test_an_unpaid_order_that_expires_frees_its_stock(shelf: Desk) -> None:
    """ORD-17"""
    lot, order = await shelf.new_lot("10"), await shelf.place()
    await allocate(shelf, order)

    async def expired() -> bool:
        await shelf.shop.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(order["id"]))
        return bool((await shelf.shop.get(f"/orders/{order['id']}"))["status"] == "expired")

    await eventually(expired)
    assert await promised(shelf, lot) == "0.00"
    assert (await shelf.shop.announced(order["id"]))[-2:] == ["allocation_freed", "expired"]


async def test_goods_on_hold_are_not_set_aside(shelf: Desk) -> None:
    """ORD-12, QUA-1: what was set aside before the hold is not shipped, and allocating again finds other goods."""
    held, order = await shelf.new_lot("10"), await shelf.released()
    await allocate(shelf, order)
    await tell(shelf.shop, LotHoldOrdered(complaint_id=uuid4(), lot_ids=[held["id"]]), uuid4())
    path = f"/orders/{order['id']}/dispatch"
    assert (await shelf.shop.refused(path, shelf.warehouse, PAPERS))["rule"] == "ORD-12"
    assert (await allocate(shelf, order))["shortages"][0]["quantity"] == "10.00"
    other = await shelf.new_lot("10")
    assert (await allocate(shelf, order))["allocations"][0]["lot"] == other["lot"]
    sent = await shelf.shop.post(path, shelf.warehouse, PAPERS)
    assert (sent["status"], sent["goods"][0]["lot"]) == ("dispatched", other["lot"])
    assert await promised(shelf, other) == "0.00"
    assert await promised(shelf, held) == "0.00"


async def test_what_another_order_holds_is_not_shipped(shelf: Desk) -> None:
    """ORD-12"""
    lot, mine, theirs = await shelf.new_lot("15"), await shelf.place(), await shelf.released()
    await allocate(shelf, mine)
    path, goods = f"/orders/{theirs['id']}/dispatch", shelf.shipment(lot)
    problem = await shelf.shop.refused(path, shelf.warehouse, goods, headers={"Accept-Language": "zh"})
    assert (problem["rule"], "其余已分配给其他订单" in problem["detail"]) == ("ORD-12", True)
    await shelf.shop.post(path, shelf.warehouse, shelf.shipment(lot, "5"))
    assert (await shelf.shop.get(f"/lots/{lot['id']}"))["left"] == "10.00"


async def test_the_database_itself_refuses_to_promise_a_lot_twice(shelf: Desk) -> None:
    """ORD-12: whatever the code does."""
    lot, order = await shelf.new_lot("10"), await shelf.place()
    await allocate(shelf, order)
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-12 no lot is promised twice"):
        await shelf.shop.pool.execute("UPDATE lots SET allocated = 11 WHERE id = $1", UUID(lot["id"]))
    more = "jsonb_set(document, '{allocations,0,quantity}', '\"10.01\"')"
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-12 no lot is promised twice"):
        await shelf.shop.pool.execute(f"UPDATE orders SET document = {more} WHERE id = $1", UUID(order["id"]))  # noqa: S608
    await tell(shelf.shop, LotHoldOrdered(complaint_id=uuid4(), lot_ids=[lot["id"]]), uuid4())
    same = "jsonb_set(document, '{allocations,0,quantity}', '\"9.00\"')"
    await shelf.shop.pool.execute(f"UPDATE orders SET document = {same} WHERE id = $1", UUID(order["id"]))  # noqa: S608
    back = "jsonb_set(document, '{allocations,0,quantity}', '\"9.01\"')"
    with pytest.raises(asyncpg.CheckViolationError, match="is on hold"):
        await shelf.shop.pool.execute(f"UPDATE orders SET document = {back} WHERE id = $1", UUID(order["id"]))  # noqa: S608


async def test_whoever_sells_or_keeps_the_goods_sets_them_aside_and_only_for_their_own(shelf: Desk) -> None:
    """PLT-3"""
    order, shop = await shelf.place(), shelf.shop
    path = f"/orders/{order['id']}/allocate"
    for who in (
        shop.headers("u13", "salesperson"),
        shop.headers("p2", "partner", partner=str(uuid4())),
        shop.headers("u17", "finance"),
        shop.headers("d1", "customer", customer=shelf.customer),
    ):
        assert (await shop.refused(path, who))["status"] == 403
    await allocate(shelf, order, shop.headers("p1", "partner", partner=shelf.customer))
    await allocate(shelf, order, shelf.clerk)
