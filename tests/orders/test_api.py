"""Orders as clients see them: through HTTP, on the real database."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.house import Running
from tests.orders.conftest import DATA, Desk


async def test_a_file_with_wrong_rows_is_refused_whole_and_every_error_named(shop: Running) -> None:
    """ORD-1."""
    before = await shop.pool.fetchval("SELECT count(*) FROM articles")
    files = {"file": ("a.xlsx", (DATA / "articles-with-errors.xlsx").read_bytes())}
    manager = shop.headers("u09", "sales_manager") | {"Accept-Language": "zh"}
    answer = await shop.ask("POST", "/articles/import", manager, files=files)
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert all(error["row"] > 1 and error["column"] for error in errors)
    assert len(errors) > 1
    assert await shop.pool.fetchval("SELECT count(*) FROM articles") == before


async def test_an_article_is_not_listed_again_with_other_data(shop: Running) -> None:
    """ORD-1."""
    listed = (await shop.get("/articles?limit=1"))["items"][0]
    heading = "货号,品名,规格,型号,等级,色号,单位,单价,标准\n"
    row = f"{listed['article']},另一品名,600x600,M,优等品,P1,m²,9.90,GB/T 4100-2015\n"
    files = {"file": ("a.csv", (heading + row).encode())}
    answer = await shop.ask("POST", "/articles/import", shop.headers("u09", "sales_manager"), files=files)
    assert answer.status_code == 422
    named = {(error["row"], error["heading"]): error["code"] for error in answer.json()["errors"]}
    assert named[2, "品名"] == "registered_otherwise"
    assert (2, "单价") not in named


async def test_prices_are_shown_to_everybody_and_drafted_by_two(shop: Running) -> None:
    """ORD-2."""
    books = (await shop.get("/price-books", shop.headers("u12", "salesperson")))["items"]
    book = next(book for book in books if book["status"] == "in_force")
    shown = await shop.get(f"/price-books/{book['id']}", shop.headers("u12", "salesperson"))
    assert len(shown["prices"]) >= 200
    answer = await shop.ask("GET", f"/price-books/{uuid4()}", shop.headers("u12", "salesperson"))
    assert answer.status_code == 404


async def test_a_self_made_price_is_refused_and_recorded(desk: Desk) -> None:
    """ORD-3."""
    wish = await desk.wish()
    wish["lines"][0]["price"] = "1.00"
    problem = await desk.shop.refused("/orders", desk.seller, wish, headers={"Accept-Language": "zh-CN"})
    assert (problem["status"], problem["rule"], problem["code"]) == (422, "ORD-3", "rule_broken")
    assert "不得擅自报价" in problem["detail"]
    attempts = await desk.shop.get("/price-attempts", desk.shop.headers("u09", "sales_manager"))
    mine = next(one for one in attempts["items"] if one["customer_id"] == desk.customer)
    assert (mine["person"], mine["asked"]) == ("u12", "1.00")
    assert await desk.shop.announced(mine["id"]) == ["refused"]


async def test_the_right_price_may_be_named(desk: Desk) -> None:
    """ORD-3."""
    order = await desk.place()
    wish = await desk.wish()
    wish["lines"][0]["price"] = order["lines"][0]["price"]
    assert (await desk.shop.post("/orders", desk.seller, wish))["total"] == order["total"]


async def test_no_order_without_an_accepted_stock_position(desk: Desk) -> None:
    """ORD-6."""
    body = {"customer_id": desk.customer, "articles": [desk.article["article"]]}
    shown = await desk.shop.post("/stock-positions", desk.seller, body)
    assert "available" in shown["lines"][0]
    wish = await desk.wish(stock_position_id=shown["id"])
    assert (await desk.shop.refused("/orders", desk.seller, wish))["rule"] == "ORD-6"


async def test_an_unknown_customer_position_or_contract_is_named(desk: Desk) -> None:
    stranger = str(uuid4())
    wish = await desk.wish()
    for changed in ({"customer_id": stranger}, {"stock_position_id": stranger}, {"contract_id": stranger}):
        problem = await desk.shop.refused("/orders", desk.seller, wish | changed)
        assert (problem["status"], stranger in problem["detail"]) == (404, True)


async def test_payment_first_goods_after(desk: Desk) -> None:
    """ORD-9, ORD-10, ORD-11, ORD-13: the whole way, with everything that is refused on it."""
    order = await desk.record(await desk.place())
    path, payment = f"/orders/{order['id']}", order["payments"][0]["id"]
    assert (await desk.shop.refused(f"{path}/release", desk.warehouse))["rule"] == "ORD-9"
    assert (await desk.shop.refused(f"{path}/payments/{payment}/confirm", desk.clerk))["status"] == 403
    paid = await desk.shop.post(f"{path}/payments/{payment}/confirm", desk.finance)
    assert paid["status"] == "paid"
    released = await desk.shop.post(f"{path}/release", desk.warehouse)
    assert released["delivery_order"].startswith("CH")
    await desk.prepare(order)
    lot = await desk.new_lot()
    sent = await desk.shop.post(f"{path}/dispatch", desk.warehouse, desk.shipment(lot))
    assert (sent["status"], sent["goods"][0]["lot"]) == ("dispatched", lot["lot"])
    assert (await desk.shop.get(f"/lots/{lot['id']}"))["left"] == "90.00"
    customer = desk.shop.headers("d1", "customer", customer=desk.customer)
    done = await desk.shop.post(f"{path}/deliver", customer, {"received_by": "王先生"})
    assert done["status"] == "delivered"
    assert await desk.shop.announced(order["id"]) == [
        "placed", "payment_recorded", "payment_confirmed", "paid", "released", "invoice_issued", "dispatch_planned",
        "shipment_dispatched", "dispatched", "shipment_delivered", "delivered",
    ]  # fmt: skip


async def test_the_database_itself_refuses_to_release_unpaid_goods(desk: Desk) -> None:
    """ORD-9: whatever the code does."""
    order = await desk.place()
    for status in ("released", "dispatched", "delivered"):
        with pytest.raises(asyncpg.CheckViolationError, match="ORD-9"):
            await desk.shop.pool.execute(
                "UPDATE orders SET document = jsonb_set(document, '{status}', to_jsonb($2::text)) WHERE id = $1",
                UUID(order["id"]),
                status,
            )


async def test_a_bank_reference_is_used_once_per_account(desk: Desk) -> None:
    """ORD-10: also across orders; another account may have the same."""
    reference = uuid4().hex
    first, second = await desk.place(), await desk.place()
    await desk.record(first, reference=reference)
    body = {"kind": "wire", "amount": "1.00", "account": "6222", "reference": reference}
    problem = await desk.shop.refused(f"/orders/{second['id']}/payments", desk.clerk, body)
    assert problem["rule"] == "ORD-10"
    await desk.record(second, reference=reference, account="6333")
    assert await desk.shop.announced(second["id"]) == ["placed", "payment_recorded"]


async def test_bounced_money_closes_the_gate(desk: Desk) -> None:
    """ORD-10."""
    order = await desk.released()
    path = f"/orders/{order['id']}/payments/{order['payments'][0]['id']}/reverse"
    closed = await desk.shop.post(path, desk.finance, {"reason": "cheque bounced"})
    assert (closed["status"], closed["delivery_order"]) == ("awaiting_payment", None)
    lot = await desk.new_lot()
    problem = await desk.shop.refused(f"/orders/{order['id']}/dispatch", desk.warehouse, desk.shipment(lot))
    assert problem["status"] == 409


async def test_two_clerks_shipping_the_last_goods_of_a_lot_have_one_winner(desk: Desk) -> None:
    """ORD-12: the other is told, and nothing of theirs is written."""
    lot = await desk.new_lot("10")
    both = [await desk.released(), await desk.released()]
    answers = await asyncio.gather(
        *(
            desk.shop.ask("POST", f"/orders/{order['id']}/dispatch", desk.warehouse, json=desk.shipment(lot))
            for order in both
        )
    )
    assert min(answer.status_code for answer in answers) == 200
    loser = next(answer for answer in answers if answer.status_code != 200)
    assert loser.status_code in (409, 422)
    assert (await desk.shop.get(f"/lots/{lot['id']}"))["left"] == "0.00"


async def test_a_cancelled_order_takes_no_money(desk: Desk) -> None:
    order = await desk.place()
    await desk.shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "changed mind"})
    body = {"kind": "cash", "amount": "1.00", "account": "6222", "reference": uuid4().hex}
    problem = await desk.shop.refused(f"/orders/{order['id']}/payments", desk.clerk, body)
    assert (problem["status"], problem["code"]) == (409, "not_allowed_now")


async def test_people_see_their_own_orders_only(desk: Desk) -> None:
    """Architecture §9: salespeople their own, customers theirs."""
    order = await desk.place()
    other = desk.shop.headers("u13", "salesperson")
    assert (await desk.shop.ask("GET", f"/orders/{order['id']}", other)).status_code == 403
    assert not (await desk.shop.get(f"/orders?number={order['number']}", other))["items"]
    stranger = desk.shop.headers("d2", "customer", customer=str(uuid4()))
    assert (await desk.shop.ask("GET", f"/orders/{order['id']}", stranger)).status_code == 403
    assert not (await desk.shop.get("/orders", stranger))["items"]
    assert not (await desk.shop.get("/orders", desk.shop.headers("d3", "customer")))["items"]
    mine = desk.shop.headers("d1", "customer", customer=desk.customer)
    assert [one["id"] for one in (await desk.shop.get("/orders", mine))["items"]] == [order["id"]]
    partner = desk.shop.headers("p1", "partner", partner=str(uuid4()))
    assert (await desk.shop.refused("/orders", partner, await desk.wish()))["status"] == 403


async def test_whoever_has_not_the_post_is_refused(desk: Desk) -> None:
    """PLT-3."""
    order = await desk.place()
    body = {"kind": "cash", "amount": "1.00", "account": "6222", "reference": uuid4().hex}
    assert (await desk.shop.refused(f"/orders/{order['id']}/payments", desk.seller, body))["status"] == 403
    assert (await desk.shop.refused(f"/orders/{order['id']}/release", desk.seller))["status"] == 403
    assert (await desk.shop.ask("POST", "/orders")).status_code == 401


async def test_the_same_command_twice_is_carried_out_once(desk: Desk) -> None:
    """PLT-2: same key, same answer; same key for another body, a clear no."""
    wish, key = await desk.wish(), {"Idempotency-Key": uuid4().hex}
    first = await desk.shop.ask("POST", "/orders", desk.seller, json=wish, headers=key)
    again = await desk.shop.ask("POST", "/orders", desk.seller, json=wish, headers=key)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = wish | {"requirements": "quickly"}
    problem = await desk.shop.refused("/orders", desk.seller, other, headers=key)
    assert (problem["status"], problem["code"]) == (422, "key_reused")


BAD = [
    ({"lines": []}, "body.lines"),
    ({"lines": [{"article": "A", "quantity": "-1"}]}, "body.lines.0.quantity"),
    ({"lines": [{"article": "A", "quantity": 1.5}]}, "body.lines.0.quantity"),
    ({"lines": [{"article": "A", "quantity": "1", "price": "1.001"}]}, "body.lines.0.price"),
    ({"customer_id": "x"}, "body.customer_id"),
    ({"colour": "red"}, "body.colour"),
    ({"requirements": "x" * 3000}, "body.requirements"),
]


@pytest.mark.parametrize(("changed", "field"), BAD, ids=[field for _, field in BAD])
async def test_bad_input_is_named_by_its_field(desk: Desk, changed: dict[str, object], field: str) -> None:
    wish = await desk.wish()
    problem = await desk.shop.refused("/orders", desk.seller, wish | changed, headers={"Accept-Language": "zh"})
    assert (problem["status"], problem["errors"][0]["field"]) == (422, field)


async def test_an_order_beyond_all_money_is_refused(desk: Desk) -> None:
    """ORD-5."""
    wish = await desk.wish("999999999999")
    assert (await desk.shop.refused("/orders", desk.seller, wish))["rule"] == "ORD-5"


async def test_a_nul_character_is_bad_input_too(desk: Desk) -> None:
    wish = await desk.wish(requirements="a\u0000b")
    assert (await desk.shop.refused("/orders", desk.seller, wish))["status"] == 422


async def test_lists_go_on_page_by_page(desk: Desk) -> None:
    placed = [(await desk.place())["id"] for _ in range(3)]
    customer = desk.shop.headers("d1", "customer", customer=desk.customer)
    first = await desk.shop.get("/orders?limit=2", customer)
    second = await desk.shop.get(f"/orders?limit=2&after={first['next']}", customer)
    assert [one["id"] for one in first["items"] + second["items"]] == placed[::-1]
    assert second["next"] is None
