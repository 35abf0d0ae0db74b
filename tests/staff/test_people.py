"""Organisation, appointments, absences, conduct, rewards and the ledger, as clients see them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.staff.domain.employee import Employee
from shared.events.envelope import new_id
from tests.house import Running, eventually
from tests.staff.conftest import penalties_of, proposed
from tests.staff.test_api import decide, fine, hr, join

type Thing = dict[str, Any]

TODAY = f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m-%d}"
YESTERDAY = f"{datetime.now(UTC) - timedelta(hours=16):%Y-%m-%d}"


def of(code: str) -> str:
    return f"/employees/{Employee.id_of(code)}"


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


# Organisation and appointments (STF-1)


async def test_somebody_joins_is_appointed_transferred_and_leaves(staff: Running) -> None:
    """STF-1: every step by personnel, announced, and kept with its days."""
    body = {
        "code": "p1", "name": "新人", "posts": ["clerk"], "department": "销售部", "branch": "昆明", "superior": "u01",
        "monthly_wage": "6000.00", "joined": "2024-01-01",
    }  # fmt: skip
    assert (await staff.refused("/employees", staff.headers("u09", "sales_manager"), body))["status"] == 403
    assert (await staff.refused("/employees", hr(staff), body | {"superior": "nobody"}))["rule"] == "STF-1"
    await staff.post("/employees", hr(staff), body)
    assert (await staff.refused("/employees", hr(staff), body))["rule"] == "STF-1"
    appointed = await staff.post(f"{of('p1')}/appoint", hr(staff), {"post": "trainer", "since": TODAY})
    assert appointed["posts"] == ["clerk", "trainer"]
    for wrong in (
        {"post": "trainer", "since": TODAY}, {"post": "customer", "since": TODAY},
        {"post": "office", "since": TODAY, "until": "2020-01-01"},
    ):  # fmt: skip
        assert (await staff.refused(f"{of('p1')}/appoint", hr(staff), wrong))["rule"] == "STF-1"
    ended = await staff.post(f"{of('p1')}/end-appointment", hr(staff), {"post": "clerk", "until": YESTERDAY})
    assert ended["posts"] == ["trainer"]
    for wrong in ({"post": "clerk", "until": TODAY}, {"post": "trainer", "until": "2020-01-01"}):
        assert (await staff.refused(f"{of('p1')}/end-appointment", hr(staff), wrong))["rule"] == "STF-1"
    place = {"department": "培训部", "branch": "昆明", "store": "翠湖店", "superior": "u30"}
    moved = await staff.post(f"{of('p1')}/transfer", hr(staff), place)
    assert {name: moved[name] for name in place} == place
    found = await staff.get("/employees?store=翠湖店&superior=u30&status=employed", hr(staff))
    assert [one["code"] for one in found["items"]] == ["p1"]
    for wrong in ("2020-01-01", "2099-01-01"):
        problem = await staff.refused(f"{of('p1')}/leave", hr(staff), {"on": wrong, "reason": "r"})
        assert problem["rule"] == "STF-1"
    left = await staff.post(f"{of('p1')}/leave", hr(staff), {"on": TODAY, "reason": "辞职"})
    assert (left["status"], left["posts"], left["left_on"]) == ("left", [], TODAY)
    for act, body in (("appoint", {"post": "clerk", "since": TODAY}), ("transfer", place)):
        assert (await staff.refused(f"{of('p1')}/{act}", hr(staff), body))["status"] == 409
    assert await staff.announced(Employee.id_of("p1")) == [
        "joined", "appointed", "posts_changed", "appointment_ended", "posts_changed", "transferred", "left",
    ]  # fmt: skip


async def test_an_appointment_that_lies_ahead_begins_by_itself(staff: Running) -> None:
    """STF-1"""
    await join(staff, "p2")
    tomorrow = f"{datetime.now(UTC) + timedelta(hours=32):%Y-%m-%d}"
    planned = await staff.post(f"{of('p2')}/appoint", hr(staff), {"post": "trainer", "since": tomorrow})
    assert planned["posts"] == ["salesperson"]
    due = await staff.pool.fetchval("SELECT due_at FROM timers WHERE owner = $1", Employee.id_of("p2"))
    assert due > datetime.now(UTC)
    query = "UPDATE employees SET document = jsonb_set(document, '{appointments,1,since}', $2::jsonb) WHERE id = $1"
    await staff.pool.execute(query, Employee.id_of("p2"), f'"{TODAY}"')
    await staff.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", Employee.id_of("p2"))

    async def holds() -> bool:
        return (await staff.get(of("p2")))["posts"] == ["salesperson", "trainer"]

    await eventually(holds)


async def test_nobody_is_their_own_superior_however_far_up(staff: Running) -> None:
    """STF-1"""
    for code in ("p3", "p4", "p5"):
        await join(staff, code)
    place = {"department": "销售部", "branch": "长沙"}
    await staff.post(f"{of('p4')}/transfer", hr(staff), place | {"superior": "p3"})
    await staff.post(f"{of('p5')}/transfer", hr(staff), place | {"superior": "p4"})
    for superior in ("p3", "p4", "p5", "nobody"):
        problem = await staff.refused(f"{of('p3')}/transfer", hr(staff), place | {"superior": superior})
        assert problem["rule"] == "STF-1"
    line = await staff.get(f"{of('p5')}/line", staff.headers("p5"))
    assert [one["code"] for one in line] == ["p5", "p4", "p3", "u01"]
    with pytest.raises(asyncpg.CheckViolationError, match="STF-1 nobody is their own superior"):
        await staff.pool.execute(
            "UPDATE employees SET document = document || '{\"superior\": \"p5\"}' WHERE code = 'p5'"
        )


async def test_the_organisation_shows_branches_departments_and_stores(staff: Running) -> None:
    """STF-1"""
    found = {branch["branch"]: branch for branch in await staff.get("/organisation")}
    assert found["总部"]["employees"] >= 10
    sales = next(one for one in found["佛山"]["departments"] if one["department"] == "销售部")
    assert {store["store"] for store in sales["stores"]} >= {"季华路店", "石湾店"}
    assert sales["employees"] >= sum(store["employees"] for store in sales["stores"])
    assert (await staff.ask("GET", "/organisation", staff.headers("c1", "customer"))).status_code == 403


async def test_a_committee_has_its_members(staff: Running) -> None:
    """STF-1, D5"""
    await join(staff, "p6")
    seat = {"committee": "销售服务管理委员会", "role": "委员"}
    await staff.post(f"{of('p6')}/committees/join", hr(staff), seat)
    assert (await staff.refused(f"{of('p6')}/committees/join", hr(staff), seat))["rule"] == "STF-1"
    members = await staff.get("/employees?committee=销售服务管理委员会", hr(staff))
    assert [one["code"] for one in members["items"]] == ["p6"]
    gone = {"committee": seat["committee"]}
    await staff.post(f"{of('p6')}/committees/leave", hr(staff), gone)
    assert (await staff.refused(f"{of('p6')}/committees/leave", hr(staff), gone))["rule"] == "STF-1"
    assert (await staff.get("/employees?committee=销售服务管理委员会", hr(staff)))["items"] == []


# Absences (STF-1, CON-15)


def away(employee: str, deputy: str, begins: float = -1, ends: float = 3) -> Thing:
    return {
        "employee": employee, "deputy": deputy, "begins_at": in_days(begins), "ends_at": in_days(ends), "reason": "病假"
    }  # fmt: skip


async def test_an_absence_begins_and_ends_and_names_its_deputy(staff: Running) -> None:
    """STF-1, CON-15: announced at both ends, so that others can turn to the deputy."""
    await join(staff, "d1")
    await join(staff, "d2")
    absence = await staff.post("/absences", staff.headers("d1"), away("d1", "d2"))
    assert (absence["status"], absence["posts"]) == ("away", ["salesperson"])
    assert await staff.announced(absence["id"]) == ["planned", "began"]
    shown = await staff.get("/absences?employee=d1", staff.headers("u12", "salesperson"))
    assert [(one["deputy"], "reason" in one) for one in shown["items"]] == [("d2", False)]
    assert (await staff.get("/absences?employee=d1", hr(staff)))["items"][0]["reason"] == "病假"
    await staff.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(absence["id"]))

    async def over() -> bool:
        return await staff.announced(absence["id"]) == ["planned", "began", "ended"]

    await eventually(over)
    assert (await staff.refused(f"/absences/{absence['id']}/end", hr(staff)))["status"] == 409


async def test_an_absence_that_lies_ahead_begins_by_itself_or_is_cancelled(staff: Running) -> None:
    """STF-1"""
    await join(staff, "d3")
    await join(staff, "d4")
    first = await staff.post("/absences", hr(staff), away("d3", "d4", 1, 2))
    second = await staff.post("/absences", hr(staff), away("d3", "d4", 5, 6))
    assert (first["status"], second["status"]) == ("planned", "planned")
    stranger = staff.headers("u12", "salesperson")
    assert (await staff.refused(f"/absences/{second['id']}/end", stranger))["rule"] == "STF-1"
    assert (await staff.post(f"/absences/{second['id']}/end", hr(staff)))["status"] == "cancelled"
    await staff.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(first["id"]))

    async def begun() -> bool:
        return await staff.announced(first["id"]) == ["planned", "began"]

    await eventually(begun)
    assert (await staff.post(f"/absences/{first['id']}/end", staff.headers("d3")))["status"] == "ended"


async def test_who_is_away_is_no_deputy_and_nobody_is_away_twice(staff: Running) -> None:
    """STF-1: also when two are entered at once."""
    for code in ("d5", "d6", "d7"):
        await join(staff, code)
    both = (away("d5", "d6"), away("d6", "d5"), away("d5", "d7", 0, 1))
    answers = await asyncio.gather(*(staff.ask("POST", "/absences", hr(staff), json=body) for body in both))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422], [a.text for a in answers]
    for wrong, status in [
        (away("d7", "d7"), 422), (away("d7", "nobody"), 404), (away("d7", "u12", 3, 2), 422),
        (away("d7", "u12", -3, -2), 422), (away("d7", "u12", 1, 900), 422),
        (away("d7", "u12") | {"begins_at": "2026-01-01T00:00:00"}, 422),
    ]:  # fmt: skip
        assert (await staff.refused("/absences", hr(staff), wrong))["status"] == status
    stranger = staff.headers("u12", "salesperson")
    assert (await staff.refused("/absences", stranger, away("d7", "u13")))["rule"] == "STF-1"
    await staff.post(f"{of('d7')}/leave", hr(staff), {"on": TODAY, "reason": "辞职"})
    assert (await staff.refused("/absences", hr(staff), away("u13", "d7")))["rule"] == "STF-1"


# Conduct (STF-11)


def report(**change: Any) -> Thing:
    return {
        "violation": "misleading", "employee": "u39", "occurred_on": TODAY, "description": "夸大防滑等级",
        "evidence": ["录音 17"],
    } | change  # fmt: skip


async def test_a_violation_is_established_by_a_second_person_before_anything_is_proposed(staff: Running) -> None:
    """STF-11, STF-8"""
    case = await staff.post("/conduct-cases", hr(staff), report())
    path, body = f"/conduct-cases/{case['id']}", {"severity": "grave", "finding": "录音属实"}
    assert (case["status"], case["branch"]) == ("reported", "佛山")
    assert (await staff.refused(f"{path}/establish", hr(staff), body))["rule"] == "STF-11"
    for who, status in [
        (staff.headers("u39", "hr"), 422), (staff.headers("u09", "sales_manager"), 403),
        (staff.headers("u07", "branch_general_manager", branch="成都"), 403),
    ]:  # fmt: skip
        assert (await staff.refused(f"{path}/establish", who, body))["status"] == status
    assert await penalties_of(staff, UUID(case["id"])) == []
    await staff.post(f"{path}/evidence", hr(staff), {"evidence": "客户陈述"})
    done = await staff.post(f"{path}/establish", staff.headers("u01", "general_manager"), body)
    assert (done["status"], len(done["evidence"])) == ("established", 2)
    [penalty] = await eventually(lambda: penalties_of(staff, UUID(case["id"])))
    assert (penalty["violation"], penalty["employee"]) == ("grave_misleading", "u39")
    assert penalty["finding"] == "录音属实"
    again = await staff.refused(f"{path}/dismiss", staff.headers("u01", "general_manager"), {"finding": "x"})
    assert again["status"] == 409


async def test_a_case_is_seen_by_who_judges_and_who_reported_never_by_its_subject(staff: Running) -> None:
    """STF-11"""
    await join(staff, "v1")
    case = await staff.post("/conduct-cases", staff.headers("u12", "salesperson"), report(employee="v1"))
    path = f"/conduct-cases/{case['id']}"
    for who, status in [
        (staff.headers("u12", "salesperson"), 200), (hr(staff), 200), (staff.headers("v1", "hr"), 404),
        (staff.headers("v1"), 404), (staff.headers("u13", "salesperson"), 404),
        (staff.headers("u08", "branch_general_manager", branch="长沙"), 200),
        (staff.headers("u07", "branch_general_manager", branch="成都"), 404), (staff.headers("c", "customer"), 403),
    ]:  # fmt: skip
        assert (await staff.ask("GET", path, who)).status_code == status
    assert (await staff.get("/conduct-cases?subject=v1", staff.headers("v1", "hr")))["items"] == []
    dismissed = await staff.post(f"{path}/dismiss", hr(staff), {"finding": "没有证据"})
    assert dismissed["status"] == "dismissed"
    assert await staff.announced(case["id"]) == ["reported", "dismissed"]


@pytest.mark.parametrize("change", [
    {"employee": None}, {"store": "季华路店", "branch": "佛山"}, {"violation": "store_violation"}, {"evidence": []},
    {"violation": "flogging"}, {"occurred_on": "2099-01-01"}, {"description": " "}, {"employee": "nobody"},
])  # fmt: skip
async def test_a_report_that_says_too_little_is_refused(staff: Running, change: Thing) -> None:
    """STF-11"""
    status = 404 if change == {"employee": "nobody"} else 422
    assert (await staff.refused("/conduct-cases", hr(staff), report(**change)))["status"] == status


async def test_a_store_is_penalised_like_a_person_and_its_manager_may_appeal(staff: Running) -> None:
    """STF-6: warning, fine, closure for rectification (停业整顿); D2 §18"""
    about = {"violation": "store_violation", "employee": None, "store": "春熙路店", "branch": "成都"}
    case = await staff.post("/conduct-cases", staff.headers("u30", "office"), report(**about))
    finding = {"severity": "grave", "finding": "擅自涨价"}
    await staff.post(f"/conduct-cases/{case['id']}/establish", staff.headers("u01", "general_manager"), finding)
    [penalty] = await eventually(lambda: penalties_of(staff, UUID(case["id"])))
    assert (penalty["store"], penalty["subject"], penalty["branch"]) == ("春熙路店", "store", "成都")
    path, body = f"/penalties/{penalty['id']}", {"measures": ["closure"], "reason": "情节严重"}
    own = staff.headers("u10", "hr", store="春熙路店")
    assert (await staff.refused(f"{path}/decide", own, body))["rule"] == "STF-8"
    assert (await staff.refused(f"{path}/decide", hr(staff), body | {"measures": ["demerit"]}))["rule"] == "STF-6"
    await staff.post(f"{path}/decide", hr(staff), body)
    grounds = {"grounds": "已整改"}
    assert (await staff.refused(f"{path}/appeal", staff.headers("u13", "salesperson"), grounds))["rule"] == "STF-8"
    await staff.post(f"{path}/appeal", staff.headers("u10", "sales_manager", branch="成都"), grounds)
    member = staff.headers("u38", "salesperson", store="春熙路店")
    assert [one["id"] for one in (await staff.get("/penalties?store=春熙路店", member))["items"]] == [penalty["id"]]
    ledger = await staff.get("/ledger?store=春熙路店", hr(staff))
    assert [(line["measures"], line["status"]) for line in ledger["items"]] == [(["closure"], "appealed")]


# Rewards and the ledger (STF-8, STF-9)


async def reward(staff: Running, employee: str, **change: Any) -> Thing:
    body = {"employee": employee, "kind": "bonus", "amount": "300.00", "reason": "举报隐患属实"} | change
    return dict(await staff.post("/rewards", staff.headers("u32", "safety_officer"), body))


async def test_a_reward_is_proposed_by_one_approved_by_another_and_paid_by_a_third(staff: Running) -> None:
    """STF-9"""
    await join(staff, "r1")
    proposal = await reward(staff, "r1")
    path, finance = f"/rewards/{proposal['id']}", staff.headers("u17", "finance")
    for who, rule in [
        (staff.headers("u32", "hr"), "STF-9"), (staff.headers("r1", "hr"), "STF-9"),
        (staff.headers("u07", "branch_general_manager", branch="成都"), "STF-9"), (finance, None),
    ]:  # fmt: skip
        assert (await staff.refused(f"{path}/approve", who)).get("rule") == rule
    assert (await staff.refused(f"{path}/pay", finance, {"reference": "x"}))["status"] == 409
    assert (await staff.post(f"{path}/approve", hr(staff)))["status"] == "approved"
    assert (await staff.refused(f"{path}/pay", staff.headers("u30", "finance"), {"reference": "x"}))["rule"] == "STF-9"
    assert (await staff.post(f"{path}/pay", finance, {"reference": "工资单"}))["status"] == "paid"
    assert await staff.announced(proposal["id"]) == ["proposed", "approved", "paid"]
    assert [one["id"] for one in (await staff.get("/rewards", staff.headers("r1")))["items"]] == [proposal["id"]]
    assert (await staff.ask("GET", path, staff.headers("u12", "salesperson"))).status_code == 404


async def test_a_reward_for_one_cause_is_given_once_and_never_to_oneself(staff: Running) -> None:
    """STF-9, D11 §12: the report of a hazard that proved true is rewarded, once."""
    await join(staff, "r2")
    hazard = str(new_id())
    await reward(staff, "r2", cause_id=hazard)
    who = staff.headers("u32", "safety_officer")
    body = {"employee": "r2", "kind": "bonus", "amount": "1.00", "reason": "r", "cause_id": hazard}
    assert (await staff.refused("/rewards", who, body))["rule"] == "STF-9"
    for wrong, status in [
        ({"employee": "u32"}, 422), ({"amount": "0.00", "cause_id": None}, 422), ({"employee": "nobody"}, 404),
        ({"kind": "gold"}, 422), ({"reason": " "}, 422), ({"amount": "-5"}, 422),
    ]:  # fmt: skip
        assert (await staff.refused("/rewards", who, body | wrong))["status"] == status
    assert (await staff.refused("/rewards", staff.headers("u12", "salesperson"), body))["status"] == 403
    praise = await reward(staff, "r2", kind="commendation", amount="0.00")
    await staff.post(f"/rewards/{praise['id']}/approve", hr(staff))
    finance = staff.headers("u17", "finance")
    assert (await staff.refused(f"/rewards/{praise['id']}/pay", finance, {"reference": "x"}))["rule"] == "STF-9"
    refused = await reward(staff, "r2", kind="commission")
    done = await staff.post(f"/rewards/{refused['id']}/reject", hr(staff), {"reason": "未达标"})
    assert (done["status"], done["rejected_because"]) == ("rejected", "未达标")


async def test_the_ledger_holds_rewards_and_penalties_by_person_store_and_day(staff: Running) -> None:
    """STF-8, STF-9"""
    await join(staff, "l1")
    place = {"department": "销售部", "branch": "长沙", "store": "岳麓店"}
    await staff.post(f"{of('l1')}/transfer", hr(staff), place)
    penalty = await decide(staff, await proposed(staff, "l1"), fine("30.00"))
    back = await decide(staff, await proposed(staff, "l1"), fine("20.00"))
    await staff.post(f"/penalties/{back['id']}/revoke", staff.headers("u01", "general_manager"), {"reason": "r"})
    await proposed(staff, "l1")
    given = await reward(staff, "l1")
    await reward(staff, "l1")
    await staff.post(f"/rewards/{given['id']}/approve", hr(staff))
    for query in ("person=l1", "store=岳麓店", f"person=l1&from={TODAY}&to={TODAY}", "person=l1&to=9999-12-31"):
        items = (await staff.get(f"/ledger?{query}", hr(staff)))["items"]
        assert {(line["number"], line["amount"], line["status"]) for line in items} == {
            (penalty["number"], "-30.00", "decided"), (back["number"], "0.00", "revoked"),
            (given["number"], "300.00", "approved"),
        }  # fmt: skip
    assert (await staff.get(f"/ledger?person=l1&to={YESTERDAY}", hr(staff)))["items"] == []
    first = await staff.get("/ledger?person=l1&limit=2", hr(staff))
    rest = await staff.get(f"/ledger?person=l1&limit=2&after={first['next']}", hr(staff))
    assert len({line["number"] for line in first["items"] + rest["items"]}) == 3
    own = (await staff.get("/ledger", staff.headers("l1")))["items"]
    assert {line["employee"] for line in own} == {"l1"}
    assert (await staff.get("/ledger?person=l1", staff.headers("u12", "salesperson")))["items"] == []
    table = await staff.ask("GET", "/ledger?person=l1&format=csv", hr(staff) | {"Accept-Language": "zh"})
    assert (table.status_code, table.text.count("\n")) == (200, 4)
    assert (await staff.ask("GET", "/ledger?from=x", hr(staff))).status_code == 422
