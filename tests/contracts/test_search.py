"""Contracts are found by customer, state, period, number, kind and text."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.contracts.conftest import LINES, Office
from tests.contracts.sample import LATER, VALUES
from tests.house import Running


async def found(contracts: Running, desk: Office, customer: str, **wanted: Any) -> list[str]:
    params = {"customer_id": customer, **wanted}
    listed = await contracts.get("/contracts", desk.manager, params=params)
    return [each["number"] for each in listed["items"]]


async def test_any_words_of_a_contract_find_it_chinese_ones_too(contracts: Running, desk: Office) -> None:
    """CON-13: search by text"""
    template = await desk.template(
        clauses=[{"number": "1", "heading": "用途", "text": "用于{project}。"}],
        slots=[{"name": "project", "type": "text", "title": "用途"}],
    )
    customer = await desk.customer()
    one, other = [
        await desk.drafted(
            customer_id=customer, template_id=template["id"], slots={"project": project},
            lines=[LINES[0] | {"article": article, "specification": specification}],
        )
        for project, article, specification in (
            ("祖庙路商业广场工程", "KT-8801", "800×800 哑光"), ("季华路住宅_100%工程", "KT-8802", "600×600"),
        )
    ]  # fmt: skip
    await desk.do(other, "deviate", desk.seller, {"clause": "1", "text": "用于{project},含损耗。"})
    for text, expected in (
        ("商业广场", [one]), ("工程", [other, one]), ("祖庙路 kt-8801", [one]), ("哑光 佛山陶瓷", [one]),
        ("损耗", [other]), ("_100%", [other]), ("%", [other]), ("KT-880", [other, one]), ("路", [other, one]),
        ("商业广场 住宅", []), ("广场商业", []), ("'; --", []), ("佛山", [other, one]), (one["number"].lower(), [one]),
    ):  # fmt: skip
        numbers = await found(contracts, desk, customer, text=text)
        assert numbers == [each["number"] for each in expected], text
    assert len(await found(contracts, desk, customer, text="  ")) == 2


async def test_contracts_are_found_by_kind_number_period_and_validity(contracts: Running, desk: Office) -> None:
    """CON-13: search by period and number"""
    customer = await desk.customer()
    clearance = await desk.template(kind="clearance")
    one = await desk.drafted(customer_id=customer, valid_until="2097-03-31")
    other = await desk.drafted(customer_id=customer, template_id=clearance["id"], valid_until="2098-03-31")
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    day = timedelta(days=1)
    for wanted, expected in (
        ({"kind": "clearance"}, [other]), ({"kind": "service"}, []),
        ({"number": one["number"]}, [one]), ({"number": one["number"][:10]}, [other, one]),
        ({"number": one["number"][1:]}, []), ({"number": "%"}, []),
        ({"from": today - day, "to": today + day}, [other, one]), ({"from": today + day}, []),
        ({"to": today - day}, []),
        ({"valid_from": "2097-04-01"}, [other]), ({"valid_to": "2097-03-31"}, [one]),
        ({"valid_from": "2097-03-31", "valid_to": "2098-03-30"}, [one]),
        ({"status": "draft"}, [other, one]), ({"status": "in_force"}, []), ({"amends": one["id"]}, []),
    ):  # fmt: skip
        assert await found(contracts, desk, customer, **wanted) == [each["number"] for each in expected], wanted


async def test_pages_of_a_search_follow_one_another(contracts: Running, desk: Office) -> None:
    customer = await desk.customer()
    mark = f"标段{uuid4().hex[:8]}"
    lines = [LINES[0] | {"specification": mark}]
    made = [await desk.drafted(customer_id=customer, lines=lines) for _ in range(3)]
    await desk.drafted(customer_id=customer)
    first = await contracts.get("/contracts", desk.manager, params={"text": mark, "limit": 2})
    rest = await contracts.get("/contracts", desk.manager, params={"text": mark, "limit": 2, "after": first["next"]})
    assert [each["id"] for each in first["items"] + rest["items"]] == [each["id"] for each in reversed(made)]
    assert rest["next"] is None


async def test_a_search_finds_only_what_one_may_see(contracts: Running, desk: Office) -> None:
    """PLT-3"""
    mark = f"标段{uuid4().hex[:8]}"
    mine = await desk.drafted(customer_id=await desk.customer(owner="u41"), lines=[LINES[0] | {"specification": mark}])
    await desk.drafted(lines=[LINES[0] | {"specification": mark}])
    customer = contracts.headers("c1", "customer", customer=mine["customer_id"])
    for who in (contracts.headers("u41", "salesperson"), customer):
        listed = await contracts.get("/contracts", who, params={"text": mark})
        assert [each["id"] for each in listed["items"]] == [mine["id"]]
        table = await contracts.ask("GET", "/contracts", who, params={"text": mark, "format": "csv"})
        assert table.status_code == 200
        assert table.text.count(mark) == 1
    assert "approvals" not in table.text.splitlines()[0]


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "gift"}, {"from": "soon"}, {"to": "2026-13-01"}, {"valid_from": "9999-12-31"}, {"text": "x" * 201},
        {"text": "a\u0000"}, {"number": "a\u0000"}, {"amends": "1"}, {"status": "new?"},
    ],
)  # fmt: skip
async def test_a_search_that_makes_no_sense_is_a_problem(
    contracts: Running, desk: Office, wanted: dict[str, str]
) -> None:
    answer = await contracts.ask("GET", "/contracts", desk.manager, params=wanted)
    assert answer.status_code == 422


async def test_an_enormous_contract_is_written_and_found_in_good_time(contracts: Running, desk: Office) -> None:
    """What is searched is bounded, so that nobody holds up the database with one contract."""
    slots = [{"name": f"s{n}", "type": "text", "title": "项"} for n in range(60)]
    clauses = [{"number": str(n + 1), "heading": "项", "text": f"{{s{n}}}"} for n in range(60)]
    template = await desk.template(slots=slots, clauses=clauses)
    filled = {slot["name"]: "".join(chr(0x4E00 + (index * 7 + n) % 20000) for n in range(2000))
              for index, slot in enumerate(slots)}  # fmt: skip
    began = datetime.now(UTC)
    contract = await desk.drafted(template_id=template["id"], slots=filled)
    assert contract["number"] in await found(contracts, desk, contract["customer_id"], text=filled["s0"][:100])
    assert datetime.now(UTC) - began < timedelta(seconds=5)


async def test_what_a_contract_says_is_looked_up_in_an_index(contracts: Running) -> None:
    kind = await contracts.pool.fetchval(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'contracts_by_what_they_say'"
    )
    assert "gin (pairs)" in kind


async def test_slots_are_searched_as_they_are_filled(contracts: Running, desk: Office) -> None:
    contract = await desk.drafted(slots=VALUES | {"total": "987654.32"})
    assert await found(contracts, desk, contract["customer_id"], text="987654.32") == [contract["number"]]
    await desk.do(contract, "deviate", desk.seller, {"clause": "5", "text": LATER})
    assert await found(contracts, desk, contract["customer_id"], text="四十五日") == [contract["number"]]
