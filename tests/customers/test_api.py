"""The register of customers as clients see it."""

import asyncio
from typing import Any

import asyncpg
import pytest

from services.customers.domain.customer import Customer
from tests.customers.conftest import DEALERS
from tests.house import Running

HEADING = "编号,公司,类型,区域,级别,联系人,电话,地址,归属业务员"


def some(code: str, **other: str) -> dict[str, str]:
    return {
        "code": code, "company": f"{code} 建材", "kind": "dealer", "region": "湖南", "level": "B", "contact": "王芳",
        "phone": "13900000001", "address": "五一大道1号", "owner": "u12",
    } | other  # fmt: skip


async def bring(customers: Running, *lines: str, post: str = "clerk", language: str = "en") -> Any:
    content = "\n".join(lines).encode()
    who = customers.headers("u18", post) | {"Accept-Language": language}
    return await customers.ask("POST", "/customers/import", who, files={"file": ("list.csv", content)})


async def test_a_list_of_dealers_is_registered_whole_and_left_alone_the_second_time(dealers: Running) -> None:
    """CUS-1"""
    again = await dealers.ask(
        "POST", "/customers/import", dealers.headers("u18", "clerk"), files={"file": ("d.csv", DEALERS)}
    )
    assert again.json() == {"registered": 0, "known_before": 30}
    assert await dealers.announced(Customer.id_of("D001")) == ["registered"]


async def test_other_data_under_a_known_code_is_named_cell_by_cell_and_nothing_is_registered(dealers: Running) -> None:
    """CUS-1"""
    answer = await bring(
        dealers,
        HEADING,
        "D900,新客户,dealer,湖南,B,王芳,1390,一路1号,u12",
        "",
        "D001,佛山市禅城区恒美建材经营部,project,广东,A,梁耀祖,13800000037,佛山市禅城区季华西路86号,u40",
        language="zh",
    )
    assert answer.status_code == 422
    assert [(e["row"], e["column"], e["heading"], e["detail"]) for e in answer.json()["errors"]] == [
        (4, "C", "类型", "与已登记的资料不符。"), (4, "I", "归属业务员", "与已登记的资料不符。")
    ]  # fmt: skip
    assert not (await dealers.get("/customers?code=D900"))["items"]


async def test_every_error_of_a_list_is_named_and_nothing_is_registered(customers: Running) -> None:
    """CUS-1"""
    answer = await bring(
        customers, HEADING, "D901,,wholesaler,湖南,B,王芳,1390,一路1号,u12", "D902,甲,dealer,,B,,,,u12"
    )
    assert answer.status_code == 422
    places = {(error["row"], error["column"]) for error in answer.json()["errors"]}
    assert places == {(2, "B"), (2, "C"), (3, "D"), (3, "F"), (3, "G"), (3, "H")}
    assert not (await customers.get("/customers?code=D902"))["items"]


async def test_a_customer_is_registered_by_clerks_and_sales_managers_alone(customers: Running) -> None:
    """CUS-1"""
    for post in ("salesperson", "sales_director", "finance", "customer", "operator"):
        problem = await customers.refused("/customers", customers.headers("x", post), some("R1"))
        assert problem["status"] == 403
        assert (await bring(customers, HEADING, "R1,甲,dealer,湖南,B,乙,1,丙,u12", post=post)).status_code == 403
    registered = await customers.post("/customers", customers.headers("u05", "sales_manager"), some("R1"))
    assert registered["id"] == str(Customer.id_of("R1"))


async def test_a_code_is_registered_once_and_a_repeated_request_gets_its_first_answer(customers: Running) -> None:
    """CUS-1"""
    clerk = customers.headers("u18", "clerk")
    first = await customers.post("/customers", clerk, some("R2"), headers={"Idempotency-Key": "r2"})
    assert await customers.post("/customers", clerk, some("R2"), headers={"Idempotency-Key": "r2"}) == first
    problem = await customers.refused("/customers", clerk, some("R2"), headers={"Accept-Language": "zh"})
    assert (problem["rule"], problem["detail"]) == ("CUS-1", "客户 R2 已登记")
    with pytest.raises(asyncpg.UniqueViolationError, match="CUS-1 a customer code is registered once"):
        await customers.pool.execute(
            "INSERT INTO customers (id, version, document, digest)"
            " SELECT gen_random_uuid(), 1, document, '' FROM customers WHERE code = 'R2'"
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", 'R"3'), ("code", ""), ("kind", "wholesaler"), ("company", "  "), ("company", "\u0000"),
     ("phone", "1" * 41), ("owner", ""), ("wage", "1"), ("address", None)],
)  # fmt: skip
async def test_what_is_no_customer_is_refused(customers: Running, field: str, value: str) -> None:
    """CUS-1"""
    problem = await customers.refused("/customers", customers.headers("u18", "clerk"), some("R3") | {field: value})
    assert problem["status"] == 422


@pytest.mark.parametrize(
    ("user", "claims", "seen"),
    [
        (("u12", "salesperson"), {}, True),
        (("u05", "sales_manager"), {}, True),
        (("u06", "sales_director"), {}, True),
        (("u33", "service_agent"), {}, True),
        (("u18", "clerk"), {}, True),
        (("c1", "customer"), {"customer": str(Customer.id_of("D001"))}, True),
        (("p1", "partner"), {"partner": str(Customer.id_of("D001"))}, True),
        (("u20", "finance"), {}, False),
        (("u35", "technician"), {}, False),
        (("u37", "operator"), {}, False),
        (("u01", "general_manager"), {}, False),
    ],
)
async def test_contact_data_is_masked_for_those_who_need_none(
    dealers: Running, user: tuple[str, str], claims: dict[str, str], seen: bool
) -> None:
    """CUS-9: the owner, sales management, service agents, clerks and the customer see it; nobody else."""
    who = dealers.headers(*user, **claims)
    file = await dealers.get(f"/customers/{Customer.id_of('D001')}", who)
    [listed] = (await dealers.get("/customers?code=D001", who))["items"]
    assert listed == file
    contacts = {file["contact"], file["phone"], file["address"]}
    assert (contacts == {"***"}) is not seen
    assert ("13800000037" in contacts) is seen
    assert file["company"] == "佛山市禅城区恒美建材经营部"


