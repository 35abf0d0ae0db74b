"""Money of customers' that is for none of their orders: it settles what they owe beside them."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.customer_account import CustomerAccount
from services.orders.domain.payment import Payment, PaymentKind
from services.orders.domain.payment_on_account import PaymentOnAccount
from shared.domain.actor import Actor, Post
from shared.domain.money import ZERO
from shared.domain.refusals import NotAllowedNow, RuleBroken
from shared.events.customers import CustomerOwnerChanged
from shared.events.envelope import Occasion, new_id
from tests.hearing import tell
from tests.house import Running, Served, eventually
from tests.orders.books import FINANCE, Books, kinds, moment, open_books
from tests.orders.conftest import Desk
from tests.orders.test_credit import account, bring, new_customer
from tests.orders.test_domain import NOW
from tests.orders.test_receivables import TODAY, aged, collected
from tests.orders.test_reports import verified
from tests.orders.test_webhooks import Bank, bank, gone, received

__all__ = ["bank"]

CLERK = Actor(id="u19", posts=frozenset({Post.CLERK}))


def money(amount: str | Decimal, kind: str = "wire", **changed: str) -> dict[str, str]:
    return {"kind": kind, "amount": str(amount), "account": "6222", "reference": uuid4().hex} | changed


@pytest.fixture
async def debtor(desk: Desk) -> Desk:
    """A desk whose customer owed 500 yuan from before, since the first of January; entered the day before yesterday."""
    desk.customer = await owing(desk, "500.00")
    query = "UPDATE receivable_changes SET at = at - interval '2 days' WHERE customer_id = $1"
    await desk.shop.pool.execute(query, UUID(desk.customer))
    return desk


async def owing(desk: Desk, amount: str) -> str:
    """The id of a customer who has owed so much since the first of January."""
    code = f"K{uuid4().hex[:8]}"
    customer = await new_customer(desk.shop, code)
    answer = await bring(desk.shop, desk.finance, f"{code},-{amount},2026-01-01,上年")
    assert answer.status_code == 201, answer.text
    return customer


async def record(desk: Desk, body: dict[str, str], **more: Any) -> dict[str, Any]:
    path = f"/customers/{desk.customer}/account/payments"
    recorded: dict[str, Any] = await desk.shop.post(path, desk.clerk, body, **more)
    return recorded


async def confirm(desk: Desk, payment: dict[str, Any]) -> dict[str, Any]:
    path = f"/payments-on-account/{payment['id']}/confirm"
    confirmed: dict[str, Any] = await desk.shop.post(path, desk.finance)
    return confirmed


async def booked(desk: Desk, wanted: int) -> list[dict[str, Any]]:
    """The customer's entries in the ledger, once there are so many."""
    manager = desk.shop.headers("u09", "sales_manager")

    async def there() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await desk.shop.get(f"/reports/ledger?customer_id={desk.customer}", manager))[
            "items"
        ]
        return found if len(found) == wanted else []

    return await eventually(there)


@given(
    st.decimals("0.01", "300", places=2),
    st.lists(st.tuples(st.booleans(), st.decimals("0.01", "300", places=2)), min_size=1, max_size=8),
)
def test_what_comes_and_goes_leaves_the_account_as_if_it_had_never_come(
    debt: Decimal, payments: list[tuple[bool, Decimal]]
) -> None:
    """ORD-10, ORD-16: to the fen, and since the same day."""
    account = CustomerAccount.open(uuid4())
    account.bring_forward(-debt, date(2026, 1, 1), "")
    stayed, expected = [], -debt
    for stays, amount in payments:
        payment = taken(account, amount) if account.owed else None
        if payment is None:
            break
        payment.confirm(account, FINANCE, NOW)
        assert payment.settled + payment.surplus == amount
        if stays:
            stayed.append(payment)
            expected += amount
        else:
            payment.reverse(account, "called back", FINANCE, NOW)
        assert account.credit - account.owed == expected
        assert account.owed == ZERO or account.owed_since == date(2026, 1, 1)
    for payment in stayed:
        payment.reverse(account, "called back", FINANCE, NOW)
    assert (account.owed, account.credit, account.owed_since) == (debt, ZERO, date(2026, 1, 1))


