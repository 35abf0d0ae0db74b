"""Penalties after the decision, and what the proposal rests on, as clients see them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from shared.events.envelope import new_id
from shared.events.notifications import MessageDelivered
from shared.events.orders import PriceRefused
from shared.events.regulations import PolicyTookEffect
from tests import papers
from tests.hearing import announce, tell
from tests.house import Running, eventually
from tests.staff.conftest import established, penalties_of, proposed
from tests.staff.test_api import decide, fine, hr, join

type Thing = dict[str, Any]


def general(staff: Running) -> dict[str, str]:
    return staff.headers("u01", "general_manager")


async def noticed(staff: Running, employee: str, severity: str = "ordinary", amount: str = "50.00") -> Thing:
    """A fine of which the employee knows."""
    penalty = await decide(staff, await proposed(staff, employee, severity=severity), fine(amount))
    await deliver(staff, penalty)
    return await shown(staff, penalty)


async def deliver(staff: Running, penalty: Thing) -> None:
    told = MessageDelivered(
        cause_id=new_id(), template="penalty_notice", about=UUID(penalty["id"]), person=penalty["employee"]
    )
    await announce(staff, (new_id(), [told]))


async def shown(staff: Running, penalty: Thing) -> Thing:
    return dict(await staff.get(f"/penalties/{penalty['id']}", hr(staff)))


async def pass_the_time(staff: Running, penalty: Thing) -> Thing:
    """As if the time to appeal were over."""
    await staff.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(penalty["id"]))

    async def final() -> bool:
        return (await shown(staff, penalty))["status"] == "final"

    await eventually(final)
    return await shown(staff, penalty)


async def appealed(staff: Running, employee: str, **how: Any) -> Thing:
    penalty = await noticed(staff, employee, **how)
    path = f"/penalties/{penalty['id']}/appeal"
    return dict(await staff.post(path, staff.headers(employee), {"grounds": "当时不在场"}))


async def test_a_penalty_is_carried_out_only_when_the_time_to_appeal_is_over(staff: Running) -> None:
    """STF-8: the time runs from the notice; finance or personnel carry out, with a reference, once."""
    await join(staff, "a1")
    penalty = await noticed(staff, "a1")
    wait = datetime.fromisoformat(penalty["appeal_by"]) - datetime.fromisoformat(penalty["noticed_at"])
    assert wait == timedelta(days=5)
    path, finance = f"/penalties/{penalty['id']}/execute", staff.headers("u17", "finance")
    body = {"reference": "工资单 2026-05"}
    assert (await staff.refused(path, finance, body))["status"] == 409
    assert (await staff.ask("GET", f"/penalties/{penalty['id']}", finance)).status_code == 404
    await pass_the_time(staff, penalty)
    assert (await staff.get(f"/penalties/{penalty['id']}", finance))["status"] == "final"
    waiting = await staff.get("/penalties?status=final&employee=a1", finance)
    assert [one["id"] for one in waiting["items"]] == [penalty["id"]]
    assert (await staff.refused(path, staff.headers("a1"), body))["status"] == 403
    assert (await staff.refused(path, staff.headers("a1", "finance"), body))["rule"] == "STF-8"
    assert (await staff.refused(path, finance, {"reference": " "}))["status"] == 422
    done = await staff.post(path, finance, body)
    assert (done["status"], done["executed_by"], done["reference"]) == ("executed", "u17", "工资单 2026-05")
    assert (await staff.refused(path, finance, body))["status"] == 409
    late = await staff.refused(f"/penalties/{penalty['id']}/appeal", staff.headers("a1"), {"grounds": "太迟"})
    assert late["status"] == 409
    assert await staff.announced(penalty["id"]) == ["proposed", "decided", "noticed", "final", "executed"]


async def test_only_the_person_concerned_appeals_once_and_in_time(staff: Running) -> None:
    """STF-8"""
    await join(staff, "a2")
    penalty = await noticed(staff, "a2")
    path, body = f"/penalties/{penalty['id']}/appeal", {"grounds": "当时不在场"}
    assert (await staff.refused(path, staff.headers("u12", "salesperson"), body))["status"] == 404
    assert (await staff.refused(path, hr(staff), body))["rule"] == "STF-8"
    assert (await staff.refused(path, staff.headers("a2", on_behalf_of="u12"), body))["rule"] == "STF-8"
    assert (await staff.refused(path, staff.headers("a2"), {"grounds": ""}))["status"] == 422
    mine = await staff.post(path, staff.headers("a2"), body)
    assert (mine["status"], mine["appeal"]["grounds"]) == ("appealed", "当时不在场")
    assert (await staff.refused(path, staff.headers("a2"), body))["status"] == 409
    assert not await staff.pool.fetchval("SELECT count(*) FROM timers WHERE owner = $1", UUID(penalty["id"]))

    late = await noticed(staff, "a2")
    await staff.pool.execute(
        'UPDATE penalties SET document = document || \'{"appeal_by": "2020-01-01T00:00:00Z"}\' WHERE id = $1',
        UUID(late["id"]),
    )
    problem = await staff.refused(f"/penalties/{late['id']}/appeal", staff.headers("a2"), body)
    assert (problem["status"], problem["rule"]) == (422, "STF-8")


async def test_an_appeal_is_decided_by_others_who_uphold_reduce_or_revoke(staff: Running) -> None:
    """STF-8"""
    await join(staff, "a3")
    for body, status, amount in [
        ({"outcome": "upheld", "reason": "证据确凿"}, "final", "50.00"),
        ({"outcome": "reduced", "measures": ["public_criticism"], "reason": "初犯"}, "final", "0.00"),
        (
            {"outcome": "reduced", "measures": ["public_criticism", "fine"], "fine": "20", "reason": "r"},
            "final",
            "20.00",
        ),
        ({"outcome": "revoked", "reason": "查无此事"}, "revoked", "50.00"),
    ]:
        penalty = await appealed(staff, "a3")
        path = f"/penalties/{penalty['id']}/appeal/decide"
        assert (await staff.refused(path, hr(staff), body))["rule"] == "STF-8"
        assert (await staff.refused(path, staff.headers("a3", "hr"), body))["rule"] == "STF-8"
        assert (await staff.refused(path, staff.headers("x9", "hr", on_behalf_of="u30"), body))["rule"] == "STF-8"
        assert (await staff.refused(path, staff.headers("u09", "sales_manager"), body))["status"] == 403
        done = await staff.post(path, general(staff), body)
        assert (done["status"], done["fine"], done["appeal"]["outcome"]) == (status, amount, body["outcome"])
        assert (done["appeal"]["fine_before"], done["appeal"]["decided_by"]) == ("50.00", "u01")
        assert (await staff.refused(path, general(staff), body))["status"] == 409
        assert (await staff.announced(penalty["id"]))[-2:] == ["appeal_decided", status]


@pytest.mark.parametrize("body", [
    {"outcome": "reduced", "measures": ["public_criticism", "fine"], "fine": "50.00"},
    {"outcome": "reduced", "measures": ["public_criticism", "fine"], "fine": "60.00"},
    {"outcome": "reduced", "measures": ["public_criticism", "fine"], "fine": "10.00"},
    {"outcome": "reduced", "measures": ["suspension"]},
    {"outcome": "reduced"},
    {"outcome": "upheld", "measures": ["public_criticism"]},
    {"outcome": "revoked", "fine": "20.00"},
])  # fmt: skip
async def test_what_is_reduced_is_milder_and_still_inside_the_schedule(staff: Running, body: Thing) -> None:
    """STF-7, STF-8"""
    penalty = await appealed(staff, "u15")
    path = f"/penalties/{penalty['id']}/appeal/decide"
    assert (await staff.refused(path, general(staff), body | {"reason": "r"}))["rule"] in ("STF-7", "STF-8")
    assert (await shown(staff, penalty))["status"] == "appealed"
    await staff.post(path, general(staff), {"outcome": "revoked", "reason": "r"})


async def test_a_higher_post_takes_a_penalty_back_and_the_month_has_room_again(staff: Running) -> None:
    """STF-8: a fifth of 500 yuan is 100 yuan, which a revoked fine of 100 does not fill."""
    await join(staff, "a4", wage="500.00")
    penalty = await decide(staff, await proposed(staff, "a4"), fine("100.00"))
    other = await proposed(staff, "a4")
    assert (await staff.refused(f"/penalties/{other['id']}/decide", hr(staff), fine("20.00")))["rule"] == "STF-8"
    path = f"/penalties/{penalty['id']}/revoke"
    for post in ("hr", "finance", "sales_manager"):
        assert (await staff.refused(path, staff.headers("u31", post), {"reason": "r"}))["status"] == 403
    assert (await staff.refused(path, staff.headers("a4", "general_manager"), {"reason": "r"}))["rule"] == "STF-8"
    elsewhere = staff.headers("u07", "branch_general_manager", branch="成都")
    assert (await staff.refused(path, elsewhere, {"reason": "r"}))["status"] == 403
    done = await staff.post(path, staff.headers("u08", "branch_general_manager", branch="长沙"), {"reason": "认错人"})
    assert (done["status"], done["revoked_because"]) == ("revoked", "认错人")
    assert (await staff.refused(path, general(staff), {"reason": "r"}))["status"] == 409
    await decide(staff, other, fine("100.00"))
    with pytest.raises(asyncpg.CheckViolationError, match="STF-8 carried out only when final"):
        await staff.pool.execute(
            'UPDATE penalties SET document = document || \'{"executed_at": "2026-01-01T00:00:00Z"}\' WHERE id = $1',
            UUID(other["id"]),
        )


async def test_something_graver_replaces_what_is_undecided_and_supplements_what_is_decided(staff: Running) -> None:
    """STF-8: once per cause; both ways are reasoned, and what is no graver changes nothing."""
    await join(staff, "a5")
    cause = new_id()

    async def find(version: int, severity: str) -> list[Thing]:
        await tell(staff, established("a5", severity=severity), cause, version)
        return await penalties_of(staff, cause)

    [light] = await find(1, "light")
    [grave] = await find(2, "grave")
    assert (grave["id"], grave["number"], grave["status"]) == (light["id"], light["number"], "proposed")
    assert (grave["violation"], grave["severity"]) == ("serious_service_complaint", "grave")
    assert await staff.announced(light["id"]) == ["proposed", "withdrawn", "proposed"]
    assert len(await find(3, "ordinary")) == 1
    assert await staff.announced(light["id"]) == ["proposed", "withdrawn", "proposed"]

    await join(staff, "a6")
    other = new_id()
    await tell(staff, established("a6", severity="ordinary"), other, 1)
    [first] = await penalties_of(staff, other)
    await decide(staff, first, fine("20.00"))
    await tell(staff, established("a6", severity="grave"), other, 2)
    await tell(staff, established("a6", severity="grave"), other, 3)
    found = {penalty["supplement"]: penalty for penalty in await penalties_of(staff, other)}
    assert found.keys() == {0, 1}
    assert (found[0]["status"], found[1]["status"]) == ("decided", "proposed")
    assert first["number"] in found[1]["reasoning"]["zh"]
    assert first["number"] in found[1]["reasoning"]["en"]


async def test_what_was_not_verified_takes_back_what_is_undecided(staff: Running) -> None:
    """CMP-15, STF-8: and comes back when it is verified after all."""
    cause = new_id()
    await tell(staff, established("u12"), cause, 1)
    await tell(staff, established(verified=False), cause, 2)
    [penalty] = await penalties_of(staff, cause)
    assert penalty["status"] == "withdrawn"
    assert (await staff.refused(f"/penalties/{penalty['id']}/decide", hr(staff), fine("20.00")))["status"] == 409
    await tell(staff, established("u12"), cause, 3)
    [again] = await penalties_of(staff, cause)
    assert (again["id"], again["status"]) == (penalty["id"], "proposed")


async def test_repeats_of_the_same_violation_are_shown_and_bring_more_measures(staff: Running) -> None:
    """STF-6, STF-8: clause, range and history are in the proposal, with the reasoning in words."""
    await join(staff, "a7")
    before = await decide(staff, await proposed(staff, "a7"), fine("20.00"))
    revoked = await decide(staff, await proposed(staff, "a7"), fine("20.00"))
    await staff.post(f"/penalties/{revoked['id']}/revoke", general(staff), {"reason": "r"})
    penalty = await proposed(staff, "a7")
    assert [earlier["number"] for earlier in penalty["repeats"]] == [before["number"]]
    for said in (before["number"], "D19 §4.3a", "20.00", "100.00", "服务投诉"):
        assert said in penalty["reasoning"]["zh"]
    assert (await proposed(staff, "a7", kind="quality"))["repeats"] == []


async def test_the_notice_is_printed_once_somebody_has_decided(staff: Running) -> None:
    """STF-8: clause, facts, measures, amount, right and deadline of appeal."""
    await join(staff, "a8")
    open_one = await proposed(staff, "a8")
    assert (await staff.ask("GET", f"/penalties/{open_one['id']}/notice", hr(staff))).status_code == 409
    penalty = await noticed(staff, "a8")
    own = staff.headers("a8")
    [page] = papers.pages(papers.paper(await staff.ask("GET", f"/penalties/{penalty['id']}/notice", own), "pdf"))
    for said in (
        "处罚通知书",
        penalty["number"],
        "某某",
        "a8",
        "D19§4.3a",
        "态度恶劣",
        "通报批评、罚款",
        "50.00",
        "申诉截止时间",
    ):
        assert said in page, said
    answer = await staff.ask("GET", f"/penalties/{penalty['id']}/notice?format=xlsx", own)
    cells = [str(cell) for row in papers.rows(papers.paper(answer, "xlsx")) for cell in row]
    assert "D19 §4.3a" in cells
    assert any("申诉" in cell for cell in cells)
    stranger = staff.headers("u12", "salesperson")
    assert (await staff.ask("GET", f"/penalties/{penalty['id']}/notice", stranger)).status_code == 404
    assert (await staff.ask("GET", f"/penalties/{penalty['id']}/notice?format=doc", own)).status_code == 422


async def test_a_regions_switch_holds_for_what_is_proposed_from_then_on(staff: Running) -> None:
    """STF-8, REG-2: a running case keeps the numbers it was stamped with; fines become deductions where law says so."""
    for code in ("b1", "b2"):
        await join(staff, code, branch="昆明")
    running = await proposed(staff, "b1")
    policies = staff.app.state.policies
    stated = {
        key: parameter.model_dump(mode="json") | {"regulation": "XF", "edition": 2, "clause": parameter.clause or "x"}
        for key, parameter in policies.now.parameters.items()
    }
    stated["penalties.fines_as_deductions"]["value"] = {"昆明": True}
    effective_at = datetime.now(UTC)
    await tell(
        staff, PolicyTookEffect.model_validate({"version": "s1", "effective_at": effective_at, "parameters": stated})
    )

    async def learned() -> bool:
        return bool(policies.now.version == "s1")

    await eventually(learned)
    assert (await decide(staff, running, fine("50.00")))["as_deduction"] is False
    later = await proposed(staff, "b2")
    assert (running["policy"] != later["policy"], later["policy"]) == (True, "s1")
    assert (await decide(staff, later, fine("50.00")))["as_deduction"] is True


# The schedule (STF-6)


async def draft(staff: Running, on: str, **change: Any) -> Thing:
    schedule = await staff.get("/penalty-schedule", hr(staff))
    body = {"effective_on": on, "own_quotes_a_month": schedule["own_quotes_a_month"], "entries": schedule["entries"]}
    return dict(await staff.post("/penalty-schedules", hr(staff), body | change))


async def test_an_edition_of_the_schedule_holds_from_its_day_on_once_another_has_approved_it(staff: Running) -> None:
    """STF-6"""
    entries = (await staff.get("/penalty-schedule", hr(staff)))["entries"]
    changed = [entry | ({"title": "投诉"} if "service" in entry["kinds"] else {}) for entry in entries]
    body = {"effective_on": "2099-01-01", "entries": changed}
    assert (await staff.refused("/penalty-schedules", staff.headers("u12", "salesperson"), body))["status"] == 403
    edition = await staff.post("/penalty-schedules", hr(staff), body)
    path = f"/penalty-schedules/{edition['id']}"
    assert (await staff.refused(f"{path}/approve", hr(staff)))["status"] == 403
    own = staff.headers("u30", "general_manager")
    assert (await staff.refused(f"{path}/approve", own))["rule"] == "STF-6"
    assert (await staff.get("/penalty-schedule?on=2099-01-01", hr(staff)))["number"] != edition["number"]
    assert (await staff.post(f"{path}/approve", general(staff)))["status"] == "approved"
    assert (await staff.refused(f"{path}/reject", general(staff), {"reason": "r"}))["status"] == 409
    assert (await staff.get("/penalty-schedule?on=2099-01-01", hr(staff)))["number"] == edition["number"]
    assert (await staff.get("/penalty-schedule", hr(staff)))["number"] != edition["number"]
    listed = await staff.get("/penalty-schedules", staff.headers("u12", "salesperson"))
    assert edition["id"] in {one["id"] for one in listed["items"]}

    past = await draft(staff, "2020-01-01")
    assert (await staff.refused(f"/penalty-schedules/{past['id']}/approve", general(staff)))["rule"] == "STF-6"
    done = await staff.post(f"/penalty-schedules/{past['id']}/reject", general(staff), {"reason": "不追溯"})
    assert (done["status"], done["reason"]) == ("rejected", "不追溯")
    assert (await staff.ask("GET", f"/penalty-schedules/{new_id()}", hr(staff))).status_code == 404


@pytest.mark.parametrize("change", [
    {"deciders": ["hr"]}, {"deciders": ["hr", "salesperson"]}, {"measures": ["closure"], "fine_low": None},
    {"fine_low": None}, {"low": "1.00", "high": "2.00"}, {"measures": []}, {"nonsense": 1},
])  # fmt: skip
async def test_an_edition_that_contradicts_itself_is_refused(staff: Running, change: Thing) -> None:
    """STF-6"""
    [entry, *_] = (await staff.get("/penalty-schedule", hr(staff)))["entries"]
    body = {"effective_on": "2099-01-01", "entries": [entry | change]}
    assert (await staff.refused("/penalty-schedules", hr(staff), body))["status"] == 422


async def test_a_fine_may_have_its_range_in_the_edition(staff: Running) -> None:
    """STF-6, STF-7: an amount of the edition's own, for a kind of complaint nothing else uses."""
    schedule = await staff.get("/penalty-schedule", hr(staff))
    [entry, *_] = schedule["entries"]
    special = entry | {
        "kinds": ["special"], "violation": "special", "fine_low": None, "fine_high": None, "low": "200.00",
        "high": "300.00", "heavier": {"times": 2, "measures": ["demerit"]}, "effective": None,
    }  # fmt: skip
    today = f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m-%d}"
    edition = await draft(staff, today, entries=[*schedule["entries"], special])
    await staff.post(f"/penalty-schedules/{edition['id']}/approve", general(staff))
    await join(staff, "a9")
    first = await proposed(staff, "a9", kind="special")
    assert (first["low"], first["high"], first["schedule_edition"]) == ("200.00", "300.00", edition["number"])
    assert "demerit" not in first["provided"]
    assert (await staff.refused(f"/penalties/{first['id']}/decide", hr(staff), fine("100.00")))["rule"] == "STF-7"
    await decide(staff, first, fine("250.00"))
    assert "demerit" in (await proposed(staff, "a9", kind="special"))["provided"]


