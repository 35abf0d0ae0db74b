"""Employees and penalties as clients see them."""

import asyncio
from typing import Any

import asyncpg
import orjson
import pytest

from services.staff.domain.employee import Employee
from shared.events.envelope import new_id
from tests.house import Running
from tests.staff.conftest import STAFF, penalties_of, proposed

HEADING = "工号,姓名,职务,部门,分公司,门店,上级,月薪,入职日期"


async def bring(staff: Running, *lines: str, post: str = "hr", language: str = "en") -> Any:
    who = staff.headers("u30", post) | {"Accept-Language": language}
    files = {"file": ("list.csv", "\n".join((HEADING, *lines)).encode())}
    return await staff.ask("POST", "/employees/import", who, files=files)


async def join(staff: Running, code: str, wage: str = "8000.00", branch: str = "长沙") -> dict[str, Any]:
    answer = await bring(staff, f"{code},某某,salesperson,销售部,{branch},,u01,{wage},2020-01-01")
    assert answer.json() == {"registered": 1, "known_before": 0}
    return dict(await staff.get(f"/employees/{Employee.id_of(code)}"))


def hr(staff: Running) -> dict[str, str]:
    return staff.headers("u30", "hr")


def fine(amount: str) -> dict[str, Any]:
    return {"measures": ["public_criticism", "fine"], "fine": amount, "reason": "经查实"}


async def decide(staff: Running, penalty: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return dict(await staff.post(f"/penalties/{penalty['id']}/decide", hr(staff), body))


# Employees (STF-1)


async def test_a_list_of_employees_is_entered_whole_and_left_alone_the_second_time(staff: Running) -> None:
    """STF-1"""
    again = await staff.ask("POST", "/employees/import", hr(staff), files={"file": ("s.csv", STAFF)})
    assert again.json() == {"registered": 0, "known_before": 40}
    assert await staff.announced(Employee.id_of("u12")) == ["joined"]


async def test_employees_are_entered_by_personnel_alone(staff: Running) -> None:
    """STF-1"""
    for post in ("general_manager", "sales_manager", "operator", "customer"):
        assert (await bring(staff, "e0,某某,clerk,销售部,长沙,,,1,2020-01-01", post=post)).status_code == 403


async def test_every_error_of_a_list_is_named_and_nobody_is_entered(staff: Running) -> None:
    """STF-1"""
    answer = await bring(
        staff,
        "e1,新人,clerk,销售部,长沙,,u01,5000.00,2024-01-01",
        "u12,,clerk,销售部,佛山,,,5000.00,2024-01-01",
        "e2,新人,clerk,销售部,长沙,,,-1,2024-02-30",
    )
    assert answer.status_code == 422
    assert {(error["row"], error["column"]) for error in answer.json()["errors"]} == {(3, "B"), (4, "H"), (4, "I")}
    assert (await staff.ask("GET", f"/employees/{Employee.id_of('e1')}", hr(staff))).status_code == 404


async def test_other_data_and_unknown_superiors_are_named_cell_by_cell(staff: Running) -> None:
    """STF-1"""
    await join(staff, "e3")
    answer = await bring(
        staff,
        "e3,某某,clerk,销售部,长沙,,,8000,2020-01-01",
        "e4,某某,clerk,销售部,长沙,,nobody,8000,2020-01-01",
        "e5,某某,clerk,销售部,长沙,,e4,8000,2020-01-01",
        language="zh",
    )
    assert [(e["row"], e["column"], e["detail"]) for e in answer.json()["errors"]] == [
        (2, "C", "与已登记的资料不符。"),
        (2, "G", "与已登记的资料不符。"),
        (3, "G", "该工号未登记,也不在本表中。"),
    ]
    with pytest.raises(asyncpg.UniqueViolationError, match="STF-1 an employee code is registered once"):
        await staff.pool.execute(
            "INSERT INTO employees (id, version, document, digest)"
            " SELECT gen_random_uuid(), 1, document, '' FROM employees WHERE code = 'e3'"
        )


async def test_the_wage_is_for_personnel_and_the_general_manager(staff: Running) -> None:
    """STF-1"""
    path = f"/employees/{Employee.id_of('u12')}"
    for post in ("hr", "general_manager", "sales_director", "branch_general_manager", "operator", "salesperson"):
        who = staff.headers("u12", post)
        shown = await staff.get(path, who)
        [listed, *_] = (await staff.get("/employees?post=salesperson", who))["items"]
        assert ("monthly_wage" in shown) is ("monthly_wage" in listed) is (post in ("hr", "general_manager"))
    assert not await staff.pool.fetchval("SELECT count(*) FROM events WHERE convert_from(data, 'UTF8') LIKE '%wage%'")


async def test_employees_are_no_business_of_customers(staff: Running) -> None:
    """STF-1, STF-8"""
    for path in ("/employees", f"/employees/{Employee.id_of('u12')}", "/penalties", "/penalty-schedule",
                 f"/employees/{Employee.id_of('u12')}/ledger", f"/penalties/{new_id()}"):  # fmt: skip
        assert (await staff.ask("GET", path, staff.headers("u12", "customer"))).status_code == 403
        assert (await staff.ask("GET", path)).status_code == 401


async def test_employees_are_listed_by_code_in_pages(staff: Running) -> None:
    """STF-1"""
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await staff.get("/employees", params={"after": after, "limit": 3, "branch": "成都"})
        seen += [employee["code"] for employee in page["items"]]
        after = page["next"]
    assert seen == sorted(set(seen))
    assert len(seen) > 3
    found = (await staff.get("/employees?branch=成都&department=服务部&post=technician"))["items"]
    assert [employee["code"] for employee in found] == ["u36"]


# Penalties (STF-6 to STF-8)


async def test_everybody_inside_may_read_the_schedule(staff: Running) -> None:
    """STF-6"""
    shown = await staff.get("/penalty-schedule", staff.headers("u12", "salesperson"))
    assert {"D19 §4.3a", "D19 §4.3b", "D2 §18", "D19 §5.3"} <= {entry["clause"] for entry in shown["entries"]}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (fine("19.00"), "STF-7"),
        (fine("101.00"), "STF-7"),
        (fine("0.00"), "STF-7"),
        ({"measures": ["public_criticism"], "fine": "20.00", "reason": "r"}, "STF-7"),
        ({"measures": ["dismissal"], "reason": "r"}, "STF-6"),
        ({"measures": [], "reason": "r"}, None),
        ({"measures": ["flogging"], "reason": "r"}, None),
        (fine("20.001"), None),
        (fine("-20"), None),
        ({"measures": ["public_criticism"]}, None),
        ({"measures": ["public_criticism"], "reason": "  "}, None),
        ({"measures": ["public_criticism"], "reason": "\u0000"}, None),
        (fine("20.00") | {"as_deduction": False}, None),
    ],
)
async def test_a_ruling_outside_the_schedule_is_refused(staff: Running, body: dict[str, Any], rule: str | None) -> None:
    """STF-6, STF-7"""
    penalty = await proposed(staff, "u13")
    problem = await staff.refused(f"/penalties/{penalty['id']}/decide", hr(staff), body)
    assert (problem["status"], problem.get("rule")) == (422, rule)
    assert await staff.announced(penalty["id"]) == ["proposed"]


