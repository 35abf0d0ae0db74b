"""What people try who want to see or do what is not theirs (PLT-3)."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.events.customers import CustomerRegistered
from tests.hearing import tell
from tests.house import Running
from tests.orders.conftest import Desk
from tests.orders.test_reactions import filed, in_force


async def another_customer(desk: Desk) -> str:
    event = CustomerRegistered(code="D2", company="别家", kind="dealer", region="广东", level="A", owner="u13")
    heard = await tell(desk.shop, event)
    assert heard.known is not None
    return str(heard.known.entity_id)


async def dispatched(desk: Desk) -> dict[str, Any]:
    order, lot = await desk.released(), await desk.new_lot()
    sent: dict[str, Any] = await desk.shop.post(f"/orders/{order['id']}/dispatch", desk.warehouse, desk.shipment(lot))
    return sent


async def test_a_post_inside_opens_nothing_that_a_post_outside_asks_for(desk: Desk) -> None:
    """PLT-3: whoever comes in as customer or partner acts for themselves, whatever else they are."""
    order, wish = await dispatched(desk), await desk.wish()
    mixed = desk.shop.headers("x1", "technician", "partner", "customer", partner=await another_customer(desk))
    position = {"customer_id": desk.customer, "articles": [desk.article["article"]]}
    for path, body in (
        ("/orders", wish),
        ("/stock-positions", position),
        (f"/stock-positions/{wish['stock_position_id']}/accept", {"accepted_by": "我"}),
        (f"/orders/{order['id']}/deliver", {"received_by": "我"}),
        (f"/orders/{order['id']}/cancel", {"reason": "不要了"}),
    ):
        assert (await desk.shop.refused(path, mixed, body))["status"] == 403, path
    assert "delivered" not in await desk.shop.announced(order["id"])


async def test_a_salesperson_sees_no_more_for_being_a_customer_too(desk: Desk) -> None:
    """PLT-3"""
    order = await desk.place()
    seller = desk.shop.headers("u13", "salesperson", "customer", customer=await another_customer(desk))
    assert (await desk.shop.ask("GET", f"/orders/{order['id']}", seller)).status_code == 403
    for query in ("", f"?customer_id={desk.customer}", f"?number={order['number']}"):
        assert order["id"] not in {one["id"] for one in (await desk.shop.get(f"/orders{query}", seller))["items"]}
    buyer = desk.shop.headers("u13", "salesperson", "customer", customer=desk.customer)
    assert (await desk.shop.get(f"/orders/{order['id']}", buyer))["id"] == order["id"]


async def test_a_delegate_sees_what_the_absent_salesperson_sees(desk: Desk) -> None:
    """CON-15"""
    order = await desk.place()
    delegate = desk.shop.headers("u14", "salesperson", on_behalf_of="u12")
    assert (await desk.shop.get(f"/orders/{order['id']}", delegate))["id"] == order["id"]
    found = await desk.shop.get(f"/orders?number={order['number']}", delegate)
    assert [one["id"] for one in found["items"]] == [order["id"]]


async def test_nobody_learns_the_prices_of_anothers_contract_by_trying(desk: Desk) -> None:
    """ORD-19: the answer is the same whatever price is named, and names no contract."""
    contract, own = str(await in_force(desk)), await another_customer(desk)
    partner = desk.shop.headers("p2", "partner", partner=own)
    wish = await desk.wish(customer_id=own, contract_id=contract)
    answers = []
    for price in ("70.00", "69.99"):
        wish["lines"][0]["price"] = price
        answers.append(await desk.shop.refused("/orders", partner, wish))
    assert {(answer["rule"], answer["detail"]) for answer in answers} == {
        ("ORD-19", "the contract belongs to another customer")
    }
    attempts = (await desk.shop.get("/price-attempts", desk.shop.headers("u09", "sales_manager")))["items"]
    assert own not in {attempt["customer_id"] for attempt in attempts}


async def test_prices_that_nobody_has_approved_are_seen_inside_only(desk: Desk) -> None:
    """ORD-2"""
    manager = desk.shop.headers("u09", "sales_manager")
    heading = "货号,品名,规格,型号,等级,色号,单位,单价,标准\n"
    files = {"file": ("a.csv", f"{heading}N{uuid4().hex[:8]},砖,600x600,M,优等品,P1,m²,9.90,GB\n".encode())}
    book = (await desk.shop.ask("POST", "/articles/import", manager, files=files)).json()
    customer = desk.shop.headers("d1", "customer", customer=desk.customer)
    assert (await desk.shop.ask("GET", f"/price-books/{book['id']}", customer)).status_code == 404
    assert book["id"] not in {one["id"] for one in (await desk.shop.get("/price-books", customer))["items"]}
    in_force = (await desk.shop.get("/price-books", customer))["items"][0]
    assert (await desk.shop.get(f"/price-books/{in_force['id']}", customer))["prices"]
    assert (await desk.shop.get(f"/price-books/{book['id']}", manager))["id"] == book["id"]


async def test_the_warehouse_is_no_business_of_customers(desk: Desk) -> None:
    """PLT-3: they are shown a stock position."""
    lot = await desk.new_lot()
    for post in ("customer", "partner"):
        outsider = desk.shop.headers("d1", post, **{post: desk.customer})
        for path in ("/lots", f"/lots/{lot['id']}"):
            assert (await desk.shop.ask("GET", path, outsider)).status_code == 403


async def test_a_complaint_gets_no_evidence_of_anothers_order(desk: Desk) -> None:
    """ORD-20, CMP-18: nor are the lots of that order held for it."""
    order, complaint = await dispatched(desk), uuid4()
    stranger = filed(desk, order["number"], customer_id=UUID(await another_customer(desk)))
    await tell(desk.shop, stranger, complaint)
    assert "evidence_compiled" not in await desk.shop.announced(order["id"])
    query = "SELECT id FROM evidence_searches WHERE document ->> 'complaint_id' = $1"
    assert await desk.shop.announced(await desk.shop.pool.fetchval(query, str(complaint))) == ["failed"]


async def test_nobody_confirms_a_payment_that_was_recorded_in_their_name(desk: Desk) -> None:
    """ORD-10, CON-15: neither the delegate nor the absent one."""
    order, shop = await desk.place(), desk.shop
    body = {"kind": "wire", "amount": order["total"], "account": "6222", "reference": uuid4().hex}
    path = f"/orders/{order['id']}/payments"
    recorded = await shop.post(path, shop.headers("u20", "finance", on_behalf_of="u17"), body)
    confirm = f"{path}/{recorded['payments'][0]['id']}/confirm"
    for who in (
        shop.headers("u17", "finance"), shop.headers("u20", "finance"),
        shop.headers("u21", "finance", on_behalf_of="u17"),
    ):  # fmt: skip
        assert (await shop.refused(confirm, who))["rule"] == "ORD-10"
    done = "jsonb_set(document, '{payments,0,confirmed_by}', '\"u20\"')"
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-10"):
        await shop.pool.execute(f"UPDATE orders SET document = {done} WHERE id = $1", UUID(order["id"]))  # noqa: S608
    assert (await shop.post(confirm, shop.headers("u22", "finance")))["status"] == "paid"


async def test_nobody_approves_prices_that_were_drafted_in_their_name(shop: Running) -> None:
    """ORD-2, CON-15"""
    heading = "货号,品名,规格,型号,等级,色号,单位,单价,标准\n"
    files = {"file": ("a.csv", f"{heading}N{uuid4().hex[:8]},砖,600x600,M,优等品,P1,m²,9.90,GB\n".encode())}
    delegate = shop.headers("u09", "sales_director", on_behalf_of="u05")
    book = (await shop.ask("POST", "/articles/import", delegate, files=files)).json()
    for who in (delegate, shop.headers("u05", "sales_director"), shop.headers("u09", "sales_director")):
        assert (await shop.refused(f"/price-books/{book['id']}/approve", who))["rule"] == "ORD-2"


async def test_anothers_idempotency_key_brings_nothing_to_light(desk: Desk) -> None:
    """PLT-2, PLT-3: a key belongs to whoever sent it."""
    key = {"Idempotency-Key": uuid4().hex}
    order = await desk.shop.post("/orders", desk.seller, wish := await desk.wish(), headers=key)
    partner = desk.shop.headers("p2", "partner", partner=await another_customer(desk))
    assert (await desk.shop.refused("/orders", partner, wish, headers=key))["status"] == 403
    other = await desk.shop.post("/orders", desk.clerk, wish, headers=key)
    assert other["id"] != order["id"]


async def test_a_price_of_nothing_is_put_on_record_as_it_was_asked(desk: Desk) -> None:
    """ORD-3"""
    wish = await desk.wish()
    wish["lines"][0]["price"] = "0.00"
    assert (await desk.shop.refused("/orders", desk.seller, wish))["rule"] == "ORD-3"
    attempts = (await desk.shop.get("/price-attempts", desk.shop.headers("u09", "sales_manager")))["items"]
    [mine] = [attempt for attempt in attempts if attempt["customer_id"] == desk.customer]
    assert mine["asked"] == "0.00"
