"""The sales ledger: what is booked when, and what it adds up to (ORD-15)."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import openpyxl
import pytest

from services.orders.domain.payment import PaymentKind
from services.orders.views import ledger
from shared.domain.actor import Actor, Post
from shared.events.envelope import new_id
from tests.house import Served, eventually
from tests.orders.books import FINANCE, ONE_DAY, Books, kinds, moment, open_books, today
from tests.orders.conftest import Desk

SALES_DIRECTOR = Actor(id="u05", posts=frozenset({Post.SALES_DIRECTOR}))


@pytest.fixture(scope="module")
async def books(postgres_server: Served, keys: Path) -> AsyncIterator[Books]:
    async with open_books(postgres_server.url(), keys) as opened:
        yield opened


async def test_every_line_of_an_order_is_an_entry_of_its_day(books: Books) -> None:
    """ORD-15."""
    day = books.month()
    order = await books.sell(day, ("A-1", "10", "88.00"), ("B-2", "2.50", "10.01"))
    first, second = await books.entries(day)
    assert kinds([first, second]) == [("ordered", "10.00", "880.00"), ("ordered", "2.50", "25.03")]
    assert (first["order_number"], first["line"], first["article"], first["specification"]) == (
        order.number, 1, "A-1", "800x800",
    )  # fmt: skip
    assert (first["booked_on"], first["salesperson"], first["store"], first["company"]) == (
        str(day),
        "u12",
        "S1",
        "恒美",
    )


async def test_the_day_of_an_entry_is_that_of_shanghai(books: Books) -> None:
    """ORD-15: midnight in Shanghai is 16:00 UTC of the day before."""
    day = books.month()
    await books.sell(day, hour=0)
    await books.sell(day, hour=23)
    assert len(await books.entries(day)) == 2


async def test_what_is_cancelled_or_expired_is_taken_back_by_a_later_entry(books: Books) -> None:
    """ORD-15, ORD-17."""
    day = books.month()
    given_up, forgotten = await books.sell(day), await books.sell(day)
    given_up.cancel("changed their mind", Actor(id="u12"), moment(day + ONE_DAY))
    await books.keep(given_up, moment(day + ONE_DAY))
    forgotten.expire(moment(day + 2 * ONE_DAY))
    await books.keep(forgotten, moment(day + 2 * ONE_DAY))
    assert kinds(await books.entries(day + ONE_DAY)) == [("cancelled", "-10.00", "-880.00")]
    assert kinds(await books.entries(day + 2 * ONE_DAY)) == [("expired", "-10.00", "-880.00")]
    sums = (await books.sums("article", day, day + 2 * ONE_DAY))["A-1"]
    assert (sums["ordered_amount"], sums["given_up_amount"]) == ("1760.00", "-1760.00")


async def test_money_is_booked_when_it_is_confirmed_and_when_it_is_gone(books: Books) -> None:
    """ORD-10, ORD-15."""
    day = books.month()
    order = await books.sell(day)
    payment = await books.pay(order, moment(day + ONE_DAY))
    order.reverse_payment(payment, "bounced", FINANCE, moment(day + 2 * ONE_DAY))
    await books.keep(order, moment(day + 2 * ONE_DAY))
    assert kinds(await books.entries(day + ONE_DAY)) == [("paid", None, "880.00")]
    assert kinds(await books.entries(day + 2 * ONE_DAY)) == [("reversed", None, "-880.00")]
    sums = (await books.sums("salesperson", day, day + 2 * ONE_DAY))["u12"]
    assert (sums["paid"], sums["given_back"], sums["orders"]) == ("880.00", "-880.00", 1)


async def test_a_payment_that_never_counted_leaves_no_entry_when_it_is_reversed(books: Books) -> None:
    """ORD-10, ORD-15."""
    day = books.month()
    order = await books.sell(day)
    await books.pay(order, moment(day), "100.00")
    payment = new_id()
    order.record_payment(payment, PaymentKind.WIRE, order.total, "6222", str(payment), Actor(id="u19"), moment(day))
    order.reverse_payment(payment, "unknown", FINANCE, moment(day))
    await books.keep(order, moment(day))
    assert [kind for kind, _, _ in kinds(await books.entries(day))] == ["ordered", "paid"]


async def test_a_surplus_is_money_received_and_credit_granted(books: Books) -> None:
    """ORD-10, ORD-15: credit is not counted as money a second time when it pays an order."""
    day = books.month()
    order = await books.sell(day)
    await books.pay(order, moment(day), "1000.00")
    assert kinds(await books.entries(day))[1:] == [("paid", None, "1000.00"), ("credited", None, "-120.00")]
    other = await books.sell(day + ONE_DAY)
    payment = new_id()
    other.pay_from_credit(payment, other.total, Actor(id="u19"), moment(day + ONE_DAY))
    other.confirm_payment(payment, FINANCE, moment(day + ONE_DAY))
    await books.keep(other, moment(day + ONE_DAY))
    assert kinds(await books.entries(day + ONE_DAY))[1:] == [("credited", None, "880.00")]


async def test_credit_that_rested_on_a_payment_goes_when_the_payment_goes(books: Books) -> None:
    """ORD-10, ORD-15: what the entries of an order's money add up to is what still covers it."""
    day = books.month()
    order = await books.sell(day)
    payment = await books.pay(order, moment(day), "1000.00")
    order.reverse_payment(payment, "bounced", FINANCE, moment(day + ONE_DAY))
    await books.keep(order, moment(day + ONE_DAY))
    assert kinds(await books.entries(day + ONE_DAY)) == [("reversed", None, "-1000.00"), ("credited", None, "120.00")]


