"""What customers keeps of what it hears."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.customers.domain.customer import Customer
from shared.events.complaints import ComplaintClosed, ComplaintFiled, ComplaintReopened, ComplaintResolved
from shared.events.envelope import new_id
from shared.events.orders import (
    OrderCancelled,
    OrderDelivered,
    OrderDispatched,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    PaymentGateClosed,
)
from tests.customers.test_api import some
from tests.hearing import announce, hear
from tests.house import Running, eventually

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)


def placed(customer: UUID, number: str = "DH1") -> OrderPlaced:
    return OrderPlaced(number=number, customer_id=customer, salesperson="u12", lines=[], total="250.50")


def paid(customer: UUID, number: str = "DH1") -> OrderPaid:
    return OrderPaid(number=number, customer_id=customer, total="250.50", confirmed="250.50")


def filed(customer: UUID, number: str = "TS1") -> ComplaintFiled:
    return ComplaintFiled(
        number=number, kind="quality", channel="phone", customer_id=customer, received_at=NOW, respond_by=NOW,
        resolve_by=NOW, policy="p",
    )  # fmt: skip


async def known(customers: Running, code: str) -> UUID:
    file = await customers.post("/customers", customers.headers("u18", "clerk"), some(code))
    return UUID(file["id"])


async def records(customers: Running, customer: UUID) -> dict[str, Any]:
    found: dict[str, Any] = await customers.get(f"/customers/{customer}/records")
    return found


async def test_a_purchase_is_entered_and_followed_to_delivery(customers: Running) -> None:
    """CUS-1, ORD-14"""
    customer, order = await known(customers, "K1"), new_id()
    dispatched = OrderDispatched(number="DH1", customer_id=customer, delivery_order="CH1", certificate="ZB1", goods=[])
    delivered = OrderDelivered(number="DH1", customer_id=customer)
    await announce(customers, (order, [placed(customer), paid(customer), dispatched, delivered]))
    [purchase] = (await records(customers, customer))["purchases"]
    assert purchase["order_id"] == str(order)
    assert (purchase["number"], purchase["total"], purchase["salesperson"]) == ("DH1", "250.50", "u12")
    assert purchase["delivery_order"] == "CH1"
    assert all(purchase[f"{deed}_at"] for deed in ("placed", "paid", "dispatched", "delivered"))
    assert "customer_id" not in purchase


async def test_a_purchase_whose_money_went_back_is_not_paid(customers: Running) -> None:
    """CUS-1, ORD-10"""
    customer, order = await known(customers, "K2"), new_id()
    closed = PaymentGateClosed(number="DH1", total="250.50", confirmed="0.00")
    await announce(customers, (order, [placed(customer), paid(customer), closed]))
    [purchase] = (await records(customers, customer))["purchases"]
    assert purchase["paid_at"] is None


async def test_a_batch_of_alternating_stories_ends_as_each_story_ends(customers: Running) -> None:
    """PLT-2: paid, unpaid, paid again; statements of one batch run in the order of the events."""
    customer, first, second = await known(customers, "K3"), new_id(), new_id()
    closed = PaymentGateClosed(number="DH1", total="250.50", confirmed="0.00")
    await announce(
        customers,
        (first, [placed(customer), paid(customer), closed, paid(customer)]),
        (second, [placed(customer), closed]),
    )
    newest, oldest = (await records(customers, customer))["purchases"]
    assert (newest["order_id"], oldest["order_id"]) == (str(second), str(first))
    assert oldest["paid_at"]
    assert newest["paid_at"] is None


async def test_an_order_that_was_given_up_or_expired_is_shown_as_such(customers: Running) -> None:
    """CUS-1"""
    customer = await known(customers, "K4")
    await announce(
        customers,
        (new_id(), [placed(customer), OrderCancelled(number="DH1", reason="too dear")]),
        (new_id(), [placed(customer), OrderExpired(number="DH1")]),
    )
    purchases = (await records(customers, customer))["purchases"]
    assert [purchase["ended_as"] for purchase in purchases] == ["expired", "cancelled"]
    assert all(purchase["ended_at"] for purchase in purchases)


async def test_a_complaint_is_entered_and_followed_to_its_closing(customers: Running) -> None:
    """CUS-1"""
    customer, complaint = await known(customers, "K5"), new_id()
    resolved = ComplaintResolved(number="TS1", kind="quality", customer_id=customer, in_time=True, summary="换货")
    closed = ComplaintClosed(number="TS1", customer_id=customer, confirmed=True)
    await announce(customers, (complaint, [filed(customer), resolved, closed]))
    [record] = (await records(customers, customer))["service_records"]
    assert record["complaint_id"] == str(complaint)
    assert (record["number"], record["kind"], record["in_time"], record["summary"]) == ("TS1", "quality", True, "换货")
    assert record["resolved_at"]
    assert record["closed_at"]
    assert record["reopened"] == 0


async def test_a_reopened_complaint_is_open_again(customers: Running) -> None:
    """CUS-1, CMP-11"""
    customer, complaint = await known(customers, "K6"), new_id()
    resolved = ComplaintResolved(number="TS1", kind="quality", customer_id=customer, in_time=True, summary="换货")
    closed = ComplaintClosed(number="TS1", customer_id=customer, confirmed=True)
    reopened = ComplaintReopened(number="TS1", reason="again", times=1)
    await announce(customers, (complaint, [filed(customer), resolved, closed, reopened]))
    [record] = (await records(customers, customer))["service_records"]
    assert (record["resolved_at"], record["closed_at"], record["reopened"]) == (None, None, 1)


async def test_what_comes_before_the_customer_or_the_beginning_is_known_is_kept(customers: Running) -> None:
    """CUS-1, PLT-2: events of different services may come in any order."""
    customer = Customer.id_of("K7")
    orders = [paid(customer, "DH7"), OrderDelivered(number="DH8", customer_id=customer)]
    sent = OrderDispatched(number="DH9", customer_id=customer, delivery_order="CH9", certificate="ZB1", goods=[])
    resolved = ComplaintResolved(number="TS7", kind="service", customer_id=customer, in_time=False, summary="道歉")
    closed = ComplaintClosed(number="TS8", customer_id=customer, confirmed=True)
    stories = [(new_id(), [event]) for event in (*orders, sent, resolved, closed)]
    batch = await announce(customers, *stories)
    assert (
        await customers.ask("GET", f"/customers/{customer}/records", customers.headers("u18", "clerk"))
    ).status_code == 404
    await known(customers, "K7")
    found = await records(customers, customer)
    assert [purchase["number"] for purchase in found["purchases"]] == ["DH9", "DH8", "DH7"]
    assert [record["number"] for record in found["service_records"]] == ["TS8", "TS7"]
    # an event heard twice is kept once
    await hear(customers, *batch)
    assert await records(customers, customer) == found


async def test_records_are_read_in_pages_newest_first(customers: Running) -> None:
    """CUS-1"""
    customer = await known(customers, "K8")
    for number in range(3):
        await announce(
            customers, (new_id(), [placed(customer, f"DH{number}")]), (new_id(), [filed(customer, f"TS{number}")])
        )
    who = customers.headers("u12", "salesperson")
    first = await customers.get(f"/customers/{customer}/records?limit=4", who)
    rest = await customers.get(f"/customers/{customer}/records?limit=4&after={first['next']}", who)
    assert [[p["number"] for p in page["purchases"]] for page in (first, rest)] == [["DH2", "DH1"], ["DH0"]]
    assert [[r["number"] for r in page["service_records"]] for page in (first, rest)] == [["TS2", "TS1"], ["TS0"]]
    assert rest["next"] is None


async def test_orders_hears_of_a_customer_and_of_the_owner_over_the_bus(customers: Running, orders: Running) -> None:
    """CUS-1, PLT-1"""
    customer = await known(customers, "K9")
    manager = customers.headers("u05", "sales_manager")
    await customers.post(f"/customers/{customer}/owner", manager, {"owner": "u13"})

    async def heard() -> bool:
        return bool(await orders.pool.fetchval("SELECT owner = 'u13' FROM known_customers WHERE id = $1", customer))

    await eventually(heard)
