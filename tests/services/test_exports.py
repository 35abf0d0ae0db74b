"""Every list of every service can be had as a table, under the same rules as the list itself; imports say what they
want.
"""

import ast
import csv
import importlib
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import openpyxl
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel

from shared.documents.columns import cells_of
from shared.domain.actor import Post
from shared.web.words import Words
from tests.house import House, Running

DATA = Path("deploy/local/data")
SERVICES = sorted(file.parent.name for file in Path("services").glob("*/app.py"))
ZH = {"Accept-Language": "zh-CN"}
INSIDE = [post for post in Post if post not in (Post.CUSTOMER, Post.PARTNER)]

LEDGER = "/v1/reports/ledger"  # a report, with a form of its own

of_each_service = pytest.mark.parametrize("name", SERVICES)


def modules(name: str) -> Iterator[Any]:
    """Where routes are."""
    importlib.import_module(f"services.{name}.app")
    for file in sorted(Path("services", name).rglob("api/*.py")):
        yield importlib.import_module(".".join(file.with_suffix("").parts).removesuffix(".__init__"))


def listed_models(module: Any) -> Iterator[tuple[type[BaseModel], Sequence[str]]]:
    """The models of the documents that are listed, and what is left out for everybody."""
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("listed"):
            found = [named(module, part) for part in node.args]
            [left_out] = [part.value for part in node.keywords if part.arg == "without"] or [None]
            names = ast.literal_eval(left_out) if isinstance(left_out, ast.List) else named(module, left_out) or ()
            yield from ((model, names) for model in found if isinstance(model, type) and issubclass(model, BaseModel))


def named(module: Any, node: ast.AST | None) -> Any:
    """What a name in a module stands for; None for what is worked out or local."""
    if isinstance(node, ast.Attribute):
        return getattr(named(module, node.value), node.attr, None)
    return getattr(module, node.id, None) if isinstance(node, ast.Name) else None


def lists(name: str) -> Iterator[APIRoute]:
    """The routes that answer in pages."""
    for module in modules(name):
        router = getattr(module, "router", None)
        for route in router.routes if isinstance(router, APIRouter) else ():
            if isinstance(route, APIRoute) and "GET" in route.methods and "after" in asked_by(route):
                yield route


def asked_by(route: APIRoute) -> set[str]:
    parts = [route.dependant, *route.dependant.dependencies]
    return {field.alias for part in parts for field in part.query_params}


def table(answer: httpx.Response) -> tuple[list[str], list[dict[str, str]]]:
    """Heading and rows of a CSV."""
    assert answer.status_code == 200, answer.text
    reader = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    return list(reader.fieldnames or ()), list(reader)


@of_each_service
def test_every_list_can_be_had_as_a_table(name: str) -> None:
    routes = list(lists(name))
    assert routes
    assert [route.path for route in routes if "format" not in asked_by(route)] == []


@of_each_service
def test_every_column_has_a_chinese_heading(name: str) -> None:
    words = Words(Path("services", name, "messages.zh.toml"))
    listed = [found for module in modules(name) for found in listed_models(module)]
    assert listed
    headings = {
        f"{model.__name__}.{cell.name}": words.heading(cell.name, "zh")
        for model, without in listed
        for cell in cells_of(model, without)
    }
    assert [
        at for at, said in headings.items() if not all(re.search("[一-鿿]", part) for part in said.split("."))
    ] == []


@of_each_service
def test_every_table_has_a_chinese_name(name: str) -> None:
    words = Words(Path("services", name, "messages.zh.toml"))
    paths = [route.path.split("/") for route in lists(name) if route.path != LEDGER]
    names = {[part for part in path if not part.startswith("{")][-1] for path in paths}
    assert sorted(names - words.tables.keys()) == []


@of_each_service
async def test_every_list_is_a_table_in_both_formats_for_whoever_may_see_it(house: House, name: str) -> None:
    service = await house.service(name)
    reader = service.headers("u99", *INSIDE)
    for route in lists(name):
        if "{" in route.path or route.path == LEDGER:
            continue
        path = route.path.removeprefix("/v1")
        answer = await service.ask("GET", f"{path}?format=csv", reader)
        heading, _ = table(answer)
        answer = await service.ask("GET", f"{path}?format=xlsx", reader)
        assert answer.status_code == 200, answer.text
        [sheet, *_] = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
        assert [cell.value for cell in sheet[1]] == heading