def own_quote(person: str) -> PriceRefused:
    return PriceRefused(
        person=person, customer_id=new_id(), article="T1", asked=Decimal("9.00"), allowed=Decimal("12.00")
    )


async def quote_cases(staff: Running, person: str) -> list[Thing]:
    found = await staff.get(f"/conduct-cases?subject={person}", hr(staff))
    return list(found["items"])


async def test_prices_of_their_own_make_a_case_by_the_count_of_the_month(staff: Running) -> None:
    """STF-11, ORD-3: three in a month make one case, a fourth is added to it; nothing is proposed before a person
    has established it.
    """
    await join(staff, "q1")
    for seen in ([], [], [3], [4]):
        await tell(staff, own_quote("q1"))
        assert [len(case["evidence"]) for case in await quote_cases(staff, "q1")] == seen
    [case] = await quote_cases(staff, "q1")
    assert (case["violation"], case["reported_by"]) == ("own_quote", "service:staff")
    assert await penalties_of(staff, UUID(case["id"])) == []
    for _ in range(3):
        await tell(staff, own_quote("a-dealer"))
    assert await quote_cases(staff, "a-dealer") == []
    await staff.post(f"/conduct-cases/{case['id']}/establish", hr(staff), {"severity": "light", "finding": "四次"})
    [penalty] = await eventually(lambda: penalties_of(staff, UUID(case["id"])))
    assert (penalty["violation"], penalty["clause"]) == ("own_quote", "D19 §5.3")
    await tell(staff, own_quote("q1"))
    assert [len(case["evidence"]) for case in await quote_cases(staff, "q1")] == [4]
    assert orjson.loads(orjson.dumps(penalty["provided"])) == ["warning", "public_criticism", "fine", "suspension"]
