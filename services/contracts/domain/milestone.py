"""A delivery date of a contract, and whether it was kept."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, computed_field

from services.contracts.domain.lines import end_of
from shared.domain.money import Amount
from shared.domain.numbers import SHANGHAI


class MilestoneState(StrEnum):
    OPEN = "open"
    APPROACHING = "approaching"
    MISSED = "missed"
    MET = "met"
    VOID = "void"


class Milestone(BaseModel):
    """交货节点: so much of an article by the end of a day in Shanghai (CON-10).

    `void` is what an amendment or the end of the contract has overtaken; a missed date stays missed (`missed_at`), even
    when the goods come in the end.
    """

    id: UUID
    article: str
    quantity: Amount
    due_on: date
    edition: int
    warn_at: datetime
    due_at: datetime
    warned_at: datetime | None = None
    missed_at: datetime | None = None
    met_at: datetime | None = None
    in_time: bool | None = None
    void_at: datetime | None = None
    worked_out_at: datetime | None = None

    @classmethod
    def agree(
        cls, owner: UUID, *, article: str, quantity: Decimal, due_on: date, edition: int, warning: timedelta
    ) -> "Milestone":
        """A date that an edition of the contract sets; `owner` is the performance it belongs to."""
        due_at = end_of(due_on)
        return cls(
            id=id_at(due_at, owner, f"milestone {edition} {article}"),
            article=article,
            quantity=quantity,
            due_on=due_on,
            edition=edition,
            warn_at=due_at - warning,
            due_at=due_at,
        )

    @computed_field  # type: ignore[prop-decorator]  # mypy has no decorated properties
    @property
    def state(self) -> MilestoneState:
        """How it stands: what happened last decides."""
        if self.void_at:
            return MilestoneState.VOID
        if self.met_at:
            return MilestoneState.MET
        if self.missed_at:
            return MilestoneState.MISSED
        return MilestoneState.APPROACHING if self.warned_at else MilestoneState.OPEN

    @property
    def unmet(self) -> bool:
        """The goods are still waited for."""
        return self.void_at is None and self.met_at is None

    @property
    def next_moment(self) -> datetime | None:
        """When it has to be looked at next."""
        if not self.unmet or self.missed_at:
            return None
        return self.due_at if self.warned_at else self.warn_at

    def is_of(self, article: str, due_on: date | None) -> bool:
        return (self.article, self.due_on) == (article, due_on)

    def completed_at(self, came: Iterable[tuple[datetime, Decimal]]) -> datetime | None:
        """When all of it had come, if it has; `came` begins with the earliest."""
        left = self.quantity
        for at, quantity in came:
            left -= quantity
            if left <= 0:
                return at
        return None

    def late_pieces(self, came: Iterable[tuple[datetime, Decimal]], until: datetime) -> list[tuple[Decimal, int]]:
        """The quantities that came after the day, each with the days it was late; what never came ran late `until`."""
        left, pieces = self.quantity, list[tuple[Decimal, int]]()
        for at, quantity in [*came, (until, self.quantity)]:
            piece = min(quantity, left)
            days = (at.astimezone(SHANGHAI).date() - self.due_on).days
            if piece > 0 and days > 0:
                pieces.append((piece, days))
            left -= piece
        return pieces


def id_at(moment: datetime, owner: UUID, purpose: str) -> UUID:
    """An id that follows from its owner and purpose, and sorts by a moment in time (UUID version 8)."""
    tail = int.from_bytes(hashlib.sha256(owner.bytes + purpose.encode()).digest()[:10])
    head = int(moment.timestamp() * 1000) << 80
    return UUID(int=(head | tail) & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62)
