"""What one person asks for and another decides."""

from datetime import datetime

from pydantic import BaseModel

from shared.domain.actor import Actor
from shared.domain.refusals import RuleBroken


class Asked(BaseModel):
    """A request about money: who asked, in whose name, why, and what somebody else made of it (ORD-10, ORD-17)."""

    reason: str
    requested_by: str
    requested_for: str | None = None
    requested_at: datetime
    decided_by: str | None = None
    decided_for: str | None = None
    decided_at: datetime | None = None
    refused_because: str | None = None

    def settle(self, by: Actor, at: datetime, same: RuleBroken) -> None:
        """Another person decides: neither who asked, nor in whose name it was asked, nor their delegates; else `same`
        is raised.
        """
        if not by.people.isdisjoint({self.requested_by, self.requested_for}):
            raise same
        self.decided_by, self.decided_for, self.decided_at = by.id, by.on_behalf_of, at