@pytest.mark.parametrize(("to_credit", "kind"), [(False, "refunded"), (True, "credited")])
async def test_a_refund_is_money_gone_or_credit(books: Books, to_credit: bool, kind: str) -> None:
    """ORD-15, ORD-17."""
    day = books.month()
    order = await books.sell(day)
    await books.pay(order, moment(day))
    order.cancel("no need", Actor(id="u12"), moment(day + ONE_DAY))
    order.approve_refund(to_credit, "R1", SALES_DIRECTOR, moment(day + ONE_DAY))
    await books.keep(order, moment(day + ONE_DAY))
    assert sorted(kinds(await books.entries(day + ONE_DAY))) == sorted(
        [(kind, None, "-880.00"), ("cancelled", "-10.00", "-880.00")]
    )


async def test_goods_are_booked_with_each_shipment_at_the_orders_prices(books: Books) -> None:
    """ORD-11, ORD-15."""
    day = books.month()
    order = await books.sell(day, ("A-1", "10", "88.00"), ("B-2", "4", "10.00"))
    await books.pay(order, moment(day))
    await books.ship(order, moment(day + ONE_DAY), (1, "6"), (2, "4"))
    await books.ship(order, moment(day + 2 * ONE_DAY), (1, "4"))
    assert kinds(await books.entries(day + ONE_DAY)) == [
        ("dispatched", "6.00", "528.00"), ("dispatched", "4.00", "40.00"),
    ]  # fmt: skip
    assert kinds(await books.entries(day + 2 * ONE_DAY)) == [("dispatched", "4.00", "352.00")]


async def test_hearing_an_event_again_books_it_once(books: Books) -> None:
    """ORD-15."""
    day = books.month()
    order = await books.sell(day)
    await books.shop.pool.execute(ledger.BOOK, order.id, 1, moment(day))
    assert len(await books.entries(day)) == 1


async def test_the_ledger_is_only_added_to(books: Books) -> None:
    """ORD-15: whatever the code does."""
    day = books.month()
    await books.sell(day)
    for deed in ("UPDATE sales_entries SET amount = 0", "DELETE FROM sales_entries", "TRUNCATE sales_entries"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="ORD-15 the sales ledger is only added to"):
            await books.shop.pool.execute(deed)


