"""A complaint between the services: slip and order, departments' sections, and no penalty without what is verified."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.house import eventually
from tests.journeys.test_quality_complaint import found
from tests.journeys.town import CONTACT, Thing, Town
from tests.papers import pages

SECTIONS = ("生产部", "品质部", "仓储部", "运输部", "窑温偏低")


@pytest.fixture
async def order(town: Town) -> Thing:
    """An order whose goods the dealer has."""
    dealer, article = await town.dealer(), await town.article()
    return (await town.delivered(dealer, article, await town.lot(article))) | {"dealer": dealer}


async def case_of(town: Town, case: Thing) -> Thing:
    seen: Thing = await town.get("complaints", f"/complaints/{case['id']}", "sales_director")
    return seen


async def test_where_the_slip_and_the_order_differ_is_shown_on_the_case(town: Town, order: Thing) -> None:
    """CMP-3, ORD-20: a finding, not a loss."""
    body = town.grievance(order["dealer"], order)
    body["slip"] |= {"colour_number": "Z99", "quantity": "999"}
    case = await town.file(body)

    async def differences() -> list[str]:
        return [one["field"] for kept in (await case_of(town, case))["evidence"] for one in kept["differences"]]

    assert set(await eventually(differences)) == {"colour_number", "quantity"}


async def test_an_order_that_nobody_knows_is_noted_and_the_case_goes_on(town: Town, order: Thing) -> None:
    """CMP-3"""
    body = town.grievance(order["dealer"], order)
    body["slip"] |= {"order_number": "DH19990101-UNKNOWN0"}
    case = await town.file(body)

    async def noted() -> bool:
        return bool((await case_of(town, case))["evidence_missing"] == ["DH19990101-UNKNOWN0"])

    await eventually(noted)
    taken = await town.post("complaints", f"/complaints/{case['id']}/take", "sales_director")
    assert taken["status"] == "in_hand"


async def test_what_the_departments_found_stands_on_the_printed_form(town: Town, order: Thing) -> None:
    """CMP-5, CMP-12, CMP-17: each department's section, with its own deadline."""
    case = await town.file(town.grievance(order["dealer"], order))
    await found(town, case)

    async def filled() -> bool:
        sections = (await case_of(town, case))["sections"]
        return len(sections) == 4 and all(one["reported_at"] and one["due_at"] for one in sections)

    await eventually(filled)
    answer = await town["complaints"].ask("GET", f"/complaints/{case['id']}/form", town.as_("office"))
    text = "".join(pages(answer.content))
    assert [words for words in SECTIONS if words not in text] == []


async def test_no_penalty_arises_from_a_complaint_that_is_not_verified(town: Town) -> None:
    """CMP-15, STF-8: only what was established on evidence starts one."""
    dealer, employee = await town.dealer(), await town.employee()
    body = {"kind": "service", "channel": "phone", "customer_id": dealer["id"], "description": "态度恶劣",
            "about": employee, "contact": CONTACT}  # fmt: skip
    case = await town.file(body)
    path = f"/complaints/{case['id']}"
    await town.post("complaints", f"{path}/take", "sales_manager")
    who = {"employee": employee, "department": "sales", "severity": "ordinary", "finding": "客户所述"}
    unproven = {"verified": True, "responsible": [who]}
    assert (await town.refused("complaints", f"{path}/establish", "sales_manager", unproven))["rule"] == "CMP-15"
    await town.post("complaints", f"{path}/establish", "sales_manager", {"verified": False})

    async def heard() -> bool:
        version = await town["staff"].pool.fetchval("SELECT version FROM inbox WHERE entity_id = $1", case["id"])
        told = (await town["complaints"].announced(case["id"])).index("responsibility_established") + 1
        return (version or 0) >= told

    await eventually(heard)
    assert await town.penalties(case["id"]) == []


async def test_an_opinion_is_answered_through_the_department_and_the_customer_s_record_shows_it(town: Town) -> None:
    """CMP-14, CUS-1"""
    dealer = await town.dealer()
    body = {"kind": "opinion", "channel": "web", "customer_id": dealer["id"], "description": "送货可以更早",
            "contact": CONTACT}  # fmt: skip
    case = await town.file(body)
    path = f"/complaints/{case['id']}"
    await town.post("complaints", f"{path}/take", "office")
    handover = {"department": "transport", "task": "可否改早班"}
    await town.post("complaints", f"{path}/hand-over", "office", handover)
    await town.post("complaints", f"{path}/report", "transport", {"report": "下月起改早班"})
    answer = {"answer": "下月起改早班送货", "channel": "phone", "evidence": "通话录音 088", "spoken_to": "梁耀祖"}
    closed = await town.post("complaints", f"{path}/answer", "office", answer)
    assert closed["status"] == "closed"

    async def recorded() -> bool:
        records = await town.get("customers", f"/customers/{dealer['id']}/records", "sales_manager")
        return [(one["number"], bool(one["closed_at"])) for one in records["service_records"]] == [
            (case["number"], True)
        ]

    await eventually(recorded)


async def test_the_deputy_of_a_general_manager_who_is_away_is_called_at_once(town: Town) -> None:
    """CMP-7, STF-1: staff tells of the absence, and complaints calls whoever stands in."""
    branch, head, deputy = (f"{letter}{uuid4().hex[:8]}" for letter in "bhd")
    people = [(head, "branch_general_manager"), (deputy, "sales_manager")]
    lines = [f"{code},麦伟强,{post},分公司,{branch},,,9800.00,2017-05-08" for code, post in people]
    text = "工号,姓名,职务,部门,分公司,门店,上级,月薪,入职日期\n" + "\n".join(lines) + "\n"
    await town.upload("staff", "/employees/import", "hr", "staff.csv", text.encode())
    now = datetime.now(UTC)
    absence = {"employee": head, "deputy": deputy, "begins_at": now.isoformat(), "reason": "出差"}
    absence["ends_at"] = (now + timedelta(days=2)).isoformat()
    await town.post("staff", "/absences", "hr", absence)

    async def away() -> bool:
        pool = town["complaints"].pool
        return bool(await pool.fetchval("SELECT count(*) FROM absences WHERE person = $1", head))

    await eventually(away)
    dealer = await town.dealer()
    body = {"kind": "opinion", "channel": "phone", "customer_id": dealer["id"], "description": "展厅起火",
            "contact": CONTACT, "major": True, "branch": branch}  # fmt: skip
    case = await town.file(body)

    async def deputies() -> list[str]:
        clock = await town.get("complaints", f"/complaints/{case['id']}/clock", "office")
        return list(clock["deputies"])

    assert await eventually(deputies) == [deputy]
