"""What quality does about what it hears."""

from collections.abc import Iterable
from uuid import UUID

from services.quality import goods_views, views
from services.quality.domain.certificate import Certificate
from services.quality.domain.investigation import Investigation
from shared.domain.numbers import same_id
from shared.events.complaints import ComplaintFiled, ComplaintReopened, SlipCorrected
from shared.events.orders import (
    AllocationFreed,
    EvidenceCompiled,
    GoodsAllocated,
    IssuedGoods,
    LotReceived,
    OrderCancelled,
    OrderExpired,
    OrderPlaced,
    ShipmentDelivered,
    ShipmentDispatched,
)
from shared.events.quality import CertificateShipped, InvestigationReopened
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("quality")

QUALITY = "quality"  # the kind of complaint that is investigated


@reactions.on(ComplaintFiled)
async def investigate_the_complaint(event: ComplaintFiled, work: Work) -> None:
    """A quality complaint opens an investigation, once, and its slip says which goods are suspected (QUA-1)."""
    if event.kind == QUALITY:
        article = event.slip.article if event.slip else None
        investigation = await investigation_of(event.entity_id, work, article)
        investigation.register_complaint(event.number, event.slip)


@reactions.on(SlipCorrected)
async def suspect_other_goods(event: SlipCorrected, work: Work) -> None:
    """The slip was wrong: what it names now is held, what it does not is let go (QUA-1, CMP-3)."""
    if event.kind == QUALITY:
        investigation = await investigation_of(event.entity_id, work, event.slip.article)
        investigation.register_complaint(event.number, event.slip)


@reactions.on(EvidenceCompiled)
async def contain_the_goods(event: EvidenceCompiled, work: Work) -> None:
    """The lots the goods come from are held; the complaint itself may not have been heard of yet (QUA-1)."""
    if event.kind == QUALITY:
        know_lots(event.goods, work)
        investigation = await investigation_of(event.complaint_id, work)
        investigation.trace(event.number, event.goods, event.lines)


@reactions.on(ComplaintReopened)
async def reopen_the_investigation(event: ComplaintReopened, work: Work) -> None:
    """The customer is not satisfied: a closed investigation of the case is open again (QUA-4, CMP-11)."""
    investigation = await work.find(Investigation, same_id(event.entity_id, "investigation"))
    if investigation is not None and investigation.may(InvestigationReopened):
        investigation.reopen(event.reason, work.at)


@reactions.on(LotReceived)
async def know_the_lot(event: LotReceived, work: Work) -> None:
    """Certificates and samples are of lots that there are (QUA-6, QUA-7)."""
    lot = (event.entity_id, event.lot, event.article, event.colour_number, event.grade)
    work.project(goods_views.KNOW_LOT, *lot)


@reactions.on(OrderPlaced)
async def know_the_order(event: OrderPlaced, work: Work) -> None:
    """Certificates are of orders that there are (QUA-6)."""
    work.project(goods_views.KNOW_ORDER, event.entity_id, event.number, event.customer_id)


@reactions.on(GoodsAllocated)
async def know_what_is_set_aside(event: GoodsAllocated, work: Work) -> None:
    """Goods of a suspected lot may be promised to other orders (QUA-1)."""
    work.project(goods_views.KNOW_ORDER, event.entity_id, event.number, event.customer_id)
    know_lots(event.allocations, work)
    work.project(goods_views.FREE, event.entity_id)
    for goods in event.allocations:
        work.project(goods_views.ALLOCATE, event.entity_id, goods.line, goods.lot_id, goods.quantity)


@reactions.on(AllocationFreed)
async def know_what_is_free_again(event: AllocationFreed, work: Work) -> None:
    """Nothing is set aside for the order any more."""
    work.project(goods_views.FREE, event.entity_id)


@reactions.on(OrderCancelled)
async def forget_what_was_set_aside(event: OrderCancelled, work: Work) -> None:
    """A cancelled order keeps no goods."""
    work.project(goods_views.FREE, event.entity_id)


@reactions.on(OrderExpired)
async def forget_what_nobody_paid(event: OrderExpired, work: Work) -> None:
    """An expired order keeps no goods."""
    work.project(goods_views.FREE, event.entity_id)


@reactions.on(ShipmentDispatched)
async def follow_the_shipment(event: ShipmentDispatched, work: Work) -> None:
    """Where goods of a suspected lot went, and whether a certificate of this one shipment vouches for them (QUA-6)."""
    work.project(goods_views.KNOW_ORDER, event.entity_id, event.number, event.customer_id)
    know_lots(event.goods, work)
    certified = await certify(event, work)
    shipment = (event.shipment_id, event.entity_id, event.shipment, event.certificate, certified, event.time)
    work.project(goods_views.DISPATCH, *shipment)
    for goods in event.goods:
        work.project(goods_views.SHIP, event.shipment_id, goods.line, goods.lot_id, goods.quantity)
        work.project(goods_views.TAKE_AWAY, event.entity_id, goods.line, goods.lot_id, goods.quantity)


@reactions.on(ShipmentDelivered)
async def follow_the_delivery(event: ShipmentDelivered, work: Work) -> None:
    """The goods are with the customer now."""
    work.project(goods_views.DELIVER, event.shipment_id, event.time)


async def certify(event: ShipmentDispatched, work: Work) -> bool:
    """Tie the certificate the shipment went with to it, once; whether it vouches for all that left (QUA-6)."""
    row = await work.fetchrow(views.CERTIFICATE, event.certificate)
    if row is None:
        return False
    certificate = await work.get(Certificate, row["id"])
    if certificate.order_number != event.number or not certificate.may(CertificateShipped):
        return False
    certificate.ship(event.shipment_id, [goods.lot_id for goods in event.goods], [goods.lot for goods in event.goods])
    return not certificate.uncovered


def know_lots(goods: Iterable[IssuedGoods], work: Work) -> None:
    """Lots that an order names are lots that there are, even if their receipt was never heard of."""
    for item in goods:
        work.project(goods_views.KNOW_LOT, item.lot_id, item.lot, item.article, None, None)


async def investigation_of(complaint_id: UUID, work: Work, article: str | None = None) -> Investigation:
    """The complaint's one investigation, opened by whichever event comes first (QUA-1)."""
    known = await work.find(Investigation, same_id(complaint_id, "investigation"))
    return known or work.begin(Investigation.open(complaint_id, article, work.policy, work.at))
