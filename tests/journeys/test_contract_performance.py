"""A contract is performed: its orders count, its end is felt, and a confirmed quality failure breaks it."""

from tests.house import eventually
from tests.journeys.town import TEMPLATE, Thing, Town

TERMS = TEMPLATE | {
    "clauses": [*TEMPLATE["clauses"], {"number": "3", "heading": "质量", "text": "质量不合格按货款的{faulty}%赔付。"}],
    "slots": [*TEMPLATE["slots"], {"name": "faulty", "type": "number", "title": "质量违约金百分比"}],
    "remedies": [{"breach": "quality_failure", "clause": "3", "slot": "faulty"}],
}


async def contracted(town: Town) -> tuple[Thing, Thing, Thing, Thing]:
    """A dealer, an article, a lot of it and a contract over 100 at 10 yuan, known to orders."""
    dealer, article = await town.dealer(), await town.article()
    lot = await town.lot(article)
    contract = await town.seal(await town.contract(dealer, article, "100", "10.00", TERMS, faulty="15"))
    known = "SELECT EXISTS (SELECT FROM contract_allowances WHERE document ->> 'number' = $1)"

    async def open_to_orders() -> bool:
        return bool(await town["orders"].pool.fetchval(known, contract["number"]))

    await eventually(open_to_orders)
    return dealer, article, lot, contract


async def performed(town: Town, contract: Thing) -> Thing:
    performance: Thing = await town.get("contracts", f"/contracts/{contract['id']}/performance", "sales_manager")
    return performance


async def test_orders_under_a_contract_show_in_its_progress(town: Town) -> None:
    """CON-10, CON-13: ordered, paid and delivered, as orders announces it; the milestone waits for the rest."""
    dealer, article, lot, contract = await contracted(town)
    await town.delivered(dealer, article, lot, contract)

    async def arrived() -> Thing | None:
        (line,) = (await performed(town, contract))["lines"]
        return line if line["delivered"]["quantity"] == "60.00" else None

    line = await eventually(arrived)
    assert line
    assert [line[how] for how in ("ordered", "paid", "delivered")] == [{"quantity": "60.00", "value": "600.00"}] * 3
    assert [one["state"] for one in (await performed(town, contract))["milestones"]] == ["open"]
    rest = await town.wish(dealer, article, "40", contract)
    await town.post("orders", "/orders", "salesperson", rest)

    async def all_ordered() -> bool:
        (line,) = (await performed(town, contract))["lines"]
        return bool(line["ordered"]["quantity"] == "100.00")

    await eventually(all_ordered)


async def test_a_confirmed_quality_failure_breaks_the_contract(town: Town) -> None:
    """CON-14: complaint, evidence and liability come from three services; 15 % of the goods complained of are due."""
    dealer, article, lot, contract = await contracted(town)
    order = await town.delivered(dealer, article, lot, contract)
    case = await town.file(town.grievance(dealer, order))
    investigation = f"/investigations/{(await town.investigation(case))['id']}"
    for department in ("production", "quality_inspector", "warehouse", "transport"):
        finding = {"cause": "firing" if department == "production" else "grading", "finding": "窑温偏低"}
        await town.post("quality", f"{investigation}/findings", department, finding)
    shares = [{"department": "production", "employee": None, "percent": 100, "severity": "light"}]
    await town.post("quality", f"{investigation}/liability", "quality_inspector", {"shares": shares})
    path = f"/contracts/{contract['id']}/breaches"

    async def recorded() -> list[Thing]:
        return list((await town.get("contracts", path, "sales_manager"))["items"])

    (breach,) = await eventually(recorded)
    assert (breach["kind"], breach["cause_id"], breach["clause"]) == ("quality_failure", case["id"], "3")
    assert (breach["value"], breach["damages"]) == ("600.00", "90.00")
    settlement = {"amount": "90.00", "note": "抵扣下一批货款"}
    await town.post("contracts", f"{path}/{breach['id']}/settle", "sales_director", settlement)
    assert await town.parked({contract["id"], order["id"], case["id"]}) == []


async def test_a_contract_that_has_ended_is_performed_no_longer(town: Town) -> None:
    """CON-13: contracts hears of its own contracts over the bus."""
    *_, contract = await contracted(town)
    await town.post("contracts", f"/contracts/{contract['id']}/end", "sales_manager", {"reason": "双方同意终止"})

    async def closed() -> bool:
        return bool((await performed(town, contract))["status"] == "closed")

    await eventually(closed)
