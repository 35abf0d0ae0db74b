"""Two who want the same at the same time: one wins, the other gets a clear answer, nothing is written twice."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.house import Running
from tests.orders.conftest import Desk
from tests.orders.test_reactions import in_force


async def test_a_list_that_is_sent_twice_at_once_is_taken_in_once(shop: Running) -> None:
    """ORD-1, ORD-12"""
    code = f"R{uuid4().hex[:8]}"
    articles = "货号,品名,规格,型号,等级,色号,单位,单价,标准\n"
    articles += "".join(f"{code}{n},砖,600x600,M,优等品,P1,m²,9.90,GB\n" for n in range(20))
    lots = "批号,货号,色号,等级,数量,入库日期\n" + "".join(f"{code}{n},P1,P1,优等品,5,2026-11-01\n" for n in range(20))
    manager, warehouse = shop.headers("u09", "sales_manager"), shop.headers("u26", "warehouse")
    for path, who, text in (("/articles/import", manager, articles), ("/lots/import", warehouse, lots)):
        files = {"file": ("list.csv", text.encode())}
        answers = await asyncio.gather(*(shop.ask("POST", path, who, files=files) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert [answer.json()["received"] for answer in answers].count(20) == 1
    for table in ("articles", "lots"):
        query = f"SELECT count(*) FROM {table} WHERE document::text LIKE $1"  # noqa: S608 - constants
        assert await shop.pool.fetchval(query, f"%{code}%") == 20


async def test_one_of_two_orders_gets_a_bank_reference(desk: Desk) -> None:
    """ORD-10"""
    reference = uuid4().hex
    orders = [await desk.place() for _ in range(4)]
    body = {"kind": "wire", "amount": "1.00", "account": "6222", "reference": reference}
    answers = await asyncio.gather(
        *(desk.shop.ask("POST", f"/orders/{order['id']}/payments", desk.clerk, json=body) for order in orders)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"ORD-10"}


async def test_a_contract_is_not_ordered_beyond_what_it_leaves_open(desk: Desk) -> None:
    """ORD-19"""
    contract = str(await in_force(desk, "50"))
    wishes = [await desk.wish("20", contract_id=contract) for _ in range(4)]
    answers = await asyncio.gather(*(desk.shop.ask("POST", "/orders", desk.seller, json=wish) for wish in wishes))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422]
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"ORD-19"}


async def test_money_that_is_confirmed_while_the_order_is_cancelled_is_refunded_or_becomes_credit(desk: Desk) -> None:
    """ORD-9, ORD-10, ORD-17: whoever comes second finds what the first has done, and no money is lost."""
    for _ in range(3):
        order = await desk.record(await desk.place())
        path = f"/orders/{order['id']}"
        confirm = f"{path}/payments/{order['payments'][0]['id']}/confirm"
        asked: list[tuple[str, dict[str, str], dict[str, Any]]] = [
            (confirm, desk.finance, {}),
            (f"{path}/cancel", desk.seller, {"reason": "不要了"}),
        ]
        answers = await asyncio.gather(*(desk.shop.ask("POST", to, who, json=body) for to, who, body in asked))
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        shown, story = await desk.shop.get(path), await desk.shop.announced(order["id"])
        if story.index("payment_confirmed") < len(story) - 2:
            assert (shown["status"], shown["credited"]) == ("refunding", "0.00")
            assert story[-1] == "refund_requested"
        else:
            assert (shown["status"], shown["credited"]) == ("cancelled", order["total"])


async def test_the_same_payment_is_confirmed_once(desk: Desk) -> None:
    """ORD-10"""
    order = await desk.record(await desk.place())
    confirm = f"/orders/{order['id']}/payments/{order['payments'][0]['id']}/confirm"
    answers = await asyncio.gather(*(desk.shop.ask("POST", confirm, desk.finance) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await desk.shop.get(f"/orders/{order['id']}"))["confirmed"] == order["total"]
