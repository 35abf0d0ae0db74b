"""Price versions, exceptions, and prices that people make up (ORD-2, ORD-3)."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from services.orders.domain.price_book import PriceBook
from services.orders.domain.price_exception import PriceException
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, Refusal, RuleBroken
from tests.house import Running, eventually
from tests.orders.conftest import Desk
from tests.orders.test_access import another_customer

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SELLER = Actor(id="u12", posts=frozenset({Post.SALESPERSON}))
MANAGER = Actor(id="u09", posts=frozenset({Post.SALES_MANAGER}))
DIRECTOR = Actor(id="u05", posts=frozenset({Post.SALES_DIRECTOR}))


def asked(**changed: Any) -> PriceException:
    fields = {
        "customer_id": uuid4(), "article": "P61001", "price": Decimal("80.00"), "quantity": Decimal("100.00"),
        "expires_at": NOW + timedelta(days=3), "reason": "样板间", "by": SELLER, "at": NOW,
    }  # fmt: skip
    return PriceException.request(uuid4(), **fields | changed)


def approved(**changed: Any) -> PriceException:
    exception = asked(**changed)
    exception.approve(DIRECTOR, NOW)
    return exception


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


async def exception_for(desk: Desk, price: str = "60.00", quantity: str = "100", **changed: Any) -> Any:
    """An approved price exception of the desk's customer."""
    body = {
        "customer_id": desk.customer,
        "article": desk.article["article"],
        "price": price,
        "quantity": quantity,
        "expires_at": "2099-01-01T00:00:00+08:00",
        "reason": "样板间",
    } | changed
    requested = await desk.shop.post("/price-exceptions", desk.seller, body)
    director = desk.shop.headers("u05", "sales_director")
    return await desk.shop.post(f"/price-exceptions/{requested['id']}/approve", director)


async def at_price(desk: Desk, price: str, quantity: str = "10") -> dict[str, Any]:
    lines = [{"article": desk.article["article"], "quantity": quantity, "price": price}]
    return await desk.wish(lines=lines)


async def left(desk: Desk, exception: dict[str, Any]) -> Decimal:
    shown = await desk.shop.get(f"/price-exceptions/{exception['id']}")
    return Decimal(shown["quantity"]) - Decimal(shown["used"])


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


def test_whoever_asks_for_a_price_does_not_approve_it_nor_whom_they_stand_in_for() -> None:
    """ORD-3."""
    for who in (DIRECTOR, Actor(id="u06", posts=frozenset({Post.SALES_DIRECTOR}), on_behalf_of="u05")):
        exception = asked(by=DIRECTOR)
        with pytest.raises(RuleBroken) as refusal:
            exception.approve(who, NOW)
        assert refusal.value.rule == "ORD-3"
    with pytest.raises(Forbidden):
        asked().approve(MANAGER, NOW)


def test_an_exception_has_an_end_and_is_not_approved_after_it() -> None:
    """ORD-3."""
    with pytest.raises(RuleBroken):
        asked(expires_at=NOW)
    exception = asked()
    assert exception.timers == {"expire": exception.expires_at}
    with pytest.raises(RuleBroken) as refusal:
        exception.approve(DIRECTOR, exception.expires_at)
    assert refusal.value.rule == "ORD-3"


def test_an_exception_is_used_up_to_its_limit_before_its_end_and_given_back_once() -> None:
    """ORD-3, ORD-17."""
    exception, order = approved(), uuid4()
    exception.use(order, Decimal(60), NOW)
    exception.use(order, Decimal(10), NOW)
    with pytest.raises(RuleBroken):
        exception.use(uuid4(), Decimal(31), NOW)
    with pytest.raises(RuleBroken):
        exception.use(uuid4(), Decimal(1), exception.expires_at)
    for _ in range(2):
        exception.give_back(order)
    assert (exception.left, exception.uses) == (Decimal(100), [])
    exception.end("revoked")
    with pytest.raises(RuleBroken):
        exception.use(uuid4(), Decimal(1), NOW)


DEEDS = st.lists(
    st.tuples(st.sampled_from(["use", "give back", "approve", "reject", "end", "expire"]), st.integers(1, 60))
)


