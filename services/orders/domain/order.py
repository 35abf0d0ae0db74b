"""An order, from placing to delivery."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field

from services.orders.domain.lot import Lot
from services.orders.domain.payment import Payment, PaymentKind
from services.orders.domain.stock_position import StockPosition
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import LIMIT, ZERO, Amount, share
from shared.domain.numbers import SHANGHAI, number
from shared.domain.policy import Policy
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.orders import (
    EvidenceCompiled,
    IssuedGoods,
    OrderCancelled,
    OrderDelivered,
    OrderDispatched,
    OrderedLine,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    OrderReleased,
    PaymentConfirmed,
    PaymentGateClosed,
    PaymentRecorded,
    PaymentReversed,
)


class OrderStatus(StrEnum):
    NEW = "new"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    RELEASED = "released"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


NEW, AWAITING_PAYMENT, PAID, RELEASED, DISPATCHED, DELIVERED, CANCELLED, EXPIRED = OrderStatus
WRITTEN = set(OrderStatus) - {NEW}


class Order(Aggregate):
    """订单: a customer's order; nothing leaves before the money is here (ORD-9)."""

    TABLE = "orders"
    ENTITY = "order"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        OrderPlaced: Step({NEW}, AWAITING_PAYMENT),
        PaymentRecorded: Step({AWAITING_PAYMENT, PAID}),
        PaymentConfirmed: Step({AWAITING_PAYMENT, PAID}),
        OrderPaid: Step({AWAITING_PAYMENT}, PAID),
        PaymentReversed: Step(WRITTEN),
        PaymentGateClosed: Step({PAID, RELEASED}, AWAITING_PAYMENT),
        OrderReleased: Step({PAID}, RELEASED),
        OrderDispatched: Step({RELEASED}, DISPATCHED),
        OrderDelivered: Step({DISPATCHED}, DELIVERED),
        OrderCancelled: Step({AWAITING_PAYMENT}, CANCELLED),
        OrderExpired: Step({AWAITING_PAYMENT}, EXPIRED),
        EvidenceCompiled: Step(WRITTEN),
    }
    TIMERS = frozenset({"expire"})

    status: OrderStatus
    number: str
    customer_id: UUID
    contract_id: UUID | None = None
    stock_position_id: UUID
    salesperson: str
    placed_by: str
    placed_at: datetime
    requirements: str = ""
    lines: list[OrderedLine]
    total: Amount
    confirmed: Amount = ZERO
    released_against: Amount = Field(default=ZERO, description="Money that was confirmed when the goods were released")
    payments: list[Payment] = []
    delivery_order: str | None = None
    released_by: str | None = None
    certificate: str | None = None
    goods: list[IssuedGoods] = []
    dispatched_by: str | None = None
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None
    received_by: str | None = None

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
    ) -> Self:
        """Write an order at the prices that hold, after the customer has accepted the stock position (ORD-3, ORD-6)."""
        articles = {line.article for line in lines}
        position.must_allow_an_order(customer_id, articles, policy.orders.stock_position_valid, at)
        total = sum((share(line.price, line.quantity) for line in lines), ZERO)
        if total > LIMIT:
            raise RuleBroken("ORD-5", "an order's total stays within a trillion yuan")
        order = cls.begin(
            id,
            number=number("DH", id, at),
            customer_id=customer_id,
            contract_id=contract_id,
            stock_position_id=position.id,
            salesperson=salesperson,
            placed_by=by.id,
            placed_at=at,
            requirements=requirements,
            lines=list(lines),
            total=total,
        )
        order.record(OrderPlaced.model_validate(order, from_attributes=True))
        order.schedule(order.expire, at + policy.orders.payment_expiry)
        return order

    def record_payment(
        self, id: UUID, kind: PaymentKind, amount: Decimal, account: str, reference: str, by: Actor, at: datetime
    ) -> None:
        """A clerk records money with its voucher; it counts only once finance has confirmed it (ORD-10)."""
        payment = Payment(
            id=id, kind=kind, amount=amount, account=account, reference=reference, recorded_by=by.id,
            recorded_for=by.on_behalf_of, recorded_at=at,
        )  # fmt: skip
        self.payments.append(payment)
        self.record(PaymentRecorded(payment_id=id, kind=kind, amount=amount))

    def confirm_payment(self, payment_id: UUID, by: Actor, at: datetime) -> None:
        """Finance confirms that the money has arrived; never by whoever recorded it (ORD-10)."""
        payment = self.payment(payment_id)
        payment.confirm(by, at)
        self.confirmed += payment.amount
        self.record(PaymentConfirmed(payment_id=payment_id, amount=payment.amount, confirmed=self.confirmed))
        if self.confirmed >= self.total and self.may(OrderPaid):
            self.record(OrderPaid.model_validate(self, from_attributes=True))
            self.unschedule(self.expire)

    def reverse_payment(self, payment_id: UUID, reason: str, by: Actor, at: datetime) -> None:
        """Money bounced or was called back: what it covered is not covered any more, and the gate closes (ORD-10)."""
        payment = self.payment(payment_id)
        self.confirmed -= payment.reverse(reason, by, at)
        event = PaymentReversed(payment_id=payment_id, amount=payment.amount, confirmed=self.confirmed, reason=reason)
        self.record(event)
        if self.confirmed < self.total and self.may(PaymentGateClosed):
            self.released_against, self.delivery_order, self.released_by = ZERO, None, None
            self.record(PaymentGateClosed(number=self.number, total=self.total, confirmed=self.confirmed))

    def release(self, by: Actor, at: datetime) -> None:
        """Issue the delivery order: only against confirmed money covering the whole order (ORD-9, ORD-11)."""
        if self.confirmed < self.total:
            raise RuleBroken(
                "ORD-9",
                "payment first, goods after: {confirmed} of {total} yuan are confirmed",
                confirmed=self.confirmed,
                total=self.total,
            )
        self.released_against, self.released_by = self.confirmed, by.id
        self.delivery_order = number("CH", self.id, at)
        self.record(OrderReleased(number=self.number, delivery_order=self.delivery_order))

    def dispatch(self, goods: Sequence[tuple[int, Lot, Decimal]], certificate: str, by: Actor, at: datetime) -> None:
        """Ship the goods of a released order, each line whole, from lots of its article, colour number and grade.

        The quality certificate travels with them (ORD-11); what is on hold, expired or gone is refused (ORD-12).
        """
        self.require(OrderDispatched)
        shipped = [ZERO] * len(self.lines)
        for position, lot, quantity in goods:
            if not 1 <= position <= len(self.lines):
                raise NotFound("there is no {entity} {id}", entity="order line", id=position)
            line = self.lines[position - 1]
            if (lot.article, lot.colour_number, lot.grade) != (line.article, line.colour_number, line.grade):
                raise RuleBroken("ORD-12", "lot {lot} is not what line {line} orders", lot=lot.lot, line=position)
            shipped[position - 1] += quantity
        if shipped != [line.quantity for line in self.lines]:
            raise RuleBroken("ORD-11", "a dispatch covers every line in full")
        self.goods = [
            IssuedGoods(line=position, article=lot.article, lot_id=lot.id, lot=lot.lot, quantity=quantity)
            for position, lot, quantity in goods
        ]
        self.certificate, self.dispatched_by, self.dispatched_at = certificate, by.id, at
        self.record(OrderDispatched.model_validate(self, from_attributes=True))
        for _, lot, quantity in goods:
            lot.issue(self.id, quantity, at.astimezone(SHANGHAI).date())

    def deliver(self, received_by: str, at: datetime) -> None:
        """The customer confirms that the goods have come (ORD-13)."""
        self.received_by, self.delivered_at = received_by, at
        self.record(OrderDelivered(number=self.number, customer_id=self.customer_id))

    def cancel(self, reason: str) -> None:
        """Give the order up before anything is confirmed."""
        if self.confirmed > ZERO:
            raise RuleBroken("ORD-17", "money is confirmed on this order; it has to be refunded first")
        self.record(OrderCancelled(number=self.number, reason=reason))
        self.unschedule(self.expire)

    def expire(self, at: datetime) -> None:
        """Policy's time for payment is over (ORD-17); an order that is part-paid is looked at by people instead."""
        if self.confirmed == ZERO:
            self.record(OrderExpired(number=self.number))

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

    def payment(self, payment_id: UUID) -> Payment:
        """One of the order's payments; raises `NotFound`."""
        for payment in self.payments:
            if payment.id == payment_id:
                return payment
        raise NotFound("there is no {entity} {id}", entity="payment", id=str(payment_id))
