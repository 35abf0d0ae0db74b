"""An amendment, a delegate and a service contract, across the services that hear of them."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.house import eventually
from tests.journeys.town import TEMPLATE, Thing, Town


async def decided(town: Town, contract: Thing) -> Thing:
    """A contract as it stands, reviewed and approved by sales manager and audit."""
    path = f"/contracts/{contract['id']}"
    submitted = await town.post("contracts", f"{path}/submit", "salesperson")
    for line in range(1, len(contract["lines"]) + len(contract["services"]) + 1):
        for department in ("production", "quality_inspector"):
            await town.post("contracts", f"{path}/reviews", department, {"line": line, "can_meet": True})
    decision = {"digest": submitted["submission"]["digest"]}
    for post in ("sales_manager", "auditor"):
        approved: Thing = await town.post("contracts", f"{path}/approve", post, decision)
    return approved


async def test_an_amendment_is_made_known_and_opens_what_it_adds(town: Town) -> None:
    """CON-9, CON-11, ORD-19: the departments are told, and orders may draw on the new quantity at the new price."""
    dealer, article = await town.dealer(), await town.article()
    contract = await town.seal(await town.contract(dealer, article, quantity="50", price="12.34"))
    line = contract["lines"][0] | {"quantity": "100", "price": "11.11"}
    body = {"reason": "客户增订", "lines": [line]}
    amendment = await town.post("contracts", f"/contracts/{contract['id']}/amend", "salesperson", body)
    await town.seal(await decided(town, amendment))
    for post in ("production", "warehouse", "finance"):
        await town.told("contract_amended", contract["id"], post)
    wish = await town.wish(dealer, article, "80", contract)

    async def ordered() -> bool:
        answer = await town["orders"].ask("POST", "/orders", town.as_("salesperson"), json=wish)
        return answer.status_code == 201 and answer.json()["lines"][0]["price"] == "11.11"

    await eventually(ordered)
    assert await town.parked([contract["id"], amendment["id"]]) == []


async def test_a_delegate_is_asked_in_the_absent_ones_place_and_the_next_post_after_them(town: Town) -> None:
    """CON-4, CON-15, NOT-1: the decision names both, and the chain goes on."""
    deputy, now = f"j{uuid4().hex[:8]}", datetime.now(UTC)
    delegation = {
        "delegate": deputy, "posts": ["sales_manager"], "reason": "休假",
        "from": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    await town.post("contracts", "/delegations", "sales_manager", delegation)
    dealer, article = await town.dealer(), await town.article()
    contract = await town.contract(dealer, article, "10", "12.34")
    path = f"/contracts/{contract['id']}"
    await town.post("contracts", f"{path}/change", "salesperson", {"valid_until": "2027-05-31"})
    submitted = await town.post("contracts", f"{path}/submit", "salesperson")
    for department in ("production", "quality_inspector"):
        await town.post("contracts", f"{path}/reviews", department, {"line": 1, "can_meet": True})
    decision = {"digest": submitted["submission"]["digest"], "on_behalf_of": "u09"}
    approved = await town["contracts"].post(f"{path}/approve", town.as_("office", deputy), decision)
    assert approved["approvals"]["decisions"][0]["decided_by"] == deputy
    await town.told("contract_awaits_approval", contract["id"], "auditor")
    await town.post("contracts", f"{path}/approve", "auditor", {"digest": decision["digest"]})
    await town.post("contracts", f"{path}/request-seal", "salesperson", {"copies": 2, "purpose": "存档"})
    await town.told("seal_requested", contract["id"], "seal_keeper")


async def test_a_service_contract_takes_effect_without_goods(town: Town) -> None:
    """CON-11, CON-12: nobody who hears of it stumbles over a contract that has no lines."""
    dealer = await town.dealer()
    template = TEMPLATE | {"code": f"J{uuid4().hex[:10]}", "kind": "service"}
    drafted = await town.post("contracts", "/templates", "headquarters", template)
    await town.post("contracts", f"/templates/{drafted['id']}/activate", "general_manager")
    body = {
        "template_id": drafted["id"], "customer_id": dealer["id"], "slots": {"project": "祖庙路工程"},
        "services": [{"service": "铺贴指导", "response_hours": 24, "resolution_hours": 72}],
        "valid_until": "2027-06-30",
    }  # fmt: skip
    contract = await town.post("contracts", "/contracts", "salesperson", body)
    await town.seal(await decided(town, contract))
    await town.told("contract_took_effect", contract["id"], "finance")
    await town.post("contracts", f"/contracts/{contract['id']}/end", "sales_manager", {"reason": "terminated"})

    async def closed() -> bool:
        query = "SELECT document ->> 'status' FROM contract_allowances WHERE document ->> 'number' = $1"
        return bool(await town["orders"].pool.fetchval(query, contract["number"]) == "closed")

    await eventually(closed)
    assert await town.parked([contract["id"]]) == []
