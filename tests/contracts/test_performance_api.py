"""How contracts are performed, through the HTTP API, the bus and the timers."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from services.contracts.domain.performance import Performance
from shared.events.customers import CustomerOwnerChanged
from shared.events.envelope import new_id
from shared.events.event import Event
from shared.events.orders import (
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    PaymentGateClosed,
    ShipmentDelivered,
)
from tests.contracts.conftest import Office
from tests.contracts.performed import day, delivered, in_force, line, order_of, placed, shown
from tests.contracts.performing import issued, ordered
from tests.hearing import announce, tell
from tests.house import Running, eventually


async def test_a_contract_is_performed_from_its_seal_on(desk: Office) -> None:
    """CON-10, CON-13, CON-14: what is contracted, by when, and what its clauses give."""
    contract = await in_force(desk)
    performance = await shown(desk, contract)
    assert (performance["status"], performance["number"], performance["owner"]) == ("running", contract["number"], "u1")
    (contracted,), (milestone,) = performance["lines"], performance["milestones"]
    assert (contracted["contracted"], contracted["ordered"]) == ("100.00", {"quantity": "0.00", "value": "0.00"})
    assert (milestone["due_on"], milestone["state"], milestone["quantity"]) == ("2098-05-01", "open", "100.00")
    assert [(remedy["breach"], remedy["percent"], remedy["cap"]) for remedy in performance["remedies"]] == [
        ("late_delivery", "0.5", "5"), ("quality_failure", "20", None),
    ]  # fmt: skip
    assert await desk.service.announced(performance["id"]) == ["opened"]


async def test_a_contract_is_worth_what_can_be_counted(desk: Office) -> None:
    """CON-13: within a trillion yuan."""
    body = await desk.body(lines=[line(quantity="1000000.01", price="1000000.00")])
    assert (await desk.service.refused("/contracts", desk.seller, body))["rule"] == "CON-13"


async def test_what_is_not_in_force_is_not_performed(desk: Office) -> None:
    """CON-5, CON-13"""
    for identity in ((await desk.drafted())["id"], uuid4()):
        for what in ("performance", "breaches", "performance/orders"):
            answer = await desk.service.ask("GET", f"/contracts/{identity}/{what}", desk.manager)
            assert answer.status_code == 404


async def test_orders_count_towards_the_contract_as_orders_tells_of_them(desk: Office) -> None:
    """CON-13: ordered, paid, delivered in shipments, over the bus; told twice it counts once."""
    contract, goods = await in_force(desk), [issued(quantity="25")]
    paid = {"lines": [ordered()], "total": "720.00", "confirmed": "720.00"}
    shipment = {"shipment_id": uuid4(), "shipment": 1, "goods": goods}
    story: list[Event] = [
        placed(contract),
        OrderPaid.model_validate(order_of(contract, **paid)),
        ShipmentDelivered.model_validate(order_of(contract, **shipment)),
    ]
    order_id = uuid4()
    for _ in range(2):
        await announce(desk.service, (order_id, story))
    (counted,) = (await shown(desk, contract))["lines"]
    assert [counted[how]["quantity"] for how in ("ordered", "paid", "delivered")] == ["60.00", "60.00", "25.00"]
    assert counted["delivered"]["value"] == "300.00"
    closed = PaymentGateClosed.model_validate(order_of(contract, lines=[ordered()], total="720.00", confirmed="0.00"))
    await tell(desk.service, closed, order_id, 4)
    (counted,) = (await shown(desk, contract))["lines"]
    assert counted["paid"] == {"quantity": "0.00", "value": "0.00"}
    performance = await shown(desk, contract)
    assert await desk.service.announced(performance["id"]) == ["opened", *["progressed"] * 4]


async def test_the_orders_of_a_contract_are_counted_and_come_in_pages(desk: Office) -> None:
    """CON-13: a contract has thousands of them; its own document stays short."""
    contract = await in_force(desk)
    orders = [new_id() for _ in range(5)]
    await announce(desk.service, *((order_id, [placed(contract, "10")]) for order_id in orders))
    performance = await shown(desk, contract)
    (counted,) = performance["lines"]
    assert (performance["order_count"], counted["ordered"]["quantity"]) == (5, "50.00")
    assert "orders" not in performance
    path, found = f"/contracts/{contract['id']}/performance/orders", list[str]()
    after = ""
    while after is not None:
        page = await desk.service.get(f"{path}?limit=2{after}", desk.manager)
        found += [one["order_id"] for one in page["items"]]
        after = page["next"] and f"&after={page['next']}"
    assert found == [str(order_id) for order_id in reversed(orders)]
    customer = desk.service.headers("d1", "customer", customer=contract["customer_id"])
    assert len((await desk.service.get(path, customer))["items"]) == 5
    table = await desk.service.ask("GET", f"{path}?format=csv", desk.manager)
    assert table.text.count("DH-1") == 5
    other = desk.service.headers("d2", "customer", customer=str(uuid4()))
    assert (await desk.service.ask("GET", path, other)).status_code == 403


@pytest.mark.parametrize("ending", [OrderCancelled, OrderExpired])
async def test_an_order_that_comes_to_nothing_leaves_the_contract_open(
    desk: Office, ending: type[OrderCancelled | OrderExpired]
) -> None:
    """CON-13"""
    contract = await in_force(desk)
    ended = ending.model_validate(order_of(contract, reason="客户取消", lines=[ordered()]))
    await announce(desk.service, (uuid4(), [placed(contract), ended]))
    (counted,) = (await shown(desk, contract))["lines"]
    assert counted["ordered"]["quantity"] == "0.00"


async def test_orders_without_a_contract_or_under_an_older_one_are_passed_over(desk: Office) -> None:
    """CON-13, PLT-2: nothing is parked."""
    contract = await desk.drafted()
    other, under_none = uuid4(), placed(contract).model_copy(update={"contract_id": None})
    await announce(desk.service, (other, [placed(contract), under_none]))
    parked = "SELECT count(*) FROM dead_letters WHERE entity_id = $1"
    assert await desk.service.pool.fetchval(parked, other) == 0


async def test_a_near_date_is_warned_of_and_a_past_one_missed_by_the_clock(desk: Office) -> None:
    """CON-10: each once; the list shows them by state and day, to salespeople their own."""
    near, past = line(day(1)), line(day(-1), article="B2")
    contract = await in_force(desk, near, past)

    async def both() -> bool:
        return {one["state"] for one in (await shown(desk, contract))["milestones"]} == {"approaching", "missed"}

    await eventually(both)
    told = await desk.service.announced((await shown(desk, contract))["id"])
    assert sorted(told[1:]) == ["milestone_approaching", "milestone_approaching", "milestone_missed"]

    async def listed(who: dict[str, str], query: str) -> set[str]:
        found = await desk.service.get(f"/milestones?{query}&limit=200", who)
        return {one["article"] for one in found["items"] if one["contract_id"] == contract["id"]}

    assert await listed(desk.manager, f"before={day(2)}") == {"A1", "B2"}
    assert await listed(desk.manager, f"before={day(0)}") == {"B2"}
    assert await listed(desk.seller, "state=missed") == {"B2"}
    assert await listed(desk.service.headers("u77", "salesperson"), "state=missed") == set()
    keeper = await desk.service.ask("GET", "/milestones", desk.keeper)
    assert keeper.status_code == 403


async def test_a_late_delivery_meets_the_date_late_and_costs_what_the_clause_gives(desk: Office) -> None:
    """CON-10, CON-14: three days late, 0.5 % a day of 1,200 yuan; a missed date stays missed."""
    contract = await in_force(desk, line(day(-3)))
    await tell(desk.service, delivered(contract))
    performance = await shown(desk, contract)
    (milestone,), (breach,) = performance["milestones"], performance["breaches"]
    assert (milestone["state"], milestone["in_time"], bool(milestone["missed_at"])) == ("met", False, True)
    assert (breach["kind"], breach["clause"], breach["damages"]) == ("late_delivery", "7", "18.00")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="CON-10"):
        await desk.service.pool.execute(
            "UPDATE contract_performances SET document = jsonb_set(document, '{milestones,0,missed_at}', 'null')"
            " WHERE contract_id = $1",
            UUID(contract["id"]),
        )


async def test_the_end_of_a_contract_is_reminded_of_once(desk: Office) -> None:
    """CON-13: also when the moment had passed before the contract took effect."""
    contract = await in_force(desk, valid_until=day(5))
    identity = (await shown(desk, contract))["id"]

    async def reminded() -> bool:
        return "expiring" in await desk.service.announced(identity)

    await eventually(reminded)
    assert (await desk.service.announced(identity)).count("expiring") == 1


async def test_a_contract_that_ends_is_not_waited_for_any_longer(desk: Office) -> None:
    """CON-10, CON-13: contracts hears its own stream."""
    contract = await in_force(desk)
    await desk.do(contract, "end", desk.manager, {"reason": "双方同意终止"})

    async def closed() -> bool:
        return bool((await shown(desk, contract))["status"] == "closed")

    await eventually(closed)
    performance = await shown(desk, contract)
    assert [one["state"] for one in performance["milestones"]] == ["void"]
    timers = "SELECT count(*) FROM timers WHERE owner = $1"
    assert await desk.service.pool.fetchval(timers, UUID(performance["id"])) == 0


async def test_an_amendment_changes_what_is_to_be_performed(desk: Office) -> None:
    """CON-9, CON-10, CON-13"""
    contract = await in_force(desk)
    await tell(desk.service, placed(contract))
    amendment = await desk.amended(contract, lines=[line("2098-08-01", quantity="150")])
    await desk.sealed(amendment)
    performance = await shown(desk, contract)
    (changed,) = performance["lines"]
    assert (performance["edition"], changed["contracted"], changed["ordered"]["quantity"]) == (2, "150.00", "60.00")
    assert [(one["due_on"], one["state"]) for one in performance["milestones"]] == [
        ("2098-05-01", "void"), ("2098-08-01", "open"),
    ]  # fmt: skip
    answer = await desk.service.ask("GET", f"/contracts/{amendment['id']}/performance", desk.manager)
    assert answer.status_code == 404


async def test_a_contract_from_before_performances_were_kept_is_performed_from_its_amendment_on(desk: Office) -> None:
    """CON-9, CON-13"""
    contract = await in_force(desk)
    async with desk.service.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")  # past the triggers
        await connection.execute("DELETE FROM contract_performances WHERE contract_id = $1", UUID(contract["id"]))
    await desk.sealed(await desk.amended(contract, lines=[line("2098-09-01")]))
    performance = await shown(desk, contract)
    assert (performance["edition"], [one["due_on"] for one in performance["milestones"]]) == (2, ["2098-09-01"])


async def test_the_customers_new_salesperson_is_warned(desk: Office) -> None:
    """CON-10, CON-13"""
    contract = await in_force(desk)
    change = CustomerOwnerChanged(code="D1", owner="u2")
    await tell(desk.service, change, UUID(contract["customer_id"]))
    assert (await shown(desk, contract))["owner"] == "u2"


async def test_the_database_itself_counts_nothing_twice(contracts: Running, desk: Office) -> None:
    """CON-12, CON-13, CON-14: whatever the code does"""
    contract = await in_force(desk)
    identity = Performance.id_of(UUID(contract["id"]))
    statement = "UPDATE contract_performances SET document = document || $2::jsonb WHERE id = $1"
    for rule, twice in (
        ("CON-12", '{"works": [{"reference": "W1"}, {"reference": "W1"}]}'),
        ("CON-13", '{"orders": [{"order_id": "1"}, {"order_id": "1"}]}'),
        ("CON-14", '{"breaches": [{"cause_id": "1"}, {"cause_id": "1"}]}'),
    ):
        with pytest.raises(asyncpg.CheckViolationError, match=rule):
            await contracts.pool.execute(statement, identity, twice)


async def test_how_a_contract_was_performed_is_never_deleted(desk: Office) -> None:
    """CON-8"""
    contract = await in_force(desk)
    statement = "DELETE FROM contract_performances WHERE contract_id = $1"
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="CON-8"):
        await desk.service.pool.execute(statement, UUID(contract["id"]))
