"""What a customer was shown of the stock before they ordered."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import Amount
from shared.domain.refusals import RuleBroken
from shared.events.orders import StockAccepted, StockShown


class Available(BaseModel):
    """What can be shipped of an article now, in its unit: not on hold, not expired."""

    article: str
    available: Amount


class StockPositionStatus(StrEnum):
    NEW = "new"
    SHOWN = "shown"
    ACCEPTED = "accepted"


class StockPosition(Aggregate):
    """库存情况: shown to the customer and accepted by them before an order is written (ORD-6)."""

    TABLE = "stock_positions"
    ENTITY = "stock_position"
    START = StockPositionStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        StockShown: Step({StockPositionStatus.NEW}, StockPositionStatus.SHOWN),
        StockAccepted: Step({StockPositionStatus.SHOWN}, StockPositionStatus.ACCEPTED),
    }

    status: StockPositionStatus
    customer_id: UUID
    lines: list[Available]
    shown_by: str
    shown_at: datetime
    accepted_by: str | None = None
    accepted_at: datetime | None = None

    @classmethod
    def show(cls, id: UUID, customer_id: UUID, lines: Sequence[Available], by: Actor, at: datetime) -> Self:
        """Keep what was shown, so that nobody can say later that it was something else."""
        position = cls.begin(id, customer_id=customer_id, lines=list(lines), shown_by=by.id, shown_at=at)
        position.record(StockShown(customer_id=customer_id, articles=[line.article for line in lines]))
        return position

    def accept(self, accepted_by: str, at: datetime) -> None:
        """The customer, named by whoever asked them or signed in themselves, accepts the position (ORD-6)."""
        self.accepted_by, self.accepted_at = accepted_by, at
        self.record(StockAccepted(customer_id=self.customer_id))

    def must_allow_an_order(self, customer_id: UUID, articles: set[str], valid: timedelta, at: datetime) -> None:
        """An order follows what this very customer has accepted lately of every article it names (ORD-6)."""
        if self.customer_id != customer_id or self.accepted_at is None:
            raise RuleBroken("ORD-6", "the customer has not accepted a stock position that was shown to them")
        if at - self.accepted_at > valid:
            hours = f"{valid.total_seconds() / 3600:g}"
            raise RuleBroken("ORD-6", "the accepted stock position is older than {hours} h; show it again", hours=hours)
        if not articles <= {line.article for line in self.lines}:
            raise RuleBroken("ORD-6", "the accepted stock position does not show every article of the order")
