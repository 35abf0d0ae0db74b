"""Quality and its neighbours at work: certificates of real shipments, goods under way, and what comes back."""

from datetime import UTC, datetime, timedelta

from tests.house import eventually
from tests.journeys.test_quality_complaint import Complained, blame, complained, found
from tests.journeys.town import CONTACT, Thing, Town
from tests.papers import pages, paper

__all__ = ["complained"]  # the fixture


async def test_a_shipment_leaves_with_its_own_certificate_which_its_customer_can_print(town: Town) -> None:
    """QUA-6, ORD-11: the certificate is of the order and the lots that orders told of, and goes with one shipment."""
    dealer, article = await town.dealer(), await town.article()
    lot = await town.lot(article)
    order = await town.released(dealer, article)

    async def certified() -> Thing | None:
        body = {"order_number": order["number"], "lots": [lot["lot"]]}
        answer = await town["quality"].ask("POST", "/certificates", town.as_("quality_inspector"), json=body)
        issued: Thing | None = answer.json() if answer.status_code == 201 else None
        return issued  # until both have come over the bus it is refused

    certificate = await eventually(certified)
    assert certificate is not None
    shipment = town.shipment(order, lot, certificate["number"])
    await town.post("orders", f"/orders/{order['id']}/dispatch", "warehouse", shipment)
    path = f"/certificates/{certificate['number']}"

    async def shipped() -> bool:
        return bool((await town.get("quality", path, "quality_inspector"))["status"] == "shipped")

    await eventually(shipped)
    listed = await town.get("quality", f"/shipments?order_number={order['number']}", "quality_inspector")
    assert [one["certified"] for one in listed["items"]] == [True]
    who = town.as_("customer", "d001", customer=dealer["id"])
    text = "".join(pages(paper(await town["quality"].ask("GET", f"{path}/print", who), "pdf")))
    assert certificate["number"] in text


async def test_the_case_shows_which_orders_have_goods_of_the_held_lot(town: Town, complained: Complained) -> None:
    """QUA-1: learned over the bus, for orders that were there before the complaint."""
    path = f"/investigations/{(await town.investigation(complained.case))['id']}/goods"

    async def places() -> list[tuple[str, str]]:
        shown = await town.get("quality", path, "quality_inspector")
        return [(place["order_number"], place["state"]) for place in shown]

    async def delivered() -> bool:
        return (complained.order["number"], "delivered") in await places()

    await eventually(delivered)


async def test_a_customer_who_is_not_satisfied_reopens_the_investigation(town: Town, complained: Complained) -> None:
    """QUA-4, CMP-11: over the bus, and it takes a new action to end it again."""
    path = await found(town, complained.case)
    await blame(town, path, await town.employee())
    await town.post("quality", f"{path}/close", "quality_inspector", {"summary": "根因已消除"})
    case = f"/complaints/{complained.case['id']}"
    dealer = town.as_("customer", "d001", customer=complained.dealer["id"])
    await town.post("complaints", f"{case}/take", "sales_director")
    response = {"channel": "phone", "evidence": "通话录音 031", "spoken_to": CONTACT["name"]}
    await town.post("complaints", f"{case}/respond", "sales_director", response)
    who = {
        "employee": "j1",
        "department": "production",
        "severity": "light",
        "finding": "窑温",
        "evidence": ["窑温记录"],
    }
    await town.post("complaints", f"{case}/establish", "sales_director", {"verified": True, "responsible": [who]})
    await town.post("complaints", f"{case}/propose", "sales_director", {"measures": "换货"})
    await town["complaints"].post(f"{case}/consent", dealer, {"customer_said": "同意"})
    done = {"what": "换货", "reference": "CH-1"}
    await town.post("complaints", f"{case}/carry-out", "sales_director", done)
    resolution = {"summary": "已换货", "told_customer_by": "phone"}
    await town.post("complaints", f"{case}/resolve", "sales_director", resolution)
    await town["complaints"].post(f"{case}/close", dealer, {})
    await town["complaints"].post(f"{case}/reopen", dealer, {"reason": "换来的仍有针孔"})

    async def reopened() -> list[Thing]:
        return list((await town.get("quality", path, "quality_inspector"))["reopenings"])

    assert [one["reason"] for one in await eventually(reopened)] == ["换来的仍有针孔"]
    again = await town.refused("quality", f"{path}/close", "quality_inspector", {"summary": "完成"})
    assert again["rule"] == "QUA-4"
    due = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    action = {"owner": "u22", "due_at": due, "measure": "更换热电偶"}
    opened = await town.post("quality", f"{path}/actions", "quality_inspector", action)
    assert opened["status"] == "reopened"