async def test_twenty_and_a_hundred_yuan_are_inside_the_range(staff: Running) -> None:
    """STF-7"""
    for amount in ("20.00", "100.00"):
        decided = await decide(staff, await proposed(staff, "u14"), fine(amount))
        assert (decided["status"], decided["fine"], decided["as_deduction"]) == ("decided", amount, False)
        assert await staff.announced(decided["id"]) == ["proposed", "decided"]
    problem = await staff.refused(
        f"/penalties/{(await proposed(staff, 'u14'))['id']}/decide", hr(staff) | {"Accept-Language": "zh"}, fine("101")
    )
    assert problem["detail"] == "罚款应在 20.00 至 100.00 元之间"


async def test_who_decides_is_named_by_the_schedule_and_is_not_the_person_concerned(staff: Running) -> None:
    """STF-8"""
    penalty = await proposed(staff, "u30")
    for act, body in (("decide", fine("50.00")), ("drop", {"reason": "r"})):
        path = f"/penalties/{penalty['id']}/{act}"
        for post in ("sales_manager", "sales_director", "salesperson", "operator", "customer"):
            assert (await staff.refused(path, staff.headers("u09", post), body))["status"] == 403
        own = await staff.refused(path, staff.headers("u30", "hr"), body)
        assert (own["status"], own["rule"]) == (422, "STF-8")
        elsewhere = staff.headers("u07", "branch_general_manager", branch="成都")
        assert (await staff.refused(path, elsewhere, body))["status"] == 403
    await staff.post(f"/penalties/{penalty['id']}/decide", staff.headers("u01", "general_manager"), fine("50.00"))


