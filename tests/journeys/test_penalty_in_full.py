"""From an established complaint, or prices of one's own, to a penalty that is final and carried out; and a reward."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.events.envelope import new_id
from tests.house import eventually
from tests.journeys import test_service_complaint
from tests.journeys.town import CONTACT, Thing, Town

penalty = test_service_complaint.penalty


async def decided(town: Town, penalty: Thing) -> str:
    """The path of the penalty once it is decided and the employee has the notice."""
    path = f"/penalties/{penalty['id']}"
    body = {"measures": penalty["measures"], "fine": "50.00", "reason": "经查实"}
    await town.post("staff", f"{path}/decide", "hr", body)

    async def noticed() -> bool:
        return bool((await town.get("staff", path, "hr"))["noticed_at"])

    await eventually(noticed)
    return path


async def bulletin(town: Town, employee: str) -> Thing:
    """The only bulletin about an employee."""

    async def published() -> list[Thing]:
        items = (await town.get("notifications", "/bulletins?limit=200", "clerk"))["items"]
        return [item for item in items if item["employee"] == employee]

    [found] = await eventually(published)
    return found


async def test_the_employee_appeals_to_others_and_what_is_left_is_carried_out(town: Town, penalty: Thing) -> None:
    """STF-7, STF-8, CMP-15, NOT-1: each step is told to whom it concerns."""
    path, employee = await decided(town, penalty), penalty["employee"]
    staff = town["staff"]
    await staff.post(f"{path}/appeal", staff.headers(employee), {"grounds": "当时不在场"})
    await town.told("penalty_appealed", penalty["id"], "general_manager")
    answer = {"outcome": "reduced", "measures": ["public_criticism", "fine"], "fine": "20.00", "reason": "初犯"}
    assert (await town.refused("staff", f"{path}/appeal/decide", "hr", answer))["rule"] == "STF-8"
    assert (await town.refused("staff", f"{path}/execute", "finance", {"reference": "x"}))["status"] == 409
    await town.post("staff", f"{path}/appeal/decide", "general_manager", answer)
    await town.told("appeal_decided", penalty["id"], "production", employee)
    await town.told("penalty_final", penalty["id"], "finance")
    done = await town.post("staff", f"{path}/execute", "finance", {"reference": "工资单 2026-11"})
    assert (done["status"], done["fine"]) == ("executed", "20.00")
    [line] = (await town.get("staff", f"/ledger?person={employee}", "hr"))["items"]
    assert (line["amount"], line["status"]) == ("-20.00", "executed")


async def test_public_criticism_says_nothing_that_leads_to_the_complainant(town: Town, penalty: Thing) -> None:
    """STF-7, STF-8, NOT-4: not even the finding, which may quote them; and nobody is named before it is final."""
    await decided(town, penalty)
    items = (await town.get("notifications", "/bulletins?limit=200", "clerk"))["items"]
    assert penalty["employee"] not in {item["employee"] for item in items}
    await town.final(penalty)
    said = str(await bulletin(town, penalty["employee"]))
    assert penalty["number"] not in said
    for secret in (*CONTACT.values(), penalty["cause_id"], penalty["finding"]):
        assert secret not in said


async def test_prices_of_ones_own_lead_to_a_case_and_then_to_a_proposal(town: Town) -> None:
    """ORD-3, STF-11, STF-8: counted by the month; a person judges before anything is proposed."""
    seller = await town.employee()
    dealer, article = await town.dealer(), await town.article()
    shop, staff = town["orders"], town["staff"]
    wish = await town.wish(dealer, article, "1")
    wish["lines"][0]["price"] = "1.00"
    for _ in range(3):
        who = shop.headers(seller, "salesperson", "clerk")
        assert (await shop.refused("/orders", who, wish))["rule"] == "ORD-3"

    async def reported() -> list[Thing]:
        return list((await town.get("staff", f"/conduct-cases?subject={seller}", "hr"))["items"])

    [case] = await eventually(reported)
    assert (case["violation"], len(case["evidence"])) == ("own_quote", 3)
    await town.told("conduct_reported", case["id"], "hr")
    assert await town.penalties(case["id"]) == []
    finding = {"severity": "ordinary", "finding": "三次擅自报价"}
    await staff.post(f"/conduct-cases/{case['id']}/establish", town.as_("hr"), finding)
    proposal = await town.proposed(case["id"])
    assert (proposal["employee"], proposal["clause"]) == (seller, "D19 §5.3")
    await town.told("penalty_proposed", proposal["id"], "hr")


async def test_a_commendation_is_published_and_a_bonus_goes_to_finance(town: Town) -> None:
    """STF-9, D11 §12: for the report of a hazard that proved true."""
    employee, hazard = await town.employee(), str(new_id())
    rewards = []
    for kind, amount in (("commendation", "0.00"), ("bonus", "200.00")):
        body = {"employee": employee, "kind": kind, "amount": amount, "reason": "举报隐患属实", "cause_id": hazard}
        rewards.append(await town.post("staff", "/rewards", "office", body))
        await town.told("reward_proposed", rewards[-1]["id"], "hr")
        await town.post("staff", f"/rewards/{rewards[-1]['id']}/approve", "hr")
    found = await bulletin(town, employee)
    assert (found["kind"], found["reward_id"], found["reason"]) == ("commendation", rewards[0]["id"], "举报隐患属实")
    await town.told("reward_approved", rewards[1]["id"], "finance")
    await town.post("staff", f"/rewards/{rewards[1]['id']}/pay", "finance", {"reference": "工资单"})
    entities = {UUID(reward["id"]) for reward in rewards}
    assert await town.parked({str(entity) for entity in entities}) == []


async def test_the_deputy_is_told_when_an_absence_begins(town: Town) -> None:
    """STF-1, CON-15"""
    absent, deputy = await town.employee(), await town.employee()
    now = datetime.now(UTC)
    times = {"begins_at": now.isoformat(), "ends_at": (now + timedelta(days=3)).isoformat()}
    body = {"employee": absent, "deputy": deputy, "reason": "休假"} | times
    absence = await town.post("staff", "/absences", "hr", body)
    await town.told("absence_began", absence["id"], "production", deputy)
