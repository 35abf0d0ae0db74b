"""The goods of an order: set aside, planned, shipped with their papers, and delivered."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from services.orders.domain.allocation import (
    Allocation,
    Need,
    Stocked,
    Taken,
    must_leave_what_is_promised,
    still_held,
)
from services.orders.domain.paid_order import PaidOrder
from services.orders.domain.shipment import DispatchPlan, Invoice, Papers, Shipment, certificate_link
from shared.domain.actor import Actor
from shared.domain.money import ZERO
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import NotAllowedNow, NotFound, RuleBroken
from shared.events.orders import (
    AllocationFreed,
    DeliveryLate,
    DispatchPlanned,
    GoodsAllocated,
    InvoiceIssued,
    IssuedGoods,
    OrderDelivered,
    OrderDispatched,
    OrderedLine,
    ShipmentDelivered,
    ShipmentDispatched,
    Shortage,
)


class ShippedOrder(PaidOrder):
    """The half of an order that deals with goods: nobody is promised what another has (ORD-7, ORD-11 … ORD-13)."""

    deliver_by: date | None = None
    late: bool = False
    allocations: list[IssuedGoods] = []
    shortages: list[Shortage] = []
    invoices: list[Invoice] = []
    plan: DispatchPlan | None = None
    shipments: list[Shipment] = []
    certificate: str | None = None
    dispatched_by: str | None = None
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None
    received_by: str | None = None

    @property
    def waits_for_goods(self) -> bool:
        """Whether stock did not cover it when goods were set aside, and they may still be (ORD-7)."""
        return bool(self.shortages) and self.may(GoodsAllocated)

    def allocate(self, lots: Iterable[Stocked], today: date) -> None:
        """Set goods aside for what has not left yet, in place of what was set aside before (ORD-7, ORD-12).

        What expires before the promised day is not for this order; what is short has to be produced.
        """
        self.require(GoodsAllocated)
        allocation = Allocation(lots, self.allocations, max(today, self.deliver_by or today))
        for number, line in enumerate(self.lines, 1):
            sent = self.sent(number)
            if line.quantity > sent:
                settled = line.colour_named or sent > ZERO
                line.colour_number = allocation.pick(Need(number, line, line.quantity - sent, settled))
        self.allocations, self.shortages = allocation.picked, allocation.shortages
        self.record(GoodsAllocated.model_validate(self, from_attributes=True))

    def free_allocation(self, reason: str) -> None:
        """Give back what was set aside, for somebody else to have."""
        self.require(AllocationFreed)
        if not self.allocations:
            raise NotAllowedNow("nothing is set aside for this order")
        self.free_goods(reason)

    def free_goods(self, reason: str) -> None:
        """What was set aside is free again, if anything was: the order is given up, or asks for its money (ORD-17)."""
        if self.allocations:
            self.record(AllocationFreed(number=self.number, reason=reason))
        self.allocations, self.shortages = [], []

    def issue_invoice(self, invoice: Invoice) -> None:
        """Finance makes out an invoice; all of them together never exceed the order's total (ORD-11)."""
        self.require(InvoiceIssued)
        if invoice.invoice in {one.invoice for one in self.invoices}:
            raise RuleBroken("ORD-11", "invoice {invoice} is made out already", invoice=invoice.invoice)
        left = self.total - sum((one.amount for one in self.invoices), ZERO)
        if invoice.amount > left:
            raise RuleBroken(
                "ORD-11", "{left} yuan of the order are not invoiced yet, not {asked}", left=left, asked=invoice.amount
            )
        self.invoices.append(invoice)
        self.record(InvoiceIssued(number=self.number, invoice=invoice.invoice, amount=invoice.amount))

    def plan_dispatch(self, plan: DispatchPlan) -> None:
        """Say when the next shipment leaves and who carries it; a later plan takes its place (ORD-11)."""
        self.require(DispatchPlanned)
        if plan.planned_on < plan.planned_at.astimezone(SHANGHAI).date():
            raise RuleBroken("ORD-11", "a dispatch is not planned for a day that has passed")
        self.plan = plan
        self.record(
            DispatchPlanned(
                number=self.number, customer_id=self.customer_id, planned_on=plan.planned_on, carrier=plan.carrier
            )
        )

    def dispatch(self, id: UUID, taken: Sequence[Taken], papers: Papers, by: Actor, at: datetime) -> None:
        """Ship goods of a released order, as planned and with all papers; the last make it dispatched (ORD-9, ORD-11).

        Goods come from what is set aside for this order, or from what is promised to nobody; what is on hold, expired
        or gone is refused (ORD-12).
        """
        self.require(ShipmentDispatched)
        papers.must_be_complete()
        invoice = self._invoice(papers.invoice)
        if self.plan is None:
            raise RuleBroken("ORD-11", "a dispatch is planned before it leaves")
        self._must_be_ordered(taken)
        goods = [_issued(one) for one in taken]
        held = self.allocations
        self._keep_allocated(goods)
        must_leave_what_is_promised(taken, held, self.allocations)
        shipment = Shipment(
            id=id, number=len(self.shipments) + 1, delivery_order=self.delivery_order, goods=goods, invoice=invoice,
            certificate=papers.certificate, certificate_link=certificate_link(papers.certificate),
            manual=papers.manual, warranty_card=papers.warranty_card, plan=self.plan,
            released_against=self.released_against, dispatched_by=by.id, dispatched_at=at,
        )  # fmt: skip
        self.shipments.append(shipment)
        self.goods += goods
        self.plan = None
        self.certificate, self.dispatched_by, self.dispatched_at = papers.certificate, by.id, at
        self.record(self._about(ShipmentDispatched, shipment))
        if all(self.sent(number) == line.quantity for number, line in enumerate(self.lines, 1)):
            self.record(OrderDispatched.model_validate(self, from_attributes=True))
        for one in taken:
            one.stocked.lot.issue(self.id, one.quantity, at.astimezone(SHANGHAI).date())

    def deliver(self, received_by: str, at: datetime, shipment: int | None = None) -> None:
        """The customer confirms that a shipment has come, or all that is under way (ORD-13)."""
        self.require(ShipmentDelivered)
        if shipment is not None and shipment > len(self.shipments):
            raise NotFound("there is no {entity} {id}", entity="shipment", id=shipment)
        arrived = [one for one in self.shipments if one.delivered_at is None and shipment in (None, one.number)]
        if not arrived:
            raise NotAllowedNow("nothing is under way that could have arrived")
        for one in arrived:
            one.received_by, one.delivered_at = received_by, at
            self.record(self._about(ShipmentDelivered, one))
        if self.may(OrderDelivered) and all(one.delivered_at for one in self.shipments):
            self.received_by, self.delivered_at = received_by, at
            self.record(OrderDelivered.model_validate(self, from_attributes=True))
            self.unschedule(self.find_late)

    def promise(self, day: date | None, today: date) -> None:
        """Promise delivery by a day that is still to come; once it is over, a late delivery is an event (ORD-13)."""
        if day is None:
            return
        if day < today:
            raise RuleBroken("ORD-13", "delivery cannot be promised for {date}, which has passed", date=str(day))
        self.deliver_by = day
        self.schedule(self.find_late, datetime.combine(day + timedelta(days=1), time(), SHANGHAI))

    def find_late(self, at: datetime) -> None:
        """The promised day is over and not everything was delivered: said once, and it stays so (ORD-13)."""
        if self.deliver_by is not None and not self.late:
            event = DeliveryLate(
                number=self.number, customer_id=self.customer_id, salesperson=self.salesperson, due_on=self.deliver_by
            )
            self.record(event)
            self.late = True

    def sent(self, line: int) -> Decimal:
        """How much of a line, counted from 1, has left, in the article's unit."""
        return sum((goods.quantity for goods in self.goods if goods.line == line), ZERO)

    def _invoice(self, named: str | None) -> str:
        """The invoice that travels with a shipment: the one named, or the only one."""
        issued = [one.invoice for one in self.invoices]
        if not issued:
            raise RuleBroken("ORD-11", "no invoice is made out for this order; finance does that first")
        if named is None and len(issued) > 1:
            raise RuleBroken("ORD-11", "several invoices are made out for this order; name the one that travels along")
        if named is not None and named not in issued:
            raise RuleBroken("ORD-11", "invoice {invoice} is not one of this order", invoice=named)
        return named or issued[0]

    def _must_be_ordered(self, taken: Sequence[Taken]) -> None:
        """Nobody ships what is not ordered, nor more than is ordered (ORD-11, ORD-12)."""
        if not taken:
            raise RuleBroken("ORD-11", "nothing is set aside for this order; allocate it, or name the goods")
        open_ = {number: line.quantity - self.sent(number) for number, line in enumerate(self.lines, 1)}
        for line, (lot, *_), quantity in taken:
            ordered = self._line(line)
            if (lot.article, lot.colour_number, lot.grade) != (ordered.article, ordered.colour_number, ordered.grade):
                raise RuleBroken("ORD-12", "lot {lot} is not what line {line} orders", lot=lot.lot, line=line)
            if quantity > open_[line]:
                raise RuleBroken(
                    "ORD-11", "{open} of line {line} have still to be shipped, not {asked}",
                    open=open_[line], line=line, asked=quantity,
                )  # fmt: skip
            open_[line] -= quantity

    def _keep_allocated(self, leaving: Sequence[IssuedGoods]) -> None:
        """What stays set aside, and what stays short, once these goods have left."""
        still_open = {number: line.quantity - self.sent(number) for number, line in enumerate(self.lines, 1)}
        for goods in leaving:
            still_open[goods.line] -= goods.quantity
        self.allocations = still_held(self.allocations, leaving, still_open)
        for goods in self.allocations:
            still_open[goods.line] -= goods.quantity
        short = [(one, min(one.quantity, still_open[one.line])) for one in self.shortages]
        self.shortages = [one.model_copy(update={"quantity": left}) for one, left in short if left]

    def _about[E: (ShipmentDispatched, ShipmentDelivered)](self, event: type[E], shipment: Shipment) -> E:
        about = self.model_dump(include={"number", "customer_id", "contract_id"})
        return event.model_validate(
            shipment.model_dump() | about | {"shipment_id": shipment.id, "shipment": shipment.number}
        )

    def _line(self, number: int) -> OrderedLine:
        if not 1 <= number <= len(self.lines):
            raise NotFound("there is no {entity} {id}", entity="order line", id=number)
        return self.lines[number - 1]


def _issued(one: Taken) -> IssuedGoods:
    lot = one.stocked.lot
    return IssuedGoods(line=one.line, article=lot.article, lot_id=lot.id, lot=lot.lot, quantity=one.quantity)
