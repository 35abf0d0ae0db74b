"""What contracts does about what it hears."""

from collections.abc import Sequence
from uuid import UUID

from services.contracts import performance_views, views
from services.contracts.domain.performance import Performance
from services.contracts.domain.progress import OrderDeed, OrderNews
from shared.events.complaints import ComplaintFiled, SlipCorrected
from shared.events.contracts import ContractEnded
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered
from shared.events.event import Event
from shared.events.orders import (
    EvidenceCompiled,
    IssuedGoods,
    OrderCancelled,
    OrderDelivered,
    OrderedLine,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    PaymentGateClosed,
    ShipmentDelivered,
)
from shared.events.quality import LiabilityEstablished
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("contracts")

QUALITY = "quality"  # the kind of complaint that may turn out to be a breach


@reactions.on(CustomerRegistered)
async def know_the_customer(event: CustomerRegistered, work: Work) -> None:
    """Contracts are drawn up for registered customers only."""
    work.project(views.KNOW_CUSTOMER, event.entity_id, event.code, event.company, event.owner)


@reactions.on(CustomerOwnerChanged)
async def know_the_new_owner(event: CustomerOwnerChanged, work: Work) -> None:
    """The customer's contracts are now those of another salesperson too, who is warned of their dates (CON-13)."""
    work.project(views.KNOW_OWNER, event.entity_id, event.owner)
    for row in await work.fetch(performance_views.RUNNING, event.entity_id):
        async with work.open(Performance, row["id"]) as performance:
            performance.hand_over(event.owner)


@reactions.on(ContractEnded)
async def close_the_performance(event: ContractEnded, work: Work) -> None:
    """What was performed stays on record (CON-13)."""
    performance = await work.find(Performance, Performance.id_of(event.entity_id))
    if performance:
        performance.close(event.time)


@reactions.on(OrderPlaced)
async def count_the_order(event: OrderPlaced, work: Work) -> None:
    """Something is ordered under a contract (CON-13)."""
    await _count(event, OrderDeed.PLACED, event.contract_id, event.number, work, event.lines)


@reactions.on(OrderPaid)
async def count_the_payment(event: OrderPaid, work: Work) -> None:
    """The whole order is paid (CON-13)."""
    await _count(event, OrderDeed.PAID, event.contract_id, event.number, work, event.lines)


@reactions.on(PaymentGateClosed)
async def take_the_payment_back(event: PaymentGateClosed, work: Work) -> None:
    """The order is not paid any more (CON-13)."""
    await _count(event, OrderDeed.GATE_CLOSED, event.contract_id, event.number, work, event.lines)


@reactions.on(ShipmentDelivered)
async def count_the_shipment(event: ShipmentDelivered, work: Work) -> None:
    """Part of an order has come; a delivery date may be met with it (CON-10, CON-13)."""
    await _count(
        event, OrderDeed.DELIVERED, event.contract_id, event.number, work, goods=event.goods, shipment=event.shipment_id
    )


@reactions.on(OrderDelivered)
async def count_the_delivery(event: OrderDelivered, work: Work) -> None:
    """All of an order has come; a delivery date may be met with it (CON-10, CON-13)."""
    await _count(event, OrderDeed.DELIVERED, event.contract_id, event.number, work, goods=event.goods)


@reactions.on(OrderCancelled)
async def forget_the_order(event: OrderCancelled, work: Work) -> None:
    """Nothing will come of the order (CON-13)."""
    await _count(event, OrderDeed.GIVEN_UP, event.contract_id, event.number, work, event.lines)


@reactions.on(OrderExpired)
async def forget_the_unpaid_order(event: OrderExpired, work: Work) -> None:
    """Nothing will come of the order (CON-13)."""
    await _count(event, OrderDeed.GIVEN_UP, event.contract_id, event.number, work, event.lines)


@reactions.on(ComplaintFiled)
async def know_what_is_complained_of(event: ComplaintFiled, work: Work) -> None:
    """The slip names the article that may have broken a contract (CON-14)."""
    if event.kind == QUALITY:
        article = event.slip.article if event.slip else None
        work.project(performance_views.KNOW_COMPLAINT, event.entity_id, article)
        await _record_the_failure(event.entity_id, work)


@reactions.on(SlipCorrected)
async def know_what_else_is_complained_of(event: SlipCorrected, work: Work) -> None:
    """The slip was wrong: the complaint is about other goods (CON-14, CMP-3)."""
    if event.kind == QUALITY:
        work.project(performance_views.KNOW_COMPLAINT, event.entity_id, event.slip.article)
        await _record_the_failure(event.entity_id, work)


@reactions.on(EvidenceCompiled)
async def know_the_goods(event: EvidenceCompiled, work: Work) -> None:
    """The goods complained of were ordered under a contract, or those of a corrected slip under none (CON-14)."""
    if event.kind == QUALITY:
        lines = performance_views.LINES.dump_json(event.lines).decode()
        goods = performance_views.GOODS.dump_json(event.goods).decode()
        known = (event.complaint_id, event.contract_id, event.entity_id, lines, goods)
        work.project(performance_views.KNOW_GOODS, *known)
        await _record_the_failure(event.complaint_id, work)


@reactions.on(LiabilityEstablished)
async def know_the_liability(event: LiabilityEstablished, work: Work) -> None:
    """Quality has confirmed the failure (CON-14)."""
    work.project(performance_views.KNOW_LIABILITY, event.complaint_id)
    await _record_the_failure(event.complaint_id, work)


async def _record_the_failure(complaint_id: UUID, work: Work) -> None:
    """Once complaint, goods and liability are known, whichever came last (CON-14)."""
    found = await performance_views.confirmed(work, complaint_id)
    if found is None:
        return
    contract_id, complained = found
    performance = await work.find(Performance, Performance.id_of(contract_id))
    if performance:
        performance.record_quality_failure(complained, work.at)


async def _count(
    event: Event,
    deed: OrderDeed,
    contract_id: UUID | None,
    number: str,
    work: Work,
    lines: Sequence[OrderedLine] = (),
    goods: Sequence[IssuedGoods] = (),
    shipment: UUID | None = None,
) -> None:
    """Count news of an order; a contract from before performances were kept has none, and nothing is counted."""
    if contract_id is None:
        return
    performance = await work.find(Performance, Performance.id_of(contract_id))
    if performance:
        version = event.provenance.version
        performance.count(OrderNews(event.entity_id, number, deed, version, event.time, lines, goods, shipment))
