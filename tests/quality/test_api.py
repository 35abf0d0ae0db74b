"""Quality as clients see it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.domain.numbers import same_id
from tests.hearing import tell
from tests.house import Running
from tests.quality.cases import complaint, evidence

DEPARTMENTS = ("production", "quality_inspector", "warehouse", "transport")
CHINESE = {"headers": {"Accept-Language": "zh-CN"}}
FINDING = {"cause": "firing", "finding": "3 号窑温度过高"}
SHARES = {
    "shares": [
        {"department": "production", "employee": "u30", "percent": 70, "severity": "grave"},
        {"department": "warehouse", "percent": 30, "severity": "light"},
    ]
}


def next_week() -> str:
    return (datetime.now(UTC) + timedelta(days=7)).isoformat()


@pytest.fixture
async def case(quality: Running) -> str:
    """The path of an investigation that holds one lot, of a number of its own."""
    complaint_id = uuid4()
    await tell(quality, complaint(), complaint_id)
    await tell(quality, evidence(complaint_id, (f"L{complaint_id}", "A-1")), uuid4())
    return f"/investigations/{same_id(complaint_id, 'investigation')}"


async def seen(quality: Running, case: str) -> None:
    """The set time after the deed of every action of the case is over."""
    past = "jsonb_set(action, '{check_from}', '\"2026-01-01T00:00:00Z\"')"
    actions = f"(SELECT jsonb_agg({past}) FROM jsonb_array_elements(document -> 'actions') AS action)"  # noqa: S608 - constants
    statement = f"UPDATE investigations SET document = jsonb_set(document, '{{actions}}', {actions}) WHERE id = $1"  # noqa: S608
    await quality.pool.execute(statement, UUID(case.rpartition("/")[2]))


@pytest.fixture
def inspector(quality: Running) -> dict[str, str]:
    return quality.headers("u24", "quality_inspector")


async def complaint_of(quality: Running, case: str) -> str:
    return str((await quality.get(case))["complaint_id"])


async def report_all(quality: Running, case: str) -> None:
    for post in DEPARTMENTS:
        await quality.post(f"{case}/findings", quality.headers(f"of {post}", post), FINDING)


async def test_a_case_goes_from_hold_to_closing(quality: Running, case: str, inspector: dict[str, str]) -> None:
    """QUA-1 to QUA-4"""
    await report_all(quality, case)
    await quality.post(f"{case}/liability", inspector, SHARES)
    action = {"owner": "u30", "due_at": next_week(), "measure": "降低窑温"}
    opened = await quality.post(f"{case}/actions", inspector, action)
    path = f"{case}/actions/{opened['actions'][0]['id']}"
    problem = await quality.refused(f"{case}/close", inspector, {"summary": "已改进"}, **CHINESE)
    assert (problem["rule"], problem["detail"]) == ("QUA-4", "还有 1 项措施未完成或未验证有效")
    await quality.post(f"{path}/done", quality.headers("u30", "production"))
    early = await quality.refused(f"{path}/check", inspector, {"effective": True, "note": "抽检合格"}, **CHINESE)
    assert (early["rule"], early["detail"][:6]) == ("QUA-4", "措施效果须在")
    await seen(quality, case)
    await quality.post(f"{path}/check", inspector, {"effective": True, "note": "抽检合格"})
    await quality.post(f"{case}/release-lots", inspector, {"reason": "抽检合格"})
    closed = await quality.post(f"{case}/close", inspector, {"summary": "已改进"})
    assert closed["status"] == "closed"
    assert closed["liability"]["shares"][0]["employee"] == "u30"
    assert (await quality.announced(closed["id"]))[-9:] == [
        *["finding_recorded"] * 3,
        "liability_established",
        "action_opened",
        "action_done",
        "action_checked",
        "lot_release_ordered",
        "closed",
    ]


async def test_every_department_reports_for_itself_alone(quality: Running, case: str) -> None:
    """QUA-2"""
    clerk = await quality.refused(f"{case}/findings", quality.headers("u9", "clerk"), FINDING)
    assert clerk["status"] == 403
    other = FINDING | {"department": "production"}
    warehouse = await quality.refused(f"{case}/findings", quality.headers("w1", "warehouse"), other)
    assert (warehouse["status"], warehouse["rule"]) == (403, "QUA-2")
    both = quality.headers("b1", "warehouse", "transport")
    assert (await quality.refused(f"{case}/findings", both, FINDING))["rule"] == "QUA-2"
    shown = await quality.post(f"{case}/findings", both, FINDING | {"department": "transport"})
    assert [task["department"] for task in shown["tasks"] if task["reported_at"]] == ["transport"]


async def test_liability_adds_up_and_is_established_once(
    quality: Running, case: str, inspector: dict[str, str]
) -> None:
    """QUA-3"""
    assert (await quality.refused(f"{case}/liability", inspector, SHARES))["rule"] == "QUA-3"
    await report_all(quality, case)
    short = {"shares": SHARES["shares"][:1]}
    problem = await quality.refused(f"{case}/liability", inspector, short, **CHINESE)
    assert (problem["rule"], problem["detail"]) == ("QUA-3", "责任比例合计为 70%，应为 100%")
    manager = quality.headers("u05", "sales_manager")
    assert (await quality.refused(f"{case}/liability", manager, SHARES))["status"] == 403
    await quality.post(f"{case}/liability", quality.headers("u06", "sales_director"), SHARES)
    again = await quality.refused(f"{case}/liability", inspector, SHARES)
    assert (again["status"], again["code"]) == (409, "not_allowed_now")


async def test_only_another_person_checks_the_effect(quality: Running, case: str, inspector: dict[str, str]) -> None:
    """QUA-4"""
    action = {"owner": "quality_inspector", "due_at": next_week(), "measure": "加强抽检"}
    opened = await quality.post(f"{case}/actions", inspector, action)
    path = f"{case}/actions/{opened['actions'][0]['id']}"
    nobody = await quality.refused(f"{path}/done", quality.headers("w1", "warehouse"))
    assert (nobody["status"], nobody["rule"]) == (403, "QUA-4")
    await quality.post(f"{path}/done", inspector)
    assert (await quality.refused(f"{path}/check", inspector, {"effective": True}))["rule"] == "QUA-4"
    other = quality.headers("u25", "quality_inspector")
    await seen(quality, case)
    shown = await quality.post(f"{path}/check", other, {"effective": False, "note": "仍有裂纹"})
    assert (shown["actions"][0]["ineffective"], shown["actions"][0]["checks"][0]["note"]) == (True, "仍有裂纹")
    replacing = action | {"replaces": shown["actions"][0]["id"], "kind": "preventive"}
    shown = await quality.post(f"{case}/actions", inspector, replacing)
    assert shown["actions"][0]["replaced_by"] == shown["actions"][1]["id"]


async def test_lots_stay_on_hold_until_something_was_found(
    quality: Running, case: str, inspector: dict[str, str]
) -> None:
    """QUA-1"""
    path, reason = f"{case}/release-lots", {"reason": "合格"}
    assert (await quality.refused(path, inspector, reason))["rule"] == "QUA-1"
    await report_all(quality, case)
    assert (await quality.refused(path, quality.headers("w1", "warehouse"), reason))["status"] == 403
    shown = await quality.post(path, inspector, reason)
    assert [lot["held"] for lot in shown["lots"]] == [False]


async def test_a_claim_is_proposed_approved_and_settled_by_three_people(quality: Running, case: str) -> None:
    """QUA-5"""
    complaint_id = await complaint_of(quality, case)
    body = {"complaint_id": complaint_id, "amount": "5000.01", "settlement": "refund"}
    clerk = quality.headers("u9", "clerk", "finance")
    claim = await quality.post("/claims", clerk, body)
    path = f"/claims/{claim['id']}"
    manager = await quality.refused(f"{path}/approve", quality.headers("u05", "sales_manager"))
    assert (manager["status"], manager["rule"]) == (403, "QUA-5")
    await quality.post(f"{path}/approve", quality.headers("u06", "sales_director"))
    assert (await quality.refused(f"{path}/settle", clerk, {"reference": "V1"}))["rule"] == "QUA-5"
    settled = await quality.post(f"{path}/settle", quality.headers("u20", "finance"), {"reference": "V1"})
    assert (settled["status"], settled["amount"]) == ("settled", "5000.01")
    assert await quality.announced(claim["id"]) == ["proposed", "approved", "settled"]
    assert (await quality.get(path)) == settled


async def test_a_complaint_has_one_open_claim(quality: Running, case: str) -> None:
    """QUA-5"""
    complaint_id = await complaint_of(quality, case)
    body = {"complaint_id": complaint_id, "amount": "100.00", "settlement": "discount"}
    agent = quality.headers("u8", "service_agent")
    first = await quality.post("/claims", agent, body)
    problem = await quality.refused("/claims", agent, body, **CHINESE)
    assert (problem["rule"], problem["detail"]) == ("QUA-5", "同一投诉只能有一项未了结的索赔")
    manager = quality.headers("u05", "sales_manager")
    await quality.post(f"/claims/{first['id']}/reject", manager, {"reason": "金额不符"})
    second = await quality.post("/claims", agent, body)
    listed = await quality.get(f"/claims?complaint_id={complaint_id}")
    assert [claim["id"] for claim in listed["items"]] == [second["id"], first["id"]]


async def test_a_claim_needs_an_investigated_complaint(quality: Running) -> None:
    """QUA-5"""
    body = {"complaint_id": str(uuid4()), "amount": "100.00", "settlement": "repair"}
    assert (await quality.refused("/claims", quality.headers("u9", "clerk"), body))["status"] == 404


@pytest.mark.parametrize("post", ["customer", "partner"])
async def test_nobody_from_outside_sees_anything(quality: Running, case: str, post: str) -> None:
    """QUA-8"""
    outsider = quality.headers("c1", post, customer=str(uuid4()))
    for path in ("/investigations", case, "/claims", f"/claims/{uuid4()}", "/certificates/ZB1"):
        assert (await quality.ask("GET", path, outsider)).status_code == 403


async def test_investigations_are_listed_newest_first_page_by_page(quality: Running) -> None:
    """PLT-6"""
    complaints = [uuid4() for _ in range(3)]
    for complaint_id in complaints:
        await tell(quality, complaint(), complaint_id)
    wanted = [str(same_id(complaint_id, "investigation")) for complaint_id in reversed(complaints)]
    seen, after = [], ""
    for _ in wanted:
        page = await quality.get(f"/investigations?status=open&limit=1{after}")
        seen += [item["id"] for item in page["items"]]
        after = f"&after={page['next']}"
    assert seen == wanted
    found = await quality.get(f"/investigations?complaint_id={complaints[1]}")
    assert [item["id"] for item in found["items"]] == [wanted[1]]


BAD: list[tuple[str, str, Any]] = [
    ("findings", "production", {"cause": "bad luck", "finding": "x"}),
    ("findings", "production", {"cause": "firing", "finding": "  "}),
    ("findings", "production", {"cause": "firing", "finding": "nul \x00"}),
    ("liability", "quality_inspector", {"shares": []}),
    ("liability", "quality_inspector", {"shares": [SHARES["shares"][0] | {"percent": 99.5}]}),
    ("liability", "quality_inspector", {"shares": [SHARES["shares"][0] | {"severity": "awful"}]}),
    ("actions", "quality_inspector", {"owner": "u1", "measure": "x", "due_at": "2026-11-24T00:00:00"}),
    ("actions", "quality_inspector", {"owner": "u1", "measure": "x", "due_at": "0001-01-01T00:00:00+14:00"}),
    ("actions", "quality_inspector", {"owner": "u1", "measure": "x", "due_at": "tomorrow"}),
    ("actions", "quality_inspector", {"owner": "u1", "measure": "x", "due_at": "9999-12-31T23:59:59-14:00"}),
    (f"actions/{uuid4()}/done", "quality_inspector", {}),
    ("actions/none/done", "quality_inspector", {}),
    ("close", "quality_inspector", {"summary": ""}),
]


@pytest.mark.parametrize(("path", "post", "body"), BAD)
async def test_bad_input_is_refused_and_changes_nothing(
    quality: Running, case: str, path: str, post: str, body: Any
) -> None:
    before = await quality.get(case)
    await quality.refused(f"{case}/{path}", quality.headers("u1", post), body)
    assert await quality.get(case) == before


@pytest.mark.parametrize("amount", ["0", "-5.00", "1.001", 5.5, "1e3", "9" * 20])
async def test_a_claim_of_no_proper_amount_is_refused(quality: Running, case: str, amount: object) -> None:
    """QUA-5"""
    body = {"complaint_id": await complaint_of(quality, case), "amount": amount, "settlement": "refund"}
    assert (await quality.refused("/claims", quality.headers("u9", "clerk"), body))["status"] == 422


BROKEN = [
    ("QUA-3", "jsonb_set(document, '{liability}', '{\"shares\": [{\"percent\": 99}]}')"),
    ("QUA-4", "jsonb_set(document, '{status}', '\"closed\"')"),
    ("QUA-4", 'jsonb_set(document, \'{actions}\', \'[{"checks": [{"checked_by": "a", "done_by": "a"}]}]\')'),
]


@pytest.mark.parametrize(("rule", "change"), BROKEN)
async def test_the_database_keeps_the_rules_whatever_the_code_does(
    quality: Running, case: str, rule: str, change: str
) -> None:
    """QUA-3, QUA-4"""
    statement = f"UPDATE investigations SET document = {change} WHERE id = $1"  # noqa: S608 - constants above
    with pytest.raises(Exception, match=rule):
        await quality.pool.execute(statement, UUID(case.rpartition("/")[2]))


async def test_one_of_two_claims_that_come_at_once_is_taken(quality: Running, case: str) -> None:
    """QUA-5"""
    body = {"complaint_id": await complaint_of(quality, case), "amount": "100.00", "settlement": "refund"}
    clerk = quality.headers("u18", "clerk")
    answers = await asyncio.gather(*(quality.ask("POST", "/claims", clerk, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"QUA-5"}


async def test_a_claim_is_decided_once(quality: Running, case: str) -> None:
    """QUA-5"""
    body = {"complaint_id": await complaint_of(quality, case), "amount": "100.00", "settlement": "refund"}
    claim = await quality.post("/claims", quality.headers("u18", "clerk"), body)
    manager = quality.headers("u05", "sales_manager")
    answers = await asyncio.gather(
        quality.ask("POST", f"/claims/{claim['id']}/approve", manager),
        quality.ask("POST", f"/claims/{claim['id']}/reject", manager, json={"reason": "无据"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await quality.announced(claim["id"])) == 2
