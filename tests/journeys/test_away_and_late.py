"""The bus goes away, a service starts late: nothing is lost, and nobody has to do anything about it."""

import pytest

from deploy.local.jetstream import NatsServer
from tests.house import House, eventually
from tests.journeys.town import CONTACT, build


@pytest.mark.parametrize("wiped", [False, True], ids=["stopped", "stopped and wiped"])
async def test_what_is_accepted_while_the_bus_is_away_arrives_when_it_returns(
    own_house: House, own_nats: NatsServer, wiped: bool
) -> None:
    """PLT-2: the log is the truth; the bus may be away, and even come back empty."""
    town = await build(own_house, "customers", "orders", "complaints")
    before = await town.dealer()
    own_nats.stop()
    if wiped:
        own_nats.wipe()
    meanwhile = [await town.register() for _ in range(3)]
    case = await town.file({
        "kind": "opinion", "channel": "web", "customer_id": before["id"], "description": "送货可以更早",
        "contact": CONTACT,
    })  # fmt: skip
    health = await town["orders"].ask("GET", "/../health/ready")
    assert health.json()["status"] == "ready"
    own_nats.start()
    for dealer in meanwhile:
        for service in ("orders", "complaints"):
            await eventually(lambda service=service, dealer=dealer: town.knows(service, dealer["id"]))  # type: ignore[misc]

    async def recorded() -> bool:
        records = await town.get("customers", f"/customers/{before['id']}/records", "sales_manager")
        return [record["number"] for record in records["service_records"]] == [case["number"]]

    await eventually(recorded)

    async def alike() -> bool:
        """Once the relay has come to rest and noted how far it is, which is as far as an audit looks."""
        audit = await town.post("customers", "/audit?repair=false", "operator")
        return (audit["missing"], audit["foreign"], audit["in_stream"]) == ([], [], audit["in_log"])

    await eventually(alike)


async def test_a_service_that_starts_late_catches_up_from_the_beginning(own_house: House) -> None:
    """PLT-1, PLT-2: a whole complaint has run its course before quality, staff and notifications first start."""
    town = await build(own_house, "customers", "orders", "complaints")
    await town.open_shop()
    dealer, article = await town.dealer(), await town.article()
    lot = await town.lot(article)
    order = await town.delivered(dealer, article, lot)
    case = await town.file(town.grievance(dealer, order))
    late = await build(own_house, "orders", "complaints", "quality", "notifications")
    await eventually(lambda: late.holds(lot))
    await late.told("quality_complaint_assigned", case["id"], "sales_director")
    await late.told("lot_held", lot["id"], "warehouse")
    await late.told("order_paid", order["id"], "warehouse")
    assert await late.parked({case["id"], order["id"], lot["id"], dealer["id"]}) == []
