"""What orders does about what it hears."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from shared.events.complaints import ComplaintFiled, Slip, SlipCorrected
from shared.events.contracts import ContractEnded, ContractLine, ContractTookEffect
from shared.events.customers import CustomerOwnerChanged
from shared.events.quality import LotHoldOrdered, LotReleaseOrdered
from tests.hearing import tell
from tests.orders.conftest import Desk


async def in_force(desk: Desk, quantity: str = "50") -> UUID:
    line = ContractLine(
        article=desk.article["article"], specification="s", quantity=Decimal(quantity), price=Decimal("70.00")
    )
    event = ContractTookEffect(
        number="HT1", customer_id=UUID(desk.customer), kind="sales", digest="d", copies=2, sealed_by="u21",
        lines=[line], valid_until=date(2099, 1, 1),
    )  # fmt: skip
    contract_id = uuid4()
    await tell(desk.shop, event, contract_id)
    return contract_id


def filed(desk: Desk, number: str, **changed: Any) -> ComplaintFiled:
    now = datetime.now(UTC)
    slip = Slip(
        order_number=number, article=desk.article["article"], specification="s", quantity=Decimal(5), grade="优等品",
        colour_number="P100", purchased_on=date(2026, 11, 1),
    )  # fmt: skip
    fields = {
        "number": "TS1", "kind": "quality", "channel": "phone", "customer_id": UUID(desk.customer),
        "received_at": now, "respond_by": now + timedelta(hours=24), "resolve_by": now + timedelta(hours=48),
        "policy": "p", "slip": slip,
    }  # fmt: skip
    return ComplaintFiled(**fields | changed)


async def test_an_order_under_a_contract_takes_its_price_and_quantity_from_it(desk: Desk) -> None:
    """ORD-3, ORD-19."""
    contract = str(await in_force(desk))
    order = await desk.place("40", contract_id=contract)
    assert (order["lines"][0]["price"], order["lines"][0]["authority"]) == ("70.00", "contract HT1")
    wish = await desk.wish("11", contract_id=contract)
    assert (await desk.shop.refused("/orders", desk.seller, wish))["rule"] == "ORD-19"
    await desk.place("10", contract_id=contract)


async def test_no_order_under_a_contract_that_has_ended(desk: Desk) -> None:
    """ORD-19."""
    contract = await in_force(desk)
    await tell(desk.shop, ContractEnded(number="HT1", reason="over"), contract, 2)
    wish = await desk.wish("1", contract_id=str(contract))
    assert (await desk.shop.refused("/orders", desk.seller, wish))["rule"] == "ORD-19"


async def test_a_complaint_gets_the_evidence_of_its_order(desk: Desk) -> None:
    """ORD-20."""
    order = await desk.place()
    await tell(desk.shop, filed(desk, order["number"]), uuid4())
    assert (await desk.shop.announced(order["id"]))[-1] == "evidence_compiled"


async def test_a_corrected_slip_that_names_another_order_gets_the_evidence_of_that_one(desk: Desk) -> None:
    """ORD-20, CMP-3: nothing is compiled again where the order stays the same."""
    wrong, right, complaint = await desk.place(), await desk.place(), uuid4()
    first = filed(desk, wrong["number"])
    assert first.slip is not None
    await tell(desk.shop, first, complaint)
    told = {
        "number": "TS1",
        "kind": "quality",
        "customer_id": first.customer_id,
        "before": first.slip,
        "reason": "抄错",
    }
    other_grade = first.slip.model_copy(update={"grade": "一级品"})
    await tell(desk.shop, SlipCorrected(**told, slip=other_grade), complaint, 2)
    assert (await desk.shop.announced(wrong["id"])).count("evidence_compiled") == 1
    other_order = first.slip.model_copy(update={"order_number": right["number"]})
    await tell(desk.shop, SlipCorrected(**told, slip=other_order), complaint, 3)
    assert (await desk.shop.announced(right["id"])).count("evidence_compiled") == 1


async def test_a_complaint_whose_slip_fits_no_order_is_told_so(desk: Desk) -> None:
    """ORD-20."""
    complaint = uuid4()
    await tell(desk.shop, filed(desk, "DH-none"), complaint)
    searches = await desk.shop.pool.fetch(
        "SELECT id FROM evidence_searches WHERE document ->> 'complaint_id' = $1", str(complaint)
    )
    assert await desk.shop.announced(searches[0]["id"]) == ["failed"]
    await tell(desk.shop, filed(desk, "DH-none", slip=None), uuid4())


async def test_a_lot_that_quality_holds_is_not_shipped_until_it_is_freed(desk: Desk) -> None:
    """ORD-12, QUA-1."""
    lot, order, investigation, complaint = await desk.new_lot(), await desk.released(), uuid4(), uuid4()
    await tell(desk.shop, LotHoldOrdered(complaint_id=complaint, lot_ids=[lot["id"]]), investigation)
    problem = await desk.shop.refused(f"/orders/{order['id']}/dispatch", desk.warehouse, desk.shipment(lot))
    assert problem["rule"] == "ORD-12"
    freed = LotReleaseOrdered(complaint_id=complaint, lot_ids=[lot["id"]], reason="fine")
    await tell(desk.shop, freed, investigation, 2)
    await desk.shop.post(f"/orders/{order['id']}/dispatch", desk.warehouse, desk.shipment(lot))
    assert await desk.shop.announced(lot["id"]) == ["received", "held", "hold_lifted", "freed", "issued"]


async def test_orders_written_by_a_clerk_belong_to_the_customers_salesperson(desk: Desk) -> None:
    """CUS-1: 谁的客户归谁接待."""
    await tell(desk.shop, CustomerOwnerChanged(code="D001", owner="u13"), UUID(desk.customer), 2)
    order = await desk.shop.post("/orders", desk.clerk, await desk.wish())
    assert order["salesperson"] == "u13"
