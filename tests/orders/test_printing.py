"""订货单 and 出货单, as customers and the warehouse hold them in their hands."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import httpx

from tests.orders.conftest import Desk
from tests.papers import pages, paper, rows


async def ask(desk: Desk, order: Any, form: str, who: dict[str, str] | None = None, **asked: Any) -> httpx.Response:
    return await desk.shop.ask("GET", f"/orders/{order['id']}/{form}", who or desk.seller, params=asked)


async def printed(desk: Desk, order: Any, form: str, **asked: Any) -> str:
    return "".join(pages(paper(await ask(desk, order, form, **asked), "pdf")))


async def written(desk: Desk, order: Any, form: str, **asked: Any) -> list[list[object]]:
    return rows(paper(await ask(desk, order, form, format="xlsx", **asked), "xlsx"))


def as_printed(number: str) -> str:
    return f"{float(number):,.2f}"


async def test_the_order_form_says_what_is_ordered_at_which_price(desk: Desk) -> None:
    """ORD-5, ORD-18"""
    order = await desk.place("12.5", requirements="请打木托\n= 不是标题 #sum")
    text = await printed(desk, order, "order-form")
    line = order["lines"][0]
    for part in (
        "订货单", order["number"], "恒美", "D001", line["article"], line["grade"], line["colour_number"], "12.50",
        as_printed(line["price"]), as_printed(order["total"]), "人民币", "请打木托", "=不是标题#sum", "业务员：u12",
    ):  # fmt: skip
        assert part in text, part
    found = await written(desk, order, "order-form")
    goods = next(row for row in found if line["article"] in row)
    assert float(line["price"]) in goods
    assert 12.5 in goods
    assert any(isinstance(value, datetime) for row in found for value in row)


async def test_the_order_form_says_what_is_paid_and_what_is_not(desk: Desk) -> None:
    """ORD-10, ORD-18"""
    order = await desk.record(await desk.place())
    assert "待确认" in await printed(desk, order, "order-form")
    order = await desk.paid()
    text = await printed(desk, order, "order-form")
    assert "已确认" in text
    assert "尚欠货款0.00" in text
    assert order["payments"][0]["reference"] in text


async def test_a_cancelled_order_is_printed_as_void(desk: Desk) -> None:
    """ORD-17, ORD-18"""
    order = await desk.place()
    assert "作废" not in await printed(desk, order, "order-form")
    await desk.shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "改主意"})
    assert "作废" in await printed(desk, order, "order-form")


async def test_there_is_no_delivery_order_before_the_release(desk: Desk) -> None:
    """ORD-9, ORD-11"""
    order = await desk.paid()
    who = desk.warehouse | {"Accept-Language": "zh-CN"}
    answer = await ask(desk, order, "delivery-order", who)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "订单放行时才开具出货单"
    assert answer.json()["rule"] == "ORD-11"


async def test_the_delivery_order_names_what_is_to_leave(desk: Desk) -> None:
    """ORD-11, ORD-18"""
    order = await desk.released()
    text = await printed(desk, order, "delivery-order")
    for part in ("出货单", order["delivery_order"], order["number"], "恒美", "已付清", "待发货物", "10.00", "客户签收"):
        assert part in text, part
    found = await written(desk, order, "delivery-order")
    assert next(row for row in found if order["lines"][0]["article"] in row)[-1] == 10


async def test_each_shipment_has_its_own_delivery_order_with_lots_and_papers(desk: Desk) -> None:
    """ORD-11, ORD-12"""
    order, lot = await desk.released(), await desk.new_lot()
    await desk.shop.post(f"/orders/{order['id']}/dispatch", desk.warehouse, desk.shipment(lot, "4"))
    text = await printed(desk, order, "delivery-order", shipment=1)
    for part in ("第1批", lot["lot"], "4.00", "顺丰", "说明书、保修卡", "ZB1"):
        assert part in text, part
    assert "待发货物" not in text
    whole = await printed(desk, order, "delivery-order")
    assert "待发货物" in whole
    assert "6.00" in whole
    assert (await ask(desk, order, "delivery-order", shipment=2)).status_code == 404


async def test_papers_are_for_those_whom_the_order_concerns(desk: Desk) -> None:
    """PLT-3"""
    order = await desk.released()
    themselves = desk.shop.headers("c1", "customer", customer=desk.customer)
    for form in ("order-form", "delivery-order"):
        assert (await ask(desk, order, form, themselves)).status_code == 200
        for stranger in (
            desk.shop.headers("u99", "salesperson"),
            desk.shop.headers("c2", "customer", customer=str(uuid4())),
            desk.shop.headers("p1", "partner", partner=str(uuid4())),
        ):
            assert (await ask(desk, order, form, stranger)).status_code == 403
        assert (await desk.shop.ask("GET", f"/orders/{order['id']}/{form}")).status_code == 401
        assert (await desk.shop.ask("GET", f"/orders/{uuid4()}/{form}", desk.seller)).status_code == 404
        assert (await ask(desk, order, form, format="doc")).status_code == 422
    assert (await ask(desk, order, "delivery-order", shipment=0)).status_code == 422


async def test_a_paper_comes_under_its_name(desk: Desk) -> None:
    """ORD-18"""
    order = await desk.place()
    answer = await ask(desk, order, "order-form")
    assert unquote(answer.headers["content-disposition"]).endswith(f"订货单-{order['number']}.pdf")
