"""Orders with articles, prices in force and stock, and customers it has heard of."""

from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from shared.events.customers import CustomerRegistered
from tests.hearing import tell
from tests.house import Running

DATA = Path("deploy/local/data")

OWN = [f"T{number:04}" for number in range(100)]
_free = iter(OWN)

# What travels with a shipment; the invoice is the one that was made out.
PAPERS = {"certificate": "ZB1", "manual": True, "warranty_card": True}


async def upload(service: Running, path: str, who: dict[str, str], file: str) -> Any:
    answer = await service.ask("POST", path, who, files={"file": (file, (DATA / file).read_bytes())})
    assert answer.status_code == 201, answer.text
    return answer.json()


def catalogue() -> bytes:
    """The sample articles, and some that are in no stock list: a test that fills its shelf itself takes one of them."""
    book = load_workbook(DATA / "articles.xlsx")
    for code in OWN:
        book.worksheets[0].append([code, "自用砖", "600x600", "M1", "优等品", "P1", "m²", 9.90, "GB/T 4100-2015", "是"])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.fixture(scope="session")
async def shop(orders: Running) -> Running:
    manager = orders.headers("u09", "sales_manager")
    answer = await orders.ask("POST", "/articles/import", manager, files={"file": ("articles.xlsx", catalogue())})
    assert answer.status_code == 201, answer.text
    book = answer.json()
    await orders.post(f"/price-books/{book['id']}/approve", orders.headers("u05", "sales_director"))
    await upload(orders, "/lots/import", orders.headers("u26", "warehouse"), "stock.csv")
    return orders


@pytest.fixture
async def customer(shop: Running) -> str:
    """The id of a customer that orders has heard of."""
    event = CustomerRegistered(code="D001", company="恒美", kind="dealer", region="广东", level="A", owner="u12")
    customer_id = uuid4()
    await tell(shop, event, customer_id)
    return str(customer_id)


class Desk:
    """What the people at the counter do, one after another."""

    def __init__(self, shop: Running, customer: str, article: dict[str, Any]) -> None:
        self.shop, self.customer, self.article = shop, customer, article
        self.seller = shop.headers("u12", "salesperson")
        self.clerk = shop.headers("u19", "clerk")
        self.finance = shop.headers("u17", "finance")
        self.warehouse = shop.headers("u26", "warehouse")

    async def position(self) -> dict[str, Any]:
        body = {"customer_id": self.customer, "articles": [self.article["article"]]}
        shown = await self.shop.post("/stock-positions", self.seller, body)
        accepted: dict[str, Any] = await self.shop.post(
            f"/stock-positions/{shown['id']}/accept", self.seller, {"accepted_by": "王先生"}
        )
        return accepted

    async def wish(self, quantity: str = "10", **changed: Any) -> dict[str, Any]:
        position = await self.position()
        lines = [{"article": self.article["article"], "quantity": quantity}]
        return {"customer_id": self.customer, "stock_position_id": position["id"], "lines": lines} | changed

    async def place(self, quantity: str = "10", **changed: Any) -> dict[str, Any]:
        placed: dict[str, Any] = await self.shop.post("/orders", self.seller, await self.wish(quantity, **changed))
        return placed

    async def record(self, order: dict[str, Any], amount: str | None = None, **changed: Any) -> dict[str, Any]:
        body = {
            "kind": "wire",
            "amount": amount or order["total"],
            "account": "6222",
            "reference": str(uuid4()),
        } | changed
        recorded: dict[str, Any] = await self.shop.post(f"/orders/{order['id']}/payments", self.clerk, body)
        return recorded

    async def paid(self, quantity: str = "10") -> dict[str, Any]:
        order = await self.record(await self.place(quantity))
        payment = order["payments"][0]["id"]
        confirmed: dict[str, Any] = await self.shop.post(
            f"/orders/{order['id']}/payments/{payment}/confirm", self.finance
        )
        return confirmed

    async def confirmed(self, order: dict[str, Any], amount: str | None = None) -> dict[str, Any]:
        recorded = await self.record(order, amount)
        path = f"/orders/{order['id']}/payments/{recorded['payments'][-1]['id']}/confirm"
        confirmed: dict[str, Any] = await self.shop.post(path, self.finance)
        return confirmed

    async def released(self, quantity: str = "10") -> dict[str, Any]:
        """A paid order with its invoice and a dispatch plan, that may be shipped."""
        order = await self.paid(quantity)
        await self.prepare(order)
        done: dict[str, Any] = await self.shop.post(f"/orders/{order['id']}/release", self.warehouse)
        return done

    async def prepare(self, order: dict[str, Any]) -> None:
        """What a shipment needs before it may leave: an invoice for the whole order, and a plan."""
        invoice = {"invoice": f"FP-{uuid4().hex[:8]}", "title": "恒美", "issued_on": "2026-11-24"}
        await self.shop.post(f"/orders/{order['id']}/invoice", self.finance, invoice)
        await self.plan(order)

    async def plan(self, order: dict[str, Any], day: str = "2099-01-01") -> dict[str, Any]:
        body = {"planned_on": day, "carrier": "顺丰"}
        planned: dict[str, Any] = await self.shop.post(f"/orders/{order['id']}/plan-dispatch", self.warehouse, body)
        return planned

    async def new_lot(self, quantity: str = "100", colour: str | None = None, expires: str = "") -> dict[str, Any]:
        number = f"T-{uuid4().hex[:10]}"
        row = [
            number,
            self.article["article"],
            colour or self.article["colour_number"],
            self.article["grade"],
            quantity,
            "2026-11-01",
            expires,
        ]
        text = "批号,货号,色号,等级,数量,入库日期,有效期至\n" + ",".join(row) + "\n"
        files = {"file": ("lots.csv", text.encode())}
        answer = await self.shop.ask("POST", "/lots/import", self.warehouse, files=files)
        assert answer.status_code == 201, answer.text
        lots = await self.shop.get(f"/lots?article={self.article['article']}&limit=200")
        return next(lot for lot in lots["items"] if lot["lot"] == number)

    def shipment(self, lot: dict[str, Any], quantity: str = "10") -> dict[str, Any]:
        return PAPERS | {"goods": [{"line": 1, "lot_id": lot["id"], "quantity": quantity}]}


@pytest.fixture
async def desk(shop: Running, customer: str) -> Desk:
    listed = (await shop.get("/articles?limit=5"))["items"]
    return Desk(shop, customer, next(article for article in listed if article["in_production"]))


@pytest.fixture
async def shelf(shop: Running, customer: str) -> Desk:
    """A desk that sells an article of which there is nothing yet."""
    code = next(_free)
    article = {"article": code, "colour_number": "P1", "grade": "优等品"}
    return Desk(shop, customer, article)
