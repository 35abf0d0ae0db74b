"""The whole way of a complaint as clients see it: pauses, departments, visits, opinions, and what comes afterwards."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.domain.actor import Post
from tests.complaints.asking import Desk
from tests.complaints.cases import (
    ACCUSED,
    AGENT,
    CLERK,
    DIRECTOR,
    EVIDENCE,
    GENERAL_MANAGER,
    MANAGER,
    OFFICE,
    PHONE,
    SALESPERSON,
    WAREHOUSE,
    person,
)

RESPONSE = {"channel": "phone", "evidence": EVIDENCE, "spoken_to": "王先生"}
PAUSE = {"reason": "waiting_for_customer", "note": "客户出差"}
CHANNELS = ["phone", "letter", "visit", "web", "partner"]


def moment(hours: float) -> str:
    """So many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


async def settled(desk: Desk, **more: Any) -> dict[str, Any]:
    """A case that was carried out and is resolved."""
    case = await desk.file(CLERK, **more)
    await desk.do(case, "take", DIRECTOR)
    await desk.do(case, "respond", DIRECTOR, RESPONSE)
    await desk.do(case, "cause", DIRECTOR, {"cause": "色差", "finding": "窑温偏低"})
    await desk.do(case, "propose", DIRECTOR, {"measures": "换货"})
    await desk.do(case, "consent", AGENT, {"customer_said": "可以"})
    await desk.do(case, "carry-out", DIRECTOR, {"what": "换货", "reference": "CH20261125-1"})
    return await desk.do(case, "resolve", DIRECTOR, {"summary": "已换货", "told_customer_by": "电话"})


