"""A payment of an order: recorded by one person, confirmed by another."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Self
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import Actor
from shared.domain.money import ZERO, PositiveAmount
from shared.domain.policy import Policy, Share
from shared.domain.refusals import NotAllowedNow, RuleBroken

CREDIT_ACCOUNT = "credit"
WENT_BACK = "the provider has reported that this money went back"


class PaymentKind(StrEnum):
    CASH = "cash"
    CHEQUE = "cheque"
    WIRE = "wire"
    CREDIT = "credit"


class PaymentTerms(BaseModel):
    """What policy said when the order was written: when it is reminded of, when it expires, what opens production."""

    reminder: timedelta
    expiry: timedelta
    deposit_share: Share
    policy: str | None = None

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """The terms of an order that is written now."""
        orders = policy.orders
        return cls(
            reminder=orders.payment_reminder, expiry=orders.payment_expiry, deposit_share=orders.deposit_share,
            policy=policy.version,
        )  # fmt: skip


class BankReference(NamedTuple):
    """What is known of a bank reference of one of our accounts before money is recorded under it."""

    account: str
    reference: str
    used_in: str | None = None
    gone: bool = False

    def must_be_new(self) -> None:
        """Refuse money that stands in an order or account already, or that its provider has reported gone (ORD-10)."""
        if self.used_in:
            raise RuleBroken(
                "ORD-10", "bank reference {reference} of account {account} stands in {number}",
                reference=self.reference, account=self.account, number=self.used_in,
            )  # fmt: skip
        if self.gone:
            raise RuleBroken("ORD-10", WENT_BACK)


class Payment(BaseModel):
    """收款: cash, transfer cheque or wire with its voucher; a bank reference is used once per account (ORD-10).

    The customer's credit pays too: `account` is "credit" then, and `reference` the payment's own id.
    """

    id: UUID
    kind: PaymentKind
    amount: PositiveAmount
    account: str
    reference: str
    recorded_by: str
    recorded_for: str | None = None
    recorded_at: datetime
    confirmed_by: str | None = None
    confirmed_for: str | None = None
    confirmed_at: datetime | None = None
    reversed_by: str | None = None
    reversed_at: datetime | None = None
    reversed_because: str | None = None
    bounced: bool = False

    @property
    def open(self) -> bool:
        """Recorded, and neither confirmed nor taken back."""
        return self.confirmed_at is None and self.reversed_at is None

    def confirm(self, by: Actor, at: datetime) -> None:
        """The money is here, says somebody else than whoever recorded it, or in whose name it was recorded (ORD-10)."""
        if not by.people.isdisjoint({self.recorded_by, self.recorded_for}):
            raise RuleBroken("ORD-10", "whoever records a payment cannot confirm it")
        if not self.open:
            raise NotAllowedNow("this payment is already confirmed or reversed")
        self.confirmed_by, self.confirmed_for, self.confirmed_at = by.id, by.on_behalf_of, at

    def reverse(self, reason: str, by: Actor, at: datetime, *, bounced: bool = False) -> Decimal:
        """The money went back, or never came; returns how much confirmed money is gone, in yuan."""
        if bounced and self.kind is not PaymentKind.CHEQUE:
            raise RuleBroken("ORD-10", "only a cheque bounces; reverse the payment instead")
        if self.reversed_at:
            raise NotAllowedNow("this payment is already reversed")
        self.reversed_by, self.reversed_at, self.reversed_because, self.bounced = by.id, at, reason, bounced
        return self.amount if self.confirmed_at else ZERO
