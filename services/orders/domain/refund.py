"""A refund: asked for by one person, decided by another."""

from datetime import datetime
from decimal import Decimal
from typing import Self

from services.orders.domain.second_person import Asked
from shared.domain.actor import Actor
from shared.domain.money import PositiveAmount
from shared.domain.refusals import RuleBroken


class Refund(Asked):
    """退款: a paid order is given up; whoever asks for that does not approve it (ORD-17)."""

    amount: PositiveAmount
    to_credit: bool | None = None
    reference: str | None = None

    @classmethod
    def request(cls, amount: Decimal, reason: str, by: Actor, at: datetime) -> Self:
        """Somebody asks for the money that is confirmed, in yuan."""
        return cls(amount=amount, reason=reason, requested_by=by.id, requested_for=by.on_behalf_of, requested_at=at)

    def decide(self, by: Actor, at: datetime) -> None:
        """Another person decides (ORD-17)."""
        self.settle(by, at, RuleBroken("ORD-17", "whoever asks for a refund does not decide on it"))