@pytest.mark.parametrize("channel", CHANNELS)
async def test_one_reference_is_one_case_over_every_channel_also_at_once(desk: Desk, channel: str) -> None:
    """CMP-1"""
    body = await desk.body(channel=channel, external_reference=f"R-{uuid4()}")
    ask = desk.running.ask
    answers = await asyncio.gather(*(ask("POST", "/complaints", desk.as_(by), json=body) for by in (CLERK, AGENT) * 2))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [201]
    assert len({answer.json()["number"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("kind", "post", "steps"),
    [
        ("quality", "sales_director", ("CMP-8", "CMP-14")),
        ("delivery", "sales_manager", ("CMP-8", "CMP-14")),
        ("service", "sales_manager", ("CMP-8", "CMP-14")),
        ("opinion", "office", ("CMP-14", "CMP-14")),
    ],
)
async def test_each_kind_goes_its_own_way(desk: Desk, kind: str, post: str, steps: tuple[str, str]) -> None:
    """CMP-2: whose it is, and what has to come before it is resolved or, as an opinion, answered."""
    case = await desk.file(CLERK, kind)
    assert case["post"] == post
    by = {"office": OFFICE, "sales_director": DIRECTOR, "sales_manager": MANAGER}[post]
    await desk.do(case, "take", by)
    await desk.do(case, "respond", by, RESPONSE)
    resolution = {"summary": "已处理", "told_customer_by": "电话"}
    answer = {"answer": "采纳", "channel": "letter", "evidence": EVIDENCE, "spoken_to": "王先生"}
    refusals = [await desk.refused(case, "resolve", by, resolution), await desk.refused(case, "answer", by, answer)]
    assert tuple(refusal["rule"] for refusal in refusals) == steps


async def test_a_case_goes_the_whole_way_and_becomes_a_lesson(desk: Desk) -> None:
    """CMP-8, CMP-10, CMP-11, CMP-13"""
    case = await settled(desk)
    told = {"measures": "分色前核对窑温", "channel": "phone", "spoken_to": "王先生"}
    await desk.do(case, "tell-measures", AGENT, told)
    asked = {"channel": "phone", "spoken_to": "王先生", "said": "很好", "satisfied": True}
    await desk.do(case, "follow-up", AGENT, asked)
    await desk.do(case, "close", AGENT, {"confirmed_by": "王先生"})
    cause = f"色差-{uuid4().hex[:8]}"
    summary = {"cause": cause, "lesson": "窑温记录未与分色联动 100%", "prevention": "首检留样"}
    await desk.do(case, "sum-up", DIRECTOR, summary)
    assert (await desk.announced(case))[2:] == [
        "taken", "responded", "cause_found", "measures_proposed", "customer_consented", "carried_out", "resolved",
        "measures_told", "followed_up", "closed", "summed_up",
    ]  # fmt: skip
    everybody = desk.as_(person("w1", Post.WAREHOUSE))
    page = await desk.running.get(f"/lessons?cause={cause}&text=100%25&kind=quality", everybody)
    assert [item["number"] for item in page["items"]] == [case["number"]]
    assert page["items"][0]["prevention"] == "首检留样"
    assert PHONE not in str(page)
    assert (await desk.running.get(f"/lessons?cause={cause}&text=_00%25", everybody))["items"] == []
    customer = person("k1", Post.CUSTOMER, customer=case["customer_id"])
    assert (await desk.running.ask("GET", "/lessons", desk.as_(customer))).status_code == 403
    table = await desk.running.ask("GET", f"/lessons?cause={cause}&format=csv", everybody)
    assert "首检留样" in table.text


async def test_a_customer_who_is_not_satisfied_at_the_follow_up_is_a_case_again(desk: Desk) -> None:
    """CMP-10, CMP-11"""
    case = await settled(desk)
    asked = {"channel": "phone", "spoken_to": "王先生", "said": "新货也有色差", "satisfied": False}
    answer = await desk.do(case, "follow-up", AGENT, asked)
    assert (answer["status"], answer["reopenings"][0]["reason"]) == ("in_hand", "新货也有色差")
    assert (await desk.announced(case))[-2:] == ["followed_up", "reopened"]


async def test_nobody_outside_moves_their_case_to_the_front(desk: Desk) -> None:
    """CMP-7"""
    body = await desk.body(channel="web")
    customer = desk.as_(person("k1", Post.CUSTOMER, customer=body["customer_id"]))
    for more in ({"major": True}, {"severity": "grave"}):
        problem = await desk.running.refused("/complaints", customer, body | more)
        assert (problem["status"], problem["rule"]) == (403, "CMP-7")
    case = await desk.running.post("/complaints", customer, body)
    graded = await desk.do(case, "grade", AGENT, {"major": True, "reason": "媒体关注"})
    assert graded["calls"][0]["post"] == "branch_general_manager"
    assert (await desk.announced(case))[-2:] == ["graded", "escalated"]
    assert (await desk.refused(case, "grade", AGENT, {"severity": "ordinary", "reason": "误报"}))["status"] == 409


async def test_a_response_is_neither_earlier_than_the_complaint_nor_still_to_come(desk: Desk) -> None:
    """CMP-7, CMP-16"""
    case = await desk.file(CLERK)
    await desk.do(case, "take", DIRECTOR)
    for contacted_at in (moment(-1), moment(1)):
        problem = await desk.refused(case, "respond", DIRECTOR, RESPONSE | {"contacted_at": contacted_at})
        assert (problem["rule"], problem["field"]) == ("CMP-16", "contacted_at")
    answer = await desk.do(case, "respond", DIRECTOR, RESPONSE | {"contacted_at": case["received_at"]})
    assert answer["response"]["contacted_at"] == case["received_at"]


async def test_the_clock_is_paused_by_two_and_goes_on_with_what_was_left(desk: Desk) -> None:
    """CMP-16"""
    case = await desk.file(CLERK)
    await desk.do(case, "take", DIRECTOR)
    assert (await desk.refused(case, "pause", DIRECTOR, PAUSE | {"reason": "busy"}))["rule"] == "CMP-16"
    await desk.do(case, "pause", DIRECTOR, PAUSE)
    assert (await desk.refused(case, "pause/grant", DIRECTOR))["rule"] == "CMP-16"
    await desk.do(case, "pause/grant", GENERAL_MANAGER)
    clock = await desk.show(case, OFFICE, "/clock")
    assert clock["paused_until"] is not None
    kinds = await desk.running.pool.fetch("SELECT kind FROM timers WHERE owner = $1", UUID(case["id"]))
    assert [row["kind"] for row in kinds] == ["end_pause"]
    resumed = await desk.do(case, "resume", DIRECTOR)
    paused = resumed["pauses"][0]
    began, ended = (datetime.fromisoformat(paused[name]) for name in ("granted_at", "ended_at"))
    due, moved = (datetime.fromisoformat(one["terms"]["resolve_by"]) for one in (case, resumed))
    assert moved - due == ended - began
    await desk.do(case, "pause", DIRECTOR, PAUSE)
    await desk.do(case, "pause/refuse", MANAGER, {"reason": "可以电话联系"})
    assert (await desk.announced(case))[-5:] == [
        "pause_requested", "clock_paused", "clock_resumed", "pause_requested", "pause_refused",
    ]  # fmt: skip


async def test_a_pause_that_one_person_asks_for_and_grants_is_refused_by_the_database_too(desk: Desk) -> None:
    """CMP-16"""
    case = await desk.file(CLERK)
    pauses = '{"pauses": [{"asked_by": ["d1"], "granted_by": "d1"}]}'
    with pytest.raises(asyncpg.CheckViolationError) as violation:
        await desk.running.pool.execute(
            "UPDATE complaints SET document = document || $2::jsonb WHERE id = $1", UUID(case["id"]), pauses
        )
    assert violation.value.constraint_name == "CMP-16 a pause is granted by a second person"


async def test_of_two_who_grant_a_pause_at_once_one_does(desk: Desk) -> None:
    """CMP-16"""
    case = await desk.file(CLERK)
    await desk.do(case, "take", DIRECTOR)
    await desk.do(case, "pause", DIRECTOR, PAUSE)
    path = f"/complaints/{case['id']}/pause/grant"
    granting = (desk.running.ask("POST", path, desk.as_(by)) for by in (GENERAL_MANAGER, MANAGER))
    assert sorted(answer.status_code for answer in await asyncio.gather(*granting)) == [200, 409]


async def test_departments_hand_a_case_over_accept_return_and_report(desk: Desk) -> None:
    """CMP-5, CMP-17"""
    case = await desk.file(CLERK)
    await desk.do(case, "take", DIRECTOR)
    transport = person("t9", Post.TRANSPORT)
    await desk.do(case, "hand-over", DIRECTOR, {"department": "transport", "task": "是否破损"})
    assert (await desk.refused(case, "report", WAREHOUSE, {"report": "无误"}))["rule"] == "CMP-17"
    await desk.do(case, "hand-over/return", transport, {"reason": "未经我部"})
    await desk.do(case, "hand-over", DIRECTOR, {"department": "warehouse", "task": "核对批号"})
    await desk.do(case, "hand-over/accept", WAREHOUSE)
    of_customer = f"/complaints?customer_id={case['customer_id']}"
    for department, cases in (("warehouse", [case["id"]]), ("transport", [])):
        listed = await desk.running.get(f"{of_customer}&department={department}", desk.as_(WAREHOUSE))
        assert [item["id"] for item in listed["items"]] == cases
    await desk.do(case, "report", WAREHOUSE, {"report": "批号无误"})
    assert (await desk.announced(case))[-5:] == [
        "handed_over", "handover_returned", "handed_over", "handover_accepted", "department_reported",
    ]  # fmt: skip
    departments = await desk.show(case, OFFICE, "/departments")
    assert {time["department"] for time in departments["times"]} == {"sales_director", "warehouse"}
    assert sum(time["share"] for time in departments["times"]) == pytest.approx(1)
    assert [stay["end"] for stay in departments["stays"]] == ["passed_on", "returned", "passed_on", "reported", None]
    customer = person("k1", Post.CUSTOMER, customer=case["customer_id"])
    assert (await desk.show(case, customer))["stays"] == []
    answer = await desk.running.ask("GET", f"/complaints/{case['id']}/departments", desk.as_(customer))
    assert answer.status_code == 403


async def test_an_opinion_is_recorded_passed_on_and_answered(desk: Desk) -> None:
    """CMP-14"""
    case = await desk.file(CLERK, "opinion")
    await desk.do(case, "take", OFFICE)
    answer = {"answer": "采纳，下月起改早班送货", "channel": "letter", "evidence": "挂号信 003", "spoken_to": "王先生"}
    assert (await desk.refused(case, "answer", OFFICE, answer))["rule"] == "CMP-14"
    await desk.pass_on(case)
    closed = await desk.do(case, "answer", OFFICE, answer)
    assert closed["status"] == "closed"
    assert (await desk.announced(case))[2:] == [
        "taken", "handed_over", "department_reported", "responded", "opinion_answered", "resolved", "closed",
    ]  # fmt: skip
    assert not await desk.running.pool.fetchval("SELECT count(*) FROM timers WHERE owner = $1", UUID(case["id"]))
    quality = await desk.file(CLERK)
    await desk.do(quality, "take", DIRECTOR)
    assert (await desk.refused(quality, "answer", DIRECTOR, answer))["rule"] == "CMP-14"


async def test_an_opinion_is_closed_by_its_answer_alone_in_the_database_too(desk: Desk) -> None:
    """CMP-11, CMP-14"""
    case = await desk.file(CLERK, "opinion")
    closed = '{"status": "closed", "resolution": {}, "closure": {"attempts": 0, "confirmed_by": ""}}'
    with pytest.raises(asyncpg.CheckViolationError) as violation:
        await desk.running.pool.execute(
            "UPDATE complaints SET document = document || $2::jsonb WHERE id = $1", UUID(case["id"]), closed
        )
    assert violation.value.constraint_name == "CMP-11 closed on the customer's word or after attempts"


async def test_visits_are_planned_recorded_and_cancelled(desk: Desk) -> None:
    """CMP-9, CMP-18"""
    case = await desk.file(CLERK, "service")
    await desk.do(case, "take", MANAGER)
    visit = {"planned_for": moment(2), "people": ["m1", ACCUSED.id]}
    assert (await desk.refused(case, "visits", MANAGER, visit))["rule"] == "CMP-18"
    assert (await desk.refused(case, "visits", MANAGER, visit | {"planned_for": moment(-1)}))["rule"] == "CMP-9"
    await desk.do(case, "visits", MANAGER, visit | {"people": ["m1"]})
    found = {
        "visited_at": moment(0), "people": ["m1"], "findings": "已当面道歉", "attachments": ["纪要 81"],
        "signed_by": "王先生",
    }  # fmt: skip
    assert (await desk.refused(case, "visits/1/record", MANAGER, found | {"visited_at": moment(1)}))["rule"] == "CMP-9"
    recorded = await desk.do(case, "visits/1/record", MANAGER, found)
    assert recorded["visits"][0]["signed_by"] == "王先生"
    assert (await desk.show(case, person("w1", Post.WAREHOUSE)))["visits"][0]["signed_by"] == "***"
    assert (await desk.refused(case, "visits/1/cancel", MANAGER, {"reason": "改期"}))["status"] == 409
    assert (await desk.refused(case, "visits/2/cancel", MANAGER, {"reason": "改期"}))["status"] == 404
    await desk.do(case, "visits", MANAGER, visit | {"people": ["m1"]})
    await desk.do(case, "visits/2/cancel", MANAGER, {"reason": "改期"})
    assert (await desk.announced(case))[-4:] == ["visit_planned", "visit_recorded", "visit_planned", "visit_cancelled"]


async def test_responsibility_needs_evidence_on_record(desk: Desk) -> None:
    """CMP-15"""
    case = await desk.file(CLERK)
    await desk.do(case, "take", DIRECTOR)
    found = {"employee": "w1", "department": "成品车间", "severity": "ordinary", "finding": "分色有误"}
    problem = await desk.refused(case, "establish", DIRECTOR, {"verified": True, "responsible": [found]})
    assert problem["rule"] == "CMP-15"
    body = {"verified": True, "responsible": [found | {"evidence": ["分色记录 A12"]}]}
    assert (await desk.do(case, "establish", DIRECTOR, body))["responsibility"]["verified"]


NEW_VERBS: dict[str, Any] = {
    "grade": {"major": True, "reason": "媒体关注"},
    "cause": {"cause": "色差", "finding": "窑温偏低"},
    "pause": PAUSE,
    "pause/grant": None,
    "pause/refuse": {"reason": "不必"},
    "resume": None,
    "hand-over": {"department": "warehouse", "task": "请核实"},
    "hand-over/accept": None,
    "hand-over/return": {"reason": "不归我们"},
    "report": {"report": "已核实"},
    "visits": {"planned_for": "2099-01-01T00:00:00Z", "people": ["m1"]},
    "visits/1/record": {"visited_at": "2026-01-01T00:00:00Z", "people": ["m1"], "findings": "无"},
    "visits/1/cancel": {"reason": "改期"},
    "carry-out": {"what": "换货", "reference": "CH1"},
    "answer": {"answer": "采纳", "channel": "phone", "evidence": EVIDENCE, "spoken_to": "王先生"},
    "tell-measures": {"measures": "首检", "channel": "phone", "spoken_to": "王先生"},
    "follow-up": {"channel": "phone", "spoken_to": "王先生", "said": "好", "satisfied": True},
    "sum-up": {"cause": "色差", "lesson": "未联动", "prevention": "首检"},
}


@pytest.mark.parametrize("verb", NEW_VERBS)
async def test_nobody_who_has_nothing_to_do_with_a_case_does_anything_to_it(desk: Desk, verb: str) -> None:
    """CMP-18: neither whom it is about, nor a salesperson, nor a customer; in Chinese for whoever reads that."""
    case = await desk.file(CLERK, "service")
    await desk.do(case, "take", MANAGER)
    customer = person("k1", Post.CUSTOMER, customer=case["customer_id"])
    before = case["version"] + 1
    for stranger in (ACCUSED, SALESPERSON, customer):
        problem = await desk.refused(case, verb, stranger, NEW_VERBS[verb], headers={"Accept-Language": "zh-CN"})
        assert problem["status"] in (403, 404, 409)
        assert any("一" <= letter <= "鿿" for letter in problem["detail"])
    assert (await desk.show(case, OFFICE))["version"] == before
    problem = await desk.refused({"id": uuid4()}, verb, person("all", *Post), NEW_VERBS[verb])
    assert problem["status"] == 404


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("hand-over", {"department": "kitchen", "task": "x"}),
        ("hand-over", {"department": "warehouse", "task": " "}),
        ("visits", {"planned_for": "2099-01-01T00:00:00", "people": ["m1"]}),
        ("visits", {"planned_for": "2099-01-01T00:00:00Z", "people": []}),
        ("visits/0/cancel", {"reason": "x"}),
        ("pause", PAUSE | {"until": "soon"}),
        ("grade", {"major": "very", "reason": "x"}),
        ("follow-up", {"channel": "phone", "spoken_to": "x", "said": "x"}),
        ("grade", {"major": True, "reason": "\x00"}),
    ],
)
async def test_bad_input_is_a_problem(desk: Desk, verb: str, body: dict[str, Any]) -> None:
    case = await desk.file(CLERK)
    assert (await desk.refused(case, verb, MANAGER, body))["status"] == 422
