"""Orders as clients see them."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.house import Running, eventually

DATA = Path("deploy/local/data")


@pytest.fixture(scope="session")
async def catalogue(orders: Running) -> Running:
    """Orders with the sample articles, prices in force, and stock."""
    files = {"file": ("articles.xlsx", (DATA / "articles.xlsx").read_bytes())}
    manager = orders.headers("u05", "sales_manager")
    answer = await orders.ask("POST", "/articles/import", manager, files=files)
    assert answer.status_code == 201, answer.text
    book = answer.json()
    await orders.post(f"/price-books/{book['id']}/approve", orders.headers("u06", "sales_director"))
    files = {"file": ("stock.csv", (DATA / "stock.csv").read_bytes())}
    answer = await orders.ask("POST", "/lots/import", orders.headers("w1", "warehouse"), files=files)
    assert answer.status_code == 201, answer.text
    return orders


async def test_smoke(catalogue: Running) -> None:
    articles = await catalogue.get("/articles?limit=3")
    assert len(articles["items"]) == 3
    article = articles["items"][0]["article"]
    customer = uuid4()
    await catalogue.pool.execute("INSERT INTO known_customers VALUES ($1, 'D1', 'c', 'u1')", customer)
    seller = catalogue.headers("u1", "salesperson")
    position = await catalogue.post("/stock-positions", seller, {"customer_id": str(customer), "articles": [article]})
    await catalogue.post(f"/stock-positions/{position['id']}/accept", seller, {"accepted_by": "王先生"})
    body = {
        "customer_id": str(customer),
        "stock_position_id": position["id"],
        "lines": [{"article": article, "quantity": "10"}],
    }
    order = await catalogue.post("/orders", seller, body, headers={"Idempotency-Key": "k1"})
    again = await catalogue.post("/orders", seller, body, headers={"Idempotency-Key": "k1"})
    assert again == order
    body["lines"][0]["price"] = "1.00"
    problem = await catalogue.refused("/orders", seller, body, headers={"Accept-Language": "zh-CN"})
    assert problem["rule"] == "ORD-3"
    assert await catalogue.announced(order["id"]) == ["placed"]

    async def relayed() -> bool:
        return bool(await catalogue.pool.fetchval("SELECT safe_seq >= (SELECT max(seq) FROM events) FROM relay_state"))

    await eventually(relayed)
