"""A quality complaint, and what follows from it in six services, from the held lot to the freed one."""

from typing import NamedTuple

import pytest

from tests.house import eventually
from tests.journeys.town import CONTACT, Thing, Town

FINDINGS = {"production": "firing", "quality_inspector": "grading", "warehouse": "storage", "transport": "transport"}


class Complained(NamedTuple):
    """A dealer has complained of the goods of one lot."""

    dealer: Thing
    article: Thing
    lot: Thing
    order: Thing
    case: Thing


@pytest.fixture
async def complained(town: Town) -> Complained:
    dealer, article = await town.dealer(), await town.article()
    lot = await town.lot(article)
    order = await town.delivered(dealer, article, lot)
    body = town.grievance(dealer, order)
    case = await town["complaints"].post("/complaints", town.as_("customer", "d001", customer=dealer["id"]), body)
    return Complained(dealer, article, lot, order, case)


async def found(town: Town, case: Thing) -> str:
    """The path of a case's investigation in which every department has reported what it found."""
    path = f"/investigations/{(await town.investigation(case))['id']}"

    async def assigned() -> bool:
        tasks = (await town.get("quality", path, "quality_inspector"))["tasks"]
        return {task["department"] for task in tasks} == set(FINDINGS)

    await eventually(assigned)
    for department, cause in FINDINGS.items():
        await town.post("quality", f"{path}/findings", department, {"cause": cause, "finding": "窑温偏低"})
    return path


async def blame(town: Town, path: str, employee: str) -> None:
    """Seventy per cent of the liability is one person's."""
    shares = [
        {"department": "production", "employee": employee, "percent": 70, "severity": "ordinary"},
        {"department": "quality_inspector", "employee": None, "percent": 30, "severity": "light"},
    ]
    await town.post("quality", f"{path}/liability", "quality_inspector", {"shares": shares})


async def test_it_opens_its_investigation_with_a_task_and_a_deadline_for_each_department(
    town: Town, complained: Complained
) -> None:
    """QUA-1, QUA-2, CMP-5."""
    investigation = await town.investigation(complained.case)

    async def linked() -> bool:
        case = await town.get("complaints", f"/complaints/{complained.case['id']}", "sales_director")
        return bool(case["investigation"] and case["investigation"]["id"] == investigation["id"])

    await eventually(linked)
    assert {task["department"] for task in investigation["tasks"] if task["due_at"]} == set(FINDINGS)


async def test_the_order_s_evidence_arrives_in_the_case(town: Town, complained: Complained) -> None:
    """ORD-20: lines, lots, dates, prices, people."""

    async def evidence() -> list[Thing]:
        case = await town.get("complaints", f"/complaints/{complained.case['id']}", "sales_director")
        return list(case["evidence"])

    (arrived,) = await eventually(evidence)
    assert arrived["order_id"] == complained.order["id"]
    assert [goods["lot"] for goods in arrived["goods"]] == [complained.lot["lot"]]
    assert arrived["people"]


async def test_a_lot_on_hold_is_not_shipped_to_anybody_until_it_is_freed(town: Town, complained: Complained) -> None:
    """QUA-1, ORD-12: a second order for goods of the lot waits for the end of the hold."""
    second = await town.released(await town.dealer(), complained.article, "12")
    await eventually(lambda: town.holds(complained.lot))
    path, shipment = f"/orders/{second['id']}/dispatch", town.shipment(second, complained.lot)
    assert (await town.refused("orders", path, "warehouse", shipment))["rule"] == "ORD-12"
    investigation = await found(town, complained.case)
    await town.post("quality", f"{investigation}/release-lots", "quality_inspector", {"reason": "复检合格"})

    async def freed() -> bool:
        return not await town.holds(complained.lot)

    await eventually(freed)
    sent = await town.post("orders", path, "warehouse", shipment)
    assert sent["status"] == "dispatched"


async def test_no_certificate_vouches_for_a_lot_on_hold(town: Town, complained: Complained) -> None:
    """QUA-6."""
    await eventually(lambda: town.holds(complained.lot))
    body = {"order_number": complained.order["number"], "lots": [complained.lot["lot"]]}
    assert (await town.refused("quality", "/certificates", "quality_inspector", body))["rule"] == "QUA-6"


async def test_the_sales_director_the_departments_the_warehouse_and_the_dealer_are_told(
    town: Town, complained: Complained
) -> None:
    """CMP-4, CMP-5, NOT-1."""
    case, investigation = complained.case["id"], (await town.investigation(complained.case))["id"]
    await town.told("quality_complaint_assigned", case, "sales_director")
    for department in FINDINGS:
        await town.told("department_task_assigned", investigation, department)
    await town.told("lot_held", complained.lot["id"], "warehouse")

    async def receipt() -> bool:
        who = town.as_("customer", "d001", customer=complained.dealer["id"])
        inbox = await town["notifications"].get("/inbox", who)
        return [message["about"] for message in inbox["items"] if message["template"] == "complaint_received"] == [case]

    await eventually(receipt)


