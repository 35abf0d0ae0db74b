"""A payment of an order: recorded by one person, confirmed by another."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import Actor
from shared.domain.money import ZERO, PositiveAmount
from shared.domain.refusals import NotAllowedNow, RuleBroken


class PaymentKind(StrEnum):
    CASH = "cash"
    CHEQUE = "cheque"
    WIRE = "wire"


class Payment(BaseModel):
    """收款: cash, transfer cheque or wire with its voucher; a bank reference is used once per account (ORD-10)."""

    id: UUID
    kind: PaymentKind
    amount: PositiveAmount
    account: str
    reference: str
    recorded_by: str
    recorded_for: str | None = None
    recorded_at: datetime
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    reversed_by: str | None = None
    reversed_at: datetime | None = None
    reversed_because: str | None = None

    def confirm(self, by: Actor, at: datetime) -> None:
        """The money is here, says somebody else than whoever recorded it, or in whose name it was recorded (ORD-10)."""
        if not by.people.isdisjoint({self.recorded_by, self.recorded_for}):
            raise RuleBroken("ORD-10", "whoever records a payment cannot confirm it")
        if self.confirmed_at or self.reversed_at:
            raise NotAllowedNow("this payment is already confirmed or reversed")
        self.confirmed_by, self.confirmed_at = by.id, at

    def reverse(self, reason: str, by: Actor, at: datetime) -> Decimal:
        """The money went back; returns how much confirmed money is gone, in yuan."""
        if self.reversed_at:
            raise NotAllowedNow("this payment is already reversed")
        self.reversed_by, self.reversed_at, self.reversed_because = by.id, at, reason
        return self.amount if self.confirmed_at else ZERO
