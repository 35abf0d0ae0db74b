"""A slip with the number of another order, corrected: evidence and hold follow in two other services."""

from tests.house import eventually
from tests.journeys.town import Thing, Town


async def test_the_hold_and_the_evidence_move_to_the_goods_of_the_right_order(town: Town) -> None:
    """CMP-3, QUA-1, ORD-12, ORD-20: whatever comes first, and nothing stays parked."""
    dealer, article = await town.dealer(), await town.article()
    lots = [await town.lot(article), await town.lot(article)]
    wrong, right = [await town.delivered(dealer, article, lot) for lot in lots]
    case = await town.file(town.grievance(dealer, wrong))
    await eventually(lambda: town.holds(lots[0]))
    slip = case["slip"] | {"order_number": right["number"]}
    body = {"slip": slip, "reason": "抄错单号"}
    await town.post("complaints", f"/complaints/{case['id']}/correct-slip", "service_agent", body)

    async def moved() -> bool:
        return bool(await town.holds(lots[1])) and not await town.holds(lots[0])

    await eventually(moved)

    async def evidence() -> list[Thing]:
        seen = await town.get("complaints", f"/complaints/{case['id']}", "sales_director")
        return [one for one in seen["evidence"] if one["order_id"] == right["id"]]

    [arrived] = await eventually(evidence)
    assert [goods["lot"] for goods in arrived["goods"]] == [lots[1]["lot"]]
    investigation = await town.investigation(case)
    assert investigation["slip"]["order_number"] == right["number"]
    await town.told("slip_corrected", case["id"], "quality_inspector")
    involved = {case["id"], wrong["id"], right["id"], investigation["id"], *(lot["id"] for lot in lots)}
    assert await town.parked(involved) == []