async def test_fines_of_a_month_stay_within_the_cap_even_when_decided_at_once(staff: Running) -> None:
    """STF-8: a fifth of 500 yuan is 100 yuan: two fines of 40 fit, a third does not."""
    await join(staff, "e6", wage="500.00")
    penalties = [await proposed(staff, "e6") for _ in range(4)]
    answers = await asyncio.gather(
        *(staff.ask("POST", f"/penalties/{p['id']}/decide", hr(staff), json=fine("40.00")) for p in penalties)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 422, 422]
    refused = next(answer.json() for answer in answers if answer.status_code == 422)
    assert refused["rule"] == "STF-8"
    assert "500" not in refused["detail"]
    left = next(p for p, answer in zip(penalties, answers, strict=True) if answer.status_code == 422)
    await decide(staff, left, fine("20.00"))


async def test_deciding_again_is_refused_and_a_repeated_request_gets_its_first_answer(staff: Running) -> None:
    """STF-8: what stands in the way is that it is decided, not that its own fine fills the month."""
    await join(staff, "e9", wage="500.00")
    penalty = await proposed(staff, "e9")
    path = f"/penalties/{penalty['id']}/decide"
    first = await staff.post(path, hr(staff), fine("50.00"), headers={"Idempotency-Key": "p1"})
    assert await staff.post(path, hr(staff), fine("50.00"), headers={"Idempotency-Key": "p1"}) == first
    for body in (fine("50.00"), fine("60.00")):
        assert (await staff.refused(path, hr(staff), body))["status"] == 409
    assert (await staff.refused(f"/penalties/{penalty['id']}/drop", hr(staff), {"reason": "r"}))["status"] == 409


async def test_dismissal_takes_two_deciders(staff: Running) -> None:
    """STF-8"""
    penalty = await proposed(staff, "u38", severity="grave")
    path, body = f"/penalties/{penalty['id']}/decide", {"measures": ["dismissal"], "reason": "屡教不改"}
    assert (await staff.post(path, hr(staff), body))["status"] == "proposed"
    again = await staff.refused(path, hr(staff), body)
    assert (again["status"], again["rule"]) == (422, "STF-8")
    decided = await staff.post(path, staff.headers("u01", "general_manager"), body | {"reason": "同意"})
    assert (decided["status"], decided["decided_by"], decided["fine"]) == ("decided", ["u30", "u01"], "0.00")
    assert await staff.announced(penalty["id"]) == ["proposed", "approved", "decided"]


async def test_a_dropped_penalty_stays_dropped(staff: Running) -> None:
    """STF-8"""
    penalty = await proposed(staff, "u16")
    path = f"/penalties/{penalty['id']}"
    assert (await staff.refused(f"{path}/drop", hr(staff), {"reason": " "}))["status"] == 422
    assert (await staff.post(f"{path}/drop", hr(staff), {"reason": "误会"}))["status"] == "dropped"
    problem = await staff.refused(f"{path}/decide", hr(staff) | {"Accept-Language": "zh"}, fine("50.00"))
    assert problem["status"] == 409
    assert await staff.announced(penalty["id"]) == ["proposed", "dropped"]
    assert (await staff.refused(f"/penalties/{new_id()}/drop", hr(staff), {"reason": "r"}))["status"] == 404


async def test_whoever_answers_for_penalties_sees_them_and_employees_their_own(staff: Running) -> None:
    """STF-8"""
    await join(staff, "e7")
    mine = await decide(staff, await proposed(staff, "e7"), fine("50.00"))
    ledger = f"/employees/{Employee.id_of('e7')}/ledger"
    own = staff.headers("e7")
    for who in (
        own, hr(staff), staff.headers("u01", "general_manager"), staff.headers("u05", "sales_director"),
        staff.headers("u08", "branch_general_manager", branch="长沙"),
    ):  # fmt: skip
        assert (await staff.get(f"/penalties/{mine['id']}", who))["number"] == mine["number"]
        assert [p["id"] for p in (await staff.get("/penalties?employee=e7", who))["items"]] == [mine["id"]]
        assert [p["id"] for p in (await staff.get(ledger, who))["items"]] == [mine["id"]]
    for stranger in (
        staff.headers("u12", "salesperson"), staff.headers("u09", "sales_manager"), staff.headers("u37", "operator"),
        staff.headers("u07", "branch_general_manager", branch="成都"),
    ):  # fmt: skip
        assert (await staff.ask("GET", f"/penalties/{mine['id']}", stranger)).status_code == 404
        assert (await staff.get("/penalties?employee=e7", stranger))["items"] == []
        assert (await staff.get(ledger, stranger))["items"] == []
    assert {p["employee"] for p in (await staff.get("/penalties", own))["items"]} == {"e7"}


