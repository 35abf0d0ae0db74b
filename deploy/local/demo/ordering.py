"""Part 3: an order, its money, its release and its way to the customer."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from deploy.local.demo.cast import Cast
from deploy.local.demo.visitors import eventually
from shared.domain.numbers import SHANGHAI

ACCOUNT = "6222-FS-001"


async def order(cast: Cast) -> None:
    """Payment first, goods after, and nobody does two people's work."""
    account = cast.account
    account.chapter("3. An order under the contract: payment first, goods after")
    dealer, contract = cast.dealers[0], cast.contract
    line = contract["lines"][0]
    await _self_made_price(cast, dealer, line["article"])
    placed = await place(cast, dealer, "u12", {line["article"]: "60"}, contract["id"])
    cast.order = placed
    authority = placed["lines"][0]["authority"]
    account.expect(
        f"order {placed['number']} takes its price {placed['lines'][0]['price']} yuan from {authority}",
        placed["lines"][0]["price"] == line["price"] and contract["number"] in authority,
        "ORD-3 ORD-5 ORD-6 ORD-19",
        placed["lines"],
    )
    cast.waiting = await place(cast, cast.dealers[1], "u12", {line["article"]: "12"})
    account.expect(
        "an order without a contract takes it from the price book",
        cast.waiting["lines"][0]["authority"].startswith("price book"),
        "ORD-2 ORD-3",
        cast.waiting["lines"],
    )
    await _gate(cast)
    await _goods(cast)


async def _self_made_price(cast: Cast, dealer: dict[str, Any], article: str) -> None:
    account, visitors = cast.account, cast.visitors
    position = await stock(cast, dealer, "u12", [article])
    account.expect(
        f"{position['lines'][0]['available']} of {article} are in stock: shown to the dealer and accepted by them",
        position["status"] == "accepted" and Decimal(position["lines"][0]["available"]) > 0,
        "ORD-6",
        position,
    )
    lines = [{"article": article, "quantity": "10", "price": "1.00"}]
    body = {"customer_id": dealer["id"], "stock_position_id": position["id"], "lines": lines}
    problem = await visitors.refused("orders", "/orders", "u12", body, headers={"Accept-Language": "zh-CN"})
    account.expect(
        f"a self-made price is refused: {problem['detail']}", problem.get("rule") == "ORD-3", "ORD-3", problem
    )
    attempt = (await visitors.get("orders", "/price-attempts", "u09"))["items"][0]
    account.expect("and the attempt is on record", attempt["person"] == "u12", "ORD-3", attempt)

    async def reported() -> bool:
        inbox = await visitors.get("notifications", "/inbox", "u09")
        return any(message["about"] == attempt["id"] for message in inbox["items"])

    account.expect("and reported to the sales manager", await eventually(reported), "ORD-3 NOT-1")


async def stock(cast: Cast, dealer: dict[str, Any], who: str, articles: list[str]) -> dict[str, Any]:
    """The stock position, shown to the dealer and accepted by them."""
    body = {"customer_id": dealer["id"], "articles": articles}
    position: dict[str, Any] = await cast.visitors.post("orders", "/stock-positions", who, body)
    accept = f"/stock-positions/{position['id']}/accept"
    accepted: dict[str, Any] = await cast.visitors.post("orders", accept, who, {"accepted_by": dealer["company"]})
    return accepted


async def place(
    cast: Cast, dealer: dict[str, Any], who: str, wanted: dict[str, str], contract_id: str | None = None
) -> dict[str, Any]:
    """An order at the prices that hold."""
    position = await stock(cast, dealer, who, list(wanted))
    body = {
        "customer_id": dealer["id"],
        "contract_id": contract_id,
        "stock_position_id": position["id"],
        "lines": [{"article": article, "quantity": quantity} for article, quantity in wanted.items()],
    }
    placed: dict[str, Any] = await cast.visitors.post("orders", "/orders", who, body)
    return placed


async def pay(cast: Cast, order: dict[str, Any], clerk: str = "u19") -> dict[str, Any]:
    """A clerk records the whole sum with its voucher; answers the payment."""
    body = {"kind": "wire", "amount": order["total"], "account": ACCOUNT, "reference": f"REF-{uuid4().hex[:12]}"}
    recorded = await cast.visitors.post("orders", f"/orders/{order['id']}/payments", clerk, body)
    payment: dict[str, Any] = recorded["payments"][-1]
    return payment


async def confirm(cast: Cast, order: dict[str, Any], payment: dict[str, Any], finance: str = "u17") -> dict[str, Any]:
    """Finance confirms a payment; answers the order."""
    path = f"/orders/{order['id']}/payments/{payment['id']}/confirm"
    confirmed: dict[str, Any] = await cast.visitors.post("orders", path, finance)
    return confirmed