def taken(account: CustomerAccount, amount: Decimal, recorded_for: str | None = None) -> PaymentOnAccount:
    payment = Payment(
        id=uuid4(), kind=PaymentKind.WIRE, amount=amount, account="6222", reference="R1", recorded_by=CLERK.id,
        recorded_for=recorded_for, recorded_at=NOW,
    )  # fmt: skip
    return PaymentOnAccount.take(payment, account, "u12")


def test_it_is_confirmed_once_and_never_in_the_name_it_was_recorded_in() -> None:
    """ORD-10."""
    account = CustomerAccount.open(uuid4())
    account.bring_forward(Decimal(-10), date(2026, 1, 1), "")
    payment = taken(account, Decimal(4), recorded_for="u17")
    with pytest.raises(RuleBroken, match="cannot confirm it"):
        payment.confirm(account, FINANCE, NOW)
    payment.confirm(account, Actor(id="u18", posts=frozenset({Post.FINANCE})), NOW)
    with pytest.raises(NotAllowedNow):
        payment.confirm(account, Actor(id="u18", posts=frozenset({Post.FINANCE})), NOW)
    assert account.owed == Decimal(6)


async def test_a_balance_from_before_is_settled_by_money_that_names_no_order(debtor: Desk) -> None:
    """ORD-10, ORD-15, ORD-16: recorded by one, confirmed by another; it is in receivables, collection and ledger."""
    payment = await record(debtor, money("200.00"))
    assert (payment["status"], payment["salesperson"], payment["number"][:2]) == ("recorded", "u12", "SK")
    assert (await account(debtor))["owed"] == "500.00"  # not before finance has confirmed it
    waiting = f"/payments-on-account?state=recorded&customer_id={debtor.customer}"
    assert [one["id"] for one in (await debtor.shop.get(waiting, debtor.finance))["items"]] == [payment["id"]]

    path = f"/payments-on-account/{payment['id']}"
    same = await debtor.shop.refused(f"{path}/confirm", debtor.shop.headers("u19", "finance"))
    assert (same["rule"], same["status"]) == ("ORD-10", 422)
    assert (await debtor.shop.refused(f"{path}/confirm", debtor.clerk))["status"] == 403
    done = await confirm(debtor, payment)
    assert (done["status"], done["settled"], done["surplus"]) == ("confirmed", "200.00", "0.00")
    assert (await debtor.shop.refused(f"{path}/confirm", debtor.finance))["status"] == 409
    assert await debtor.shop.get(path, debtor.clerk) == done
    now = await account(debtor)
    assert (now["owed"], now["owed_since"], now["credit"]) == ("300.00", "2026-01-01", "0.00")

    old = await aged(debtor.shop, debtor.finance, debtor.customer)
    assert (old["outstanding"], old["over_90_days"]) == ("300.00", "300.00")
    yesterday = await aged(debtor.shop, debtor.finance, debtor.customer, as_of=TODAY - timedelta(days=1))
    assert yesterday["outstanding"] == "500.00"
    came = await collected(debtor.shop, debtor.finance, debtor.customer, TODAY, TODAY)
    assert (came["opening"], came["received"], came["adjusted"], came["outstanding"]) == (
        "500.00", "200.00", "0.00", "300.00",
    )  # fmt: skip
    [entry] = await booked(debtor, 1)
    assert (entry["kind"], entry["amount"], entry["order_number"]) == ("paid", "200.00", payment["number"])
    assert (entry["salesperson"], entry["article"], entry["booked_on"]) == ("u12", None, str(TODAY))


async def test_what_is_more_than_was_owed_is_credit(debtor: Desk) -> None:
    """ORD-10, ORD-15: it pays the next order."""
    done = await confirm(debtor, await record(debtor, money("650.00")))
    assert (done["settled"], done["surplus"], done["settled_since"]) == ("500.00", "150.00", "2026-01-01")
    assert await debtor.shop.announced(done["id"]) == ["recorded", "payment_confirmed", "overpaid"]
    now = await account(debtor)
    assert (now["owed"], now["owed_since"], now["credit"]) == ("0.00", None, "150.00")
    assert kinds(await booked(debtor, 2)) == [("paid", None, "650.00"), ("credited", None, "-150.00")]
    came = await collected(debtor.shop, debtor.finance, debtor.customer, TODAY, TODAY)
    assert (came["received"], came["adjusted"], came["outstanding"]) == ("650.00", "150.00", "0.00")
    order = await debtor.place()
    drawn = await debtor.shop.post(f"/orders/{order['id']}/payments/from-credit", debtor.clerk, {"amount": "150.00"})
    assert drawn["payments"][0]["amount"] == "150.00"


