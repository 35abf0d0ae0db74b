"""A lot of goods in stock."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID, uuid5

from pydantic import Field

from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import Amount
from shared.domain.refusals import RuleBroken
from shared.events.orders import LotFreed, LotHeld, LotHoldLifted, LotIssued, LotReceived

WAREHOUSE = UUID("6f1d6a0e-6d0b-5b0e-9d27-3f0c5d0a1e02")


class LotStatus(StrEnum):
    NEW = "new"
    IN_STOCK = "in_stock"
    ON_HOLD = "on_hold"


class Lot(Aggregate):
    """批次: goods of one article, colour number and grade; what is on hold, expired or failing stays (ORD-12)."""

    TABLE = "lots"
    ENTITY = "lot"
    START = LotStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        LotReceived: Step({LotStatus.NEW}, LotStatus.IN_STOCK),
        LotIssued: Step({LotStatus.IN_STOCK}),
        LotHeld: Step({LotStatus.IN_STOCK, LotStatus.ON_HOLD}, LotStatus.ON_HOLD),
        LotHoldLifted: Step({LotStatus.ON_HOLD}),
        LotFreed: Step({LotStatus.ON_HOLD}, LotStatus.IN_STOCK),
    }

    status: LotStatus
    lot: str
    article: str
    colour_number: str
    grade: str
    received: Amount
    left: Amount
    expires_on: date | None = None
    received_on: date | None = None
    holds: list[UUID] = Field(default_factory=list, description="Investigations that hold the lot")

    @classmethod
    def receive(
        cls,
        lot: str,
        *,
        article: str,
        colour_number: str,
        grade: str,
        quantity: Decimal,
        expires_on: date | None,
        received_on: date | None = None,
    ) -> Self:
        """Goods have come into the warehouse; the lot's id follows from its number, so that it comes in once.

        Without `received_on` they came in on the day they were entered.
        """
        goods = cls.begin(
            uuid5(WAREHOUSE, lot),
            lot=lot,
            article=article,
            colour_number=colour_number,
            grade=grade,
            received=quantity,
            left=quantity,
            expires_on=expires_on,
            received_on=received_on,
        )
        event = LotReceived(
            lot=lot,
            article=article,
            colour_number=colour_number,
            grade=grade,
            quantity=quantity,
            expires_on=expires_on,
        )
        goods.record(event)
        return goods

    def fresh(self, day: date) -> bool:
        """Whether the goods have not expired on that day."""
        return self.expires_on is None or self.expires_on >= day

    def fit(self, day: date) -> bool:
        """Whether an order that is delivered on that day may be promised goods of this lot (ORD-12)."""
        return not self.holds and self.fresh(day)

    def issue(self, order_id: UUID, quantity: Decimal, today: date) -> None:
        """Take goods out for an order, if the lot may be shipped and holds enough (ORD-12)."""
        if self.holds:
            raise RuleBroken("ORD-12", "lot {lot} is on quality hold", lot=self.lot)
        if not self.fresh(today):
            raise RuleBroken("ORD-12", "lot {lot} expired on {date}", lot=self.lot, date=str(self.expires_on))
        if quantity > self.left:
            raise RuleBroken(
                "ORD-12", "lot {lot} holds {left}, not {asked}", lot=self.lot, left=self.left, asked=quantity
            )
        self.left -= quantity
        self.record(LotIssued(order_id=order_id, quantity=quantity, left=self.left))

    def hold(self, investigation_id: UUID) -> None:
        """Quality investigates: nothing of this lot leaves; holding it twice for the same case is holding it once."""
        if investigation_id in self.holds:
            return
        self.holds.append(investigation_id)
        self.record(LotHeld(lot=self.lot, article=self.article, investigation_id=investigation_id))

    def free(self, investigation_id: UUID) -> None:
        """Quality has lifted its hold; another investigation may still hold the lot."""
        if investigation_id not in self.holds:
            return
        self.holds.remove(investigation_id)
        self.record(LotHoldLifted(lot=self.lot, article=self.article, investigation_id=investigation_id))
        if not self.holds:
            self.record(LotFreed(lot=self.lot, article=self.article))
