"""A price that somebody made up."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from services.orders.domain.pricing import QuotedPrice
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import Amount
from shared.events.orders import PriceRefused


class PriceAttemptStatus(StrEnum):
    NEW = "new"
    REFUSED = "refused"


class PriceAttempt(Aggregate):
    """擅自报价: nobody quotes a price of their own; each attempt is recorded and reported (ORD-3)."""

    TABLE = "price_attempts"
    ENTITY = "price_attempt"
    START = PriceAttemptStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {PriceRefused: Step({PriceAttemptStatus.NEW}, PriceAttemptStatus.REFUSED)}

    status: PriceAttemptStatus
    person: str
    customer_id: UUID
    article: str
    asked: Amount
    allowed: Amount | None
    at: datetime

    @classmethod
    def refuse(cls, id: UUID, customer_id: UUID, quoted: QuotedPrice, by: Actor, at: datetime) -> Self:
        """Put the attempt on record."""
        attempt = cls.begin(
            id, person=by.id, customer_id=customer_id, article=quoted.article, asked=quoted.asked,
            allowed=quoted.allowed, at=at,
        )  # fmt: skip
        attempt.record(PriceRefused.model_validate(attempt, from_attributes=True))
        return attempt
