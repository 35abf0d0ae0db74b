"""Where goods are, and the certificates that go with them: told by orders, over the real consumer."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.domain.numbers import same_id
from shared.events.event import Event
from shared.events.orders import (
    AllocationFreed,
    GoodsAllocated,
    OrderCancelled,
    OrderExpired,
    ShipmentDelivered,
    ShipmentDispatched,
)
from tests.hearing import announce, tell
from tests.house import Running
from tests.papers import pages, paper, rows
from tests.quality.cases import complaint, dispatched, evidence, goods, placed, received

CHINESE = {"headers": {"Accept-Language": "zh-CN"}}


@pytest.fixture
def inspector(quality: Running) -> dict[str, str]:
    return quality.headers("u24", "quality_inspector")


class Told:
    """One order of one customer, and lots of its own, as orders tells of them."""

    def __init__(self, quality: Running) -> None:
        self.quality, self.order_id, self.customer_id = quality, uuid4(), uuid4()
        self.number, self.lot, self.other = f"DH{uuid4().hex}", f"L{uuid4().hex}", f"M{uuid4().hex}"
        self.version = 0

    async def know(self) -> None:
        await self.say(placed(self.number, self.customer_id))
        for lot in (self.lot, self.other):
            await tell(self.quality, received(lot), goods((lot, "A-1"))[0].lot_id)

    async def say(self, event: Event) -> None:
        self.version += 1
        await tell(self.quality, event, self.order_id, self.version)

    async def allocate(self, *lots: str) -> None:
        allocations = goods(*((lot, "A-1") for lot in lots))
        told = GoodsAllocated(number=self.number, customer_id=self.customer_id, allocations=allocations, shortages=[])
        await self.say(told)

    async def ship(self, certificate: str, *lots: str) -> ShipmentDispatched:
        event = dispatched(self.number, certificate, goods(*((lot, "A-1") for lot in lots)))
        await self.say(event)
        return event

    async def places(self) -> list[tuple[str, str, str]]:
        shown = await self.quality.get(f"/goods?order_number={self.number}")
        return [(place["lot"], place["state"], place["quantity"]) for place in shown]

    def body(self, *lots: str) -> dict[str, Any]:
        return {"order_number": self.number, "lots": list(lots or (self.lot,))}


@pytest.fixture
async def told(quality: Running) -> Told:
    order = Told(quality)
    await order.know()
    return order


async def case_of(quality: Running, lot: str) -> str:
    """The path of a new case that holds the lot."""
    complaint_id = uuid4()
    await tell(quality, complaint(), complaint_id)
    await tell(quality, evidence(complaint_id, (lot, "A-1")), uuid4())
    return f"/investigations/{same_id(complaint_id, 'investigation')}"


async def test_a_case_shows_the_orders_that_have_goods_of_its_lots(quality: Running, told: Told) -> None:
    """QUA-1: promised to one order, under way to another, with the customer of a third."""
    orders = [told, Told(quality), Told(quality)]
    for order in orders[1:]:
        await order.say(placed(order.number))
    await orders[0].allocate(told.lot)
    await orders[1].ship("ZB-0", told.lot)
    event = await orders[2].ship("ZB-0", told.lot)
    await orders[2].say(ShipmentDelivered(**event.model_dump(exclude={"delivery_order", "certificate", "invoice"})))
    shown = await quality.get(f"{await case_of(quality, told.lot)}/goods")
    assert [(place["order_number"], place["state"]) for place in shown] == [
        (orders[0].number, "allocated"),
        (orders[1].number, "under_way"),
        (orders[2].number, "delivered"),
    ]
    assert shown[0]["quantity"] == "5.00"
    assert shown[2]["delivered_at"]


async def test_what_has_left_is_not_set_aside_any_more(told: Told) -> None:
    """QUA-1"""
    await told.allocate(told.lot, told.other)
    await told.ship("ZB-0", told.lot)
    assert sorted(state for _, state, _ in await told.places()) == ["allocated", "under_way"]


async def test_a_lot_is_known_whichever_event_of_it_comes_first(quality: Running, inspector: dict[str, str]) -> None:
    """QUA-6, PLT-2: an order that has goods of the lot may be heard of before the lot itself."""
    order = Told(quality)
    await order.allocate(order.lot)
    issued = await quality.post("/certificates", inspector, order.body())
    assert issued["goods"][0]["grade"] is None
    await order.know()
    again = await quality.post("/certificates", inspector, order.body(order.lot, order.other))
    assert {lot["grade"] for lot in again["goods"]} == {"优等品"}


@pytest.mark.parametrize(
    "end",
    [
        AllocationFreed(number="DH", reason="x"),
        OrderCancelled(number="DH", reason="x"),
        OrderExpired(number="DH"),
        GoodsAllocated(number="DH", customer_id=uuid4(), allocations=[], shortages=[]),
    ],
)
async def test_goods_that_are_free_again_are_of_no_order(told: Told, end: Event) -> None:
    """QUA-1"""
    await told.allocate(told.lot)
    assert await told.places()
    await told.say(end)
    assert await told.places() == []


async def test_the_same_story_heard_twice_counts_once(quality: Running) -> None:
    """PLT-2"""
    order = Told(quality)
    allocated = GoodsAllocated(
        number=order.number, customer_id=order.customer_id, allocations=goods((order.lot, "A-1")), shortages=[]
    )
    story = [placed(order.number), allocated, dispatched(order.number, "ZB-0", goods((order.lot, "A-1")))]
    for _ in range(2):
        await announce(quality, (order.order_id, story))
    assert await order.places() == [(order.lot, "under_way", "5.00")]


async def test_a_certificate_is_of_an_order_and_of_lots_that_orders_told_of(
    quality: Running, told: Told, inspector: dict[str, str]
) -> None:
    """QUA-6"""
    unknown = await quality.refused("/certificates", inspector, told.body() | {"order_number": "DH0"}, **CHINESE)
    assert (unknown["rule"], unknown["detail"]) == ("QUA-6", "没有订单 DH0 的记录")
    lot = await quality.refused("/certificates", inspector, told.body(told.lot, "L0"), **CHINESE)
    assert (lot["rule"], lot["detail"]) == ("QUA-6", "没有批次 L0 的记录")
    issued = await quality.post("/certificates", inspector, told.body(told.lot, told.lot))
    assert (issued["lots"], issued["goods"][0]["colour_number"]) == ([told.lot], "A1")
    assert await quality.get(f"/certificates/{issued['number']}") == issued
    assert await quality.get(f"/certificates/{issued['id']}") == issued
    listed = await quality.get(f"/certificates?order_number={told.number}&status=issued")
    assert [one["id"] for one in listed["items"]] == [issued["id"]]


async def test_no_certificate_covers_a_lot_on_hold(quality: Running, told: Told, inspector: dict[str, str]) -> None:
    """QUA-6"""
    case = await case_of(quality, told.lot)
    lot = (await quality.get(case))["lots"][0]
    for name in (lot["lot"], f" {lot['lot']} ", lot["lot_id"]):
        assert (await quality.refused("/certificates", inspector, told.body(told.other, name)))["rule"] == "QUA-6"
    finding = {"cause": "firing", "finding": "复检"}
    await quality.post(f"{case}/findings", quality.headers("u22", "production"), finding)
    await quality.post(f"{case}/release-lots", inspector, {"reason": "合格"})
    certificate = await quality.post("/certificates", inspector, told.body(told.other, told.lot))
    assert await quality.announced(certificate["id"]) == ["issued"]


async def test_only_quality_issues_and_withdraws_certificates(
    quality: Running, told: Told, inspector: dict[str, str]
) -> None:
    """QUA-6"""
    clerk = quality.headers("u9", "clerk")
    assert (await quality.refused("/certificates", clerk, told.body()))["status"] == 403
    issued = await quality.post("/certificates", inspector, told.body())
    path = f"/certificates/{issued['id']}/withdraw"
    assert (await quality.refused(path, clerk, {"reason": "x"}))["status"] == 403
    assert (await quality.post(path, inspector, {"reason": "批号有误"}))["status"] == "withdrawn"
    await quality.post("/certificates", inspector, told.body())


async def test_of_two_certificates_for_the_same_goods_at_once_one_is_issued(
    quality: Running, told: Told, inspector: dict[str, str]
) -> None:
    """QUA-6"""
    answers = await asyncio.gather(
        *(quality.ask("POST", "/certificates", inspector, json=told.body()) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422]
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"QUA-6"}


async def test_a_certificate_goes_with_one_shipment(quality: Running, told: Told, inspector: dict[str, str]) -> None:
    """QUA-6: a second shipment under the same number is one without a certificate."""
    issued = await quality.post("/certificates", inspector, told.body())
    first = await told.ship(issued["number"], told.lot)
    await told.ship(issued["number"], told.lot)
    shown = await quality.get(f"/certificates/{issued['number']}")
    assert (shown["status"], shown["shipment_id"], shown["uncovered"]) == ("shipped", str(first.shipment_id), [])
    listed = await quality.get(f"/shipments?order_number={told.number}")
    assert sorted(one["certified"] for one in listed["items"]) == [False, True]
    late = await quality.refused(f"/certificates/{issued['id']}/withdraw", inspector, {"reason": "x"})
    assert late["status"] == 409


async def test_a_shipment_whose_certificate_does_not_vouch_for_it_is_shown(
    quality: Running, told: Told, inspector: dict[str, str]
) -> None:
    """QUA-6: another lot, another order's certificate, or none of ours."""
    issued = await quality.post("/certificates", inspector, told.body())
    other = Told(quality)
    await other.know()
    await other.ship(issued["number"], other.lot)
    await told.ship("ZB-0", told.lot)
    await told.ship(issued["number"], told.lot, told.other)
    assert (await quality.get(f"/certificates/{issued['number']}"))["uncovered"] == [told.other]
    for order, count in ((told, 2), (other, 1)):
        listed = await quality.get(f"/shipments?certified=false&order_number={order.number}")
        assert len(listed["items"]) == count
    page = await quality.get("/shipments?certified=false&limit=1")
    after = await quality.get(f"/shipments?certified=false&limit=1&after={page['next']}")
    assert page["items"] != after["items"]


