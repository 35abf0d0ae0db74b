"""Price versions, the price that holds, and prices that people make up (ORD-2, ORD-3)."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from services.orders.domain.price_book import PriceBook
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from tests.house import Running
from tests.orders.conftest import Desk
from tests.orders.test_price_exceptions import at_price

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SELLER = Actor(id="u12", posts=frozenset({Post.SALESPERSON}))
MANAGER = Actor(id="u09", posts=frozenset({Post.SALES_MANAGER}))
DIRECTOR = Actor(id="u05", posts=frozenset({Post.SALES_DIRECTOR}))


async def draft(shop: Running, prices: dict[str, str]) -> Any:
    """A version whose prices are those of the list; the articles are its own."""
    rows = "".join(f"{code},砖,600x600,M,优等品,P1,m²,{price},GB\n" for code, price in prices.items())
    text = "货号,品名,规格,型号,等级,色号,单位,单价,标准\n" + rows
    files = {"file": ("articles.csv", text.encode())}
    answer = await shop.ask("POST", "/articles/import", shop.headers("u09", "sales_manager"), files=files)
    assert answer.status_code == 201, answer.text
    return answer.json()


def codes(count: int) -> list[str]:
    stem = uuid4().hex[:8]
    return [f"V{stem}{number}" for number in range(count)]


def test_a_price_book_that_was_rejected_or_withdrawn_is_never_in_force() -> None:
    """ORD-2."""
    for end in ("reject", "withdraw"):
        book = PriceBook.draft(uuid4(), {"A": Decimal(1)}, MANAGER, NOW)
        getattr(book, end)("算错了", DIRECTOR, NOW)
        with pytest.raises(NotAllowedNow):
            book.approve(DIRECTOR, None, NOW)


def test_nobody_rejects_what_they_drafted() -> None:
    """ORD-2."""
    book = PriceBook.draft(uuid4(), {"A": Decimal(1)}, DIRECTOR, NOW)
    with pytest.raises(RuleBroken) as refusal:
        book.reject("no", DIRECTOR, NOW)
    assert refusal.value.rule == "ORD-2"


def test_a_version_approved_for_later_is_withdrawn_by_the_director_until_it_holds() -> None:
    """ORD-2."""
    book = PriceBook.draft(uuid4(), {"A": Decimal(1)}, MANAGER, NOW)
    book.approve(DIRECTOR, NOW + timedelta(days=1), NOW)
    with pytest.raises(Forbidden):
        book.withdraw("x", MANAGER, NOW)
    with pytest.raises(RuleBroken) as refusal:
        book.withdraw("x", DIRECTOR, NOW + timedelta(days=1))
    assert refusal.value.rule == "ORD-2"
    book.withdraw("x", DIRECTOR, NOW)
    assert book.status == "withdrawn"


def test_a_time_with_another_offset_is_kept_in_utc() -> None:
    """ORD-2: the present version is found by the text of its time."""
    book = PriceBook.draft(uuid4(), {"A": Decimal(1)}, MANAGER, NOW)
    book.approve(DIRECTOR, datetime.fromisoformat("2026-12-01T00:00:00+08:00"), NOW)
    assert book.model_dump(mode="json")["effective_at"] == "2026-11-30T16:00:00Z"


async def test_a_price_book_is_rejected_or_withdrawn_over_http(shop: Running) -> None:
    """ORD-2."""
    director, manager = shop.headers("u05", "sales_director"), shop.headers("u09", "sales_manager")
    (code,) = codes(1)
    for verb, who in (("reject", director), ("withdraw", manager)):
        book = await draft(shop, {code: "9.90"})
        done = await shop.post(f"/price-books/{book['id']}/{verb}", who, {"reason": "算错了"})
        assert done["status"] == {"reject": "rejected", "withdraw": "withdrawn"}[verb]
        shown = await shop.get(f"/price-books/{book['id']}")
        assert (shown["standing"], shown["reason"]) == (done["status"], "算错了")
        customer = shop.headers("c1", "customer", customer=str(uuid4()))
        assert (await shop.ask("GET", f"/price-books/{book['id']}", customer)).status_code == 404
        assert (await shop.refused(f"/price-books/{book['id']}/approve", director))["status"] == 409


async def test_a_scheduled_version_is_shown_with_its_time_and_holds_from_then_on(shop: Running) -> None:
    """ORD-2: effective time, and each version says what it replaces."""
    director = shop.headers("u05", "sales_director")
    (code,) = codes(1)
    before = (await shop.get("/prices?limit=1"))["items"][0]
    book = await draft(shop, {code: "9.90"})
    path = f"/price-books/{book['id']}"
    starts = f"2099-{datetime.now(UTC):%m-%dT%H:%M:%S.%f}+08:00"
    await shop.post(f"{path}/approve", director, {"effective_at": starts})
    listed = next(each for each in (await shop.get("/price-books?limit=200"))["items"] if each["id"] == book["id"])
    assert (listed["standing"], listed["replaces"] is not None) == ("scheduled", True)
    assert "prices" not in listed
    assert (await shop.get(path))["prices"] == {code: "9.90"}
    assert (await shop.get("/prices?limit=1"))["items"][0] == before
    later = await shop.get("/prices", params={"at": "2099-12-31T23:59:59Z", "article": code})
    assert [(each["price"], each["price_book"]) for each in later["items"]] == [("9.90", book["number"])]
    gone = await shop.get("/prices", params={"at": "2001-01-01T00:00:00Z"})
    assert gone["items"] == []
    await shop.post(f"{path}/withdraw", director, {"reason": "改期"})
    assert (await shop.get(path))["standing"] == "withdrawn"


async def test_two_versions_never_hold_from_the_same_moment_on(shop: Running) -> None:
    """ORD-2: one price for all stores; the database says so, too."""
    director = shop.headers("u05", "sales_director")
    (code,) = codes(1)
    books = [await draft(shop, {code: price}) for price in ("1.00", "2.00", "3.00")]
    starts = {"effective_at": f"2098-{datetime.now(UTC):%m-%dT%H:%M:%S.%f}Z"}
    answers = await asyncio.gather(
        *(shop.ask("POST", f"/price-books/{book['id']}/approve", director, json=starts) for book in books)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422]
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"ORD-2"}
    won = next(book for book, answer in zip(books, answers, strict=True) if answer.status_code == 200)
    await shop.post(f"/price-books/{won['id']}/withdraw", director, {"reason": "试验"})


async def test_two_versions_are_compared_article_by_article(shop: Running) -> None:
    """ORD-2."""
    same, changed, gone, fresh = codes(4)
    old = await draft(shop, {same: "5.00", changed: "8.00", gone: "7.00"})
    new = await draft(shop, {same: "5.00", changed: "9.00", fresh: "1.00"})
    path = f"/price-books/{old['id']}/compare/{new['id']}"
    found = (await shop.get(path))["items"]
    assert {each["article"]: (each["change"], each["old"], each["new"], each["percent"]) for each in found} == {
        changed: ("changed", "8.00", "9.00", "12.50"),
        gone: ("removed", "7.00", None, None),
        fresh: ("added", None, "1.00", None),
    }
    page = await shop.get(f"{path}?limit=2")
    rest = await shop.get(f"{path}?limit=2&after={page['next']}")
    assert page["items"] + rest["items"] == found
    assert rest["next"] is None
    who = shop.headers("u09", "sales_manager") | {"Accept-Language": "zh"}
    table = await shop.ask("GET", f"{path}?format=xlsx", who)
    sheet = load_workbook(BytesIO(table.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:4] == ("货号", "品名", "变动", "原价")
    assert len(rows) == 4
    assert (await shop.ask("GET", f"{path}?format=csv", who)).text.count("\n") == 4
    for pair in ((uuid4(), new["id"]), (old["id"], uuid4())):
        assert (await shop.ask("GET", f"/price-books/{pair[0]}/compare/{pair[1]}", who)).status_code == 404
    customer = shop.headers("c1", "customer", customer=str(uuid4()))
    assert (await shop.ask("GET", path, customer)).status_code == 404  # drafts are no business of theirs


async def test_everybody_sees_the_present_price_and_nobody_without_a_token(shop: Running) -> None:
    """ORD-2: prices are shown."""
    customer = shop.headers("c1", "customer", customer=str(uuid4()))
    found = await shop.get("/prices?limit=2", customer)
    first, second = found["items"]
    assert first["article"] < second["article"] == found["next"]
    one = await shop.get(f"/prices?article={second['article']}", customer)
    assert one["items"] == [second]
    assert (await shop.ask("GET", "/prices")).status_code == 401
    for bad in ("at=yesterday", "at=0001-01-01T00:00:00%2B14:00", "at=2026-01-01T00:00:00"):
        assert (await shop.ask("GET", f"/prices?{bad}", customer)).status_code == 422


async def test_made_up_prices_are_counted_by_person_and_month(desk: Desk) -> None:
    """ORD-3: each attempt is recorded and reported."""
    person = f"u{uuid4().hex[:6]}"
    who, manager = desk.shop.headers(person, "salesperson"), desk.shop.headers("u09", "sales_manager")
    for _ in range(3):
        await desk.shop.refused("/orders", who, await at_price(desk, "1.00"))
    month = (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m")
    counted = await desk.shop.get(f"/price-attempts/summary?person={person}&from={month}-01", manager)
    assert [(each["person"], each["month"], each["attempts"], each["customers"]) for each in counted["items"]] == [
        (person, month, 3, 1)
    ]
    assert (await desk.shop.get(f"/price-attempts/summary?person={person}&to=2020-01-01", manager))["items"] == []
    assert (await desk.shop.ask("GET", "/price-attempts/summary", desk.seller)).status_code == 403