async def upload(service: Running, path: str, who: dict[str, str], name: str, content: bytes | str) -> httpx.Response:
    raw = content.encode() if isinstance(content, str) else content
    return await service.ask("POST", path, who, files={"file": (name, raw)})


@pytest.fixture(scope="session")
async def customers(house: House) -> Running:
    service = await house.service("customers")
    clerk = service.headers("u18", "clerk")
    assert (await upload(service, "/customers/import", clerk, "d.csv", (DATA / "dealers.csv").read_bytes())).is_success
    return service


@pytest.fixture(scope="session")
async def staff(house: House) -> Running:
    service = await house.service("staff")
    personnel = service.headers("u30", "hr")
    assert (
        await upload(service, "/employees/import", personnel, "s.csv", (DATA / "staff.csv").read_bytes())
    ).is_success
    return service


@pytest.fixture(scope="session")
async def shop(orders: Running) -> Running:
    manager = orders.headers("u09", "sales_manager")
    articles = (DATA / "articles.xlsx").read_bytes()
    assert (await upload(orders, "/articles/import", manager, "articles.xlsx", articles)).is_success
    return orders


async def test_a_table_shows_whose_list_it_is_and_no_more(customers: Running) -> None:
    """CUS-9: salespeople their own, contact data to those who need it."""
    clerk, seller = customers.headers("u18", "clerk"), customers.headers("u12", "salesperson")
    _, everybody = table(await customers.ask("GET", "/customers?format=csv", clerk))
    _, own = table(await customers.ask("GET", "/customers?format=csv", seller))
    assert {row["owner"] for row in own} == {"u12"}
    assert [row for row in everybody if row["owner"] == "u12"] == own
    _, masked = table(await customers.ask("GET", "/customers?format=csv", customers.headers("u99", "warehouse")))
    assert {row["phone"] for row in masked}.isdisjoint(row["phone"] for row in everybody)


async def test_a_table_is_narrowed_as_the_list_is(customers: Running) -> None:
    clerk = customers.headers("u18", "clerk")
    _, everybody = table(await customers.ask("GET", "/customers?format=csv", clerk))
    code = everybody[3]["code"]
    _, [one] = table(await customers.ask("GET", f"/customers?format=csv&code={code}", clerk))
    assert one == everybody[3]


async def test_wages_are_a_column_for_personnel_alone(staff: Running) -> None:
    """STF-1"""
    _, known = table(await staff.ask("GET", "/employees?format=csv", staff.headers("u30", "hr")))
    heading, _ = table(await staff.ask("GET", "/employees?format=csv", staff.headers("u18", "clerk")))
    assert float(known[0]["monthly_wage"]) > 0
    assert "monthly_wage" not in heading


async def test_what_a_customer_bought_is_a_table_too(customers: Running) -> None:
    clerk = customers.headers("u18", "clerk")
    [first, *_] = (await customers.get("/customers", clerk))["items"]
    heading, _ = table(await customers.ask("GET", f"/customers/{first['id']}/records?format=csv", clerk))
    assert heading[:2] == ["number", "order_id"]
    stranger = customers.headers("u97", "salesperson")
    assert (await customers.ask("GET", f"/customers/{first['id']}/records?format=csv", stranger)).status_code == 404


# Import templates, and what comes back


TEMPLATES = [
    ("orders", "/articles", "sales_manager", 10),
    ("orders", "/price-books", "sales_director", 2),
    ("orders", "/lots", "warehouse", 7),
    ("customers", "/customers", "clerk", 9),
    ("staff", "/employees", "hr", 9),
]


@pytest.mark.parametrize(("name", "path", "post", "columns"), TEMPLATES)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_template_has_the_headings_that_the_import_knows(
    house: House, name: str, path: str, post: str, columns: int, language: str
) -> None:
    service = await house.service(name)
    who = service.headers("u98", post)
    answer = await service.ask("GET", f"{path}/import-template?format=csv", who, headers={"Accept-Language": language})
    heading, rows = table(answer)
    assert (len(heading), rows) == (columns, [])
    assert ("品" in "".join(heading) or "号" in "".join(heading)) is (language == "zh")
    answer = await service.ask("GET", f"{path}/import-template", who, headers={"Accept-Language": language})
    refused = await upload(service, f"{path}/import", who, "empty.xlsx", answer.content)
    assert [error["code"] for error in refused.json()["errors"]] == ["no_rows"]  # and no heading is unknown or missing


