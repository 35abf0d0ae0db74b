"""Orders that are given up: at once, by time, or by a refund that another person decides on."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.orders.conftest import Desk
from tests.orders.test_credit import account, credited, more, owing
from tests.orders.test_money import overdue, said


async def refunding(desk: Desk) -> dict[str, Any]:
    """A paid order that is given up."""
    order = await desk.paid()
    asked: dict[str, Any] = await desk.shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    return asked


def director(desk: Desk, **claims: Any) -> dict[str, str]:
    return desk.shop.headers(claims.pop("user", "u05"), "sales_director", **claims)


async def test_an_order_without_money_is_cancelled_at_once(desk: Desk) -> None:
    """ORD-17."""
    order = await desk.place()
    cancelled = await desk.shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    assert cancelled["status"] == "cancelled"
    told = await said(desk, order["id"], "cancelled")
    assert (told["customer_id"], told["lines"], told["reason"]) == (desk.customer, order["lines"], "不要了")


async def test_a_paid_order_is_refunded_by_another_person(desk: Desk) -> None:
    """ORD-17: and is cancelled then; what is shipped meanwhile is nothing."""
    shop, order = desk.shop, await desk.released()
    asked = await shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    assert (asked["status"], asked["delivery_order"], asked["released_against"]) == ("refunding", None, "0.00")
    path = f"/orders/{order['id']}/refund/approve"
    approval = {"to_credit": False, "reference": "TK-1"}
    assert (await shop.refused(path, desk.seller, approval))["status"] == 403
    assert (await shop.refused(path, desk.finance, {"to_credit": False}))["rule"] == "ORD-17"
    done = await shop.post(path, desk.finance, approval)
    assert (done["status"], done["refunded"], done["credited"]) == ("cancelled", order["total"], "0.00")
    assert (await shop.announced(order["id"]))[-3:] == ["refund_requested", "refunded", "cancelled"]
    told = await said(desk, order["id"], "refunded")
    assert (told["amount"], told["to_credit"], told["customer_id"]) == (order["total"], False, desk.customer)
    assert (await shop.refused(path, desk.finance, approval))["status"] == 409


async def test_whoever_asks_for_a_refund_does_not_decide_on_it(desk: Desk) -> None:
    """ORD-17, CON-15: neither in person, nor a delegate in their name, nor the absent one they stood in for."""
    shop, order = desk.shop, await desk.paid()
    both = shop.headers("u05", "sales_director", "clerk", on_behalf_of="u04")
    await shop.post(f"/orders/{order['id']}/cancel", both, {"reason": "不要了"})
    for who in (
        both, director(desk), director(desk, user="u04"), director(desk, user="u06", on_behalf_of="u05"),
        director(desk, user="u06", on_behalf_of="u04"),
    ):  # fmt: skip
        for path, body in (("approve", {"to_credit": True}), ("refuse", {"reason": "x"})):
            problem = await shop.refused(f"/orders/{order['id']}/refund/{path}", who, body)
            assert (problem["status"], problem["rule"]) == (422, "ORD-17")
    done = await shop.post(f"/orders/{order['id']}/refund/approve", director(desk, user="u06"), {"to_credit": True})
    assert done["status"] == "cancelled"


async def test_no_code_lets_whoever_asked_approve(desk: Desk) -> None:
    """ORD-17: the database refuses it."""
    order = await refunding(desk)
    decided = """jsonb_set(document, '{refunds,0}', document #> '{refunds,0}' || '{"decided_by": "u12"}')"""
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-17"):
        await desk.shop.pool.execute(f"UPDATE orders SET document = {decided} WHERE id = $1", UUID(order["id"]))  # noqa: S608


async def test_a_refund_may_stay_as_credit(desk: Desk) -> None:
    """ORD-10, ORD-17: over the bus to the customer's account."""
    order = await refunding(desk)
    done = await desk.shop.post(f"/orders/{order['id']}/refund/approve", director(desk), {"to_credit": True})
    assert (done["credited"], done["refunded"]) == (order["total"], "0.00")
    await credited(desk, order["total"])


async def test_a_refused_refund_leaves_the_order_paid(desk: Desk) -> None:
    """ORD-17."""
    order = await refunding(desk)
    stands = await desk.shop.post(f"/orders/{order['id']}/refund/refuse", director(desk), {"reason": "已排产"})
    assert (stands["status"], stands["refunds"][0]["refused_because"]) == ("paid", "已排产")
    assert (await desk.shop.announced(order["id"]))[-2:] == ["refund_refused", "paid"]
    await desk.shop.post(f"/orders/{order['id']}/release", desk.warehouse)


async def test_a_part_paid_order_waits_for_money_again_when_its_refund_is_refused(desk: Desk) -> None:
    """ORD-16, ORD-17."""
    order = await desk.confirmed(await desk.place(), "1.00")
    await desk.shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    stands = await desk.shop.post(f"/orders/{order['id']}/refund/refuse", director(desk), {"reason": "x"})
    assert stands["status"] == "awaiting_payment"
    await overdue(desk, order, "remind")
    assert (await desk.shop.announced(order["id"]))[-1] == "payment_reminded"


async def test_what_has_left_is_returned_not_cancelled(desk: Desk) -> None:
    """ORD-17: after-sales deals with returns."""
    order, lot = await desk.released(), await desk.new_lot()
    await desk.shop.post(f"/orders/{order['id']}/dispatch", desk.warehouse, desk.shipment(lot))
    problem = await desk.shop.refused(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    assert problem["rule"] == "ORD-17"


async def test_money_that_comes_while_a_refund_is_decided_goes_back_with_it(desk: Desk) -> None:
    """ORD-17: all that is confirmed, not what was confirmed when it was asked for."""
    shop, order = desk.shop, await desk.confirmed(await desk.place(), "100.00")
    later = await desk.record(order, "50.00")
    await shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    await shop.post(f"/orders/{order['id']}/payments/{later['payments'][1]['id']}/confirm", desk.finance)
    approval = {"to_credit": False, "reference": "TK-2"}
    done = await shop.post(f"/orders/{order['id']}/refund/approve", director(desk), approval)
    assert (done["refunded"], done["refunds"][0]["amount"]) == ("150.00", "150.00")


async def test_nothing_is_refunded_of_money_that_was_called_back_meanwhile(desk: Desk) -> None:
    """ORD-10, ORD-17."""
    shop, order = desk.shop, await refunding(desk)
    await shop.post(
        f"/orders/{order['id']}/payments/{order['payments'][0]['id']}/reverse", desk.finance, {"reason": "back"}
    )
    done = await shop.post(f"/orders/{order['id']}/refund/approve", director(desk), {"to_credit": True})
    assert (done["status"], done["credited"]) == ("cancelled", "0.00")
    assert "refunded" not in await shop.announced(order["id"])


async def test_refunded_money_that_turns_out_to_be_gone_is_owed(desk: Desk) -> None:
    """ORD-10, ORD-16: it went back twice, once by us."""
    shop, order = desk.shop, await desk.confirmed(await desk.place(), "100.00")
    await shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    approval = {"to_credit": False, "reference": "TK-3"}
    await shop.post(f"/orders/{order['id']}/refund/approve", director(desk), approval)
    await shop.post(
        f"/orders/{order['id']}/payments/{order['payments'][0]['id']}/reverse", desk.finance, {"reason": "back"}
    )
    await owing(desk, "100.00")


async def test_an_order_is_confirmed_or_cancelled_first_and_no_money_is_lost(desk: Desk) -> None:
    """ORD-10, ORD-17: at the same moment; the order has one fate, and each answer says which."""
    fates = set()
    for _ in range(6):
        order = await desk.record(await desk.place())
        path = f"/orders/{order['id']}"
        confirm = desk.shop.ask("POST", f"{path}/payments/{order['payments'][0]['id']}/confirm", desk.finance)
        cancel = desk.shop.ask("POST", f"{path}/cancel", desk.seller, json={"reason": "不要了"})
        answers = await asyncio.gather(confirm, cancel)
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        confirmed, given_up = (answer.json() for answer in answers)
        told = await desk.shop.announced(order["id"])
        fates.add((confirmed["status"], given_up["status"]))
        if given_up["status"] == "refunding":
            assert told[-3:] == ["payment_confirmed", "paid", "refund_requested"]
        else:
            assert told[-3:] == ["cancelled", "payment_confirmed", "overpaid"]
            assert confirmed["credited"] == order["total"]
    assert fates <= {("paid", "refunding"), ("cancelled", "cancelled")}


async def test_a_refund_is_decided_once(desk: Desk) -> None:
    """ORD-17: of two who decide at the same moment one does, and the other is told."""
    for _ in range(3):
        order = await refunding(desk)
        path = f"/orders/{order['id']}/refund"
        asked = (
            desk.shop.ask("POST", f"{path}/approve", desk.finance, json={"to_credit": True}),
            desk.shop.ask("POST", f"{path}/refuse", director(desk), json={"reason": "x"}),
        )
        answers = await asyncio.gather(*asked)
        assert sorted(answer.status_code for answer in answers) == [200, 409], [answer.text for answer in answers]


async def test_a_surplus_and_a_refund_are_counted_apart(desk: Desk) -> None:
    """ORD-10, ORD-17: what became credit before is not given back again."""
    shop, order = desk.shop, await desk.place()
    await desk.confirmed(order, more(order, "30.00"))
    await credited(desk, "30.00")
    await shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    approval = {"to_credit": False, "reference": uuid4().hex}
    done = await shop.post(f"/orders/{order['id']}/refund/approve", director(desk), approval)
    assert (done["refunded"], done["credited"]) == (order["total"], "30.00")
    assert (await account(desk))["credit"] == "30.00"


async def test_there_is_nothing_to_decide_where_no_refund_was_asked_for(desk: Desk) -> None:
    """ORD-17."""
    order = await desk.paid()
    problem = await desk.shop.refused(f"/orders/{order['id']}/refund/approve", director(desk), {"to_credit": True})
    assert problem["status"] == 409
    bad = await desk.shop.refused(f"/orders/{order['id']}/refund/approve", director(desk), {"to_credit": "perhaps"})
    assert (bad["status"], bad["errors"][0]["field"]) == (422, "body.to_credit")
