"""Overpayment, credit and what customers owe beside their orders, through the API and the bus."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.customer_account import CustomerAccount
from shared.domain.refusals import RuleBroken
from shared.events.customers import CustomerRegistered
from shared.events.orders import OrderOverpaid
from tests.hearing import hear, off_the_bus, tell
from tests.house import Running, eventually
from tests.orders.conftest import Desk
from tests.orders.test_domain import NOW, SELLER, order

MOVES = st.lists(
    st.tuples(st.sampled_from(["grant", "use", "take_back"]), st.decimals("0.01", "500", places=2)), max_size=20
)


@given(MOVES, st.decimals("-300", "300", places=2))
def test_an_account_never_has_credit_and_debt_at_once_and_loses_no_fen(
    moves: list[tuple[str, Decimal]], balance: Decimal
) -> None:
    """ORD-10, ORD-16."""
    account, expected = CustomerAccount.open(uuid4()), balance
    account.bring_forward(balance, date(2026, 1, 1), "")
    for move, amount in moves:
        match move:
            case "grant":
                account.grant(amount, "overpayment", uuid4())
                expected += amount
            case "take_back":
                account.take_back(amount, uuid4(), NOW)
                expected -= amount
            case "use" if amount <= account.credit:
                account.use(amount, uuid4(), uuid4())
                expected -= amount
            case "use":
                with pytest.raises(RuleBroken):
                    account.use(amount, uuid4(), uuid4())
        assert account.credit - account.owed == expected
        assert min(account.credit, account.owed) == 0
        assert (account.owed_since is None) == (account.owed == 0)


def test_no_more_credit_pays_an_order_than_it_needs() -> None:
    """ORD-10."""
    with pytest.raises(RuleBroken) as refusal:
        order().pay_from_credit(uuid4(), Decimal("880.01"), SELLER, NOW)
    assert refusal.value.rule == "ORD-10"


async def account(desk: Desk, customer: str | None = None) -> dict[str, Any]:
    return dict(await desk.shop.get(f"/customers/{customer or desk.customer}/account", desk.finance))


async def credited(desk: Desk, amount: str) -> None:
    """Once the credit is there: what the order announced has come back over the bus."""

    async def there() -> bool:
        return (await account(desk))["credit"] == amount

    await eventually(there)


async def owing(desk: Desk, amount: str) -> None:
    async def there() -> bool:
        return (await account(desk))["owed"] == amount

    await eventually(there)


def more(order: dict[str, Any], amount: str) -> str:
    return str(Decimal(order["total"]) + Decimal(amount))


async def test_overpayment_becomes_credit_that_pays_another_order(desk: Desk) -> None:
    """ORD-10: by the bus to the account; drawn by one person, confirmed by another."""
    shop, first = desk.shop, await desk.place()
    assert (await account(desk))["credit"] == "0.00"
    paid = await desk.confirmed(first, more(first, "120.00"))
    assert (paid["status"], paid["credited"]) == ("paid", "120.00")
    assert (await shop.announced(first["id"]))[-2:] == ["paid", "overpaid"]
    await credited(desk, "120.00")

    order = await desk.place()
    path = f"/orders/{order['id']}/payments"
    short = await shop.refused(f"{path}/from-credit", desk.clerk, {"amount": "120.01"})
    assert (short["rule"], short["status"]) == ("ORD-10", 422)
    drawn = await shop.post(f"{path}/from-credit", desk.clerk, {"amount": "120.00"})
    assert (await account(desk))["credit"] == "0.00"
    payment = drawn["payments"][0]
    assert (payment["kind"], payment["confirmed_at"]) == ("credit", None)
    accountant = shop.headers("u19", "finance")
    assert (await shop.refused(f"{path}/{payment['id']}/confirm", accountant))["rule"] == "ORD-10"
    confirmed = await shop.post(f"{path}/{payment['id']}/confirm", desk.finance)
    assert (confirmed["confirmed"], confirmed["from_credit"]) == ("120.00", "120.00")


async def test_credit_that_was_not_used_after_all_is_credit_again(desk: Desk) -> None:
    """ORD-10: rejected by finance, or with the order that is given up."""
    shop, order = desk.shop, await desk.place()
    await desk.confirmed(order, more(order, "50.00"))
    await credited(desk, "50.00")
    for ending in ("reverse", "cancel"):
        other = await desk.place()
        path = f"/orders/{other['id']}"
        drawn = await shop.post(f"{path}/payments/from-credit", desk.clerk, {"amount": "50.00"})
        assert (await account(desk))["credit"] == "0.00"
        if ending == "reverse":
            payment = drawn["payments"][0]["id"]
            await shop.post(f"{path}/payments/{payment}/reverse", desk.finance, {"reason": "mistake"})
        else:
            done = await shop.post(f"{path}/cancel", desk.seller, {"reason": "不要了"})
            assert done["status"] == "cancelled"
        await credited(desk, "50.00")


async def test_money_confirmed_on_an_order_that_has_ended_becomes_credit_whole(desk: Desk) -> None:
    """ORD-10, ORD-17."""
    recorded = await desk.record(await desk.place(), "300.00")
    await desk.shop.post(f"/orders/{recorded['id']}/cancel", desk.seller, {"reason": "不要了"})
    payment = recorded["payments"][0]["id"]
    confirmed = await desk.shop.post(f"/orders/{recorded['id']}/payments/{payment}/confirm", desk.finance)
    assert (confirmed["status"], confirmed["credited"]) == ("cancelled", "300.00")
    await credited(desk, "300.00")


async def test_credit_whose_money_goes_back_is_taken_back_and_owed_where_it_was_spent(desk: Desk) -> None:
    """ORD-10, ORD-16: never below zero; the debt is a receivable."""
    shop, order = desk.shop, await desk.place()
    paid = await desk.confirmed(order, more(order, "100.00"))
    await credited(desk, "100.00")
    other = await desk.place()
    await shop.post(f"/orders/{other['id']}/payments/from-credit", desk.clerk, {"amount": "60.00"})
    path = f"/orders/{order['id']}/payments/{paid['payments'][0]['id']}/reverse"
    gone = await shop.post(path, desk.finance, {"reason": "called back"})
    assert (gone["status"], gone["confirmed"], gone["credited"]) == ("awaiting_payment", "0.00", "0.00")
    await owing(desk, "60.00")
    assert (await account(desk))["credit"] == "0.00"
    settled = await desk.confirmed(gone, more(order, "60.00"))
    assert settled["status"] == "paid"
    await owing(desk, "0.00")
    assert (await account(desk))["credit"] == "0.00"


async def test_an_event_that_is_heard_twice_grants_once(desk: Desk) -> None:
    """ORD-10: whatever the bus does."""
    event = OrderOverpaid(number="DH1", customer_id=UUID(desk.customer), surplus=Decimal("10.00"))
    placed = uuid4()
    heard = off_the_bus(event, placed)
    await hear(desk.shop, heard, heard)
    await hear(desk.shop, heard)
    assert (await account(desk))["credit"] == "10.00"


async def test_of_two_orders_that_draw_the_last_credit_one_gets_it(desk: Desk) -> None:
    """ORD-10: credit is spent once; the other is told what is left."""
    shop = desk.shop
    for _ in range(3):
        first = await desk.place()
        await desk.confirmed(first, more(first, "40.00"))
        await credited(desk, "40.00")
        orders = [await desk.place() for _ in range(3)]
        answers = await asyncio.gather(
            *(
                shop.ask("POST", f"/orders/{one['id']}/payments/from-credit", desk.clerk, json={"amount": "40.00"})
                for one in orders
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 422, 422], [one.text for one in answers]
        assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"ORD-10"}
        assert (await account(desk))["credit"] == "0.00"


async def test_no_code_spends_credit_that_is_not_there(desk: Desk) -> None:
    """ORD-10: the database refuses it."""
    await tell(desk.shop, OrderOverpaid(number="DH1", customer_id=UUID(desk.customer), surplus=Decimal("10.00")))
    query = """UPDATE customer_accounts SET document = document || '{"credit": "-1.00"}' WHERE customer_id = $1"""
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-10 credit is spent once"):
        await desk.shop.pool.execute(query, UUID(desk.customer))


async def test_a_customers_account_is_seen_by_them_and_by_whoever_looks_after_them(desk: Desk) -> None:
    """PLT-3: CUS-1."""
    path, shop = f"/customers/{desk.customer}/account", desk.shop
    mine = shop.headers("d1", "customer", customer=desk.customer)
    for who in (mine, desk.seller, desk.finance, shop.headers("u09", "sales_manager")):
        assert (await shop.get(path, who))["customer_id"] == desk.customer
    for who in (
        shop.headers("u13", "salesperson"),
        shop.headers("d2", "customer", customer=str(uuid4())),
        shop.headers("t1", "technician", "customer", customer=str(uuid4())),
        desk.warehouse,
    ):
        assert (await shop.ask("GET", path, who)).status_code == 403
    assert (await shop.ask("GET", f"/customers/{uuid4()}/account", desk.finance)).status_code == 404
    assert (await shop.ask("GET", "/accounts", desk.seller)).status_code == 403


async def new_customer(shop: Running, code: str) -> str:
    event = CustomerRegistered(code=code, company="别家", kind="dealer", region="广东", level="A", owner="u12")
    heard = await tell(shop, event)
    assert heard.known is not None
    return str(heard.known.entity_id)


async def bring(shop: Running, who: dict[str, str], *rows: str, **more: Any) -> Any:
    text = "客户编号,期初余额,截止日期,备注\n" + "".join(f"{row}\n" for row in rows)
    return await shop.ask("POST", "/accounts/import", who, files={"file": ("期初.csv", text.encode())}, **more)


async def test_opening_balances_are_brought_forward_once_and_whole(desk: Desk) -> None:
    """ORD-16: above zero it is theirs, below zero they owe it."""
    shop, one, other = desk.shop, f"K{uuid4().hex[:8]}", f"K{uuid4().hex[:8]}"
    theirs, ours = await new_customer(shop, one), await new_customer(shop, other)
    await tell(shop, OrderOverpaid(number="DH1", customer_id=UUID(ours), surplus=Decimal("10.00")))
    assert (await bring(shop, desk.clerk, f"{one},1.00,2026-10-31,")).status_code == 403
    answer = await bring(shop, desk.finance, f"{one},500.00,2026-10-31,上年", f"{other},-300.00,2026/9/30,")
    assert (answer.status_code, answer.json()) == (201, {"brought_forward": 2}), answer.text
    found = await account(desk, theirs)
    assert (found["credit"], found["brought_forward"], found["remark"]) == ("500.00", "500.00", "上年")
    owed = await account(desk, ours)
    assert (owed["credit"], owed["owed"], owed["owed_since"]) == ("0.00", "290.00", "2026-09-30")
    assert await shop.announced(found["id"]) == ["opened", "balance_brought_forward"]

    third = f"K{uuid4().hex[:8]}"
    fresh = await new_customer(shop, third)
    again = await bring(
        shop, desk.finance, f"{third},5.00,2026-10-31,", f"{one},500.00,2026-10-31,", "nobody,1.00,2026-10-31,",
        "D001,1.00,2026-10-31,", headers={"Accept-Language": "zh"},
    )  # fmt: skip
    errors = again.json()["errors"]
    assert again.status_code == 422
    assert [(one["row"], one["column"], one["code"]) for one in errors] == [
        (3, "A", "brought_before"), (4, "A", "customer_unknown"), (5, "A", "customer_ambiguous"),
    ]  # fmt: skip
    assert [one["detail"] for one in errors[:2]] == ["期初余额已经导入。", "没有此编号的客户。"]
    assert (await account(desk, fresh))["version"] == 0


async def test_wrong_cells_of_opening_balances_are_named(desk: Desk) -> None:
    """ORD-16."""
    answer = await bring(desk.shop, desk.finance, "X,abc,2026-10-31,", "Y,1.001,soon,")
    assert [(one["row"], one["column"]) for one in answer.json()["errors"]] == [(2, "B"), (3, "B"), (3, "C")]


async def test_the_same_balances_twice_at_once_are_taken_in_once(desk: Desk) -> None:
    """ORD-16."""
    code = f"K{uuid4().hex[:8]}"
    customer = await new_customer(desk.shop, code)
    answers = await asyncio.gather(*(bring(desk.shop, desk.finance, f"{code},7.00,2026-10-31,") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422], [one.text for one in answers]
    assert (await account(desk, customer))["credit"] == "7.00"


async def test_the_template_has_the_headings_the_import_takes(desk: Desk) -> None:
    answer = await desk.shop.ask(
        "GET", "/accounts/import-template?format=csv", desk.finance, headers={"Accept-Language": "zh"}
    )
    assert answer.text.strip("\ufeff\r\n") == "客户编号,期初余额,截止日期,备注"


async def test_accounts_are_listed_and_exported(desk: Desk) -> None:
    await tell(desk.shop, OrderOverpaid(number="DH1", customer_id=UUID(desk.customer), surplus=Decimal("10.00")))
    page = await desk.shop.get("/accounts?limit=200", desk.finance)
    assert desk.customer in {one["customer_id"] for one in page["items"]}
    table = await desk.shop.ask("GET", "/accounts?format=csv", desk.finance)
    assert desk.customer in table.text