async def test_sums_over_months_are_those_of_the_entries(books: Books) -> None:
    """ORD-15: whole months come from the totals kept of them, the ends from the entries."""
    first, middle, last = books.month(), books.month(), books.month()
    for day, seller, store in [(first, "u12", "S1"), (first + 9 * ONE_DAY, "u13", None), (middle, "u12", "S2"),
                               (middle + 27 * ONE_DAY, "u13", "S2"), (last + 4 * ONE_DAY, "u12", "S1")]:  # fmt: skip
        order = await books.sell(day, ("A-1", "10", "88.00"), ("B-2", "1", "1.00"), seller=seller, store=store)
        await books.pay(order, moment(day))
    whole = await books.sums("salesperson", first, last + 30 * ONE_DAY)
    assert {who: sums["ordered_amount"] for who, sums in whole.items()} == {"u12": "2643.00", "u13": "1762.00"}
    part = await books.sums("store", first + 5 * ONE_DAY, last + 4 * ONE_DAY)
    assert {store: (sums["orders"], sums["paid"]) for store, sums in part.items()} == {
        "": (1, "881.00"), "S1": (1, "881.00"), "S2": (2, "1762.00"),
    }  # fmt: skip
    within = await books.sums("article", middle + ONE_DAY, middle + 27 * ONE_DAY)
    assert within["A-1"]["ordered_quantity"] == "10.00"
    answer = await books.shop.get(f"/reports/ledger?from={first}&to={last}&by=customer", books.manager)
    assert (answer["totals"]["orders"], answer["totals"]["ordered_amount"]) == (4, "3524.00")
    assert (answer["items"][0]["company"], answer["items"][0]["customer"]) == ("恒美", str(books.customer_id))


async def test_entries_are_found_by_article_store_salesperson_customer_and_kind(books: Books) -> None:
    """ORD-15."""
    day = books.month()
    stranger = new_id()
    await books.sell(day, ("A-1", "1", "1.00"), ("B-2", "1", "2.00"))
    await books.sell(day, ("A-1", "1", "4.00"), seller="u13", store="S9", customer_id=stranger)
    found = {
        "&article=B-2": ["2.00"], "&store=S9": ["4.00"], "&salesperson=u12": ["1.00", "2.00"],
        f"&customer_id={stranger}": ["4.00"], "&kind=paid": [], "&article=A-1&salesperson=u13": ["4.00"],
        f"&article=B-2&customer_id={stranger}": [],
    }  # fmt: skip
    for query, amounts in found.items():
        assert [entry["amount"] for entry in await books.entries(day, query=query)] == amounts, query
    filtered = await books.sums("salesperson", day, day, "&article=A-1")
    assert {who: sums["ordered_amount"] for who, sums in filtered.items()} == {"u12": "1.00", "u13": "4.00"}


