"""Regulations over HTTP, on the real database and bus."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.regulations.api.first import first_editions_entered
from shared.domain.policy import Policy
from shared.events.staff import EmployeeJoined
from tests.hearing import tell
from tests.house import Running, eventually
from tests.regulations.sample import Office, Thing

FIRST = Policy.read()
ALL = [f"D{number}" for number in range(1, 20)]


async def test_the_documents_are_there_from_the_beginning_with_every_number(office: Office) -> None:
    """REG-1, REG-2: the text of the regulations is the first version; it has the version of the packaged file."""
    listed = (await office.get("/regulations?limit=100&at=2020-01-01T00:00:00Z"))["items"]
    assert {"XF", *ALL} <= {one["code"] for one in listed}
    d19 = await office.get(f"/regulations/{(await office.in_force('D19'))['id']}")
    assert {"number": "6.2", "heading": "", "text": "所有产品均按先款后货方式执行"} in d19["clauses"]

    async def announced() -> Any:
        return (await office.get("/policies"))["items"]

    assert (await eventually(announced))[-1]["version"] == FIRST.version
    stated = (await office.get(f"/policies/{FIRST.version}"))["parameters"]
    assert stated.keys() == FIRST.parameters.keys()
    assert stated["complaints.response_time"] == {
        "value": 24, "unit": "hour", "clause": "D4 §3.3", "regulation": "D4", "edition": 1,
    }  # fmt: skip
    assert stated["complaints.pause_cap"]["regulation"] == "XF"


async def test_a_second_start_enters_nothing_again(office: Office, regulations: Running) -> None:
    """REG-1: ids follow from code and edition."""
    before = await regulations.pool.fetchval("SELECT count(*) FROM events")
    async with first_editions_entered(regulations.app):
        assert await regulations.pool.fetchval("SELECT count(*) FROM events") == before


async def test_an_edition_is_drafted_approved_by_company_leaders_and_supersedes_the_one_before(office: Office) -> None:
    """REG-1"""
    first = await office.enact(await office.draft())
    second = await office.revise(first["code"], clauses=[{"number": "2", "text": "乙"}])
    assert (second["status"], second["edition"], second["revises"]) == ("draft", 2, first["id"])
    await office.enact(second)
    superseded = await office.get(f"/regulations/{first['id']}")
    assert (superseded["status"], superseded["superseded_by"]) == ("superseded", 2)
    assert await office.service.announced(first["id"]) == [
        "drafted", "submitted", "approval_given", "approval_given", "approved", "due", "took_effect", "superseded",
    ]  # fmt: skip


async def test_the_drafter_never_approves_and_nobody_twice(office: Office) -> None:
    """REG-1"""
    both = office.service.headers("u03", "headquarters", "vice_president_sales")
    draft = await office.draft()
    path, verdict = f"/regulations/{draft['id']}", {"digest": draft["digest_of_text"]}
    await office.service.post(f"{path}/submit", both)
    refused = await office.service.refused(f"{path}/approve", both, verdict)
    assert (refused["rule"], refused["detail"]) == ("REG-1", "the drafter and the last editor never approve")
    await office.service.post(f"{path}/approve", office.vice, verdict)
    twice = office.service.headers("u02", "general_manager")
    assert (await office.service.refused(f"{path}/approve", twice, verdict))["rule"] == "REG-1"
    assert (await office.service.refused(f"{path}/approve", office.clerk, verdict))["code"] == "forbidden"


async def test_what_is_approved_is_what_was_read(office: Office) -> None:
    """REG-1: a change voids what was decided."""
    draft = await office.draft()
    path = f"/regulations/{draft['id']}"
    await office.service.post(f"{path}/submit", office.headquarters)
    await office.service.post(f"{path}/approve", office.vice, {"digest": draft["digest_of_text"]})
    changed = await office.service.post(f"{path}/change", office.headquarters, {"title": "另一办法"})
    assert (changed["status"], changed["approvals"]["decisions"]) == ("draft", [])
    assert len(changed["approvals"]["voided"]) == 1
    await office.service.post(f"{path}/submit", office.headquarters)
    stale = await office.service.refused(f"{path}/approve", office.vice, {"digest": draft["digest_of_text"]})
    assert stale["detail"] == "the content differs from what was submitted"


async def test_a_rejected_edition_leads_on_only_by_a_change(office: Office) -> None:
    """REG-1"""
    draft = await office.draft()
    path = f"/regulations/{draft['id']}"
    await office.service.post(f"{path}/submit", office.headquarters)
    verdict = {"digest": draft["digest_of_text"], "comment": "不妥"}
    assert (await office.service.post(f"{path}/reject", office.vice, verdict))["status"] == "rejected"
    assert (await office.service.refused(f"{path}/submit", office.headquarters))["code"] == "not_allowed_now"
    assert (await office.service.post(f"{path}/change", office.headquarters, {}))["status"] == "draft"


async def test_what_was_not_in_force_yet_can_be_withdrawn_and_nothing_else(office: Office) -> None:
    """REG-1"""
    later = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    draft = await office.draft(effective_at=later)
    await office.pass_(draft)
    path = f"/regulations/{draft['id']}/withdraw"
    assert (await office.service.post(path, office.headquarters, {"reason": "不再需要"}))["status"] == "withdrawn"
    assert not await office.service.pool.fetchval("SELECT count(*) FROM timers WHERE owner = $1", draft["id"])
    held = await office.in_force("D4")
    refused = await office.service.refused(
        f"/regulations/{held['id']}/withdraw", office.headquarters, {"reason": "不再需要"}
    )
    assert refused["code"] == "not_allowed_now"


async def test_it_takes_effect_when_its_time_has_come(office: Office) -> None:
    """REG-1: by a timer, and until then the edition before holds."""
    first = await office.enact(await office.draft())
    draft = await office.revise(first["code"], effective_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert (await office.pass_(draft))["status"] == "approved"
    assert (await office.in_force(first["code"]))["edition"] == 1
    await office.service.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", draft["id"])
    await office.becomes(draft, "in_force")


async def test_a_review_is_due_again_and_again_until_somebody_reviews(office: Office) -> None:
    """REG-1: periodic review."""
    held = await office.enact(await office.draft(review_every=30))
    assert held["next_review_at"][:10] == str((datetime.now(UTC) + timedelta(days=30)).date())
    make_due = "UPDATE timers SET due_at = now() WHERE owner = $1 AND kind = 'remind_of_review'"
    for times in (1, 2):
        await office.service.pool.execute(make_due, held["id"])

        async def reminded(times: int = times) -> bool:
            return (await office.service.announced(held["id"])).count("review_due") == times

        await eventually(reminded)
    path = f"/regulations/{held['id']}/review"
    reviewed = await office.service.post(path, office.manager, {"outcome": "confirmed", "note": "仍然适用"})
    assert reviewed["reviews"][0]["outcome"] == "confirmed"
    due = await office.service.pool.fetchval(
        "SELECT due_at - now() > interval '29 days' FROM timers WHERE owner = $1 AND kind = 'remind_of_review'",
        held["id"],
    )
    assert due
    assert (await office.service.refused(path, office.clerk, {"outcome": "confirmed"}))["code"] == "forbidden"


async def test_two_editions_are_compared_clause_by_clause_and_number_by_number(office: Office) -> None:
    """REG-1: difference between versions."""
    draft = await office.revise(
        "D4",
        clauses=[{"number": "3.3", "text": "应在20小时内得到回复"}, {"number": "9", "text": "新条"}],
        without_clauses=["4.3"],
        parameters=[{"key": "complaints.response_time", "value": 20, "unit": "hour", "clause": "3.3"}],
    )
    before = await office.in_force("D4")
    found = await office.get(f"/regulations/{before['id']}/compare/{draft['id']}")
    changes = {change["number"]: change for change in found["clauses"]}
    assert {number: change["change"] for number, change in changes.items()} == {
        "3.3": "changed", "9": "added", "4.3": "removed",
    }  # fmt: skip
    assert "[-24-]{+20+}小时内" in changes["3.3"]["difference"]
    [number] = found["parameters"]
    assert (number["key"], number["before"], number["after"]) == ("complaints.response_time", 24, 20)


async def test_editions_are_found_by_code_and_text(office: Office) -> None:
    """REG-1"""
    found = (await office.get("/regulations?text=先款后货&status=in_force"))["items"]
    assert [one["code"] for one in found] == ["D19"]
    assert "clauses" not in found[0]
    assert [one["code"] for one in (await office.get("/regulations?code=D7"))["items"]] == ["D7"]
    answer = await office.service.ask("GET", "/regulations?format=csv", office.clerk)
    assert answer.text.count("\n") > 19


@pytest.mark.parametrize(
    ("parameter", "detail"),
    [
        ({"key": "complaints.of_tomorrow", "value": 1}, "the rules use no parameter complaints.of_tomorrow"),
        ({"key": "quality.claim_limits", "value": []}, "parameter quality.claim_limits belongs to regulation XF"),
        ({"key": "complaints.response_time", "value": 0}, "Input should be greater than 0"),
        ({"key": "complaints.response_time", "value": "soon"}, "a time is a number of its unit"),
        ({"key": "complaints.response_time", "value": 1, "unit": "yuan"}, "not yuan"),
        ({"key": "complaints.response_time", "value": 1, "clause": "99"}, "which is not there"),
        ({"key": "complaints.warning_share", "value": 0.5}, "belongs to regulation XF"),
    ],
)
async def test_numbers_that_make_no_policy_are_refused_before_anybody_decides(
    office: Office, parameter: Thing, detail: str
) -> None:
    """REG-2: a bad set never reaches the services."""
    before = await office.in_force("D4")
    body = {"parameters": [{"clause": "3.3"} | parameter]}
    refused = await office.service.refused(f"/regulations/{before['id']}/revise", office.headquarters, body)
    assert refused["rule"] == "REG-2"
    assert detail in refused["detail"]


async def test_an_edition_states_every_parameter_of_the_one_before(office: Office) -> None:
    """REG-2: a number is never left without its regulation."""
    body = {"code": "D4", "title": "销售服务管理制度", "clauses": [{"number": "1", "text": "甲"}]}
    refused = await office.service.refused("/regulations", office.headquarters, body)
    assert (refused["rule"], refused["detail"]) == (
        "REG-2", "an edition states every parameter of the one before: complaints.response_time",
    )  # fmt: skip


async def test_a_changed_number_is_announced_once_with_the_whole_set_and_another_version(office: Office) -> None:
    """REG-2"""
    draft = await office.revise(
        "D13",
        parameters=[{"key": "customers.visit_lead_time", "value": 2, "unit": "day", "clause": "pre-sale 3"}],
    )
    held = await office.enact(draft)
    assert held["changed_parameters"] == ["customers.visit_lead_time"]

    async def announced() -> Any:
        versions = [one["version"] for one in (await office.get("/policies"))["items"]]
        return versions[0] if versions[0] != FIRST.version else None

    version = await eventually(announced)
    stated = (await office.get(f"/policies/{version}"))["parameters"]
    assert stated["customers.visit_lead_time"]["value"] == 2
    assert stated["customers.visit_lead_time"]["edition"] == held["edition"]
    assert stated.keys() == FIRST.parameters.keys()
    one = next(
        one for one in (await office.get("/parameters?limit=200"))["items"] if one["key"] == "customers.visit_lead_time"
    )
    assert (one["value"], one["clause"], one["title"]) == (2, "D13 pre-sale 3", "客户参观的提前申请时间")


# Acknowledgement


async def joined(service: Running, code: str, branch: str = "佛山") -> None:
    await tell(service, EmployeeJoined(code=code, name="员工", posts=["clerk"], department="销售部", branch=branch))


async def test_who_has_not_acknowledged_is_a_report_and_is_reminded(office: Office, regulations: Running) -> None:
    """REG-3: by each employee; a new edition asks anew."""
    one, other = (f"E{uuid4().hex[:8]}" for _ in range(2))
    for code in (one, other):
        await joined(regulations, code)
    held = await office.enact(await office.draft())
    path = f"/regulations/{held['id']}"
    given = await regulations.post(f"{path}/acknowledge", regulations.headers(one, "clerk"))
    assert given["employee"] == one
    again = await regulations.post(f"{path}/acknowledge", regulations.headers(one, "clerk"))
    assert again == given

    async def codes(edition: Thing, state: str) -> set[str]:
        listed = await regulations.get(
            f"/regulations/{edition['id']}/acknowledgements?state={state}&limit=200", office.hr
        )
        return {item["employee"] for item in listed["items"]} & {one, other}

    assert (await codes(held, "given"), await codes(held, "missing")) == ({one}, {other})
    make_due = "UPDATE timers SET due_at = now() WHERE owner = $1 AND kind = 'close_acknowledging'"
    await regulations.pool.execute(make_due, held["id"])

    async def reminder() -> Any:
        return await regulations.pool.fetchval(
            "SELECT convert_from(data, 'UTF8')::jsonb -> 'data' -> 'employees' FROM events"
            " WHERE entity_id = $1 AND subject LIKE 'regulations.regulation.acknowledgements_missing.v1%'",
            held["id"],
        )

    named = await eventually(reminder)
    assert other in named
    assert one not in named
    second = await office.enact(await office.revise(held["code"]))
    assert await codes(second, "missing") == {one, other}


async def test_only_what_is_in_force_is_acknowledged_and_by_nobody_for_another(
    office: Office, regulations: Running
) -> None:
    """REG-3"""
    draft = await office.draft()
    refused = await regulations.refused(f"/regulations/{draft['id']}/acknowledge", office.clerk)
    assert (refused["rule"], refused["detail"]) == ("REG-3", "only an edition in force is acknowledged")
    held = await office.enact(draft)
    delegate = regulations.headers("u40", "clerk", on_behalf_of="u41")
    refused = await regulations.refused(f"/regulations/{held['id']}/acknowledge", delegate)
    assert (refused["rule"], refused["detail"]) == ("REG-3", "nobody acknowledges a regulation for another")


async def test_a_branch_s_manager_sees_the_branch_alone(office: Office, regulations: Running) -> None:
    """REG-3"""
    here, elsewhere = (f"B{uuid4().hex[:8]}" for _ in range(2))
    await joined(regulations, here, "佛山")
    await joined(regulations, elsewhere, "成都")
    held = await office.in_force("D1")
    manager = regulations.headers("u70", "branch_general_manager", branch="佛山")
    path = f"/regulations/{held['id']}/acknowledgements?limit=200"
    seen = {item["employee"] for item in (await regulations.get(path, manager))["items"]}
    assert here in seen
    assert elsewhere not in seen
    assert (await regulations.ask("GET", path, office.clerk)).status_code == 403


# Who may, and what nobody can say


async def test_outsiders_read_nothing_and_clerks_draft_nothing(office: Office, regulations: Running) -> None:
    """PLT-3"""
    customer = regulations.headers("c1", "customer", customer=str(uuid4()))
    assert (await regulations.ask("GET", "/regulations", customer)).status_code == 403
    assert (await regulations.ask("GET", "/parameters", customer)).status_code == 403
    body = {"code": "T9", "title": "x", "clauses": [{"number": "1"}]}
    assert (await regulations.refused("/regulations", office.clerk, body))["code"] == "forbidden"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "t 1", "title": "x", "clauses": [{"number": "1"}]},
        {"code": "T9", "title": " ", "clauses": [{"number": "1"}]},
        {"code": "T9", "title": "x", "clauses": []},
        {"code": "T9", "title": "x", "clauses": [{"number": "1;drop"}]},
        {"code": "T9", "title": "x", "clauses": [{"number": "1"}, {"number": "1"}]},
        {"code": "T9", "title": "x\u0000", "clauses": [{"number": "1"}]},
        {"code": "T9", "title": "x", "clauses": [{"number": "1"}], "review_every": 0},
        {"code": "T9", "title": "x", "clauses": [{"number": "1"}], "effective_at": "2026-01-01T00:00:00"},
        {"code": "T9", "title": "x", "clauses": [{"number": "1"}], "effective_at": "9999-12-31T23:59:59-12:00"},
        {"code": "T9", "title": "x", "clauses": [{"number": "1"}], "parameters": [{"key": "x", "value": 1}]},
        {"code": "T9", "title": "x", "clauses": [{"number": "1"}], "unknown": 1},
    ],
    ids=str,
)
async def test_a_draft_that_makes_no_sense_is_refused(office: Office, body: Thing) -> None:
    refused = await office.service.refused("/regulations", office.headquarters, body)
    assert refused["status"] == 422


async def test_a_repeated_draft_is_answered_as_the_first_time(office: Office) -> None:
    body = {"code": f"K{uuid4().hex[:6].upper()}", "title": "x", "clauses": [{"number": "1"}]}
    headers = {"Idempotency-Key": uuid4().hex}
    one, other = [
        await office.service.ask("POST", "/regulations", office.headquarters, json=body, headers=headers)
        for _ in range(2)
    ]
    assert one.json() == other.json()
    assert other.headers["Idempotent-Replayed"] == "true"
