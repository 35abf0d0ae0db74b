"""A service complaint about an employee, and the fine between 20 and 100 yuan."""

import pytest

from tests.house import eventually
from tests.journeys.town import CONTACT, Thing, Town


@pytest.fixture
async def penalty(town: Town) -> Thing:
    """What is proposed once the complaint is established (经查实)."""
    body = {
        "kind": "service",
        "channel": "phone",
        "customer_id": (await town.dealer())["id"],
        "description": "业务员态度恶劣",
        "about": await town.employee(),
        "contact": CONTACT,
    }
    case = await town.file(body)
    path = f"/complaints/{case['id']}"
    await town.post("complaints", f"{path}/take", "sales_manager")
    response = {"channel": "phone", "evidence": "回电记录 031", "spoken_to": "陈先生"}
    await town.post("complaints", f"{path}/respond", "sales_manager", response)
    who = {"employee": body["about"], "department": "sales", "severity": "ordinary", "finding": "录音证实"}
    who |= {"evidence": ["录音 031"]}
    established = {"verified": True, "responsible": [who]}
    await town.post("complaints", f"{path}/establish", "sales_manager", established)
    return await town.proposed(case["id"])


@pytest.mark.parametrize("fine", ["19.00", "101.00"])
async def test_a_fine_outside_the_range_is_refused(town: Town, penalty: Thing, fine: str) -> None:
    """STF-7: 20 to 100 yuan each time."""
    assert set(penalty["measures"]) == {"public_criticism", "fine"}
    body = {"measures": penalty["measures"], "fine": fine, "reason": "经查实"}
    assert (await town.refused("staff", f"/penalties/{penalty['id']}/decide", "hr", body))["rule"] == "STF-7"


async def test_a_fine_inside_the_range_is_decided_and_the_employee_gets_notice(town: Town, penalty: Thing) -> None:
    """STF-7, STF-8, NOT-3, NOT-4."""
    body = {"measures": penalty["measures"], "fine": "50.00", "reason": "经查实"}
    decided = await town.post("staff", f"/penalties/{penalty['id']}/decide", "hr", body)
    assert decided["fine"] == "50.00"
    await town.told("penalty_notice", penalty["id"], "production", penalty["employee"])

    async def noticed() -> bool:
        return bool((await town.get("staff", f"/penalties/{penalty['id']}", "hr"))["noticed_at"])

    await eventually(noticed)
