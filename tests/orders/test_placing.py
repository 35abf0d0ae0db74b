"""What an order says beside its goods and prices, and what it takes of its contract (ORD-5, ORD-19)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from services.orders.domain.contract_allowance import ContractAllowance
from shared.domain.numbers import SHANGHAI
from shared.events.contracts import ContractAmended, ContractEnded, ContractLine, ContractTookEffect
from tests.hearing import tell
from tests.house import eventually
from tests.orders.conftest import Desk
from tests.orders.test_access import another_customer
from tests.orders.test_domain import CUSTOMER, NOW
from tests.orders.test_reactions import in_force

TODAY = datetime.now(UTC).astimezone(SHANGHAI).date()


def line(article: str, quantity: str, price: str = "70.00", deliver_by: date | None = None) -> ContractLine:
    return ContractLine(
        article=article, specification="s", quantity=Decimal(quantity), price=Decimal(price), deliver_by=deliver_by
    )


async def test_a_partner_orders_by_the_same_rules_under_their_own_number(shelf: Desk) -> None:
    """ORD-3, ORD-5, ORD-6: with store and branch of whoever is signed in."""
    shop, number = shelf.shop, f"PO-{uuid4().hex[:8]}"
    partner = shop.headers("p1", "partner", partner=shelf.customer, store="S07", branch="GZ")
    wish = await shelf.wish(reference=number, deliver_by="2099-01-01", requirements="防滑")
    wish["lines"][0] |= {"colour_number": "P9", "requirements": "同一窑"}
    order = await shop.post("/orders", partner, wish)
    assert [order[name] for name in ("reference", "store", "branch", "deliver_by", "placed_by")] == [
        number, "S07", "GZ", "2099-01-01", "p1",
    ]  # fmt: skip
    ordered = order["lines"][0]
    assert (ordered["colour_number"], ordered["colour_named"], ordered["requirements"]) == ("P9", True, "同一窑")
    self_made = await shelf.wish()
    self_made["lines"][0]["price"] = "1.00"
    assert (await shop.refused("/orders", partner, self_made))["rule"] == "ORD-3"
    assert (await shop.refused("/orders", partner, wish | {"stock_position_id": str(uuid4())}))["status"] == 404
    placed = await shop.pool.fetchval("SELECT data FROM events WHERE entity_id = $1 AND version = 1", UUID(order["id"]))
    assert number.encode() in placed


async def test_a_customers_own_order_number_is_used_once(shelf: Desk) -> None:
    """ORD-5: however many ask at once; another customer may have the same."""
    number = uuid4().hex
    wishes = [await shelf.wish(reference=number) for _ in range(4)]
    answers = await asyncio.gather(*(shelf.shop.ask("POST", "/orders", shelf.seller, json=wish) for wish in wishes))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"ORD-5"}
    other = Desk(shelf.shop, await another_customer(shelf), shelf.article)
    assert (await other.place(reference=number))["reference"] == number
    found = await shelf.shop.get(f"/orders?reference={number}")
    assert len(found["items"]) == 2


async def test_a_partner_orders_for_nobody_else(shelf: Desk) -> None:
    """PLT-3"""
    partner = shelf.shop.headers("p2", "partner", partner=await another_customer(shelf))
    assert (await shelf.shop.refused("/orders", partner, await shelf.wish()))["status"] == 403


async def test_without_a_day_of_its_own_an_order_is_due_when_its_contract_says(shelf: Desk) -> None:
    """ORD-13, ORD-19"""
    contract, article = uuid4(), shelf.article["article"]
    due = TODAY + timedelta(days=9)
    lines = [line(article, "100", deliver_by=due), line("X", "1", deliver_by=TODAY)]
    event = ContractTookEffect(
        number="HT1", customer_id=UUID(shelf.customer), kind="sales", digest="d", copies=2, sealed_by="u21",
        lines=lines, valid_until=date(2099, 1, 1),
    )  # fmt: skip
    await tell(shelf.shop, event, contract)
    assert (await shelf.place(contract_id=str(contract)))["deliver_by"] == str(due)
    sooner = str(TODAY + timedelta(days=1))
    assert (await shelf.place(contract_id=str(contract), deliver_by=sooner))["deliver_by"] == sooner


async def left(desk: Desk, contract: UUID) -> Decimal:
    query = "SELECT document FROM contract_allowances WHERE id = $1"
    text = await desk.shop.pool.fetchval(query, ContractAllowance.id_of(contract))
    return ContractAllowance.model_validate_json(text).lines[0].left


async def test_a_cancelled_or_expired_order_gives_back_what_it_took_of_its_contract(desk: Desk) -> None:
    """ORD-17, ORD-19: over the bus, once."""
    contract = await in_force(desk, "50")
    first, second = [await desk.place("20", contract_id=str(contract)) for _ in range(2)]
    assert await left(desk, contract) == 10
    await desk.shop.post(f"/orders/{first['id']}/cancel", desk.seller, {"reason": "不要了"})

    async def returned() -> bool:
        return await left(desk, contract) == 30

    await eventually(returned)

    async def all_returned() -> bool:
        await desk.shop.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(second["id"]))
        return await left(desk, contract) == 50

    await eventually(all_returned)
    assert (await desk.shop.announced(ContractAllowance.id_of(contract)))[-2:] == ["returned", "returned"]


async def test_an_amended_contract_leaves_open_what_it_contracts_now(desk: Desk) -> None:
    """ORD-19, CON-9: what is ordered already stays ordered."""
    contract = await in_force(desk, "50")
    await desk.place("40", contract_id=str(contract))

    async def amend(edition: int, *lines: ContractLine) -> None:
        amended = ContractAmended(
            number="HT1", customer_id=UUID(desk.customer), amendment_id=uuid4(), edition=edition, digest="d",
            lines=list(lines), valid_until=date(2099, 1, 1),
        )  # fmt: skip
        await tell(desk.shop, amended, contract, edition)

    article = desk.article["article"]
    await amend(2, line(article, "60", "69.00"))
    assert (await desk.place("20", contract_id=str(contract)))["lines"][0]["price"] == "69.00"
    await amend(3, line(article, "30"))
    wish = await desk.wish("1", contract_id=str(contract))
    problem = await desk.shop.refused("/orders", desk.seller, wish)
    assert (problem["rule"], "leaves 0.00" in problem["detail"]) == ("ORD-19", True)
    await amend(4, line("X", "30"))
    assert (await desk.shop.refused("/orders", desk.seller, wish))["rule"] == "ORD-19"
    await amend(5, line(article, "61"))
    await desk.place("1", contract_id=str(contract))
    assert (await desk.shop.announced(ContractAllowance.id_of(contract)))[-1] == "drawn"


def test_what_was_never_taken_is_not_given_back() -> None:
    """ORD-19: a return opens no more than the contract says, and is noted after its end, too."""
    allowance = ContractAllowance.open(uuid4(), "HT1", CUSTOMER, [line("A", "50")], date(2099, 1, 1))
    allowance.draw(uuid4(), CUSTOMER, [("A", Decimal(20))], NOW.date())
    allowance.close("over")
    allowance.give_back(uuid4(), [("A", Decimal(30)), ("B", Decimal(1))])
    assert allowance.lines[0].left == 50


async def test_an_order_given_up_after_the_end_of_its_contract_is_no_fault(desk: Desk) -> None:
    """ORD-19"""
    contract = await in_force(desk, "50")
    order = await desk.place("20", contract_id=str(contract))
    await tell(desk.shop, ContractEnded(number="HT1", reason="over"), contract, 2)
    await desk.shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})

    async def returned() -> bool:
        return await left(desk, contract) == 50

    await eventually(returned)


async def ids(desk: Desk, query: str, who: dict[str, str] | None = None) -> list[str]:
    listed: dict[str, Any] = await desk.shop.get(f"/orders?limit=200&{query}", who)
    return [one["id"] for one in listed["items"]]


async def test_orders_are_found_by_whatever_is_known_of_them(shelf: Desk) -> None:
    """Newest first, whichever way they are looked for."""
    first, second = await shelf.place(), await shelf.place()
    await shelf.shop.post(f"/orders/{first['id']}/cancel", shelf.seller, {"reason": "不要了"})
    both, mine = [second["id"], first["id"]], f"customer_id={shelf.customer}"
    customer = shelf.shop.headers("d1", "customer", customer=shelf.customer)
    yesterday, tomorrow = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    for query, who, expected in (
        (mine, None, both), (mine, shelf.seller, both), ("", customer, both),
        (f"{mine}&status=cancelled", None, both[1:]), ("status=awaiting_payment", customer, both[:1]),
        (f"{mine}&salesperson=u12", None, both), (f"{mine}&salesperson=u13", None, []),
        (f"number={first['number']}", None, both[1:]), (f"number={first['number'][:18]}&{mine}", None, both[1:]),
        (f"number={first['number'][:10]}&{mine}", None, both), (f"number={first['number'][:11]}", customer, both),
        ("number=DH19991231", None, []), ("number=DH2026-123", None, []), ("number=DH99999999", None, []),
        (f"{mine}&from={TODAY}&to={TODAY}", None, both), (f"{mine}&from={tomorrow}", None, []),
        (f"{mine}&to={yesterday}", None, []), (f"number={first['number'][:10]}&to={yesterday}", customer, []),
        (f"customer_id={uuid4()}", customer, []), ("reference=none", customer, []),
    ):  # fmt: skip
        assert await ids(shelf, query, who) == expected, query
    for query, who in (
        (f"from={TODAY}", None), ("status=cancelled", None), ("salesperson=u12", None), ("", None),
        ("salesperson=u12&status=cancelled", None), ("", shelf.seller), ("status=cancelled", shelf.seller),
    ):  # fmt: skip
        assert first["id"] in await ids(shelf, query, who), query


async def test_whoever_only_sells_finds_their_own_orders_whatever_they_ask_for(shelf: Desk) -> None:
    """PLT-3"""
    order, other = await shelf.place(reference=uuid4().hex), shelf.shop.headers("u13", "salesperson")
    for query in (
        "", f"customer_id={shelf.customer}", "salesperson=u12", f"number={order['number']}",
        f"number={order['number'][:10]}", f"number={order['number'][:15]}", f"reference={order['reference']}",
        "status=awaiting_payment",
    ):  # fmt: skip
        assert order["id"] not in await ids(shelf, query, other), query


async def test_what_cannot_be_looked_for_is_bad_input(desk: Desk) -> None:
    for query in (
        "number=DH", "from=0001-01-01", "to=9999-12-31", "from=bald", "status=lost", "customer_id=x",
    ):  # fmt: skip
        answer = await desk.shop.ask("GET", f"/orders?{query}", desk.seller)
        assert answer.status_code == 422, query