async def test_salespeople_see_their_own_customers_only(dealers: Running) -> None:
    """CUS-1: 谁的客户归谁接待"""
    seller = dealers.headers("u12", "salesperson")
    owners = {file["owner"] for file in (await dealers.get("/customers?limit=200", seller))["items"]}
    assert owners == {"u12"}
    assert (await dealers.get("/customers?owner=u13", seller))["items"] == []
    for path in ("", "/records"):
        answer = await dealers.ask("GET", f"/customers/{Customer.id_of('D003')}{path}", seller)
        assert answer.status_code == 404


async def test_outside_actors_see_themselves_only(dealers: Running) -> None:
    """CUS-1"""
    own, other = Customer.id_of("D001"), Customer.id_of("D002")
    for post in ("customer", "partner"):
        who = dealers.headers("u12", post, **{post: str(own)})
        assert [file["code"] for file in (await dealers.get("/customers", who))["items"]] == ["D001"]
        assert (await dealers.ask("GET", f"/customers/{other}", who)).status_code == 404
        assert (await dealers.ask("GET", f"/customers/{other}/records", who)).status_code == 404
        for stranger in (dealers.headers("u12", post, **{post: "D001"}), dealers.headers("u12", post)):
            assert (await dealers.get("/customers", stranger))["items"] == []


async def test_nobody_sees_anything_without_a_token(dealers: Running) -> None:
    """PLT-3"""
    for path in ("/customers", f"/customers/{Customer.id_of('D001')}", f"/customers/{Customer.id_of('D001')}/records"):
        assert (await dealers.ask("GET", path)).status_code == 401


async def test_the_list_is_narrowed_and_read_in_pages(dealers: Running) -> None:
    """CUS-1"""
    seen: list[str] = []
    after = ""
    while after is not None:
        page = await dealers.get("/customers", params={"after": after, "limit": 3, "region": "广东", "kind": "dealer"})
        seen += [file["code"] for file in page["items"]]
        assert {(file["region"], file["kind"]) for file in page["items"]} == {("广东", "dealer")}
        after = page["next"]
    assert len(seen) > 3
    assert seen == sorted(set(seen))
    found = await dealers.get("/customers", params={"q": "恒美", "owner": "u12"})
    assert [file["code"] for file in found["items"]] == ["D001"]
    assert (await dealers.get("/customers", params={"q": "%"}))["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "kind=x", "q=" + "a" * 101, "q=%00", "after=%00"])
async def test_a_list_that_cannot_be_is_refused(customers: Running, query: str) -> None:
    answer = await customers.ask("GET", f"/customers?{query}", customers.headers("u18", "clerk"))
    assert answer.status_code == 422


async def test_the_sales_manager_gives_a_customer_to_another_salesperson(customers: Running) -> None:
    """CUS-1"""
    manager = customers.headers("u05", "sales_manager")
    file = await customers.post("/customers", customers.headers("u18", "clerk"), some("R4"))
    path = f"/customers/{file['id']}"
    for post in ("salesperson", "clerk", "sales_director"):
        assert (await customers.refused(f"{path}/owner", customers.headers("u12", post), {"owner": "u13"}))[
            "status"
        ] == 403
    assert (await customers.refused(f"{path}/owner", manager, {"owner": "u12"}))["rule"] == "CUS-1"
    assert (await customers.refused(f"{path}/owner", manager, {"owner": " "}))["status"] == 422
    assert (await customers.post(f"{path}/owner", manager, {"owner": "u13"}))["owner"] == "u13"
    assert await customers.announced(file["id"]) == ["registered", "owner_changed"]
    assert (await customers.ask("GET", path, customers.headers("u12", "salesperson"))).status_code == 404
    assert (await customers.get(path, customers.headers("u13", "salesperson")))["phone"] == "13900000001"


async def test_what_is_announced_of_a_customer_names_no_contact(dealers: Running) -> None:
    """CUS-9"""
    rows = await dealers.pool.fetch("SELECT data FROM events")
    assert rows
    assert not any(
        secret.encode() in row["data"] for row in rows for secret in ("13800000037", "梁耀祖", "13900000001")
    )


async def test_a_salesperson_sees_no_more_for_being_a_customer_too(dealers: Running) -> None:
    """CUS-1, CUS-9"""
    seller = dealers.headers("u12", "salesperson", "customer", customer=str(Customer.id_of("D003")))
    assert {file["owner"] for file in (await dealers.get("/customers?limit=200", seller))["items"]} == {"u12"}
    assert (await dealers.ask("GET", f"/customers/{Customer.id_of('D003')}", seller)).status_code == 404


async def test_a_customer_is_registered_once_however_often_at_once(customers: Running) -> None:
    """CUS-1: alone or in a list."""
    clerk = customers.headers("u18", "clerk")
    answers = await asyncio.gather(*(customers.ask("POST", "/customers", clerk, json=some("R9")) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"CUS-1"}
    lines = [f"S9{n:02},某公司,dealer,湖南,B,王芳,1390,一路1号,u12" for n in range(20)]
    answers = await asyncio.gather(*(bring(customers, HEADING, *lines) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert sorted(answer.json()["registered"] for answer in answers) == [0, 0, 0, 20]
