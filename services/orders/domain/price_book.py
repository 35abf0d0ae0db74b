"""The price book: one price for all stores, from a time on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import Approvals, Outcome, content_digest
from shared.domain.money import Amount
from shared.domain.numbers import number
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.orders import PriceBookDrafted, PriceBookRejected, PriceBookTookEffect, PriceBookWithdrawn

APPROVERS = (Post.SALES_DIRECTOR,)


class PriceBookStatus(StrEnum):
    NEW = "new"
    DRAFT = "draft"
    IN_FORCE = "in_force"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class PriceBook(Aggregate):
    """价格本: a version of all prices, approved by somebody else than its drafter (ORD-2).

    Approved for later it is in force already, with its `effective_at` ahead: until then the version before it holds.
    """

    TABLE = "price_books"
    ENTITY = "price_book"
    START = PriceBookStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        PriceBookDrafted: Step({PriceBookStatus.NEW}, PriceBookStatus.DRAFT),
        PriceBookTookEffect: Step({PriceBookStatus.DRAFT}, PriceBookStatus.IN_FORCE),
        PriceBookRejected: Step({PriceBookStatus.DRAFT}, PriceBookStatus.REJECTED),
        PriceBookWithdrawn: Step({PriceBookStatus.DRAFT, PriceBookStatus.IN_FORCE}, PriceBookStatus.WITHDRAWN),
    }

    status: PriceBookStatus
    number: str
    drafted_by: str
    prices: dict[str, Amount]
    effective_at: datetime | None = None
    approvals: Approvals = Approvals(rule="ORD-2", digest_rule="ORD-2")
    withdrawn_by: str | None = None
    reason: str | None = None

    @classmethod
    def draft(cls, id: UUID, prices: Mapping[str, Decimal], by: Actor, at: datetime) -> Self:
        """A new version, submitted for approval as it stands."""
        book = cls.begin(id, number=number("JG", id, at), drafted_by=by.id, prices=dict(prices))
        digest = content_digest(book.prices)
        book.approvals.submit(APPROVERS, digest, by.people)
        book.record(PriceBookDrafted(number=book.number, articles=len(prices), digest=digest))
        return book

    def approve(self, by: Actor, effective_at: datetime | None, at: datetime) -> None:
        """Approved as drafted, by another person; in force from `effective_at`, or at once (ORD-2)."""
        digest = content_digest(self.prices)
        self.approvals.decide(by, digest, Outcome.APPROVED, at)
        self.effective_at = max(effective_at or at, at).astimezone(UTC)  # kept as text, which sorts in one zone only
        self.record(PriceBookTookEffect(number=self.number, effective_at=self.effective_at, digest=digest))

    def reject(self, reason: str, by: Actor, at: datetime) -> None:
        """Not approved, by another person than its drafter (ORD-2)."""
        self.approvals.decide(by, content_digest(self.prices), Outcome.REJECTED, at, reason)
        self.reason = reason
        self.record(PriceBookRejected(number=self.number, reason=reason))

    def withdraw(self, reason: str, by: Actor, at: datetime) -> None:
        """Take back a draft, or what was approved for later: prices that have held are replaced, not undone (ORD-2)."""
        self.require(PriceBookWithdrawn)
        if self.effective_at is not None:
            if not by.holds(*APPROVERS):
                raise Forbidden("what was approved is withdrawn by the post {post}", rule="ORD-2", post=APPROVERS[0])
            if self.effective_at <= at:
                raise RuleBroken("ORD-2", "these prices hold already; draft a new version")
        self.withdrawn_by, self.reason = by.id, reason
        self.record(PriceBookWithdrawn(number=self.number, reason=reason))