async def test_the_ledger_keeps_what_was_decided_and_is_read_in_pages(staff: Running) -> None:
    """STF-8"""
    await join(staff, "e8")
    decided = [await decide(staff, await proposed(staff, "e8"), fine("20.00")) for _ in range(3)]
    await staff.post(f"/penalties/{(await proposed(staff, 'e8'))['id']}/drop", hr(staff), {"reason": "r"})
    waiting = await proposed(staff, "e8")
    path = f"/employees/{Employee.id_of('e8')}/ledger"
    first = await staff.get(f"{path}?limit=2", hr(staff))
    rest = await staff.get(f"{path}?limit=2&after={first['next']}", hr(staff))
    assert {p["id"] for p in first["items"] + rest["items"]} == {p["id"] for p in decided}
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    open_ones = await staff.get("/penalties?employee=e8&status=proposed", hr(staff))
    assert [p["id"] for p in open_ones["items"]] == [waiting["id"]]
    assert [p["id"] for p in await penalties_of(staff, waiting["cause_id"])] == [waiting["id"]]
    assert (await staff.ask("GET", f"/employees/{new_id()}/ledger", hr(staff))).status_code == 404


@pytest.mark.parametrize("path", [
    "/penalties?limit=0", "/penalties?status=x", "/penalties?cause_id=x", "/penalties/x", "/employees?post=king",
    "/employees?after=%00", "/penalties?employee=%00", "/employees/x/ledger",
])  # fmt: skip
async def test_a_question_that_cannot_be_is_refused(staff: Running, path: str) -> None:
    assert (await staff.ask("GET", path, hr(staff))).status_code == 422


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"fine": "19.00"}, "STF-7 a fine lies in the range of the schedule"),
        ({"fine": "101.00"}, "STF-7 a fine lies in the range of the schedule"),
        ({"fine": "50.00", "low": None}, "STF-7 a fine lies in the range of the schedule"),
        ({"decided_by": ["u17"]}, "STF-8 nobody decides on a penalty of their own"),
        ({"month": "2026-05"}, "STF-8 a person decides"),
        ({"month": "2026-05", "measures": ["dismissal"], "decided_by": ["u30"]}, "STF-8 dismissal needs two approvals"),
        (
            {"month": "2026-05", "measures": ["dismissal"], "decided_by": ["u30", "u30"]},
            "STF-8 dismissal needs two approvals",
        ),
    ],
)
async def test_the_database_holds_the_rules_whatever_the_code_does(
    staff: Running, change: dict[str, Any], constraint: str
) -> None:
    """STF-7, STF-8"""
    penalty = await proposed(staff, "u17")
    with pytest.raises(asyncpg.CheckViolationError, match=constraint):
        await staff.pool.execute(
            "UPDATE penalties SET document = document || $2::jsonb WHERE id = $1",
            penalty["id"],
            orjson.dumps(change).decode(),
        )


async def test_a_list_that_is_sent_twice_at_once_is_entered_once(staff: Running) -> None:
    """STF-1"""
    lines = [f"t9{n:02},某某,clerk,销售部,长沙,,u01,5000,2020-01-01" for n in range(20)]
    answers = await asyncio.gather(*(bring(staff, *lines) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert sorted(answer.json()["registered"] for answer in answers) == [0, 0, 0, 20]


async def test_two_who_decide_at_once_decide_once(staff: Running) -> None:
    """STF-8"""
    penalty = await proposed(staff, "u15")
    path, general = f"/penalties/{penalty['id']}", staff.headers("u01", "general_manager")
    answers = await asyncio.gather(
        staff.ask("POST", f"{path}/decide", hr(staff), json=fine("30.00")),
        staff.ask("POST", f"{path}/decide", general, json=fine("40.00")),
        staff.ask("POST", f"{path}/drop", general, json={"reason": "误会"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len(await staff.announced(penalty["id"])) == 2


async def test_whoever_speaks_for_a_customer_is_no_employee(staff: Running) -> None:
    """STF-1, STF-8: not even without any post."""
    for claim in ("customer", "partner"):
        for path in ("/employees", "/penalties", "/penalty-schedule"):
            answer = await staff.ask("GET", path, staff.headers("u12", **{claim: str(new_id())}))
            assert answer.status_code == 403
