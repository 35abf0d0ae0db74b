"""Payments, deposits and the gate, through the API and the bus."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.order import Order
from services.orders.domain.paid_order import OrderStatus
from services.orders.domain.payment import PaymentTerms
from shared.domain.policy import Policy
from shared.domain.refusals import Refusal, RuleBroken
from shared.events.orders import DepositConfirmed, OrderOverpaid, OrderPaid, PaymentReminded
from tests.house import eventually
from tests.orders.conftest import Desk
from tests.orders.test_domain import CLERK, FINANCE, NOW, SELLER, names, order, pay

DIRECTOR = FINANCE.model_copy(update={"id": "u05"})


def with_deposit(share: str) -> Order:
    placed = order()
    assert placed.terms is not None
    placed.terms = placed.terms.model_copy(update={"deposit_share": Decimal(share)})
    return placed


def test_a_deposit_that_policy_asks_for_is_told_once_and_releases_nothing() -> None:
    """ORD-9."""
    placed = with_deposit("0.30")
    placed.confirm_payment(pay(placed, "263.99"), FINANCE, NOW)
    assert DepositConfirmed not in {type(event) for event in placed.recorded}
    placed.confirm_payment(pay(placed, "0.01"), FINANCE, NOW)
    assert isinstance(placed.recorded[-1], DepositConfirmed)
    placed.confirm_payment(pay(placed, "100.00"), FINANCE, NOW)
    assert names(placed).count("DepositConfirmed") == 1
    with pytest.raises(RuleBroken, match="payment first"):
        placed.release(CLERK, NOW)


def test_without_a_deposit_in_the_policy_none_is_ever_told() -> None:
    """ORD-9: D19 §6.2, the whole sum first."""
    placed = order()
    assert placed.terms == PaymentTerms.of(Policy.read())
    placed.confirm_payment(pay(placed, "879.99"), FINANCE, NOW)
    placed.confirm_payment(pay(placed, "0.01"), FINANCE, NOW)
    assert "DepositConfirmed" not in names(placed)
    assert isinstance(placed.recorded[-1], OrderPaid)


def test_an_order_that_waits_for_money_is_reminded_of_before_it_expires() -> None:
    """ORD-16, ORD-17."""
    policy, placed = Policy.read().orders, order()
    assert placed.timers["remind"] == NOW + policy.payment_reminder
    placed.remind(NOW + policy.payment_reminder)
    reminded: Any = placed.recorded[-1]
    assert (reminded.outstanding, reminded.expires_at) == (Decimal("880.00"), NOW + policy.payment_expiry)
    assert placed.timers["expire"] == NOW + policy.payment_expiry
    placed.expire(NOW + policy.payment_expiry)
    assert placed.status is OrderStatus.EXPIRED


def test_an_order_that_is_part_paid_is_reminded_of_again_and_again() -> None:
    """ORD-16, ORD-17: it does not expire."""
    placed = order()
    placed.confirm_payment(pay(placed, "80.00"), FINANCE, NOW)
    placed.expire(NOW)
    reminded: Any = placed.recorded[-1]
    assert isinstance(reminded, PaymentReminded)
    assert (reminded.outstanding, reminded.expires_at) == (Decimal("800.00"), None)
    assert placed.timers["remind"] == NOW + Policy.read().orders.payment_reminder
    placed.confirm_payment(pay(placed, "800.00"), FINANCE, NOW)
    assert placed.timers["remind"] is None
    count = placed.version
    placed.remind(NOW)
    assert placed.version == count


def test_an_order_whose_reminder_would_come_too_late_expires_without_one() -> None:
    """ORD-17."""
    placed = order()
    assert placed.terms is not None
    placed.terms = placed.terms.model_copy(update={"reminder": timedelta(days=7)})
    confirmed = pay(placed, "880.00")
    placed.confirm_payment(confirmed, FINANCE, NOW)
    placed.reverse_payment(confirmed, "back", FINANCE, NOW)
    assert placed.timers["expire"] == NOW + timedelta(days=7)


def test_an_order_from_before_there_were_terms_still_expires() -> None:
    """ORD-17."""
    placed = order()
    placed.terms = None
    placed.confirm_payment(pay(placed, "1.00"), FINANCE, NOW)
    placed.remind(NOW)
    placed.reverse_payment(placed.payments[0].id, "back", FINANCE, NOW)
    placed.expire(NOW)
    assert placed.status is OrderStatus.EXPIRED


def test_only_a_cheque_bounces() -> None:
    """ORD-10."""
    placed = order()
    payment = pay(placed, "880.00")
    with pytest.raises(RuleBroken) as refusal:
        placed.reverse_payment(payment, "no cover", FINANCE, NOW, bounced=True)
    assert refusal.value.rule == "ORD-10"


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["record", "credit", "confirm", "reverse", "release", "cancel", "approve", "to_credit", "refuse", "expire"]
        ),
        st.integers(min_value=0, max_value=3),
        st.sampled_from(["440.00", "880.00", "1000.00"]),
    ),
    max_size=20,
)


@given(DEEDS)
def test_whatever_people_do_every_yuan_is_in_one_place(deeds: list[tuple[str, int, str]]) -> None:
    """ORD-9, ORD-10, ORD-17: with the order, as credit or given back; what was not paid is not released."""
    placed = order()
    for deed, which, amount in deeds:
        payment = placed.payments[which].id if which < len(placed.payments) else uuid4()
        before = placed.model_copy(deep=True)
        try:
            do(placed, deed, payment, Decimal(amount))
        except Refusal:
            placed = before
        counted = [one for one in placed.payments if one.confirmed_at and not one.reversed_at]
        assert placed.confirmed == sum((one.amount for one in counted), Decimal(0))
        assert min(placed.confirmed, placed.credited, placed.refunded, placed.from_credit, placed.outstanding) >= 0
        assert placed.credited <= placed.confirmed
        if placed.may(OrderOverpaid):
            assert placed.covered <= placed.due
        if placed.delivery_order:
            assert placed.covered >= placed.total


def do(placed: Order, deed: str, payment: UUID, amount: Decimal) -> None:
    match deed:
        case "record":
            pay(placed, str(amount))
        case "credit":
            placed.pay_from_credit(uuid4(), amount, CLERK, NOW)
        case "confirm":
            placed.confirm_payment(payment, FINANCE, NOW)
        case "reverse":
            placed.reverse_payment(payment, "back", FINANCE, NOW)
        case "release":
            placed.release(CLERK, NOW)
        case "cancel":
            placed.cancel("changed mind", SELLER, NOW)
        case "approve" | "to_credit":
            placed.approve_refund(deed == "to_credit", "TK1", DIRECTOR, NOW)
        case "refuse":
            placed.refuse_refund("no", DIRECTOR, NOW)
        case "expire":
            placed.expire(NOW)


async def test_a_bounced_cheque_closes_the_gate_of_a_released_order(desk: Desk) -> None:
    """ORD-9, ORD-10: the delivery order is void, and what is owed is said."""
    shop = desk.shop
    order = await desk.record(await desk.place(), kind="cheque")
    payment = f"/orders/{order['id']}/payments/{order['payments'][0]['id']}"
    await shop.post(f"{payment}/confirm", desk.finance)
    await shop.post(f"/orders/{order['id']}/release", desk.warehouse)
    assert (await shop.refused(f"{payment}/bounce", desk.clerk, {"reason": "x"}))["status"] == 403
    closed = await shop.post(f"{payment}/bounce", desk.finance, {"reason": "存款不足"})
    assert (closed["status"], closed["delivery_order"], closed["payments"][0]["bounced"]) == (
        "awaiting_payment", None, True,
    )  # fmt: skip
    assert (await shop.announced(order["id"]))[-2:] == ["payment_reversed", "gate_closed"]
    told = await said(desk, order["id"], "payment_reversed")
    assert (told["bounced"], told["counted"], told["kind"], told["number"]) == (True, True, "cheque", order["number"])
    assert (told["customer_id"], told["salesperson"]) == (desk.customer, "u12")
    gate = await said(desk, order["id"], "gate_closed")
    assert (gate["customer_id"], gate["lines"]) == (desk.customer, order["lines"])


async def said(desk: Desk, order_id: str, name: str) -> dict[str, Any]:
    """What the last event of this name said."""
    query = """
        SELECT convert_from(data, 'UTF8')::jsonb -> 'data' #>> '{}' AS data FROM events
        WHERE entity_id = $1 AND split_part(subject, '.', 3) = $2 ORDER BY version DESC LIMIT 1
    """
    return dict(orjson.loads(await desk.shop.pool.fetchval(query, UUID(order_id), name)))


async def test_a_wire_does_not_bounce(desk: Desk) -> None:
    """ORD-10."""
    order = await desk.record(await desk.place())
    path = f"/orders/{order['id']}/payments/{order['payments'][0]['id']}/bounce"
    assert (await desk.shop.refused(path, desk.finance, {"reason": "x"}))["rule"] == "ORD-10"


async def test_a_bank_reference_that_is_used_names_the_order_that_has_it(desk: Desk) -> None:
    """ORD-10: once per account."""
    order, other = await desk.record(await desk.place(), "1.00"), await desk.place()
    used = order["payments"][0]["reference"]
    body = {"kind": "wire", "amount": "1.00", "account": "6222", "reference": used}
    problem = await desk.shop.refused(f"/orders/{other['id']}/payments", desk.clerk, body)
    assert (problem["status"], problem["rule"]) == (422, "ORD-10")
    assert order["number"] in problem["detail"]
    chinese = await desk.shop.refused(
        f"/orders/{other['id']}/payments", desk.clerk, body, headers={"Accept-Language": "zh"}
    )
    assert "银行流水号" in chinese["detail"]
    await desk.shop.post(f"/orders/{other['id']}/payments", desk.clerk, body | {"account": "another"})


async def test_recording_a_payment_twice_with_one_key_records_it_once(desk: Desk) -> None:
    """ORD-10, PLT-2: the second is answered as the first, and not told that its reference is used."""
    order, key = await desk.place(), {"Idempotency-Key": uuid4().hex}
    body = {"kind": "wire", "amount": "1.00", "account": "6222", "reference": uuid4().hex}
    path = f"/orders/{order['id']}/payments"
    first = await desk.shop.ask("POST", path, desk.clerk, json=body, headers=key)
    again = await desk.shop.ask("POST", path, desk.clerk, json=body, headers=key)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)


async def test_money_of_a_kind_we_do_not_take_is_refused(desk: Desk) -> None:
    """ORD-10: nobody records credit that is not there."""
    order = await desk.place()
    body = {"kind": "credit", "amount": "1.00", "account": "credit", "reference": "x"}
    assert (await desk.shop.refused(f"/orders/{order['id']}/payments", desk.clerk, body))["status"] == 422


async def test_money_that_comes_late_for_goods_that_have_left_is_taken(desk: Desk) -> None:
    """ORD-10, ORD-16: what was called back after dispatch is a receivable, and can be paid."""
    shop, order, lot = desk.shop, await desk.released(), await desk.new_lot()
    await shop.post(f"/orders/{order['id']}/dispatch", desk.warehouse, desk.shipment(lot))
    path = f"/orders/{order['id']}/payments/{order['payments'][0]['id']}/reverse"
    gone = await shop.post(path, desk.finance, {"reason": "called back"})
    assert gone["status"] == "dispatched"
    row = await shop.pool.fetchrow("SELECT outstanding FROM orders WHERE id = $1", UUID(order["id"]))
    assert row["outstanding"] == Decimal(order["total"])
    paid = await desk.confirmed(gone)
    assert (paid["status"], paid["confirmed"]) == ("dispatched", order["total"])
    assert await shop.pool.fetchval("SELECT outstanding FROM orders WHERE id = $1", UUID(order["id"])) == 0


async def test_a_reminder_that_falls_due_is_sent_by_the_clock(desk: Desk) -> None:
    """ORD-16: the timer of the running service."""
    order = await desk.place()
    await overdue(desk, order, "remind")
    assert (await desk.shop.announced(order["id"]))[-1] == "payment_reminded"
    await overdue(desk, order, "expire")
    assert (await desk.shop.announced(order["id"]))[-1] == "expired"
    assert (await said(desk, order["id"], "expired"))["customer_id"] == desk.customer


async def overdue(desk: Desk, order: dict[str, Any], kind: str) -> None:
    due = "UPDATE timers SET due_at = now() - interval '1 second' WHERE owner = $1 AND kind = $2 RETURNING owner"
    assert await desk.shop.pool.fetchval(due, UUID(order["id"]), kind), "there is no such timer"
    gone = "SELECT NOT EXISTS (SELECT FROM timers WHERE owner = $1 AND kind = $2 AND due_at <= now())"

    async def fired() -> bool:
        return bool(await desk.shop.pool.fetchval(gone, UUID(order["id"]), kind))

    await eventually(fired)


async def test_no_code_makes_whoever_recorded_a_payment_confirm_it_in_anothers_name(desk: Desk) -> None:
    """ORD-10: the database refuses it, whatever the code does."""
    order = await desk.record(await desk.place())
    done = """jsonb_set(document, '{payments,0}', document #> '{payments,0}' || '{"confirmed_for": "u19"}')"""
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-10"):
        await desk.shop.pool.execute(f"UPDATE orders SET document = {done} WHERE id = $1", UUID(order["id"]))  # noqa: S608