async def prepare(cast: Cast, order: dict[str, Any]) -> None:
    """Finance makes out the invoice and transport plans the dispatch: nothing leaves without them."""
    path, today = f"/orders/{order['id']}", datetime.now(SHANGHAI).date().isoformat()
    invoice = {"invoice": f"FP-{uuid4().hex[:12]}", "title": cast.dealers[0]["company"], "issued_on": today}
    await cast.visitors.post("orders", f"{path}/invoice", "u17", invoice)
    await cast.visitors.post("orders", f"{path}/plan-dispatch", "u28", {"planned_on": today, "carrier": "自有车队"})


async def lot_of(cast: Cast, article: str, quantity: str) -> dict[str, Any]:
    """A lot that may be shipped and holds so much of an article."""
    listed = next(one for one in cast.articles if one["article"] == article)
    lots = await cast.visitors.get("orders", f"/lots?article={article}", "u26")
    fitting: dict[str, Any] = next(
        lot
        for lot in lots["items"]
        if lot["colour_number"] == listed["colour_number"]
        and lot["grade"] == listed["grade"]
        and Decimal(lot["left"]) >= Decimal(quantity)
        and not lot["expires_on"]
    )
    return fitting


async def _gate(cast: Cast) -> None:
    account, visitors, order = cast.account, cast.visitors, cast.order
    payment = await pay(cast, order)
    account.tell(f"{visitors.name('u19')} records {payment['amount']} yuan by wire", "ORD-10")
    problem = await visitors.refused("orders", f"/orders/{order['id']}/release", "u26")
    account.expect(f"release is refused: {problem['detail']}", problem.get("rule") == "ORD-9", "ORD-9", problem)
    path = f"/orders/{order['id']}/payments/{payment['id']}/confirm"
    problem = await visitors.refused("orders", path, "u19")
    account.expect("the clerk cannot confirm: that is finance's post", problem.get("status") == 403, "ORD-10", problem)
    own = await visitors.post(
        "orders", f"/orders/{cast.waiting['id']}/payments", "u17",
        {"kind": "cash", "amount": "1.00", "account": ACCOUNT, "reference": "CASH-1"},
    )  # fmt: skip
    path = f"/orders/{cast.waiting['id']}/payments/{own['payments'][-1]['id']}/confirm"
    problem = await visitors.refused("orders", path, "u17")
    account.expect(
        f"not even finance its own record: {problem['detail']}", problem.get("rule") == "ORD-10", "ORD-10", problem
    )
    paid = await confirm(cast, order, payment)
    account.expect(
        f"{visitors.name('u17')} confirms; the order is paid", paid["status"] == "paid", "ORD-9 ORD-10", paid
    )


async def _goods(cast: Cast) -> None:
    account, visitors, order = cast.account, cast.visitors, cast.order
    allocated = await visitors.post("orders", f"/orders/{order['id']}/allocate", "u12")
    account.expect(
        "goods are set aside, first expired first out",
        not allocated["shortages"],
        "ORD-7 ORD-12",
        allocated["shortages"],
    )
    released = await visitors.post("orders", f"/orders/{order['id']}/release", "u26")
    account.expect(f"delivery order {released['delivery_order']} is issued", released["status"] == "released", "ORD-11")
    lot = allocated["allocations"][0]
    lots = [goods["lot"] for goods in allocated["allocations"]]
    await eventually(lambda: visitors.get("quality", f"/goods?order_number={order['number']}", "u24"))
    certificate = await visitors.post(
        "quality", "/certificates", "u24", {"order_number": order["number"], "lots": lots}
    )
    body = {"certificate": certificate["number"], "manual": True, "warranty_card": True}
    problem = await visitors.refused("orders", f"/orders/{order['id']}/dispatch", "u26", body)
    account.expect(
        f"dispatch without its papers is refused: {problem['detail']}",
        problem.get("rule") == "ORD-11",
        "ORD-11",
        problem,
    )
    await prepare(cast, order)
    sent = await visitors.post("orders", f"/orders/{order['id']}/dispatch", "u26", body)
    account.expect(
        f"lot {lot['lot']} leaves with quality certificate {certificate['number']}",
        sent["status"] == "dispatched" and sent["certificate"] == certificate["number"],
        "ORD-11 QUA-6",
        sent,
    )
    done = await visitors.post("orders", f"/orders/{order['id']}/deliver", "u28", {"received_by": "梁耀祖"})
    account.expect("the dealer has the goods", done["status"] == "delivered", "ORD-13", done["status"])
    cast.order = done
    cast.order["lot"] = await visitors.get("orders", f"/lots/{lot['lot_id']}", "u26")
