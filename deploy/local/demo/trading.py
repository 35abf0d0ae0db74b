"""Part 4: offers to pick from, what stock cannot cover, money by webhook, credit, refund, and the books."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import orjson
from standardwebhooks import Webhook

from deploy.local.credentials import credentials
from deploy.local.demo.cast import Cast
from deploy.local.demo.ordering import ACCOUNT, confirm, pay, place, stock
from deploy.local.demo.visitors import eventually
from shared.domain.numbers import SHANGHAI

BANK = "bank"


async def trade(cast: Cast) -> None:
    """One option of three becomes an order; a shortage is produced; surplus becomes credit; papers and books agree."""
    cast.account.chapter("4. Offers, shortages, credit and the books")
    await _quotation(cast)
    short = await _shortage(cast)
    await _money(cast, short)
    await _made(cast, short)
    await _refund(cast)
    await _papers(cast)
    await _books(cast)


async def _quotation(cast: Cast) -> None:
    account, visitors, dealer = cast.account, cast.visitors, cast.dealers[1]
    article = cast.waiting["lines"][0]["article"]
    until = (datetime.now(SHANGHAI) + timedelta(days=14)).date().isoformat()
    options = {
        size: {"lines": [{"article": article, "quantity": quantity}]}
        for size, quantity in {"trial": "2", "medium": "8", "bulk": "20"}.items()
    }
    body = {"customer_id": dealer["id"], "valid_until": until, "options": options}
    quotation = await visitors.post("orders", "/quotations", "u12", body)
    account.tell(f"quotation {quotation['number']} offers a trial, a medium and a bulk quantity", "ORD-4")
    position = await stock(cast, dealer, "u12", [article])
    pick = {"option": "medium", "stock_position_id": position["id"], "accepted_by": dealer["company"]}
    path = f"/quotations/{quotation['id']}/pick"
    picked = await visitors.post("orders", path, "d002", pick, places={"customer": dealer["id"]})
    order = await visitors.get("orders", f"/orders/{picked['order_id']}", "u12")
    account.expect(
        f"the dealer picks the medium one: it is order {order['number']}",
        order["lines"][0]["quantity"] == "8.00" and quotation["number"] in order["lines"][0]["authority"],
        "ORD-4",
        order["lines"],
    )
    problem = await visitors.refused("orders", path, "u12", pick)
    account.expect("nothing is picked twice", problem.get("status") == 409, "ORD-4", problem)


async def _shortage(cast: Cast) -> dict[str, Any]:
    """An order for more than there is; what is short is asked of production."""
    account, visitors, dealer = cast.account, cast.visitors, cast.dealers[1]
    article = cast.waiting["lines"][0]["article"]
    there = Decimal((await stock(cast, dealer, "u12", [article]))["lines"][0]["available"])
    order = await place(cast, dealer, "u12", {article: str(there + 25)})
    held = await visitors.post("orders", f"/orders/{order['id']}/allocate", "u12")
    account.expect(
        f"of {there + 25} ordered {there} are set aside, 25.00 are short",
        [shortage["quantity"] for shortage in held["shortages"]] == ["25.00"],
        "ORD-7 ORD-12",
        held["shortages"],
    )
    last = await place(cast, cast.dealers[2], "u12", {article: "1"})
    none = await visitors.post("orders", f"/orders/{last['id']}/allocate", "u12")
    account.expect("nobody is promised what somebody else has", not none["allocations"], "ORD-12", none["allocations"])

    async def asked() -> Any:
        return (await visitors.get("orders", f"/production-requests?order_id={order['id']}", "u22"))["items"]

    requests = await eventually(asked)
    account.expect(
        "production is asked for the shortage only",
        [one["quantity"] for one in requests] == ["25.00"],
        "ORD-7",
        requests,
    )
    cast.short = requests[0]
    problem = await visitors.refused("orders", f"/production-requests/{requests[0]['id']}/start", "u22")
    account.expect("and does not begin before money is here", problem.get("status", 0) >= 400, "ORD-9", problem)
    return order


async def _money(cast: Cast, order: dict[str, Any]) -> None:
    """The bank reports a payment, signed, twice; it is 1,000 yuan too much."""
    account, visitors = cast.account, cast.visitors
    amount = str(Decimal(order["total"]) + 1000)
    data = {"account": ACCOUNT, "reference": f"BANK-{uuid4().hex[:12]}", "amount": amount,
            "order_number": order["number"]}  # fmt: skip
    sent = orjson.dumps({"type": "payment.received", "data": data}).decode()
    first, second = await _notice(cast, sent, "msg-1"), await _notice(cast, sent, "msg-1")
    account.expect(
        "the bank's signed notice is a payment, and sent twice it is one",
        first.get("outcome") == "received" and first == second,
        "ORD-10",
        (first, second),
    )
    forged = await _notice(cast, sent.replace(amount, "1.00"), "msg-2", signed=sent)
    account.expect("a forged one is nobody's", forged.get("status") == 401, "ORD-10", forged)
    known = await visitors.get("orders", f"/orders/{order['id']}", "u17")
    paid = await confirm(cast, order, known["payments"][-1])
    account.expect(
        "finance confirms: paid, and 1000.00 too much",
        paid["status"] == "paid" and paid["credited"] == "1000.00",
        "ORD-9 ORD-10",
        paid,
    )

    async def credit() -> bool:
        answer = await visitors.ask("GET", "orders", f"/customers/{cast.dealers[1]['id']}/account", "u17")
        return answer.status_code == 200 and bool(answer.json()["credit"] == "1000.00")

    account.expect("the surplus is the dealer's credit", await eventually(credit), "ORD-10")
    wanted = min(Decimal(1000), Decimal(cast.waiting["total"]))
    path = f"/orders/{cast.waiting['id']}/payments"
    drawn = await visitors.post("orders", f"{path}/from-credit", "u19", {"amount": str(wanted)})
    problem = await visitors.refused("orders", f"{path}/from-credit", "u19", {"amount": "1000.00"})
    account.expect("and is not spent twice", problem.get("rule") == "ORD-10", "ORD-10", problem)
    await confirm(cast, cast.waiting, drawn["payments"][-1])


async def _notice(cast: Cast, content: str, identity: str, signed: str | None = None) -> dict[str, Any]:
    at = datetime.now(UTC)
    secret = credentials(cast.stack.data_dir).webhooks[BANK]
    signature = Webhook(secret).sign(identity, at, signed or content)
    headers = {
        "webhook-id": identity, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature,
        "content-type": "application/json",
    }  # fmt: skip
    answer = await cast.visitors.ask(
        "POST", "orders", f"/payment-notices/{BANK}", "u37", content=content, headers=headers
    )
    return dict(answer.json())


async def _made(cast: Cast, order: dict[str, Any]) -> None:
    account, visitors, today = cast.account, cast.visitors, datetime.now(SHANGHAI).date()
    path = f"/production-requests/{cast.short['id']}"
    plan = {"starts_on": today.isoformat(), "ready_on": (today + timedelta(days=5)).isoformat()}
    await visitors.post("orders", f"{path}/plan", "u22", plan)
    await visitors.post("orders", f"{path}/start", "u22")
    lot = f"NEW-{uuid4().hex[:8]}"
    await visitors.post("orders", f"{path}/finish", "u22", {"lot": lot, "quantity": "25.00"})
    places = {"customer": cast.dealers[1]["id"]}

    async def told() -> bool:
        inbox = await visitors.get("notifications", "/inbox", "d002", places=places)
        return {"production_planned", "production_started", "production_finished"} <= {
            one["template"] for one in inbox["items"]
        }

    account.expect("production is planned, begun and done, and the dealer knows", await eventually(told), "ORD-7")
    held = await visitors.post("orders", f"/orders/{order['id']}/allocate", "u12")
    account.expect(
        f"with lot {lot} nothing is short any more",
        not held["shortages"] and lot in {goods["lot"] for goods in held["allocations"]},
        "ORD-7",
        held["shortages"],
    )


async def _refund(cast: Cast) -> None:
    account, visitors = cast.account, cast.visitors
    article = cast.articles[-1]["article"] if cast.articles[-1]["in_production"] else cast.order["lines"][0]["article"]
    order = await place(cast, cast.dealers[2], "u13", {article: "3"})
    await confirm(cast, order, await pay(cast, order))
    path = f"/orders/{order['id']}"
    asked = await visitors.post("orders", f"{path}/cancel", "u19", {"reason": "客户改变主意"})
    account.expect(
        "a paid order that is given up waits for its refund", asked["status"] == "refunding", "ORD-17", asked["status"]
    )
    problem = await visitors.refused("orders", f"{path}/refund/approve", "u19", {"to_credit": True})
    account.expect("which whoever asks for it does not approve", problem.get("status", 0) >= 400, "ORD-17", problem)
    done = await visitors.post("orders", f"{path}/refund/approve", "u17", {"to_credit": True})
    account.expect("another person does", done["status"] == "cancelled", "ORD-17", done["status"])


async def _papers(cast: Cast) -> None:
    account, visitors = cast.account, cast.visitors
    contract = await visitors.get("contracts", f"/contracts/{cast.contract['id']}", "u12")
    printed = await visitors.ask("GET", "contracts", f"/contracts/{contract['id']}/print", "u12")
    form = await visitors.ask("GET", "orders", f"/orders/{cast.order['id']}/order-form?format=pdf", "u12")
    account.expect(
        "contract and order form are printed",
        printed.content.startswith(b"%PDF") and form.content.startswith(b"%PDF"),
        "CON-6 ORD-18",
        (printed.status_code, form.status_code),
    )
    code = contract["verification_code"]
    answer = await visitors.ask("GET", "contracts", f"/verify/{code}", "u37", headers={"Authorization": ""})
    verified = answer.json()
    known = {cast.dealers[0]["company"], cast.dealers[0]["id"]}
    account.expect(
        f"whoever holds the paper can verify {verified.get('number')}, and learns nobody's name",
        verified.get("in_force") and not any(word in answer.text for word in known),
        "CON-6",
        verified,
    )


async def _books(cast: Cast) -> None:
    account, visitors = cast.account, cast.visitors
    today = datetime.now(SHANGHAI).date().isoformat()

    async def booked() -> bool:
        ledger = await visitors.get("orders", f"/reports/ledger?from={today}&to={today}", "u17")
        return cast.order["number"] in str(ledger)

    account.expect("the sales ledger has the order", await eventually(booked), "ORD-15")
    exported = await visitors.ask("GET", "orders", "/orders?format=xlsx", "u09")
    account.expect(
        "and every list leaves as a workbook", exported.content.startswith(b"PK"), "ORD-15", exported.status_code
    )
    progress = await eventually(lambda: _progress(cast))
    account.expect(
        "the contract knows what of it was ordered, paid and delivered", progress, "CON-13", cast.contract["id"]
    )


async def _progress(cast: Cast) -> bool:
    path = f"/contracts/{cast.contract['id']}/performance"
    (line,) = (await cast.visitors.get("contracts", path, "u12"))["lines"]
    return {line[deed]["quantity"] for deed in ("ordered", "paid", "delivered")} == {"60.00"}
