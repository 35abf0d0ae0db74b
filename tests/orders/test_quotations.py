"""Quotations: three quantities offered, one picked, which becomes the order (ORD-4)."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.quotation import Option, Quotation, Size
from shared.domain.actor import Actor, Post
from shared.domain.refusals import NotAllowedNow, NotFound, Refusal, RuleBroken
from shared.events.orders import OrderedLine
from tests.house import eventually
from tests.orders.conftest import Desk
from tests.orders.test_access import another_customer
from tests.orders.test_price_exceptions import exception_for, left
from tests.orders.test_reactions import in_force

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
TODAY = date(2026, 11, 24)
SELLER = Actor(id="u12", posts=frozenset({Post.SALESPERSON}))


def option(quantity: str, article: str = "P61001", price: str = "88.00", **more: Any) -> Option:
    line = OrderedLine(
        article=article, specification="600x600", model="M", grade="优等品", colour_number="P100",
        quantity=Decimal(quantity), price=Decimal(price), authority="price book JG1",
    )  # fmt: skip
    return Option(lines=[line], **more)


RISING = {Size.TRIAL: option("10"), Size.MEDIUM: option("100"), Size.BULK: option("1000")}


def offered(options: Mapping[Size, Option] = RISING, valid_until: date = TODAY) -> Quotation:
    return Quotation.offer(
        uuid4(), customer_id=uuid4(), contract_id=None, salesperson="u12", options=options, valid_until=valid_until,
        by=SELLER, at=NOW,
    )  # fmt: skip


def body(desk: Desk, *quantities: str, price: str | None = None, **more: Any) -> dict[str, Any]:
    sizes = ("trial", "medium", "bulk")
    line: dict[str, Any] = {"article": desk.article["article"]} | ({"price": price} if price else {})
    options = {
        size: {"lines": [line | {"quantity": quantity}]} for size, quantity in zip(sizes, quantities, strict=False)
    }
    return {"customer_id": desk.customer, "valid_until": "2099-01-01", "options": options} | more


async def quoted(desk: Desk, *quantities: str, **more: Any) -> dict[str, Any]:
    wanted = body(desk, *(quantities or ("1", "10", "100")), **more)
    made: dict[str, Any] = await desk.shop.post("/quotations", desk.seller, wanted)
    return made


async def choice(desk: Desk, size: str = "medium", **more: Any) -> dict[str, Any]:
    position = await desk.position()
    return {"option": size, "stock_position_id": position["id"], "accepted_by": "王先生"} | more


def test_the_quantities_rise_from_trial_to_bulk() -> None:
    """ORD-4: of each article that two options share, the larger one offers more."""
    assert offered().options[Size.MEDIUM].total == Decimal("8800.00")
    wrong: list[dict[Size, Option]] = [
        {Size.TRIAL: option("10"), Size.MEDIUM: option("10")},
        {Size.TRIAL: option("10"), Size.MEDIUM: option("5", "P2"), Size.BULK: option("9")},
        {Size.MEDIUM: option("10"), Size.BULK: option("9.99")},
    ]
    for options in wrong:
        with pytest.raises(RuleBroken) as refusal:
            offered(options)
        assert refusal.value.rule == "ORD-4"
    offered({Size.TRIAL: option("10"), Size.BULK: option("5", "P2")})


def test_a_quotation_holds_through_its_last_day_in_shanghai() -> None:
    """ORD-4."""
    quotation = offered()
    end = datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert quotation.timers == {"expire": end}
    quotation.option(Size.BULK, end - timedelta(seconds=1))
    with pytest.raises(RuleBroken):
        quotation.option(Size.BULK, end)
    with pytest.raises(RuleBroken):
        offered(valid_until=TODAY - timedelta(days=1))
    with pytest.raises(NotFound):
        offered({Size.BULK: option("1")}).option(Size.TRIAL, NOW)


def test_a_quotation_does_not_outlive_the_exception_it_rests_on() -> None:
    """ORD-3, ORD-4."""
    end = datetime(2026, 11, 24, 16, tzinfo=UTC)
    offered({Size.BULK: option("1", holds_until=end)})
    with pytest.raises(RuleBroken) as refusal:
        offered({Size.BULK: option("1", holds_until=end - timedelta(seconds=1))})
    assert refusal.value.rule == "ORD-3"
    with pytest.raises(RuleBroken) as refusal:
        offered({Size.BULK: option("1000000", price="1000000000.00")})
    assert refusal.value.rule == "ORD-5"


@given(st.lists(st.sampled_from(["trial", "bulk", "late", "withdraw", "expire"]), max_size=8))
def test_whatever_people_do_a_quotation_becomes_at_most_one_order(deeds: list[str]) -> None:
    """ORD-4."""
    quotation, orders = offered(), []
    for deed in deeds:
        try:
            match deed:
                case "withdraw":
                    quotation.withdraw("x")
                case "expire":
                    quotation.expire(NOW)
                case "late":
                    quotation.pick(Size.TRIAL, uuid4(), "王", SELLER, NOW + timedelta(days=1))
                case _:
                    order = uuid4()
                    quotation.pick(Size(deed), order, "王", SELLER, NOW)
                    orders.append(order)
        except Refusal:
            quotation = Quotation.model_validate(quotation.model_dump())
        assert len(orders) <= 1
        assert quotation.order_id == (orders[0] if orders else None)
    if orders:
        with pytest.raises(NotAllowedNow):
            quotation.withdraw("x")


async def test_what_is_picked_becomes_the_order(desk: Desk) -> None:
    """ORD-4, ORD-6: by the customer or for them, once, after they have accepted the stock position."""
    quotation = await quoted(desk)
    totals = [Decimal(quotation["options"][size]["total"]) for size in ("trial", "medium", "bulk")]
    assert totals == [totals[0], totals[0] * 10, totals[0] * 100]
    path = f"/quotations/{quotation['id']}/pick"
    unseen = await choice(desk)
    shown = await desk.shop.post(
        "/stock-positions", desk.seller, {"customer_id": desk.customer, "articles": [desk.article["article"]]}
    )
    refused = await desk.shop.refused(path, desk.seller, unseen | {"stock_position_id": shown["id"]})
    assert refused["rule"] == "ORD-6"
    picked = await desk.shop.post(path, desk.seller, unseen | {"reference": f"K{uuid4().hex[:6]}"})
    order = await desk.shop.get(f"/orders/{picked['order_id']}")
    assert (order["quotation_id"], order["total"]) == (quotation["id"], quotation["options"]["medium"]["total"])
    assert order["lines"][0]["authority"] == f"quotation {quotation['number']}"
    assert order["salesperson"] == quotation["salesperson"]
    assert await desk.shop.announced(quotation["id"]) == ["offered", "picked"]
    assert await desk.shop.announced(order["id"]) == ["placed"]
    again = await desk.shop.refused(path, desk.seller, unseen)
    assert again["status"] == 409


async def test_the_customer_or_partner_picks_for_themselves_and_nobody_elses(desk: Desk) -> None:
    """ORD-4, PLT-3."""
    stranger = desk.shop.headers("c2", "customer", customer=await another_customer(desk))
    for who in (
        desk.shop.headers("c1", "customer", customer=desk.customer),
        desk.shop.headers("p1", "partner", partner=desk.customer),
    ):
        quotation = await quoted(desk)
        path = f"/quotations/{quotation['id']}"
        assert (await desk.shop.ask("GET", path, stranger)).status_code == 403
        assert (await desk.shop.refused(f"{path}/pick", stranger, await choice(desk)))["status"] == 403
        assert (await desk.shop.get(path, who))["number"] == quotation["number"]
        picked = await desk.shop.post(f"{path}/pick", who, await choice(desk, "trial"))
        assert picked["picked"] == "trial"
    mine = [each["customer_id"] for each in (await desk.shop.get("/quotations", who))["items"]]
    assert mine == [desk.customer] * 2
    assert (await desk.shop.get("/quotations", stranger))["items"] == []
    colleague = desk.shop.headers("u13", "salesperson")
    assert (await desk.shop.ask("GET", path, colleague)).status_code == 403
    assert (await desk.shop.refused("/quotations", colleague, body(desk, "1")))["status"] == 403


async def test_of_two_who_pick_at_once_one_wins_and_one_order_is_written(desk: Desk) -> None:
    """ORD-4."""
    quotation = await quoted(desk)
    choices = [await choice(desk, size) for size in ("trial", "medium", "bulk", "bulk")]
    answers = await asyncio.gather(
        *(desk.shop.ask("POST", f"/quotations/{quotation['id']}/pick", desk.seller, json=each) for each in choices)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409], [each.text for each in answers]
    written = await desk.shop.get(f"/orders?customer_id={desk.customer}")
    assert len(written["items"]) == 1


async def test_a_price_of_ones_own_is_not_quoted_and_is_on_record(desk: Desk) -> None:
    """ORD-3."""
    problem = await desk.shop.refused("/quotations", desk.seller, body(desk, "1", "10", price="1.00"))
    assert problem["rule"] == "ORD-3"
    attempts = await desk.shop.get("/price-attempts?limit=200", desk.shop.headers("u09", "sales_manager"))
    assert [each["asked"] for each in attempts["items"] if each["customer_id"] == desk.customer] == ["1.00"]


async def test_the_quoted_price_holds_after_the_book_has_changed(shelf: Desk) -> None:
    """ORD-2, ORD-4: until the quotation's end, for this customer; anybody else pays the new price."""
    quotation = await quoted(shelf)
    old = quotation["options"]["medium"]["lines"][0]["price"]
    every: dict[str, str] = {}
    page = await shelf.shop.get("/prices?limit=200")
    while True:
        every |= {each["article"]: each["price"] for each in page["items"]}
        if page["next"] is None:
            break
        page = await shelf.shop.get(f"/prices?limit=200&after={page['next']}")
    every[shelf.article["article"]] = str(Decimal(old) + 1)
    rows = "货号,单价\n" + "".join(f"{code},{price}\n" for code, price in every.items())
    answer = await shelf.shop.ask(
        "POST", "/price-books/import", shelf.shop.headers("u09", "sales_manager"),
        files={"file": ("prices.csv", rows.encode())},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    await shelf.shop.post(f"/price-books/{answer.json()['id']}/approve", shelf.shop.headers("u05", "sales_director"))
    picked = await shelf.shop.post(f"/quotations/{quotation['id']}/pick", shelf.seller, await choice(shelf))
    order = await shelf.shop.get(f"/orders/{picked['order_id']}")
    assert order["lines"][0]["price"] == old
    assert (await shelf.place())["lines"][0]["price"] == every[shelf.article["article"]]


async def test_a_quotation_by_an_exception_uses_its_limit_when_it_is_picked(desk: Desk) -> None:
    """ORD-3, ORD-4."""
    exception = await exception_for(desk, "63.00", "100")
    end = {"price": "63.00", "valid_until": "2098-12-31"}
    first, second = await quoted(desk, **end), await quoted(desk, "5", **end)
    assert await left(desk, exception) == Decimal(100)
    await desk.shop.post(f"/quotations/{first['id']}/pick", desk.seller, await choice(desk, "bulk"))
    assert await left(desk, exception) == Decimal(0)
    problem = await desk.shop.refused(f"/quotations/{second['id']}/pick", desk.seller, await choice(desk, "trial"))
    assert problem["rule"] == "ORD-3"
    assert (await desk.shop.get(f"/quotations/{second['id']}"))["status"] == "offered"
    shorter = body(desk, "1", price="63.00", valid_until="2099-01-01")
    refused = await desk.shop.refused("/quotations", desk.seller, shorter)
    assert refused["rule"] == "ORD-3"


async def test_a_quotation_under_a_contract_has_its_price_and_draws_on_it(desk: Desk) -> None:
    """ORD-3, ORD-19."""
    contract = str(await in_force(desk, "50"))
    quotation = await quoted(desk, "10", "50", "60", contract_id=contract)
    assert quotation["options"]["trial"]["lines"][0]["price"] == "70.00"
    path = f"/quotations/{quotation['id']}/pick"
    assert (await desk.shop.refused(path, desk.seller, await choice(desk, "bulk")))["rule"] == "ORD-19"
    await desk.shop.post(path, desk.seller, await choice(desk, "medium"))
    assert (await desk.shop.refused("/orders", desk.seller, await desk.wish("1", contract_id=contract)))["rule"] == (
        "ORD-19"
    )
    other = body(desk, "1", contract_id=contract, customer_id=await another_customer(desk))
    assert (await desk.shop.refused("/quotations", desk.clerk, other))["rule"] == "ORD-19"


async def test_a_quotation_ends_by_its_timer_or_is_withdrawn(desk: Desk) -> None:
    """ORD-4."""
    withdrawn, late = await quoted(desk), await quoted(desk)
    await desk.shop.post(f"/quotations/{withdrawn['id']}/withdraw", desk.seller, {"reason": "算错了"})
    due = "UPDATE timers SET due_at = now() WHERE owner = $1 AND kind = 'expire'"
    assert await desk.shop.pool.execute(due, late["id"]) == "UPDATE 1"

    async def ended() -> bool:
        return (await desk.shop.announced(late["id"])) == ["offered", "ended"]

    await eventually(ended)
    for quotation in (withdrawn, late):
        path = f"/quotations/{quotation['id']}/pick"
        assert (await desk.shop.refused(path, desk.seller, await choice(desk)))["status"] == 409
    listed = await desk.shop.get(f"/quotations?status=ended&customer_id={desk.customer}")
    assert {each["ended_because"] for each in listed["items"]} == {"算错了", "expired"}
    found = await desk.shop.get(f"/quotations?number={late['number']}")
    assert [each["id"] for each in found["items"]] == [late["id"]]


async def test_the_database_lets_a_quotation_become_one_order(desk: Desk) -> None:
    """ORD-4: whatever the code does."""
    quotation = await quoted(desk)
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-4"):
        await desk.shop.pool.execute(
            'UPDATE quotations SET document = document || \'{"status": "picked"}\' WHERE id = $1', quotation["id"]
        )


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"valid_until": "2020-01-01"}, "ORD-4"),
        ({"valid_until": "9999-12-31"}, None),
        ({"options": {}}, None),
        ({"options": {"huge": {"lines": []}}}, None),
        ({"options": {"trial": {"lines": []}}}, None),
        ({"options": {"trial": {"lines": [{"article": "none", "quantity": "1"}]}}}, None),
        ({"customer_id": str(uuid4())}, None),
        ({"contract_id": str(uuid4())}, "ORD-19"),
    ],
    ids=str,
)
async def test_a_quotation_that_makes_no_sense_is_refused(
    desk: Desk, wrong: dict[str, Any], expected: str | None
) -> None:
    problem = await desk.shop.refused("/quotations", desk.seller, body(desk, "1", "10") | wrong)
    assert problem.get("rule") == expected