@pytest.mark.parametrize(("name", "path", "post", "columns"), TEMPLATES)
async def test_a_template_is_for_whoever_may_import(
    house: House, name: str, path: str, post: str, columns: int
) -> None:
    service = await house.service(name)
    answer = await service.ask("GET", f"{path}/import-template", service.headers("u97", "trainer"))
    assert answer.status_code == 403


async def test_a_price_list_is_drafted_whole_shown_row_by_row_and_brought_in_again(shop: Running) -> None:
    """ORD-2"""
    manager = shop.headers("u09", "sales_manager")
    codes = [article["article"] for article in (await shop.get("/articles?limit=3", manager))["items"]]
    content = "货号,价格\n" + "".join(f"{code},{at}.50\n" for at, code in enumerate(codes, 1))
    drafted = await upload(shop, "/price-books/import", manager, "prices.csv", content)
    assert drafted.status_code == 201, drafted.text
    book = drafted.json()
    assert (book["status"], book["prices"]) == ("draft", dict(zip(codes, ["1.50", "2.50", "3.50"], strict=True)))
    shown = await shop.get(f"/price-books/{book['id']}/prices?limit=2", manager)
    assert [price["price"] for price in shown["items"]] == ["1.50", "2.50"]
    for form in ("csv", "xlsx"):
        exported = await shop.ask("GET", f"/price-books/{book['id']}/prices?format={form}", manager, headers=ZH)
        again = await upload(shop, "/price-books/import", manager, f"prices.{form}", exported.content)
        assert again.status_code == 201, again.text
        assert again.json()["prices"] == book["prices"]


async def test_a_price_list_with_errors_names_each_and_drafts_nothing(shop: Running) -> None:
    """ORD-2: an article that is not in the catalogue is named by its row."""
    manager = shop.headers("u09", "sales_manager")
    [known] = [article["article"] for article in (await shop.get("/articles?limit=1", manager))["items"]]
    before = await shop.pool.fetchval("SELECT count(*) FROM price_books")
    refused = await upload(
        shop, "/price-books/import", manager | ZH, "价格.csv", f"货号,单价\n{known},1.00\nNO-1,2.00\nNO-2,3.00\n"
    )
    assert refused.status_code == 422
    errors = refused.json()["errors"]
    assert [(error["sheet"], error["row"], error["column"], error["value"]) for error in errors] == [
        ("价格", 3, "A", "NO-1"),
        ("价格", 4, "A", "NO-2"),
    ]
    assert {error["detail"] for error in errors} == {"不在品种表中。"}
    refused = await upload(shop, "/price-books/import", manager, "p.csv", f"货号,单价\n{known},0\n{known},-1.234\n")
    assert {(error["row"], error["column"]) for error in refused.json()["errors"]} >= {(2, "B"), (3, "B")}
    assert await shop.pool.fetchval("SELECT count(*) FROM price_books") == before


async def test_prices_are_brought_in_by_sales_management_and_a_draft_is_not_shown_outside(shop: Running) -> None:
    """ORD-2, PLT-3"""
    manager = shop.headers("u09", "sales_manager")
    [known] = [article["article"] for article in (await shop.get("/articles?limit=1", manager))["items"]]
    content = f"货号,单价\n{known},1.00\n"
    refused = await upload(shop, "/price-books/import", shop.headers("u12", "salesperson"), "p.csv", content)
    assert refused.status_code == 403
    book = (await upload(shop, "/price-books/import", manager, "p.csv", content)).json()
    outside = shop.headers("d1", "customer", customer=str(uuid4()))
    assert (await shop.ask("GET", f"/price-books/{book['id']}/prices?format=csv", outside)).status_code == 404
    assert (await shop.ask("GET", f"/price-books/{uuid4()}/prices?format=csv", manager)).status_code == 404


async def test_the_columns_of_the_template_go_out_and_come_in_again_unchanged(customers: Running) -> None:
    """CUS-1: a list of customers, less the columns that are not the importer's, is known already."""
    clerk = customers.headers("u18", "clerk")
    wanted, _ = table(await customers.ask("GET", "/customers/import-template?format=csv", clerk, headers=ZH))
    _, rows = table(await customers.ask("GET", "/customers?format=csv", clerk, headers=ZH))
    again = io.StringIO(newline="")
    writer = csv.DictWriter(again, ["客户编号", *wanted[1:]], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    answer = await upload(customers, "/customers/import", clerk, "again.csv", again.getvalue())
    assert answer.json() == {"registered": 0, "known_before": len(rows)}
