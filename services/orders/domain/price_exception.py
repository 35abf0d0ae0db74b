"""A price other than the book's, approved for one customer, so much of one article, and a time."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import Approvals, Outcome, content_digest
from shared.domain.money import ZERO, Amount, PositiveAmount
from shared.domain.numbers import number
from shared.domain.refusals import RuleBroken
from shared.events.orders import (
    PriceExceptionApproved,
    PriceExceptionEnded,
    PriceExceptionRejected,
    PriceExceptionRequested,
    PriceExceptionReturned,
    PriceExceptionUsed,
)

APPROVERS = (Post.SALES_DIRECTOR,)
TERMS = {"customer_id", "article", "price", "quantity", "expires_at", "reason"}


class PriceExceptionStatus(StrEnum):
    NEW = "new"
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    ENDED = "ended"


class Use(BaseModel):
    """So much of the limit, taken by one order."""

    order_id: UUID
    quantity: PositiveAmount


class PriceException(Aggregate):
    """特价审批: an approved exception (reason, limit, expiry) is the only way to another price (ORD-3).

    `price` is per unit in yuan, `quantity` the limit in the article's unit, over all orders together.
    """

    TABLE = "price_exceptions"
    ENTITY = "price_exception"
    START = PriceExceptionStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        PriceExceptionRequested: Step({PriceExceptionStatus.NEW}, PriceExceptionStatus.REQUESTED),
        PriceExceptionApproved: Step({PriceExceptionStatus.REQUESTED}, PriceExceptionStatus.APPROVED),
        PriceExceptionRejected: Step({PriceExceptionStatus.REQUESTED}, PriceExceptionStatus.REJECTED),
        PriceExceptionUsed: Step({PriceExceptionStatus.APPROVED}),
        PriceExceptionReturned: Step({PriceExceptionStatus.APPROVED, PriceExceptionStatus.ENDED}),
        PriceExceptionEnded: Step(
            {PriceExceptionStatus.REQUESTED, PriceExceptionStatus.APPROVED}, PriceExceptionStatus.ENDED
        ),
    }
    TIMERS = frozenset({"expire"})

    status: PriceExceptionStatus
    number: str
    customer_id: UUID
    article: str
    price: PositiveAmount
    quantity: PositiveAmount
    used: Amount = ZERO
    expires_at: datetime
    reason: str
    requested_by: str
    requested_at: datetime
    approvals: Approvals = Approvals(rule="ORD-3", digest_rule="ORD-3")
    uses: list[Use] = []
    ended_because: str | None = None

    @classmethod
    def request(
        cls, id: UUID, *, customer_id: UUID, article: str, price: Decimal, quantity: Decimal, expires_at: datetime,
        reason: str, by: Actor, at: datetime,
    ) -> Self:  # fmt: skip
        """Ask for the price; it holds for nothing before somebody else has approved it (ORD-3)."""
        if expires_at <= at:
            raise RuleBroken("ORD-3", "a price exception ends in the future")
        exception = cls.begin(
            id, number=number("TJ", id, at), customer_id=customer_id, article=article, price=price, quantity=quantity,
            expires_at=expires_at, reason=reason, requested_by=by.id, requested_at=at,
        )  # fmt: skip
        exception.approvals.submit(APPROVERS, exception.terms, by.people)
        exception.record(PriceExceptionRequested.model_validate(exception, from_attributes=True))
        exception.schedule(exception.expire, expires_at)
        return exception

    @property
    def terms(self) -> str:
        """The digest of what is approved."""
        return content_digest(self.model_dump(mode="json", include=TERMS))

    @property
    def left(self) -> Decimal:
        """How much may still be ordered at this price, in the article's unit."""
        return self.quantity - self.used

    def holds(self, at: datetime) -> bool:
        """Whether an order may be priced by it now."""
        return self.may(PriceExceptionUsed) and at < self.expires_at

    def approve(self, by: Actor, at: datetime) -> None:
        """Approved as asked for, never by whoever asked (ORD-3)."""
        self.require(PriceExceptionApproved)
        self._must_be_decided_by_another(by)
        if at >= self.expires_at:
            raise RuleBroken("ORD-3", "price exception {number} has ended", number=self.number)
        self.approvals.decide(by, self.terms, Outcome.APPROVED, at)
        self.record(PriceExceptionApproved.model_validate(self, from_attributes=True))

    def reject(self, reason: str, by: Actor, at: datetime) -> None:
        """Not approved: the book's price stays (ORD-3)."""
        self.require(PriceExceptionRejected)
        self._must_be_decided_by_another(by)
        self.approvals.decide(by, self.terms, Outcome.REJECTED, at, reason)
        self.record(PriceExceptionRejected(number=self.number, reason=reason))
        self.unschedule(self.expire)

    def use(self, order_id: UUID, quantity: Decimal, at: datetime) -> None:
        """Price so much of an order, as long as it holds and its limit is not used up (ORD-3)."""
        if not self.holds(at):
            raise RuleBroken("ORD-3", "price exception {number} has ended", number=self.number)
        if quantity > self.left:
            raise RuleBroken(
                "ORD-3", "price exception {number} leaves {left} of {article}, not {asked}",
                number=self.number, left=self.left, article=self.article, asked=quantity,
            )  # fmt: skip
        self.uses.append(Use(order_id=order_id, quantity=quantity))
        self.used += quantity
        self.record(PriceExceptionUsed(order_id=order_id, quantity=quantity, used=self.used))

    def give_back(self, order_id: UUID) -> None:
        """The order was given up or expired: what it took is open again, once (ORD-3, ORD-17)."""
        taken = sum((use.quantity for use in self.uses if use.order_id == order_id), ZERO)
        if taken == ZERO:
            return
        self.uses = [use for use in self.uses if use.order_id != order_id]
        self.used -= taken
        self.record(PriceExceptionReturned(order_id=order_id, quantity=taken, used=self.used))

    def end(self, reason: str) -> None:
        """Revoke it, or take the request back: no further order is priced by it (ORD-3)."""
        self.ended_because = reason
        self.record(PriceExceptionEnded(number=self.number, reason=reason))
        self.unschedule(self.expire)

    def expire(self, at: datetime) -> None:
        """Its time is over (ORD-3)."""
        self.end("expired")

    def _must_be_decided_by_another(self, by: Actor) -> None:
        if not by.people.isdisjoint(self.approvals.excluded):
            raise RuleBroken("ORD-3", "whoever asks for a price never approves it")