async def test_a_cheque_that_bounces_is_owed_again_since_the_day_it_was(debtor: Desk) -> None:
    """ORD-10, ORD-15, ORD-16."""
    shop = debtor.shop
    paid = await confirm(debtor, await record(debtor, money("600.00", "cheque")))
    wire = await record(Desk(shop, await owing(debtor, "5.00"), debtor.article), money("1.00"))
    bounced = f"/payments-on-account/{wire['id']}/bounce"
    assert (await shop.refused(bounced, debtor.finance, {"reason": "空头"}))["rule"] == "ORD-10"
    path = f"/payments-on-account/{paid['id']}/bounce"
    assert (await shop.refused(path, debtor.clerk, {"reason": "空头"}))["status"] == 403
    gone = await shop.post(path, debtor.finance, {"reason": "空头"})
    assert (gone["status"], gone["payment"]["bounced"]) == ("reversed", True)
    assert (await shop.refused(path, debtor.finance, {"reason": "空头"}))["status"] == 409
    now = await account(debtor, paid["customer_id"])
    assert (now["owed"], now["owed_since"], now["credit"]) == ("500.00", "2026-01-01", "0.00")


async def test_the_ledger_takes_back_what_went_back(debtor: Desk) -> None:
    """ORD-10, ORD-15: the money, and the credit that had come of it."""
    paid = await confirm(debtor, await record(debtor, money("600.00")))
    await booked(debtor, 2)
    path = f"/payments-on-account/{paid['id']}/reverse"
    await debtor.shop.post(path, debtor.finance, {"reason": "called back"})
    entries = kinds(await booked(debtor, 4))
    assert entries[2:] == [("reversed", None, "-600.00"), ("credited", None, "100.00")]
    came = await collected(debtor.shop, debtor.finance, debtor.customer, TODAY, TODAY)
    assert (came["received"], came["adjusted"], came["outstanding"]) == ("0.00", "0.00", "500.00")


async def test_money_that_never_came_leaves_no_trace_in_the_books(debtor: Desk) -> None:
    """ORD-10: it was recorded, and finance never saw it."""
    payment = await record(debtor, money("100.00"))
    path = f"/payments-on-account/{payment['id']}/reverse"
    assert (await debtor.shop.post(path, debtor.finance, {"reason": "wrong"}))["status"] == "reversed"
    assert (await account(debtor))["owed"] == "500.00"
    await confirm(debtor, await record(debtor, money("1.00")))
    assert [entry["amount"] for entry in await booked(debtor, 1)] == ["1.00"]


async def test_whoever_owes_nothing_beside_their_orders_pays_an_order(desk: Desk) -> None:
    """ORD-16: money is not parked beside the gate it is meant for; and only of customers there are."""
    path = f"/customers/{desk.customer}/account/payments"
    problem = await desk.shop.refused(path, desk.clerk, money("10.00"), headers={"Accept-Language": "zh"})
    assert (problem["rule"], problem["status"]) == ("ORD-16", 422)
    assert "没有欠款" in problem["detail"]
    assert (await desk.shop.refused(f"/customers/{uuid4()}/account/payments", desk.clerk, money("1")))["status"] == 404
    assert (await desk.shop.refused(path, desk.seller, money("10.00")))["status"] == 403


