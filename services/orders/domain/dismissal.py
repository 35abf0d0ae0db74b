"""A payment notice taken for none of ours: by one person, and another decides."""

from datetime import datetime
from typing import Self

from services.orders.domain.second_person import Asked
from shared.domain.actor import Actor
from shared.domain.refusals import RuleBroken


class Dismissal(Asked):
    """作废申请: nothing shall follow from a notice that was set aside; no one person lets money vanish (ORD-10)."""

    @classmethod
    def request(cls, reason: str, by: Actor, at: datetime) -> Self:
        """Somebody in finance has looked at it."""
        return cls(reason=reason, requested_by=by.id, requested_for=by.on_behalf_of, requested_at=at)

    def decide(self, by: Actor, at: datetime) -> None:
        """Another person decides (ORD-10)."""
        self.settle(by, at, RuleBroken("ORD-10", "whoever asks to dismiss a notice does not decide on it"))