async def test_a_certificate_is_printed_for_people_inside_and_its_own_customer(
    quality: Running, told: Told, inspector: dict[str, str]
) -> None:
    """QUA-6"""
    inspected = [{"item": "吸水率", "requirement": "≤ 0.5 %", "result": "0.08 %"}]
    issued = await quality.post("/certificates", inspector, told.body() | {"inspected": inspected})
    path = f"/certificates/{issued['number']}/print"
    text = "".join(pages(paper(await quality.ask("GET", path, inspector), "pdf")))
    for part in ("产品质量保证书", issued["number"], told.lot[-8:], "吸水率", "合格"):
        assert part in text, part
    assert told.lot in str(rows(paper(await quality.ask("GET", f"{path}?format=xlsx", inspector), "xlsx")))
    own = quality.headers("d1", "customer", customer=str(told.customer_id))
    assert (await quality.ask("GET", path, own)).status_code == 200
    for stranger in (quality.headers("d2", "customer", customer=str(uuid4())), quality.headers("p", "partner")):
        assert (await quality.ask("GET", path, stranger)).status_code == 404
    await quality.post(f"/certificates/{issued['id']}/withdraw", inspector, {"reason": "x"})
    assert "作废" in "".join(pages(paper(await quality.ask("GET", path, inspector), "pdf")))


async def test_the_database_knows_one_certificate_per_shipment(
    quality: Running, told: Told, inspector: dict[str, str]
) -> None:
    """QUA-6: whatever the code does."""
    issued = [await quality.post("/certificates", inspector, told.body(lot)) for lot in (told.lot, told.other)]
    first = await told.ship(issued[0]["number"], told.lot)
    statement = (
        "UPDATE certificates SET document = jsonb_set(document, '{shipment_id}', to_jsonb($2::text)) WHERE id = $1"
    )
    with pytest.raises(Exception, match="QUA-6 one certificate per shipment"):
        await quality.pool.execute(statement, UUID(issued[1]["id"]), str(first.shipment_id))


@pytest.mark.parametrize(
    "change", [{"lots": []}, {"lots": [""]}, {"order_number": "nul \x00"}, {"inspected": [{"item": "x"}]}, {"more": 1}]
)
async def test_a_certificate_of_nonsense_is_refused(
    quality: Running, told: Told, inspector: dict[str, str], change: dict[str, Any]
) -> None:
    assert (await quality.refused("/certificates", inspector, told.body() | change))["status"] == 422