async def test_a_bank_reference_is_used_once_whatever_is_paid_with_it(debtor: Desk) -> None:
    """ORD-10: for an order, or for none."""
    shop, body = debtor.shop, money("10.00")
    payment = await record(debtor, body)
    order = await debtor.place()
    again = await shop.refused(f"/orders/{order['id']}/payments", debtor.clerk, body)
    assert (again["rule"], payment["number"] in again["detail"]) == ("ORD-10", True)
    used = (await debtor.record(order, "5.00"))["payments"][0]["reference"]
    path = f"/customers/{debtor.customer}/account/payments"
    again = await shop.refused(path, debtor.clerk, money("10.00", reference=used))
    assert (again["rule"], order["number"] in again["detail"]) == ("ORD-10", True)
    key = {"Idempotency-Key": uuid4().hex}
    first = await record(debtor, repeated := money("3.00"), headers=key)
    assert await record(debtor, repeated, headers=key) == first


async def test_what_a_bank_says_of_such_money_is_looked_at_by_finance(debtor: Desk, bank: Bank) -> None:
    """ORD-10: it is no order's, so nothing follows by itself."""
    shop, body = debtor.shop, money("10.00")
    payment = await confirm(debtor, await record(debtor, body))
    order = await debtor.place()
    told = received(order, "10.00", reference=body["reference"])
    for notice in (told, gone(told)):
        receipt = await bank.told(notice)
        path = f"/payment-notices/{receipt['id']}"
        kept = await shop.get(path, debtor.finance)
        assert (kept["status"], "account" in kept["set_aside_because"]) == ("set_aside", True)
        problem = await shop.refused(f"{path}/match", debtor.finance, {"order_number": order["number"]})
        assert (problem["rule"], payment["number"] in problem["detail"]) == ("ORD-10", True)
    assert (await shop.get(f"/orders/{order['id']}"))["payments"] == []


async def test_no_code_confirms_what_the_same_person_recorded(debtor: Desk) -> None:
    """ORD-10: the database refuses it."""
    payment = await record(debtor, money("10.00"))
    query = """
        UPDATE payments_on_account
        SET document = jsonb_set(document, '{payment,confirmed_by}', document #> '{payment,recorded_by}') WHERE id = $1
    """
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-10 whoever records a payment cannot confirm it"):
        await debtor.shop.pool.execute(query, UUID(payment["id"]))


async def test_the_ledger_names_who_looked_after_the_customer_then(debtor: Desk) -> None:
    """ORD-15, ORD-16: a later salesperson changes no entry; the receivables are theirs."""
    payment = await record(debtor, money("10.00"))
    await tell(debtor.shop, CustomerOwnerChanged(code="K", owner="u13"), UUID(debtor.customer), version=2)
    await confirm(debtor, payment)
    assert [entry["salesperson"] for entry in await booked(debtor, 1)] == ["u12"]
    theirs = await debtor.shop.get("/reports/receivables?by=customer", debtor.shop.headers("u13", "salesperson"))
    assert [row["outstanding"] for row in theirs["items"] if row["customer_id"] == debtor.customer] == ["490.00"]


@pytest.fixture(scope="module")
async def books(postgres_server: Served, keys: Path) -> AsyncIterator[Books]:
    async with open_books(postgres_server.url(), keys) as opened:
        yield opened


async def test_a_day_with_such_money_is_closed_and_proved_from_the_events(books: Books) -> None:
    """ORD-15: waited for before the day is closed, and reproducible after it."""
    day, shop = books.month(), books.shop
    order = await books.sell(day)
    await books.pay(order, moment(day))
    await settled(shop, books.customer_id, day)
    report = await books.close(day)
    assert (report["totals"]["paid"], report["totals"]["credited"]) == ("920.00", "-30.00")
    proof = await verified(books, report)
    assert (proof["reproduced"], proof["differences"]) == (True, [])


async def settled(shop: Running, customer_id: UUID, day: date) -> None:
    """On that day the customer paid 40 yuan for 10 that were owed; it is in the ledger when this returns."""
    at, store = moment(day), shop.app.state.store
    account = CustomerAccount.open(customer_id)
    account.bring_forward(Decimal(-10), day, "")
    payment = taken(account, Decimal(40))
    payment.confirm(account, FINANCE, at)
    for thing in (account, payment):
        await store.save(thing, Occasion("u17", at, new_id()))

    async def heard() -> bool:
        found = "SELECT version FROM inbox WHERE entity_id = $1 AND entity = 'orders.payment_on_account'"
        return bool(await shop.pool.fetchval(found, payment.id) == payment.version)

    await eventually(heard)
