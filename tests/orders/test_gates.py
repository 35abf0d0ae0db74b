"""How many orders stand at each gate, as it is measured."""

from prometheus_client import REGISTRY

from services.orders.views.gates import GATES, orders_by_gate
from tests.orders.conftest import Desk


def at(gate: str) -> float:
    found = REGISTRY.get_sample_value("xiaofu_orders", {"gate": gate})
    assert found is not None
    return found


async def test_an_order_is_counted_at_the_gate_it_stands_at(desk: Desk) -> None:
    """ORD-9"""
    census, pool = orders_by_gate(), desk.shop.pool
    await census.take(pool, kept=0)
    waiting, paid = at("awaiting_payment"), at("paid")
    await desk.place("1")
    await desk.paid("1")
    await census.take(pool)
    assert (at("awaiting_payment"), at("paid")) == (waiting + 1, paid + 1)
    assert all(at(gate) >= 0 for gate in GATES), "an empty gate shows as nought"

    await desk.place("1")
    await census.take(pool)
    assert at("awaiting_payment") == waiting + 1, "a scrape soon after does not count again"
