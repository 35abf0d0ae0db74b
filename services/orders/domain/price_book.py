"""The price book: one price for all stores, from a time on."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import Approvals, Outcome, content_digest
from shared.domain.money import Amount
from shared.domain.numbers import number
from shared.events.orders import PriceBookDrafted, PriceBookTookEffect

APPROVERS = (Post.SALES_DIRECTOR,)


class PriceBookStatus(StrEnum):
    NEW = "new"
    DRAFT = "draft"
    IN_FORCE = "in_force"


class PriceBook(Aggregate):
    """价格本: a version of all prices, approved by somebody else than its drafter (ORD-2)."""

    TABLE = "price_books"
    ENTITY = "price_book"
    START = PriceBookStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        PriceBookDrafted: Step({PriceBookStatus.NEW}, PriceBookStatus.DRAFT),
        PriceBookTookEffect: Step({PriceBookStatus.DRAFT}, PriceBookStatus.IN_FORCE),
    }

    status: PriceBookStatus
    number: str
    drafted_by: str
    prices: dict[str, Amount]
    effective_at: datetime | None = None
    approvals: Approvals = Approvals(rule="ORD-2", digest_rule="ORD-2")

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
        self.effective_at = max(effective_at or at, at)
        self.record(PriceBookTookEffect(number=self.number, effective_at=self.effective_at, digest=digest))