async def test_liability_leads_to_one_penalty_a_person_decides_and_the_employee_is_told(
    town: Town, complained: Complained
) -> None:
    """STF-8, CMP-15, NOT-3: proposed once per cause, decided by a person, the notice known to have arrived."""
    employee = await town.employee()
    await blame(town, await found(town, complained.case), employee)
    penalty = await town.proposed(complained.case["id"])
    assert (penalty["employee"], penalty["status"]) == (employee, "proposed")
    body = {"measures": penalty["measures"], "reason": "责任已查实", "fine": "0.00"}
    await town.post("staff", f"/penalties/{penalty['id']}/decide", "hr", body)
    await town.told("penalty_notice", penalty["id"], "production", employee)

    async def noticed() -> bool:
        return bool((await town.get("staff", f"/penalties/{penalty['id']}", "hr"))["noticed_at"])

    await eventually(noticed)
    assert len(await town.penalties(complained.case["id"])) == 1


async def test_responsibility_established_twice_over_still_proposes_one_penalty(
    town: Town, complained: Complained
) -> None:
    """STF-8: quality's liability and the case's own finding are one cause."""
    employee = await town.employee()
    await blame(town, await found(town, complained.case), employee)
    penalty = await town.proposed(complained.case["id"])
    about = f"/complaints/{complained.case['id']}"
    await town.post("complaints", f"{about}/take", "sales_director")
    response = {"channel": "phone", "evidence": "通话录音 031", "spoken_to": "梁耀祖"}
    await town.post("complaints", f"{about}/respond", "sales_director", response)
    who: Thing = {"employee": employee, "department": "production", "severity": "ordinary", "finding": "窑温记录"}
    who |= {"evidence": ["录音 031"]}
    established = {"verified": True, "responsible": [who]}
    await town.post("complaints", f"{about}/establish", "sales_director", established)

    async def heard() -> bool:
        query = "SELECT version FROM inbox WHERE entity_id = $1"
        last = (await town["complaints"].announced(complained.case["id"])).index("responsibility_established") + 1
        return (await town["staff"].pool.fetchval(query, complained.case["id"]) or 0) >= last

    await eventually(heard)
    assert [one["id"] for one in await town.penalties(complained.case["id"])] == [penalty["id"]]


async def test_the_bulletin_says_nothing_of_the_complainant(town: Town, complained: Complained) -> None:
    """NOT-4, CUS-9: public criticism names the person criticised, never the dealer, nor how to reach them."""
    employee = await town.employee()
    await blame(town, await found(town, complained.case), employee)
    penalty = await town.proposed(complained.case["id"])
    body = {"measures": ["public_criticism"], "reason": "责任已查实", "fine": "0.00"}
    await town.post("staff", f"/penalties/{penalty['id']}/decide", "hr", body)
    await town.final(penalty)

    async def published() -> list[Thing]:
        items = (await town.get("notifications", "/bulletins?limit=200", "salesperson"))["items"]
        return [one for one in items if one["penalty_id"] == penalty["id"]]

    (bulletin,) = await eventually(published)
    assert employee in str(bulletin)
    private = (*CONTACT.values(), complained.dealer["company"], complained.dealer["code"], complained.dealer["id"])
    assert [word for word in private if word in str(bulletin)] == []


async def test_a_settled_claim_is_known_on_the_case(town: Town, complained: Complained) -> None:
    """QUA-5, CMP-8."""
    await town.investigation(complained.case)
    body = {"complaint_id": complained.case["id"], "amount": "1760.00", "settlement": "refund"}
    claim = await town.post("quality", "/claims", "service_agent", body)
    await town.told("claim_proposed", claim["id"], "sales_manager")
    await town.post("quality", f"/claims/{claim['id']}/approve", "sales_manager")
    await town.post("quality", f"/claims/{claim['id']}/settle", "finance", {"reference": "REFUND-0001"})

    async def known() -> list[Thing]:
        return list((await town.get("complaints", f"/complaints/{complained.case['id']}", "sales_director"))["claims"])

    (settled,) = await eventually(known)
    assert settled["amount"] == "1760.00"


async def test_the_summary_of_the_closed_investigation_belongs_to_the_case(town: Town, complained: Complained) -> None:
    """CMP-13, QUA-4."""
    path = await found(town, complained.case)
    await blame(town, path, await town.employee())
    await town.post("quality", f"{path}/release-lots", "quality_inspector", {"reason": "复检合格"})
    await town.post("quality", f"{path}/close", "quality_inspector", {"summary": "根因已消除"})

    async def concluded() -> bool:
        case = await town.get("complaints", f"/complaints/{complained.case['id']}", "sales_director")
        return "根因已消除" in str(case)

    await eventually(concluded)


async def test_nothing_of_the_whole_chain_stays_parked(town: Town, complained: Complained) -> None:
    """PLT-2: events of different services may come in any order, and every reaction copes."""
    await blame(town, await found(town, complained.case), await town.employee())
    penalty = await town.proposed(complained.case["id"])
    body = {"measures": penalty["measures"], "reason": "责任已查实", "fine": "0.00"}
    await town.post("staff", f"/penalties/{penalty['id']}/decide", "hr", body)

    async def noticed() -> bool:
        return bool((await town.get("staff", f"/penalties/{penalty['id']}", "hr"))["noticed_at"])

    await eventually(noticed)
    involved = {complained.dealer["id"], complained.case["id"], complained.order["id"], complained.lot["id"]}
    involved |= {penalty["id"], (await town.investigation(complained.case))["id"]}
    assert await town.parked(involved) == []