@given(DEEDS)
def test_whatever_people_do_no_exception_is_used_beyond_its_limit(deeds: list[tuple[str, int]]) -> None:
    """ORD-3: what orders hold adds up to what is used, never more than the limit, and only what is approved is used."""
    exception, orders = asked(), [uuid4() for _ in range(3)]
    for deed, number in deeds:
        order = orders[number % 3]
        try:
            match deed:
                case "use":
                    exception.use(order, Decimal(number), NOW)
                case "give back":
                    exception.give_back(order)
                case "approve":
                    exception.approve(DIRECTOR, NOW)
                case "reject":
                    exception.reject("no", DIRECTOR, NOW)
                case "end":
                    exception.end("revoked")
                case "expire":
                    exception.expire(NOW)
        except Refusal:
            exception = PriceException.model_validate(exception.model_dump())
        assert exception.used == sum(use.quantity for use in exception.uses) <= exception.quantity
        assert exception.used == 0 or exception.approvals.complete


async def test_an_order_line_at_an_approved_price_is_accepted_by_its_authority(desk: Desk) -> None:
    """ORD-3: reason, limit, used amount; before it is approved, and for other prices, the attempt is on record."""
    body = {
        "customer_id": desk.customer, "article": desk.article["article"], "price": "60.00", "quantity": "25",
        "expires_at": "2099-01-01T00:00:00+08:00", "reason": "样板间",
    }  # fmt: skip
    requested = await desk.shop.post("/price-exceptions", desk.seller, body)
    path = f"/price-exceptions/{requested['id']}"
    assert (await desk.shop.refused("/orders", desk.seller, await at_price(desk, "60.00")))["rule"] == "ORD-3"
    assert (await desk.shop.refused(f"{path}/approve", desk.seller))["status"] == 403
    await desk.shop.post(f"{path}/approve", desk.shop.headers("u05", "sales_director"))
    twice = await at_price(desk, "60.00")
    twice["lines"] += [{"article": desk.article["article"], "quantity": "5", "price": "60.00"},
                       {"article": desk.article["article"], "quantity": "5"}]  # fmt: skip
    order = await desk.shop.post("/orders", desk.seller, twice)
    authority = f"price exception {requested['number']}"
    assert [line["authority"] == authority for line in order["lines"]] == [True, True, False]
    assert await left(desk, requested) == Decimal("10.00")
    assert await desk.shop.announced(requested["id"]) == ["requested", "approved", "used", "used"]
    problem = await desk.shop.refused("/orders", desk.seller, await at_price(desk, "60.00", "11"))
    assert problem["rule"] == "ORD-3"
    assert "leaves 10.00" in problem["detail"]
    assert (await desk.shop.refused("/orders", desk.seller, await at_price(desk, "59.99")))["rule"] == "ORD-3"
    counted = await desk.shop.get("/price-attempts?limit=200", desk.shop.headers("u09", "sales_manager"))
    assert len([each for each in counted["items"] if each["customer_id"] == desk.customer]) == 3


async def test_an_exception_of_one_customer_prices_nothing_for_another(desk: Desk, shop: Running) -> None:
    """ORD-3."""
    exception = await exception_for(desk)
    other = Desk(shop, await another_customer(desk), desk.article)
    other.seller = shop.headers("u13", "salesperson")
    assert (await shop.refused("/orders", other.seller, await at_price(other, "60.00")))["rule"] == "ORD-3"
    path = f"/price-exceptions/{exception['id']}"
    assert (await shop.ask("GET", path, other.seller)).status_code == 403
    assert (await shop.refused(f"{path}/revoke", other.seller, {"reason": "x"}))["status"] == 403
    stranger = shop.headers("c9", "customer", customer=other.customer)
    assert (await shop.ask("GET", path, stranger)).status_code == 403
    assert (await shop.get("/price-exceptions", stranger))["items"] == []
    own = shop.headers("c8", "customer", customer=desk.customer)
    assert [each["id"] for each in (await shop.get("/price-exceptions", own))["items"]] == [exception["id"]]
    body = {key: exception[key] for key in ("customer_id", "article", "price", "quantity", "expires_at", "reason")}
    assert (await shop.refused("/price-exceptions", other.seller, body))["status"] == 403


