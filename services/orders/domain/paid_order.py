"""The money of an order: payments, what they cover, and refunds."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from services.orders.domain.payment import Payment, PaymentKind
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate
from shared.domain.money import ZERO, Amount
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.orders import (
    OrderCancelled,
    OrderedLine,
    OrderExpired,
    OrderPaid,
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
    REFUNDING = "refunding"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


NEW, AWAITING_PAYMENT, PAID, RELEASED, DISPATCHED, DELIVERED, REFUNDING, CANCELLED, EXPIRED = OrderStatus
WRITTEN = set(OrderStatus) - {NEW}


class PaidOrder(Aggregate):
    """The half of an order that deals with money: it counts only once finance has confirmed it (ORD-9, ORD-10)."""

    status: OrderStatus
    number: str
    customer_id: UUID
    contract_id: UUID | None = None
    salesperson: str
    store: str | None = None
    lines: list[OrderedLine]
    total: Amount
    confirmed: Amount = ZERO
    credited: Amount = Field(default=ZERO, description="Surplus that became the customer's credit")
    released_against: Amount = Field(default=ZERO, description="Money that covered the order when it was released")
    payments: list[Payment] = []
    delivery_order: str | None = None
    released_by: str | None = None

    @property
    def covered(self) -> Decimal:
        """Confirmed money that is still with this order, in yuan."""
        return self.confirmed - self.credited

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
        if self.covered >= self.total and self.may(OrderPaid):
            self.record(OrderPaid.model_validate(self, from_attributes=True))
            self.unschedule(self.expire)

    def reverse_payment(self, payment_id: UUID, reason: str, by: Actor, at: datetime) -> None:
        """Money bounced or was called back: what it covered is not covered any more, and the gate closes (ORD-10)."""
        payment = self.payment(payment_id)
        self.confirmed -= payment.reverse(reason, by, at)
        event = PaymentReversed(payment_id=payment_id, amount=payment.amount, confirmed=self.confirmed, reason=reason)
        self.record(event)
        if self.covered < self.total and self.may(PaymentGateClosed):
            self.released_against, self.delivery_order, self.released_by = ZERO, None, None
            self.record(PaymentGateClosed(number=self.number, total=self.total, confirmed=self.confirmed))

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

    def payment(self, payment_id: UUID) -> Payment:
        """One of the order's payments; raises `NotFound`."""
        for payment in self.payments:
            if payment.id == payment_id:
                return payment
        raise NotFound("there is no {entity} {id}", entity="payment", id=str(payment_id))
