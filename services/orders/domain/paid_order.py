"""The money of an order: payments, what they cover, and refunds."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from services.orders.domain.payment import CREDIT_ACCOUNT, Payment, PaymentKind, PaymentTerms
from services.orders.domain.refund import Refund
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate
from shared.domain.money import ZERO, Amount, share
from shared.domain.policy import Policy
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.event import Event
from shared.events.orders import (
    DepositConfirmed,
    IssuedGoods,
    OrderCancelled,
    OrderedLine,
    OrderExpired,
    OrderOverpaid,
    OrderPaid,
    OrderRefunded,
    PaymentConfirmed,
    PaymentGateClosed,
    PaymentRecorded,
    PaymentReminded,
    PaymentReversed,
    RefundRefused,
    RefundRequested,
)

ORDERS = Actor.service("orders")


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


class PaidOrder(Aggregate):
    """The half of an order that deals with money: it counts only once finance has confirmed it (ORD-9, ORD-10)."""

    status: OrderStatus
    number: str
    customer_id: UUID
    contract_id: UUID | None = None
    salesperson: str
    store: str | None = None
    lines: list[OrderedLine]
    goods: list[IssuedGoods] = []
    total: Amount
    terms: PaymentTerms | None = None
    expires_at: datetime | None = None
    confirmed: Amount = ZERO
    from_credit: Amount = Field(default=ZERO, description="What of the confirmed money is credit from before")
    credited: Amount = Field(default=ZERO, description="What of the confirmed money became the customer's credit")
    refunded: Amount = Field(default=ZERO, description="What of the confirmed money went back to the customer")
    released_against: Amount = Field(default=ZERO, description="Money that covered the order when it was released")
    deposit_confirmed: bool = False
    payments: list[Payment] = []
    refunds: list[Refund] = []
    delivery_order: str | None = None
    released_by: str | None = None

    @property
    def covered(self) -> Decimal:
        """Confirmed money that is still with this order, in yuan; below zero if what was refunded was never ours."""
        return self.confirmed - self.credited - self.refunded

    @property
    def due(self) -> Decimal:
        """What the order costs, in yuan: nothing any more once it takes no payments."""
        return self.total if self.may(PaymentRecorded) else ZERO

    @property
    def outstanding(self) -> Decimal:
        """What is still to be paid, in yuan (ORD-16)."""
        return max(self.due - max(self.covered, ZERO), ZERO)

    @property
    def policy(self) -> str | None:
        """The version of the policy the order was written under and goes by (REG-2)."""
        return self.terms.policy if self.terms else None

    def free_goods(self, reason: str) -> None:
        """What was set aside for the order is free again (ORD-17); the half that deals with goods says how."""

    def await_payment(self, policy: Policy, at: datetime) -> None:
        """The order is written, and policy's time for payment begins (ORD-16, ORD-17)."""
        self.terms = PaymentTerms.of(policy)
        self._start_clock(at)

    def record_payment(
        self, id: UUID, kind: PaymentKind, amount: Decimal, account: str, reference: str, by: Actor, at: datetime
    ) -> None:
        """A clerk or provider records money with its voucher; it counts only once finance has confirmed it (ORD-10)."""
        payment = Payment(
            id=id, kind=kind, amount=amount, account=account, reference=reference, recorded_by=by.id,
            recorded_for=by.on_behalf_of, recorded_at=at,
        )  # fmt: skip
        self.payments.append(payment)
        self._tell(PaymentRecorded, payment)

    def pay_from_credit(self, id: UUID, amount: Decimal, by: Actor, at: datetime) -> None:
        """The customer's credit pays, no more than the order needs; another person confirms it (ORD-10)."""
        if amount > self.outstanding:
            raise RuleBroken(
                "ORD-10", "the order is short of {short} yuan, not {asked}", short=self.outstanding, asked=amount
            )
        self.record_payment(id, PaymentKind.CREDIT, amount, CREDIT_ACCOUNT, str(id), by, at)

    def confirm_payment(self, payment_id: UUID, by: Actor, at: datetime) -> None:
        """Finance confirms that the money has arrived; never by whoever recorded it (ORD-10).

        What is more than the order costs becomes the customer's credit: all of it, if the order has ended meanwhile.
        """
        payment = self.payment(payment_id)
        payment.confirm(by, at)
        self.confirmed += payment.amount
        self.from_credit += payment.amount if payment.kind is PaymentKind.CREDIT else ZERO
        self._tell(PaymentConfirmed, payment)
        self._look_at_the_cover()

    def reverse_payment(self, payment_id: UUID, reason: str, by: Actor, at: datetime, *, bounced: bool = False) -> None:
        """Money bounced, was called back or never came: what it covered is not covered any more (ORD-10).

        The gate closes as long as goods are here; afterwards what is missing is a receivable (ORD-16). Where this money
        became credit or was refunded, the customer's account gives it back.
        """
        payment, waiting = self.payment(payment_id), self.may(OrderPaid)
        gone = payment.reverse(reason, by, at, bounced=bounced)
        self.from_credit -= gone if payment.kind is PaymentKind.CREDIT else ZERO
        recalled = self._lose(gone)
        self._tell(PaymentReversed, payment, reason=reason, bounced=bounced, counted=gone > ZERO, recalled=recalled)
        if self.covered < self.total and self.may(PaymentGateClosed):
            self._void_the_delivery_order()
            self._announce(PaymentGateClosed)
        if self.outstanding and not waiting:
            self._start_clock(at)

    def cancel(self, reason: str, by: Actor, at: datetime) -> None:
        """Give the order up, before goods have left: at once, or by a refund if money is confirmed (ORD-17)."""
        if self.goods:
            raise RuleBroken("ORD-17", "goods of this order have left; that is a return")
        paid = self.covered > ZERO
        self.require(RefundRequested if paid else OrderCancelled)
        self._let_go(reason, at)
        if paid:
            self.refunds.append(Refund.request(self.covered, reason, by, at))
            self._void_the_delivery_order()
            self._announce(RefundRequested, amount=self.covered, reason=reason)
        else:
            self._announce(OrderCancelled, reason=reason)

    def approve_refund(self, to_credit: bool, reference: str | None, by: Actor, at: datetime) -> None:
        """Another person approves: the money goes back, or becomes credit, and the order is cancelled (ORD-17)."""
        refund = self._refund_to_decide(by, at)
        if not to_credit and not reference:
            raise RuleBroken("ORD-17", "money that goes back needs the reference it goes back under")
        refund.to_credit, refund.reference = to_credit, reference
        amount = self.covered
        if amount > ZERO:  # money may have come or gone since the refund was asked for
            refund.amount = amount
            self.credited += amount if to_credit else ZERO
            self.refunded += ZERO if to_credit else amount
            self._announce(OrderRefunded, amount=amount, to_credit=to_credit)
        self._announce(OrderCancelled, reason=refund.reason)

    def refuse_refund(self, reason: str, by: Actor, at: datetime) -> None:
        """Another person refuses: the order stands, paid if it was (ORD-17)."""
        self._refund_to_decide(by, at).refused_because = reason
        self._announce(RefundRefused, reason=reason)
        self._look_at_the_cover()
        if self.outstanding:
            self._start_clock(at)

    def remind(self, at: datetime) -> None:
        """The order still waits for money (ORD-16); says so again and again, or once before it expires."""
        if not self.outstanding:
            return
        expiring = self._expires
        self._announce(PaymentReminded, outstanding=self.outstanding, expires_at=self.expires_at if expiring else None)
        if expiring and self.expires_at:
            self.schedule(self.expire, self.expires_at)
        elif self.terms:
            self.schedule(self.remind, at + self.terms.reminder)

    def expire(self, at: datetime) -> None:
        """Policy's time for payment is over (ORD-17); an order that is part-paid is reminded of instead."""
        if not self._expires:
            self.remind(at)
            return
        self.require(OrderExpired)
        self._let_go("expired", at)
        self._announce(OrderExpired)

    def payment(self, payment_id: UUID) -> Payment:
        """One of the order's payments; raises `NotFound`."""
        for payment in self.payments:
            if payment.id == payment_id:
                return payment
        raise NotFound("there is no {entity} {id}", entity="payment", id=str(payment_id))

    @property
    def _expires(self) -> bool:
        return self.covered <= ZERO and not self.goods

    def _start_clock(self, at: datetime) -> None:
        if self.terms is None:
            return
        self.expires_at = at + self.terms.expiry
        if self.terms.reminder < self.terms.expiry:
            self.schedule(self.remind, at + self.terms.reminder)
        else:
            self.schedule(self.expire, self.expires_at)

    def _look_at_the_cover(self) -> None:
        """What the confirmed money means: a deposit, the whole price, or more than that (ORD-9, ORD-10)."""
        if self.covered >= self.total and self.may(OrderPaid):
            self._announce(OrderPaid)
            self.unschedule(self.remind, self.expire)
        elif self._deposit_is_here:
            self.deposit_confirmed = True
            self._announce(DepositConfirmed)
        surplus = self.covered - self.due
        if surplus > ZERO and self.may(OrderOverpaid):
            self.credited += surplus
            self._announce(OrderOverpaid, surplus=surplus)

    @property
    def _deposit_is_here(self) -> bool:
        if self.terms is None or self.deposit_confirmed or not self.may(DepositConfirmed):
            return False
        return share(self.total, self.terms.deposit_share) <= self.covered < self.total

    def _lose(self, gone: Decimal) -> Decimal:
        """Confirmed money is gone; returns what of it had become credit or was refunded: the customer owes it now."""
        missing = max(self.due - self.covered, ZERO)
        self.confirmed -= gone
        missing = max(self.due - self.covered, ZERO) - missing
        credit = min(missing, self.credited)
        self.credited -= credit
        return credit + min(missing - credit, self.refunded)

    def _void_the_delivery_order(self) -> None:
        self.delivery_order = self.released_by = None
        if not self.goods:  # what has left already left against that money
            self.released_against = ZERO

    def _let_go(self, reason: str, at: datetime) -> None:
        """Goods and credit that wait for this order are free for others; money under way may still come (ORD-17)."""
        self.free_goods(reason)
        for payment in self.payments:
            if payment.open and payment.kind is PaymentKind.CREDIT:
                payment.reverse(reason, ORDERS, at)
                self._tell(PaymentReversed, payment, reason=reason, counted=False)
        self.unschedule(self.remind, self.expire)

    def _refund_to_decide(self, by: Actor, at: datetime) -> Refund:
        self.require(RefundRefused)
        refund = self.refunds[-1]
        refund.decide(by, at)
        return refund

    def _announce(self, event: type[Event], /, **more: Any) -> None:
        """Record an event that says of the order what it has fields for."""
        known = {name: getattr(self, name) for name in event.model_fields if name not in more and hasattr(self, name)}
        self.record(event(**known, **more))

    def _tell(self, event: type[Event], payment: Payment, /, **more: Any) -> None:
        """Record what happened to one of the payments."""
        self._announce(event, payment_id=payment.id, amount=payment.amount, kind=payment.kind, **more)
