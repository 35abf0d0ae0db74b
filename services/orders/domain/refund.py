"""A refund: asked for by one person, decided by another."""

from datetime import datetime
from decimal import Decimal
from typing import Self

from pydantic import BaseModel

from shared.domain.actor import Actor
from shared.domain.money import PositiveAmount
from shared.domain.refusals import RuleBroken


class Refund(BaseModel):
    """退款: a paid order is given up; whoever asks for that does not approve it (ORD-17)."""

    amount: PositiveAmount
    reason: str
    requested_by: str
    requested_for: str | None = None
    requested_at: datetime
    decided_by: str | None = None
    decided_for: str | None = None
    decided_at: datetime | None = None
    refused_because: str | None = None
    to_credit: bool | None = None
    reference: str | None = None

    @classmethod
    def request(cls, amount: Decimal, reason: str, by: Actor, at: datetime) -> Self:
        """Somebody asks for the money that is confirmed, in yuan."""
        return cls(amount=amount, reason=reason, requested_by=by.id, requested_for=by.on_behalf_of, requested_at=at)

    def decide(self, by: Actor, at: datetime) -> None:
        """Another person decides: neither who asked, nor in whose name it was asked, nor their delegates (ORD-17)."""
        if not by.people.isdisjoint({self.requested_by, self.requested_for}):
            raise RuleBroken("ORD-17", "whoever asks for a refund does not decide on it")
        self.decided_by, self.decided_for, self.decided_at = by.id, by.on_behalf_of, at
