"""Price exceptions: reason, limit, end, and what is used of them (ORD-3)."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.price_exception import PriceException
from services.orders.domain.pricing import Prices, WantedLine
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, Refusal, RuleBroken
from tests.house import Running, eventually
from tests.orders.conftest import Desk
from tests.orders.test_access import another_customer

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SELLER = Actor(id="u12", posts=frozenset({Post.SALESPERSON}))
MANAGER = Actor(id="u09", posts=frozenset({Post.SALES_MANAGER}))
DIRECTOR = Actor(id="u05", posts=frozenset({Post.SALES_DIRECTOR}))


def asked(**changed: Any) -> PriceException:
    fields: dict[str, Any] = {
        "customer_id": uuid4(), "article": "P61001", "price": Decimal("80.00"), "quantity": Decimal("100.00"),
        "expires_at": NOW + timedelta(days=3), "reason": "样板间", "by": SELLER, "at": NOW,
    }  # fmt: skip
    return PriceException.request(uuid4(), **fields | changed)


def approved(**changed: Any) -> PriceException:
    exception = asked(**changed)
    exception.approve(DIRECTOR, NOW)
    return exception


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


def test_whoever_asks_for_a_price_does_not_approve_it_nor_whom_they_stand_in_for() -> None:
    """ORD-3."""
    for who in (DIRECTOR, Actor(id="u06", posts=frozenset({Post.SALES_DIRECTOR}), on_behalf_of="u05")):
        exception = asked(by=DIRECTOR)
        with pytest.raises(RuleBroken) as refusal:
            exception.approve(who, NOW)
        assert (refusal.value.rule, str(refusal.value)) == ("ORD-3", "whoever asks for a price never approves it")
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


def test_the_lines_of_one_order_share_an_exceptions_limit() -> None:
    """ORD-3: what they ask for beyond it together is a price of one's own, which goes on record."""
    exception = approved(quantity=Decimal(15))
    line = WantedLine(article="P61001", quantity=Decimal(10), price=Decimal("80.00"))
    prices = Prices(None, None, [exception], NOW)
    assert prices.self_made([line]) is None
    quoted = prices.self_made([line, line])
    assert quoted is not None
    assert (quoted.exception, quoted.left, quoted.quantity) == (exception.number, Decimal(15), Decimal(10))
    assert Prices(None, None, [exception], exception.expires_at).self_made([line]) is not None


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


async def test_a_rejected_exception_prices_nothing_and_nobody_rejects_their_own(desk: Desk) -> None:
    """ORD-3."""
    body = {
        "customer_id": desk.customer, "article": desk.article["article"], "price": "64.00", "quantity": "25",
        "expires_at": "2099-01-01T00:00:00+08:00", "reason": "样板间",
    }  # fmt: skip
    requested = await desk.shop.post("/price-exceptions", desk.seller, body)
    path, own = f"/price-exceptions/{requested['id']}/reject", desk.shop.headers("u12", "sales_director")
    assert (await desk.shop.refused(path, own, {"reason": "x"}))["rule"] == "ORD-3"
    rejected = await desk.shop.post(path, desk.shop.headers("u05", "sales_director"), {"reason": "毛利不足"})
    assert rejected["status"] == "rejected"
    assert (await desk.shop.refused("/orders", desk.seller, await at_price(desk, "64.00")))["rule"] == "ORD-3"


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