async def test_the_entries_come_in_pages_or_all_at_once(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """ORD-15: the same entries in the same order, whichever way."""
    day = books.month()
    for quantity in range(1, 6):
        await books.sell(day + quantity % 2 * ONE_DAY, ("A-1", str(quantity), "1.00"), ("B-2", "1", "1.00"))
    monkeypatch.setattr(ledger, "AT_ONCE", 3)
    path = f"/reports/ledger?from={day}&to={day + ONE_DAY}"
    whole = (await books.shop.get(path, books.manager))["items"]
    paged, after = [], ""
    while True:
        page = await books.shop.get(f"{path}&limit=4{after}", books.manager)
        paged += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert paged == whole
    assert len(whole) == 10
    assert [entry["booked_on"] for entry in whole] == sorted(entry["booked_on"] for entry in whole)


async def test_the_ledger_is_a_table_and_an_office_paper(books: Books) -> None:
    """ORD-15: CSV, XLSX with title, numbers and totals, and PDF."""
    day = books.month()
    await books.sell(day)
    path = f"/reports/ledger?from={day}&to={day}&format="
    chinese = books.manager | {"Accept-Language": "zh"}
    answer = await books.shop.ask("GET", path + "csv", chinese)
    heading, line = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (heading[:3], heading[-3]) == (["记账日期", "发生时间", "类别"], "金额")
    assert (line[0], line[2], line[-3]) == (str(day), "订货", "880.00")
    answer = await books.shop.ask("GET", path + "xlsx", books.manager)
    cells = [cell.value for row in openpyxl.load_workbook(io.BytesIO(answer.content)).active for cell in row]
    assert {"销售台帐", "恒美", 880} <= set(cells)
    answer = await books.shop.ask("GET", path + "pdf", books.manager)
    assert answer.content.startswith(b"%PDF")
    for by in ("article", "store", "salesperson", "customer"):
        for form, begin in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")):
            answer = await books.shop.ask("GET", f"{path}{form}&by={by}", books.manager)
            assert answer.content.startswith(begin), (by, form)


async def test_a_long_ledger_is_printed_in_volumes_and_a_plain_workbook(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ORD-15."""
    monkeypatch.setattr("services.orders.api.ledger.IN_A_VOLUME", 1)
    monkeypatch.setattr("services.orders.api.ledger.IN_A_WORKBOOK", 1)
    day = books.month()
    await books.sell(day, ("A-1", "1", "1.00"), ("B-2", "1", "2.00"))
    path = f"/reports/ledger?from={day}&to={day}&format="
    answers = [await books.shop.ask("GET", f"{path}pdf&volume={n}", books.manager) for n in (1, 2, 3)]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert answers[0].content != answers[1].content
    answer = await books.shop.ask("GET", path + "xlsx", books.manager)
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
    assert (rows[0][0], len(rows)) == ("booked_on", 3)
    answer = await books.shop.ask("GET", path + "xlsx&by=article", books.manager)
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
    assert (rows[0][0], len(rows)) == ("article", 3)


async def test_a_salesperson_sees_their_own_sales_alone(books: Books) -> None:
    """ORD-15, CUS-1."""
    day = books.month()
    await books.sell(day)
    await books.sell(day, seller="u13")
    path = f"/reports/ledger?from={day}&to={day}"
    mine = books.shop.headers("u13", "salesperson")
    assert {entry["salesperson"] for entry in (await books.shop.get(path, mine))["items"]} == {"u13"}
    by_article = await books.shop.get(f"{path}&by=article", mine)
    assert by_article["items"][0]["ordered_quantity"] == "10.00"
    assert (await books.shop.ask("GET", f"{path}&salesperson=u12", mine)).status_code == 403
    for post in ("customer", "partner", "warehouse", "technician"):
        assert (await books.shop.ask("GET", path, books.shop.headers("x", post))).status_code == 403
    stand_in = books.shop.headers("u14", "salesperson", on_behalf_of="u13")
    assert len((await books.shop.get(path, stand_in))["items"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-11-02&to=2026-11-01", "from=tomorrow", "from=0001-01-01", "to=9999-12-31", "by=colour", "format=doc",
        "kind=stolen", "after=2026-13-45.1", "after=x", "limit=0", "limit=100000", "customer_id=1", "article=",
        "article=" + "x" * 101, "after=2026-11-24.999999999999999999&limit=5", "store=%00",
    ],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_is_refused(books: Books, query: str) -> None:
    """ORD-15: with a 4xx problem, or an empty answer, never a fault."""
    answer = await books.shop.ask("GET", f"/reports/ledger?{query}", books.manager)
    assert answer.status_code in (200, 422), answer.text
    assert answer.status_code == 422 or answer.json()["items"] == []


async def test_an_order_over_the_counter_is_in_the_ledger(desk: Desk) -> None:
    """ORD-15: through the HTTP API and over the bus."""
    order = await desk.paid()
    path = f"/reports/ledger?customer_id={desk.customer}"
    manager = desk.shop.headers("u09", "sales_manager")

    async def booked() -> bool:
        return len((await desk.shop.get(path, manager))["items"]) == 2

    await eventually(booked)
    ordered, paid = (await desk.shop.get(path, manager))["items"]
    assert (ordered["kind"], ordered["amount"], ordered["order_id"]) == ("ordered", order["total"], order["id"])
    assert (paid["kind"], paid["amount"], paid["booked_on"]) == ("paid", order["total"], str(today()))
