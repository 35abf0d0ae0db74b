"""Complaints as clients see them."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.domain.actor import Actor, Post
from tests.complaints.asking import Desk
from tests.complaints.cases import (
    ACCUSED,
    AGENT,
    CLERK,
    DIRECTOR,
    EVIDENCE,
    MANAGER,
    OFFICE,
    PHONE,
    SALESPERSON,
    SLIP,
    VICE_PRESIDENT,
    person,
)
from tests.complaints.cases import STRANGER as OTHER_CUSTOMER

CONTACT = {"name": "王先生", "phone": PHONE}
RESPONSE = {"channel": "phone", "evidence": EVIDENCE, "spoken_to": "王先生"}


def customer_of(case: dict[str, Any]) -> Actor:
    return person("k1", Post.CUSTOMER, customer=case["customer_id"])


async def deadlines(desk: Desk, case: dict[str, Any]) -> list[str]:
    rows = await desk.running.pool.fetch("SELECT kind FROM timers WHERE owner = $1 ORDER BY kind", UUID(case["id"]))
    return [row["kind"] for row in rows]


async def test_a_complaint_goes_from_intake_to_the_customers_word(desk: Desk) -> None:
    """CMP-1, CMP-4, CMP-7, CMP-8, CMP-10, CMP-11, CMP-15"""
    case = await desk.file(CLERK)
    customer = customer_of(case)
    await desk.do(case, "take", DIRECTOR)
    await desk.do(case, "respond", DIRECTOR, RESPONSE)
    found = {
        "employee": "w1",
        "department": "成品车间",
        "severity": "ordinary",
        "finding": "分色有误",
        "evidence": ["分色记录 A12"],
    }
    await desk.do(case, "establish", DIRECTOR, {"verified": True, "responsible": [found]})
    await desk.do(case, "propose", DIRECTOR, {"measures": "换货"})
    await desk.do(case, "consent", customer, {"customer_said": "可以"})
    await desk.do(case, "carry-out", DIRECTOR, {"what": "换货", "reference": "CH1"})
    await desk.do(case, "resolve", DIRECTOR, {"summary": "已换货", "told_customer_by": "电话"})
    closed = await desk.do(case, "close", customer)
    assert closed["status"] == "closed"
    assert await desk.announced(case) == [
        "filed", "assigned", "taken", "responded", "responsibility_established", "measures_proposed",
        "customer_consented", "carried_out", "resolved", "closed",
    ]  # fmt: skip
    assert await deadlines(desk, case) == ["remind_follow_up"]
    reopened = await desk.do(case, "reopen", customer, {"reason": "又有色差"})
    assert reopened["status"] == "in_hand"
    assert reopened["reopenings"][0]["reason"] == "又有色差"
    assert await deadlines(desk, case) == ["miss_resolution", "miss_response", "warn_resolution", "warn_response"]


async def test_an_unknown_customer_cannot_complain_and_nothing_is_accepted(desk: Desk) -> None:
    """CMP-1"""
    stranger = uuid4()
    body = await desk.body(customer_id=str(stranger))
    problem = await desk.running.refused("/complaints", desk.as_(CLERK), body)
    assert problem["status"] == 404
    assert not await desk.running.pool.fetchval("SELECT count(*) FROM complaints WHERE customer_id = $1", stranger)


async def test_the_same_reference_of_a_channel_is_the_same_case(desk: Desk) -> None:
    """CMP-1"""
    body = await desk.body(channel="partner", external_reference=f"P-{uuid4()}")
    first = await desk.running.ask("POST", "/complaints", desk.as_(CLERK), json=body)
    assert first.status_code == 201
    assert first.headers["location"].endswith(first.json()["id"])
    again = await desk.running.ask("POST", "/complaints", desk.as_(AGENT), json=body | {"description": "又"})
    assert (again.status_code, again.json()) == (200, first.json())
    other = await desk.running.ask("POST", "/complaints", desk.as_(CLERK), json=body | {"channel": "web"})
    assert other.json()["id"] != first.json()["id"]
    problem = await desk.running.refused(
        "/complaints", desk.as_(CLERK), body | {"customer_id": str(await desk.customer())}
    )
    assert problem["rule"] == "CMP-1"


async def test_one_case_comes_of_a_reference_that_is_sent_many_times_at_once(desk: Desk) -> None:
    """CMP-1"""
    body = await desk.body(external_reference=f"P-{uuid4()}")
    ask = desk.running.ask
    answers = await asyncio.gather(*(ask("POST", "/complaints", desk.as_(CLERK), json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await desk.announced(answers[0].json()) == ["filed", "assigned"]


async def test_an_idempotency_key_files_once(desk: Desk) -> None:
    """CMP-1"""
    body, key = await desk.body(), {"Idempotency-Key": str(uuid4())}
    first = await desk.running.post("/complaints", desk.as_(CLERK), body, headers=key)
    assert await desk.running.post("/complaints", desk.as_(CLERK), body, headers=key) == first


async def test_customers_and_partners_complain_for_themselves(desk: Desk) -> None:
    """CMP-1"""
    body = await desk.body(channel="web")
    problem = await desk.running.refused("/complaints", desk.as_(OTHER_CUSTOMER), body)
    assert problem["code"] == "forbidden"
    for nobody in (person("k", Post.CUSTOMER), person("k", Post.PARTNER, partner="not an id")):
        assert (await desk.running.refused("/complaints", desk.as_(nobody), body))["code"] == "forbidden"
    partner = person("p", Post.PARTNER, partner=body["customer_id"])
    case = await desk.running.post("/complaints", desk.as_(partner), body | {"channel": "partner"})
    assert case["contact"] == CONTACT


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"slip": None}, "CMP-3"),
        ({"slip": SLIP | {"article": " "}}, "CMP-3"),
        ({"kind": "service"}, "CMP-6"),
        ({"kind": "gossip"}, None),
        ({"channel": "pigeon"}, None),
        ({"description": "  "}, None),
        ({"description": "\x00"}, None),
        ({"contact": None}, None),
        ({"contact": {"name": "", "phone": ""}}, None),
        ({"slip": SLIP | {"quantity": "-1"}}, None),
        ({"slip": SLIP | {"grade": "优" * 200}}, None),
        ({"severity": "dire"}, None),
        ({"customer_id": "me"}, None),
        ({"anything": "else"}, None),
    ],
)
async def test_bad_input_is_refused_as_a_problem(desk: Desk, change: dict[str, Any], rule: str | None) -> None:
    """CMP-3, CMP-6"""
    problem = await desk.running.refused("/complaints", desk.as_(CLERK), await desk.body() | change)
    assert problem["status"] == 422
    assert problem.get("rule") == rule


async def test_refusals_are_said_in_chinese(desk: Desk) -> None:
    body = await desk.body() | {"slip": SLIP | {"grade": ""}}
    problem = await desk.running.refused("/complaints", desk.as_(CLERK), body, headers={"Accept-Language": "zh-CN"})
    assert problem["detail"] == "票据登记缺少货物的等级"
    case = await desk.file(CLERK)
    problem = await desk.refused(case, "propose", DIRECTOR, {"measures": "换货"}, headers={"Accept-Language": "zh-CN"})
    assert problem["detail"] == "仅限接手处理该投诉的人"


VERBS: dict[str, Any] = {
    "take": None,
    "acknowledge": None,
    "respond": RESPONSE,
    "establish": {"verified": False},
    "propose": {"measures": "换货"},
    "consent": {"customer_said": "好"},
    "resolve": {"summary": "已换货", "told_customer_by": "电话"},
    "attempts": {"channel": "phone", "note": "无人接听"},
    "close": {},
    "reopen": {"reason": "不满意"},
}


@pytest.mark.parametrize("verb", VERBS)
async def test_routes_admit_the_posts_that_have_to_do_with_it(desk: Desk, verb: str) -> None:
    case = await desk.file(CLERK)
    for outsider in (person("w1", Post.WAREHOUSE), SALESPERSON):
        problem = await desk.refused(case, verb, outsider, VERBS[verb])
        assert problem["code"] == "forbidden"
    problem = await desk.refused({"id": uuid4()}, verb, person("all", *Post), VERBS[verb])
    assert problem["status"] == 404


async def test_whoever_it_is_about_neither_handles_it_nor_sees_the_complainant(desk: Desk) -> None:
    """CMP-18"""
    case = await desk.file(CLERK, "service")
    assert (await desk.refused(case, "take", ACCUSED))["rule"] == "CMP-18"
    seen = await desk.show(case, ACCUSED)
    assert seen["contact"] is None
    assert PHONE not in str(seen)
    assert (await desk.show(case, MANAGER))["contact"] == CONTACT


async def test_answers_to_commands_are_discreet_also_when_they_are_repeated(desk: Desk) -> None:
    """CMP-18"""
    case, other_clerk, key = await desk.file(CLERK), person("c2", Post.CLERK), {"Idempotency-Key": str(uuid4())}
    assert case["contact"] == CONTACT
    for _ in range(2):
        answer = await desk.do(case, "attempts", other_clerk, VERBS["attempts"], headers=key)
        assert answer["contact"] is None
        assert answer["attempts"][0]["note"] == "***"
    answer = await desk.do(case, "attempts", CLERK, VERBS["attempts"])
    assert answer["contact"] == CONTACT
    salesperson_files = await desk.file(SALESPERSON)
    assert salesperson_files["contact"] is None


async def test_etags_stay_with_discreet_answers(desk: Desk) -> None:
    case = await desk.file(CLERK)
    answer = await desk.running.ask("GET", f"/complaints/{case['id']}", desk.as_(SALESPERSON))
    assert answer.headers["etag"] == f'"{case["version"]}"'
    stale = await desk.refused(case, "take", DIRECTOR, headers={"If-Match": '"1"'})
    assert stale["status"] == 412


async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    for part in ("", "/clock"):
        answer = await desk.running.ask("GET", f"/complaints/{uuid4()}{part}", desk.as_(OFFICE))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_customers_and_salespeople_see_their_own_cases(desk: Desk) -> None:
    """CMP-18"""
    case = await desk.file(CLERK)
    customer = customer_of(case)
    assert (await desk.show(case, customer))["contact"] == CONTACT
    listed = await desk.running.get("/complaints", desk.as_(customer))
    assert [item["id"] for item in listed["items"]] == [case["id"]]
    listed = await desk.running.get(f"/complaints?customer_id={case['customer_id']}", desk.as_(OTHER_CUSTOMER))
    assert listed["items"] == []
    assert (await desk.show(case, SALESPERSON))["id"] == case["id"]
    for stranger in (OTHER_CUSTOMER, person("s2", Post.SALESPERSON)):
        for part in ("", "/clock"):
            answer = await desk.running.ask("GET", f"/complaints/{case['id']}{part}", desk.as_(stranger))
            assert answer.status_code == 403
    listed = await desk.running.get(
        f"/complaints?customer_id={case['customer_id']}", desk.as_(person("s2", Post.SALESPERSON))
    )
    assert listed["items"] == []


async def test_lists_are_filtered_paged_and_without_contact_data(desk: Desk) -> None:
    """CMP-18"""
    customer_id = str(await desk.customer())
    cases = [await desk.file(CLERK, kind, customer_id=customer_id) for kind in ("quality", "opinion", "service")]
    of_customer = f"/complaints?customer_id={customer_id}"
    page = await desk.running.get(f"{of_customer}&limit=2", desk.as_(OFFICE))
    assert [item["id"] for item in page["items"]] == [cases[2]["id"], cases[1]["id"]]
    rest = await desk.running.get(f"{of_customer}&limit=2&after={page['next']}", desk.as_(OFFICE))
    assert ([item["id"] for item in rest["items"]], rest["next"]) == ([cases[0]["id"]], None)
    assert PHONE not in str(page)

    async def count(query: str) -> int:
        return len((await desk.running.get(f"{of_customer}&{query}", desk.as_(OFFICE)))["items"])

    await desk.do(cases[1], "take", OFFICE)
    await desk.pass_on(cases[1])
    await desk.do(cases[1], "resolve", OFFICE, VERBS["resolve"])
    await desk.do(cases[1], "close", AGENT, {"confirmed_by": "王先生"})
    assert await count("kind=service") == 1
    assert await count("status=closed") == await count("open=false") == 1
    assert await count("open=true") == 2
    assert await count(f"number={cases[0]['number']}") == 1


async def test_the_clock_says_how_a_case_stands(desk: Desk) -> None:
    """CMP-7"""
    case = await desk.file(CLERK, major=True, branch="hefei")
    await desk.do(case, "respond", MANAGER, RESPONSE)
    clock = await desk.show(case, OFFICE, "/clock")
    assert (clock["level"], clock["called_post"], clock["breaches"]) == (1, "branch_general_manager", [])
    assert clock["responded_at"] is not None
    assert clock["respond_by"] == case["terms"]["respond_by"] < clock["resolve_by"]


async def test_responsibility_is_established_with_known_words(desk: Desk) -> None:
    """CMP-15"""
    case = await desk.file(CLERK)
    await desk.do(case, "take", VICE_PRESIDENT)
    found = {
        "employee": "w1",
        "department": "成品车间",
        "severity": "dire",
        "finding": "分色有误",
        "evidence": ["分色记录 A12"],
    }
    problem = await desk.refused(case, "establish", VICE_PRESIDENT, {"verified": True, "responsible": [found]})
    assert problem["code"] == "invalid"
    problem = await desk.refused(case, "establish", VICE_PRESIDENT, {"verified": True})
    assert problem["rule"] == "CMP-15"


async def test_a_takeover_is_announced(desk: Desk) -> None:
    """CMP-4"""
    case = await desk.file(CLERK)
    await desk.do(case, "take", DIRECTOR)
    await desk.do(case, "take", VICE_PRESIDENT)
    assert (await desk.announced(case))[-2:] == ["taken", "taken_over"]


LATER = {"breaches": [{"clock": "response"}], "calls": [{}], "reopenings": [{}]}
CHANGE = "UPDATE complaints SET document = document || $2::jsonb WHERE id = $1"
UNDOINGS: dict[str, dict[str, Any]] = {
    "CMP-3 a quality complaint registers the slip": {"slip": None},
    "CMP-6 a service complaint names whom it is about": {"kind": "service"},
    "CMP-7 a breach cannot be undone": {"breaches": []},
    "CMP-7 a call up the line stays": {"calls": []},
    "CMP-8 the customer agrees before the resolution": {"status": "resolved", "resolution": {}},
    "CMP-8 what is resolved or closed has a resolution": {"status": "resolved", "consent": {}},
    "CMP-11 a reopening stays": {"reopenings": []},
    "CMP-11 closed on the customer's word or after attempts":
        {"status": "closed", "resolution": {}, "consent": {}, "closure": {"attempts": 3}},
    "CMP-18 nobody handles a complaint about themselves": {"handler": "x1", "about": "x1"},
}  # fmt: skip


@pytest.mark.parametrize("constraint", UNDOINGS)
async def test_the_database_holds_the_rules_whatever_the_code_does(desk: Desk, constraint: str) -> None:
    """CMP-3, CMP-6, CMP-7, CMP-8, CMP-11, CMP-18"""
    case = await desk.file(CLERK)
    pool, identity = desk.running.pool, UUID(case["id"])
    await pool.execute(CHANGE, identity, json.dumps(LATER))
    with pytest.raises(asyncpg.CheckViolationError) as violation:
        await pool.execute(CHANGE, identity, json.dumps(UNDOINGS[constraint]))
    assert violation.value.constraint_name == constraint


async def test_no_complaint_is_deleted(desk: Desk) -> None:
    """CMP-11"""
    case = await desk.file(CLERK)
    for deletion, args in (("DELETE FROM complaints WHERE id = $1", [UUID(case["id"])]), ("TRUNCATE complaints", [])):
        with pytest.raises(asyncpg.CheckViolationError) as violation:
            await desk.running.pool.execute(deletion, *args)
        assert violation.value.constraint_name == "CMP-11 no complaint is deleted"


async def test_a_post_inside_opens_nothing_that_a_post_outside_asks_for(desk: Desk) -> None:
    """PLT-3, CMP-11: whoever comes in as customer or partner acts for themselves, whatever else they are."""
    mixed = person("x9", Post.TECHNICIAN, Post.CUSTOMER, customer=str(await desk.customer()))
    case = await desk.file(CLERK, "opinion")
    assert (await desk.running.refused("/complaints", desk.as_(mixed), await desk.body()))["code"] == "forbidden"
    await desk.do(case, "take", OFFICE)
    assert (await desk.refused(case, "consent", mixed, VERBS["consent"]))["code"] == "forbidden"
    await desk.pass_on(case)
    await desk.do(case, "resolve", OFFICE, VERBS["resolve"])
    assert (await desk.refused(case, "close", mixed, {"confirmed_by": "我"}))["code"] == "forbidden"
    await desk.do(case, "close", customer_of(case))
    assert (await desk.refused(case, "reopen", mixed, VERBS["reopen"]))["code"] == "forbidden"


async def test_a_reference_shows_no_case_to_a_salesperson_who_may_not_see_it(desk: Desk) -> None:
    """CMP-1, CMP-18: not even by filing it again."""
    body = await desk.body(channel="partner", external_reference=f"P-{uuid4()}")
    await desk.running.post("/complaints", desk.as_(CLERK), body)
    problem = await desk.running.refused("/complaints", desk.as_(person("s2", Post.SALESPERSON)), body)
    assert (problem["status"], problem["detail"]) == (403, "this complaint is not yours")
    assert (await desk.running.post("/complaints", desk.as_(SALESPERSON), body))["contact"] is None


async def test_a_salesperson_sees_no_more_for_being_a_customer_too(desk: Desk) -> None:
    """PLT-3"""
    case = await desk.file(CLERK)
    seller = person("s2", Post.SALESPERSON, Post.CUSTOMER, customer=str(await desk.customer()))
    for part in ("", "/clock"):
        answer = await desk.running.ask("GET", f"/complaints/{case['id']}{part}", desk.as_(seller))
        assert answer.status_code == 403
    of_customer = f"/complaints?customer_id={case['customer_id']}"
    assert (await desk.running.get(of_customer, desk.as_(seller)))["items"] == []
    delegate = person("s2", Post.SALESPERSON, on_behalf_of=SALESPERSON.id)
    assert [item["id"] for item in (await desk.running.get(of_customer, desk.as_(delegate)))["items"]] == [case["id"]]
    assert (await desk.show(case, delegate))["id"] == case["id"]


async def test_one_of_two_takes_a_case_first(desk: Desk) -> None:
    """CMP-4: the other takes it over, and nothing is lost."""
    case = await desk.file(CLERK)
    answers = await asyncio.gather(
        *(desk.running.ask("POST", f"/complaints/{case['id']}/take", desk.as_(by)) for by in (DIRECTOR, VICE_PRESIDENT))
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await desk.announced(case))[-2:] == ["taken", "taken_over"]
