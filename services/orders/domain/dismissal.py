"""A payment notice taken for none of ours: by one person, and another decides."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from shared.domain.actor import Actor
from shared.domain.refusals import RuleBroken


class Dismissal(BaseModel):
    """作废申请: nothing shall follow from a notice that was set aside; no one person lets money vanish (ORD-10)."""

    reason: str
    requested_by: str
    requested_for: str | None = None
    requested_at: datetime
    decided_by: str | None = None
    decided_for: str | None = None
    decided_at: datetime | None = None
    refused_because: str | None = None

    @classmethod
    def request(cls, reason: str, by: Actor, at: datetime) -> Self:
        """Somebody in finance has looked at it."""
        return cls(reason=reason, requested_by=by.id, requested_for=by.on_behalf_of, requested_at=at)

    def decide(self, by: Actor, at: datetime) -> None:
        """Another person decides: neither who asked, nor in whose name it was asked, nor their delegates (ORD-10)."""
        if not by.people.isdisjoint({self.requested_by, self.requested_for}):
            raise RuleBroken("ORD-10", "whoever asks to dismiss a notice does not decide on it")
        self.decided_by, self.decided_for, self.decided_at = by.id, by.on_behalf_of, at
