"""Receivables by age and the collection of money."""

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from openpyxl import load_workbook

from shared.domain.numbers import SHANGHAI
from shared.events.customers import CustomerRegistered
from shared.events.orders import OrderOverpaid
from tests.hearing import tell
from tests.house import Running
from tests.orders.conftest import Desk
from tests.orders.test_credit import bring, credited, more, new_customer

TODAY = datetime.now(UTC).astimezone(SHANGHAI).date()


async def aged(shop: Running, who: dict[str, str], customer: str, **query: Any) -> dict[str, str]:
    """The customer's row of the receivables."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    report = await shop.get(f"/reports/receivables?by=customer&{asked}", who)
    return next((row for row in report["items"] if row["customer_id"] == customer), {})


async def collected(shop: Running, who: dict[str, str], customer: str, first: date, last: date) -> dict[str, str]:
    report = await shop.get(f"/reports/collection?by=customer&from={first}&to={last}", who)
    return next((row for row in report["items"] if row["customer_id"] == customer), {})


async def make_older(desk: Desk, order: dict[str, Any], days: int) -> None:
    """As if it had been placed so many days ago."""
    placed = (datetime.fromisoformat(order["placed_at"]) - timedelta(days=days)).isoformat().replace("+00:00", "Z")
    query = "UPDATE orders SET document = jsonb_set(document, '{placed_at}', to_jsonb($2::text)) WHERE id = $1"
    await desk.shop.pool.execute(query, UUID(order["id"]), placed)


async def test_what_is_outstanding_stands_under_its_age(desk: Desk) -> None:
    """ORD-16: days since the order was placed, in Shanghai; paid, cancelled and expired orders owe nothing."""
    expected = {}
    for days, bucket in (
        (0, "up_to_7_days"), (7, "up_to_7_days"), (8, "up_to_30_days"), (30, "up_to_30_days"), (31, "up_to_60_days"),
        (60, "up_to_60_days"), (61, "up_to_90_days"), (90, "up_to_90_days"), (91, "over_90_days"),
    ):  # fmt: skip
        order = await desk.place()
        await make_older(desk, order, days)
        expected[bucket] = expected.get(bucket, Decimal(0)) + Decimal(order["total"])
    part = await desk.confirmed(await desk.place(), "1.00")
    expected["up_to_7_days"] += Decimal(part["total"]) - 1
    await desk.paid()
    cancelled = await desk.place()
    await desk.shop.post(f"/orders/{cancelled['id']}/cancel", desk.seller, {"reason": "不要了"})
    row = await aged(desk.shop, desk.finance, desk.customer)
    assert {bucket: Decimal(row[bucket]) for bucket in expected} == expected
    assert Decimal(row["outstanding"]) == sum(expected.values())
    assert (row["code"], row["company"]) == ("D001", "恒美")


async def test_receivables_of_a_past_day_are_what_they_were(desk: Desk) -> None:
    """ORD-16: money that came since is not yet there, and what was ordered since is not yet owed."""
    order = await desk.place()
    await make_older(desk, order, 10)
    await desk.confirmed(order, "100.00")
    later = await desk.place()
    yesterday = await aged(desk.shop, desk.finance, desk.customer, as_of=TODAY - timedelta(days=1))
    assert (yesterday["outstanding"], yesterday["up_to_30_days"]) == (order["total"], order["total"])
    assert await aged(desk.shop, desk.finance, desk.customer, as_of=TODAY - timedelta(days=11)) == {}
    today = await aged(desk.shop, desk.finance, desk.customer)
    assert Decimal(today["outstanding"]) == Decimal(order["total"]) + Decimal(later["total"]) - 100


async def test_goods_that_left_and_whose_money_was_called_back_are_a_receivable(desk: Desk) -> None:
    """ORD-10, ORD-16."""
    order, lot = await desk.released(), await desk.new_lot()
    await desk.shop.post(f"/orders/{order['id']}/dispatch", desk.warehouse, desk.shipment(lot))
    assert await aged(desk.shop, desk.finance, desk.customer) == {}
    path = f"/orders/{order['id']}/payments/{order['payments'][0]['id']}/reverse"
    await desk.shop.post(path, desk.finance, {"reason": "back"})
    assert (await aged(desk.shop, desk.finance, desk.customer))["outstanding"] == order["total"]


async def test_balances_that_are_owed_are_receivables_of_whoever_looks_after_the_customer(desk: Desk) -> None:
    """ORD-16: since the day they were of."""
    shop, code = desk.shop, f"K{uuid4().hex[:8]}"
    person = f"u{uuid4().hex[:8]}"
    event = CustomerRegistered(code=code, company="某家", kind="dealer", region="广东", level="A", owner=person)
    heard = await tell(shop, event)
    assert heard.known is not None
    customer, since = heard.known.entity_id, TODAY - timedelta(days=40)
    assert (await bring(shop, desk.finance, f"{code},-300.00,{since},")).status_code == 201
    row = await aged(shop, desk.finance, str(customer))
    assert (row["outstanding"], row["up_to_60_days"]) == ("300.00", "300.00")
    report = await shop.get("/reports/receivables?by=salesperson", desk.finance)
    assert {"salesperson": person, "outstanding": "300.00"}.items() <= next(
        row for row in report["items"] if row["salesperson"] == person
    ).items()
    await tell(shop, OrderOverpaid(number="DH1", customer_id=customer, surplus=Decimal("300.00")))
    assert await aged(shop, desk.finance, str(customer)) == {}
    await tell(shop, OrderOverpaid(number="DH2", customer_id=customer, surplus=Decimal("5.00")))
    assert await aged(shop, desk.finance, str(customer)) == {}


async def test_a_salesperson_sees_their_own_receivables(desk: Desk) -> None:
    """PLT-3, ORD-16."""
    shop, order = desk.shop, await desk.place()
    assert (await aged(shop, desk.seller, desk.customer))["outstanding"] == order["total"]
    other = shop.headers("u13", "salesperson", "technician")
    assert await aged(shop, other, desk.customer) == {}
    mine = await shop.get("/reports/receivables?by=salesperson", desk.seller)
    assert {row["salesperson"] for row in mine["items"]} == {"u12"}
    collection = await shop.get("/reports/collection", desk.seller)
    assert {row["salesperson"] for row in collection["items"]} == {"u12"}
    for who in (desk.clerk, shop.headers("d1", "customer", customer=desk.customer)):
        for path in ("/reports/receivables", "/reports/collection"):
            assert (await shop.ask("GET", path, who)).status_code == 403


async def test_collection_says_what_was_to_come_in_what_came_and_what_is_left(desk: Desk) -> None:
    """ORD-16: and the figures add up; credit that is used is no money that came in."""
    shop, old = desk.shop, await desk.place()
    await make_older(desk, old, 45)
    total = Decimal(old["total"])
    await desk.confirmed(old, "100.00")
    over = await desk.place()
    await desk.confirmed(over, more(over, "30.00"))
    await credited(desk, "30.00")
    drawn = await desk.shop.post(f"/orders/{old['id']}/payments/from-credit", desk.clerk, {"amount": "30.00"})
    confirm = f"/orders/{old['id']}/payments/{drawn['payments'][-1]['id']}/confirm"
    await shop.post(confirm, desk.finance)
    wrong = await desk.confirmed(old, "7.00")
    reverse = f"/orders/{old['id']}/payments/{wrong['payments'][-1]['id']}/reverse"
    await shop.post(reverse, desk.finance, {"reason": "back"})
    gone = await desk.place()
    await shop.post(f"/orders/{gone['id']}/cancel", desk.seller, {"reason": "不要了"})

    row = await collected(shop, desk.finance, desk.customer, TODAY, TODAY)
    figures = {name: Decimal(row[name]) for name in ("opening", "placed", "received", "adjusted", "outstanding")}
    assert figures == {
        "opening": total, "placed": 2 * total, "received": total + 130, "adjusted": - total,
        "outstanding": total - 130,
    }  # fmt: skip
    assert Decimal(row["rate"]) == ((total + 130) / (3 * total)).quantize(Decimal("0.0001"))
    before = await collected(shop, desk.finance, desk.customer, TODAY - timedelta(days=50), TODAY - timedelta(days=40))
    assert (before["opening"], before["placed"], before["received"], before["outstanding"]) == (
        "0.00", old["total"], "0.00", old["total"],
    )  # fmt: skip


async def test_a_refund_is_money_that_went_back(desk: Desk) -> None:
    """ORD-16, ORD-17."""
    order = await desk.paid()
    assert Decimal((await collected(desk.shop, desk.finance, desk.customer, TODAY, TODAY))["received"]) == Decimal(
        order["total"]
    )
    await desk.shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    director = desk.shop.headers("u05", "sales_director")
    approval = {"to_credit": False, "reference": uuid4().hex}
    await desk.shop.post(f"/orders/{order['id']}/refund/approve", director, approval)
    row = await collected(desk.shop, desk.finance, desk.customer, TODAY, TODAY)
    assert (Decimal(row["received"]), Decimal(row["outstanding"])) == (0, 0)


async def test_the_reports_are_tables_and_papers_too(desk: Desk) -> None:
    """ORD-16: CSV, XLSX and PDF say what JSON says."""
    shop = desk.shop
    await new_customer(shop, f"K{uuid4().hex[:8]}")
    order = await desk.place()
    for path, heading in (("receivables", "应收合计"), ("collection", "本期回款")):
        asked = f"/reports/{path}?by=customer"
        totals = (await shop.get(asked, desk.finance))["totals"]
        table = await shop.ask("GET", f"{asked}&format=csv", desk.finance, headers={"Accept-Language": "zh"})
        lines = table.text.splitlines()
        assert heading in lines[0]
        assert any(order["total"] in line and "恒美" in line for line in lines)
        english = await shop.ask("GET", f"{asked}&format=csv", desk.finance)
        assert "outstanding" in english.text.splitlines()[0]
        paper = await shop.ask("GET", f"{asked}&format=pdf", desk.finance)
        assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
        book = await shop.ask("GET", f"{asked}&format=xlsx", desk.finance)
        cells = [
            cell for row in load_workbook(io.BytesIO(book.content)).active.iter_rows(values_only=True) for cell in row
        ]
        assert heading in cells
        assert float(totals["outstanding"]) in [
            float(cell) for cell in cells if isinstance(cell, int | float | Decimal)
        ]


async def test_a_period_that_ends_before_it_begins_is_refused(desk: Desk) -> None:
    problem = await desk.shop.ask("GET", "/reports/collection?from=2026-02-01&to=2026-01-01", desk.finance)
    assert (problem.status_code, problem.json()["field"]) == (422, "to")
    for query in ("as_of=soon", "as_of=0001-01-01", "by=colour", "format=doc"):
        answer = await desk.shop.ask("GET", f"/reports/receivables?{query}", desk.finance)
        assert answer.status_code == 422, query