async def test_of_two_orders_that_draw_the_last_of_an_exception_one_wins(desk: Desk) -> None:
    """ORD-3: the other is told what is left."""
    exception = await exception_for(desk, quantity="25")
    wishes = [await at_price(desk, "60.00") for _ in range(4)]
    answers = await asyncio.gather(*(desk.shop.ask("POST", "/orders", desk.seller, json=wish) for wish in wishes))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422], [each.text for each in answers]
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"ORD-3"}
    assert await left(desk, exception) == Decimal("5.00")


async def test_a_cancelled_order_gives_the_exception_its_quantity_back(desk: Desk) -> None:
    """ORD-3, ORD-17: over the service's own stream."""
    exception = await exception_for(desk, quantity="10")
    order = await desk.shop.post("/orders", desk.seller, await at_price(desk, "60.00"))
    await desk.shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})

    async def open_again() -> bool:
        return await left(desk, exception) == Decimal("10.00")

    await eventually(open_again)
    assert (await desk.shop.announced(exception["id"]))[-1] == "returned"
    await desk.shop.post("/orders", desk.seller, await at_price(desk, "60.00"))


async def test_a_revoked_or_expired_exception_prices_nothing(desk: Desk) -> None:
    """ORD-3."""
    revoked = await exception_for(desk, "61.00")
    await desk.shop.post(f"/price-exceptions/{revoked['id']}/revoke", desk.seller, {"reason": "客户改单"})
    assert (await desk.shop.refused("/orders", desk.seller, await at_price(desk, "61.00")))["rule"] == "ORD-3"
    soon = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    short = await exception_for(desk, "62.00", expires_at=soon)

    async def ended() -> bool:
        return (await desk.shop.announced(short["id"]))[-1] == "ended"

    await eventually(ended)
    assert (await desk.shop.get(f"/price-exceptions/{short['id']}"))["ended_because"] == "expired"
    assert (await desk.shop.refused("/orders", desk.seller, await at_price(desk, "62.00")))["rule"] == "ORD-3"


async def test_the_database_refuses_what_the_domain_would(desk: Desk) -> None:
    """ORD-3: no limit is overdrawn and nobody approves their own, whatever the code does."""
    exception = await exception_for(desk, quantity="10")
    decided = '{"approvals": {"decisions": [{"decided_by": "u12"}]}}'
    for change in ('{"used": "10.01"}', '{"used": "-1"}', decided):
        with pytest.raises(asyncpg.CheckViolationError, match="ORD-3"):
            await desk.shop.pool.execute(
                "UPDATE price_exceptions SET document = document || $2::jsonb WHERE id = $1", exception["id"], change
            )


async def test_exceptions_are_listed_by_state_customer_and_article_to_those_concerned(desk: Desk) -> None:
    """ORD-3, PLT-3."""
    exception = await exception_for(desk)
    found = await desk.shop.get(
        f"/price-exceptions?status=approved&customer_id={desk.customer}&article={desk.article['article']}"
    )
    assert [each["id"] for each in found["items"]] == [exception["id"]]
    assert (await desk.shop.get(f"/price-exceptions?status=requested&customer_id={desk.customer}"))["items"] == []
    assert (await desk.shop.ask("GET", "/price-exceptions?status=nonsense", desk.seller)).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "0"}, {"price": "9.999"}, {"quantity": "-1"}, {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "9999-12-31T23:59:59-14:00"}, {"reason": " "}, {"article": "no such article"},
        {"customer_id": str(uuid4())}, {"surprise": 1},
    ],
    ids=str,
)  # fmt: skip
async def test_a_request_that_makes_no_sense_is_refused(desk: Desk, wrong: dict[str, Any]) -> None:
    body = {
        "customer_id": desk.customer, "article": desk.article["article"], "price": "60.00", "quantity": "25",
        "expires_at": "2099-01-01T00:00:00+08:00", "reason": "样板间",
    }  # fmt: skip
    assert (await desk.shop.refused("/price-exceptions", desk.seller, body | wrong))["status"] in (404, 422)


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
