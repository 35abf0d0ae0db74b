"""What is to be produced for one line of an order."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel

from services.orders.domain.order import Order
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import ZERO, Amount, PositiveAmount
from shared.domain.numbers import SHANGHAI, number, same_id
from shared.domain.refusals import RuleBroken
from shared.events.orders import (
    ProductionCancelled,
    ProductionChanged,
    ProductionFinished,
    ProductionPlanned,
    ProductionRequested,
    ProductionStarted,
    Shortage,
)


class ProductionStatus(StrEnum):
    NEW = "new"
    REQUESTED = "requested"
    PLANNED = "planned"
    STARTED = "started"
    FINISHED = "finished"
    CANCELLED = "cancelled"


NEW, REQUESTED, PLANNED, STARTED, FINISHED, CANCELLED = ProductionStatus


class Made(BaseModel):
    """A lot that came of it, in the article's unit."""

    lot_id: UUID
    lot: str
    quantity: PositiveAmount
    finished_by: str
    finished_at: datetime


class ProductionRequest(Aggregate):
    """排产: what stock cannot cover of one line of an order, and nothing else, is produced (ORD-7).

    There is one for a line: what is found short again later, after it was cancelled or finished, is requested anew.
    `quantity` is what is to be produced now, `ordered` what the line orders, in the article's unit.
    """

    TABLE = "production_requests"
    ENTITY = "production_request"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        ProductionRequested: Step({NEW, FINISHED, CANCELLED}, REQUESTED),
        ProductionChanged: Step({REQUESTED, PLANNED, STARTED}),
        ProductionPlanned: Step({REQUESTED, PLANNED}, PLANNED),
        ProductionStarted: Step({PLANNED}, STARTED),
        ProductionFinished: Step({STARTED}, FINISHED),
        ProductionCancelled: Step({REQUESTED, PLANNED}, CANCELLED),
    }

    status: ProductionStatus
    number: str
    order_id: UUID
    order_number: str
    customer_id: UUID
    salesperson: str
    line: int
    article: str
    colour_number: str
    grade: str
    ordered: PositiveAmount
    quantity: PositiveAmount
    requested_at: datetime
    starts_on: date | None = None
    ready_on: date | None = None
    planned_by: str | None = None
    started_by: str | None = None
    started_at: datetime | None = None
    finished: Amount = ZERO
    made: list[Made] = []
    cancelled_because: str | None = None

    @staticmethod
    def id_of(order_id: UUID, line: int) -> UUID:
        """The id of what is produced for this line of an order."""
        return same_id(order_id, f"production {line}")

    @classmethod
    def request(cls, order: Order, shortage: Shortage, at: datetime) -> Self:
        """Ask production for what stock cannot cover (ORD-7)."""
        identity = cls.id_of(order.id, shortage.line)
        request = cls.begin(
            identity, number=number("SC", identity, at), order_id=order.id, order_number=order.number,
            customer_id=order.customer_id, salesperson=order.salesperson,
            ordered=order.lines[shortage.line - 1].quantity, requested_at=at, **dict(shortage),
        )  # fmt: skip
        request.record(ProductionRequested.model_validate(request, from_attributes=True))
        return request

    def adjust(self, shortage: Shortage, at: datetime) -> None:
        """Stock was allocated anew: this is short now. What is being made already is made (ORD-7)."""
        if self.may(ProductionRequested):
            self.quantity, self.colour_number, self.grade = shortage.quantity, shortage.colour_number, shortage.grade
            self.requested_at, self.cancelled_because = at, None
            self.starts_on, self.ready_on, self.planned_by, self.started_by, self.started_at = [None] * 5
            self.record(ProductionRequested.model_validate(self, from_attributes=True))
            return
        under_way = not self.may(ProductionCancelled)
        if shortage.quantity == self.quantity or (under_way and shortage.quantity < self.quantity):
            return
        self.quantity = shortage.quantity
        self.record(ProductionChanged.model_validate(self, from_attributes=True))

    def cancel(self, reason: str) -> None:
        """Not needed any more; what is being made or was made already stays so (ORD-7)."""
        if self.may(ProductionCancelled):
            self.cancelled_because = reason
            self.record(ProductionCancelled.model_validate({**dict(self), "reason": reason}))

    def plan(self, starts_on: date, ready_on: date, by: Actor, at: datetime) -> None:
        """Schedule it, or schedule it otherwise; the customer is told (ORD-7)."""
        if not at.astimezone(SHANGHAI).date() <= starts_on <= ready_on:
            raise RuleBroken("ORD-7", "production starts today at the earliest, and is ready after it has started")
        self.starts_on, self.ready_on, self.planned_by = starts_on, ready_on, by.id
        self.record(ProductionPlanned.model_validate(self, from_attributes=True))

    def start(self, by: Actor, at: datetime, *, covered: Decimal, deposit: Decimal) -> None:
        """Begin to produce: not before the order's confirmed money covers the deposit, both in yuan (ORD-9)."""
        self.require(ProductionStarted)
        if covered < deposit:
            raise RuleBroken(
                "ORD-9", "production starts once {deposit} yuan are confirmed; {confirmed} are",
                deposit=deposit, confirmed=covered,
            )  # fmt: skip
        self.started_by, self.started_at = by.id, at
        self.record(ProductionStarted.model_validate(self, from_attributes=True))

    def finish(self, lot_id: UUID, lot: str, quantity: Decimal, by: Actor, at: datetime) -> None:
        """The goods are made and come into stock as a lot, for the order that waits for them (ORD-7)."""
        self.require(ProductionFinished)
        self.made.append(Made(lot_id=lot_id, lot=lot, quantity=quantity, finished_by=by.id, finished_at=at))
        self.finished += quantity
        self.record(
            ProductionFinished(
                number=self.number, customer_id=self.customer_id, order_number=self.order_number, lot=lot,
                quantity=quantity,
            )
        )  # fmt: skip
