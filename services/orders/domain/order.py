"""An order, from placing to delivery."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

from services.orders.domain.paid_order import (
    AWAITING_PAYMENT,
    CANCELLED,
    DELIVERED,
    DISPATCHED,
    EXPIRED,
    NEW,
    PAID,
    REFUNDING,
    RELEASED,
    OrderStatus,
)
from services.orders.domain.shipped_order import ShippedOrder
from services.orders.domain.stock_position import StockPosition
from shared.domain.actor import Actor
from shared.domain.aggregate import Lifecycle, Step
from shared.domain.money import LIMIT, ZERO, share
from shared.domain.numbers import SHANGHAI, number
from shared.domain.policy import Policy
from shared.domain.refusals import RuleBroken
from shared.events.orders import (
    AllocationFreed,
    DeliveryLate,
    DepositConfirmed,
    DispatchPlanned,
    EvidenceCompiled,
    GoodsAllocated,
    InvoiceIssued,
    OrderCancelled,
    OrderDelivered,
    OrderDispatched,
    OrderedLine,
    OrderExpired,
    OrderOverpaid,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    OrderReleased,
    PaymentConfirmed,
    PaymentGateClosed,
    PaymentRecorded,
    PaymentReminded,
    PaymentReversed,
    RefundRefused,
    RefundRequested,
    ShipmentDelivered,
    ShipmentDispatched,
)

WRITTEN = set(OrderStatus) - {NEW}
UNDER_WAY = {PAID, RELEASED, DISPATCHED, DELIVERED}
ENDED = {CANCELLED, EXPIRED}


class Order(ShippedOrder):
    """订单: a customer's order; nothing leaves before the money is here (ORD-9)."""

    TABLE = "orders"
    ENTITY = "order"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        OrderPlaced: Step({NEW}, AWAITING_PAYMENT),
        GoodsAllocated: Step({AWAITING_PAYMENT, PAID, RELEASED}),
        AllocationFreed: Step({AWAITING_PAYMENT, PAID, RELEASED, REFUNDING}),
        PaymentRecorded: Step({AWAITING_PAYMENT} | UNDER_WAY),
        # money that comes late still is money: on an order that has ended it becomes the customer's credit
        PaymentConfirmed: Step({AWAITING_PAYMENT} | UNDER_WAY | {REFUNDING} | ENDED),
        DepositConfirmed: Step({AWAITING_PAYMENT}),
        OrderPaid: Step({AWAITING_PAYMENT}, PAID),
        OrderOverpaid: Step(UNDER_WAY | ENDED),
        PaymentReminded: Step({AWAITING_PAYMENT, DISPATCHED, DELIVERED}),
        PaymentReversed: Step(WRITTEN),
        PaymentGateClosed: Step({PAID, RELEASED}, AWAITING_PAYMENT),
        InvoiceIssued: Step({PAID, RELEASED}),
        OrderReleased: Step({PAID}, RELEASED),
        DispatchPlanned: Step({PAID, RELEASED}),
        ShipmentDispatched: Step({RELEASED}),
        OrderDispatched: Step({RELEASED}, DISPATCHED),
        ShipmentDelivered: Step({AWAITING_PAYMENT, PAID, RELEASED, DISPATCHED}),
        DeliveryLate: Step({AWAITING_PAYMENT, PAID, RELEASED, DISPATCHED, REFUNDING}),
        OrderDelivered: Step({DISPATCHED}, DELIVERED),
        RefundRequested: Step({AWAITING_PAYMENT, PAID, RELEASED}, REFUNDING),
        RefundRefused: Step({REFUNDING}, AWAITING_PAYMENT),
        OrderRefunded: Step({REFUNDING}),
        OrderCancelled: Step({AWAITING_PAYMENT, REFUNDING}, CANCELLED),
        OrderExpired: Step({AWAITING_PAYMENT}, EXPIRED),
        EvidenceCompiled: Step(WRITTEN),
    }
    TIMERS = frozenset({"remind", "expire", "find_late"})

    stock_position_id: UUID
    branch: str | None = None
    placed_by: str
    placed_at: datetime
    requirements: str = ""
    reference: str | None = None
    quotation_id: UUID | None = None

    @classmethod
    def place(
        cls,
        id: UUID,
        *,
        customer_id: UUID,
        contract_id: UUID | None,
        position: StockPosition,
        lines: Sequence[OrderedLine],
        requirements: str,
        salesperson: str,
        policy: Policy,
        by: Actor,
        at: datetime,
        deliver_by: date | None = None,
        reference: str | None = None,
        quotation_id: UUID | None = None,
    ) -> Self:
        """Write an order at the prices that hold, after the customer has accepted the stock position (ORD-3, ORD-6).

        `reference` is the customer's own number for it; store and branch are those of whoever writes it (ORD-5).
        """
        articles = {line.article for line in lines}
        position.must_allow_an_order(customer_id, articles, policy.orders.stock_position_valid, at)
        total = sum((share(line.price, line.quantity) for line in lines), ZERO)
        if total > LIMIT:
            raise RuleBroken("ORD-5", "an order's total stays within a trillion yuan")
        order = cls.begin(
            id, number=number("DH", id, at), customer_id=customer_id, contract_id=contract_id,
            stock_position_id=position.id, salesperson=salesperson, placed_by=by.id, placed_at=at,
            requirements=requirements, reference=reference, quotation_id=quotation_id, store=by.store, branch=by.branch,
            lines=list(lines), total=total,
        )  # fmt: skip
        order.promise(deliver_by, at.astimezone(SHANGHAI).date())
        order.record(OrderPlaced.model_validate(order, from_attributes=True))
        order.await_payment(policy, at)
        return order

    def release(self, by: Actor, at: datetime) -> None:
        """Issue the delivery order: only against confirmed money covering the whole order (ORD-9, ORD-11)."""
        if self.covered < self.total:
            raise RuleBroken(
                "ORD-9",
                "payment first, goods after: {confirmed} of {total} yuan are confirmed",
                confirmed=self.covered,
                total=self.total,
            )
        self.released_against, self.released_by = self.covered, by.id
        self.delivery_order = number("CH", self.id, at)
        self.record(OrderReleased.model_validate(self, from_attributes=True))

    def compile_evidence(self, complaint_id: UUID, kind: str) -> None:
        """Tell the case what we know of the goods: lines, lots, dates, prices, people (ORD-20)."""
        people = {
            "salesperson": self.salesperson,
            "placed_by": self.placed_by,
            "released_by": self.released_by or "",
            "dispatched_by": self.dispatched_by or "",
        }
        fields = self.model_dump(include=set(EvidenceCompiled.model_fields))
        event = EvidenceCompiled(**fields, complaint_id=complaint_id, kind=kind, people=people)
        self.record(event)
