"""Money of a customer's that is for none of their orders."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from services.orders.domain.customer_account import CustomerAccount
from services.orders.domain.payment import Payment
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import ZERO, Amount
from shared.domain.numbers import SHANGHAI, number
from shared.events.orders import (
    AccountOverpaid,
    PaymentOnAccountConfirmed,
    PaymentOnAccountRecorded,
    PaymentOnAccountReversed,
)


class OnAccountStatus(StrEnum):
    NEW = "new"
    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    REVERSED = "reversed"


NEW, RECORDED, CONFIRMED, REVERSED = OnAccountStatus


class PaymentOnAccount(Aggregate):
    """往来收款: a customer pays what they owe beside their orders, such as a balance brought forward (ORD-10, ORD-16).

    As with an order's payment, whoever records it cannot confirm it, and its bank reference is used once per account.
    `salesperson` looked after the customer when it was recorded.
    """

    TABLE = "payments_on_account"
    ENTITY = "payment_on_account"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        PaymentOnAccountRecorded: Step({NEW}, RECORDED),
        PaymentOnAccountConfirmed: Step({RECORDED}, CONFIRMED),
        AccountOverpaid: Step({CONFIRMED}),
        PaymentOnAccountReversed: Step({RECORDED, CONFIRMED}, REVERSED),
    }

    status: OnAccountStatus
    number: str
    customer_id: UUID
    salesperson: str
    payment: Payment
    settled: Amount = ZERO
    settled_since: date | None = None
    surplus: Amount = ZERO

    @property
    def amount(self) -> Decimal:
        return self.payment.amount

    @property
    def kind(self) -> str:
        return self.payment.kind

    @classmethod
    def take(cls, payment: Payment, account: CustomerAccount, salesperson: str) -> Self:
        """Record money with its voucher; it counts once finance has confirmed it (ORD-10)."""
        account.must_owe()
        taken = cls.begin(
            payment.id, number=number("SK", payment.id, payment.recorded_at), customer_id=account.customer_id,
            salesperson=salesperson, payment=payment,
        )  # fmt: skip
        taken.record(PaymentOnAccountRecorded.model_validate(taken, from_attributes=True))
        return taken

    def confirm(self, account: CustomerAccount, by: Actor, at: datetime) -> None:
        """The money has arrived; never said by whoever recorded it (ORD-10)."""
        self.require(PaymentOnAccountConfirmed)
        self.payment.confirm(by, at)
        self.settled, self.settled_since, self.surplus = account.pay(self.amount, self.id)
        self.record(PaymentOnAccountConfirmed.model_validate(self, from_attributes=True))
        if self.surplus:
            self.record(AccountOverpaid.model_validate(self, from_attributes=True))

    def reverse(self, account: CustomerAccount, reason: str, by: Actor, at: datetime, *, bounced: bool = False) -> None:
        """The money went back, or never came; what it had settled is owed again (ORD-10, ORD-16)."""
        self.require(PaymentOnAccountReversed)
        gone = self.payment.reverse(reason, by, at, bounced=bounced)
        if gone:
            account.lose(gone, self.id, self.settled_since or at.astimezone(SHANGHAI).date())
        self.record(
            PaymentOnAccountReversed(
                number=self.number, customer_id=self.customer_id, amount=self.amount, kind=self.kind, reason=reason,
                counted=bool(gone), bounced=bounced, recalled=self.surplus,
            )
        )  # fmt: skip
