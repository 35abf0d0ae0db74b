"""A quotation: up to three quantities to choose from, one of which becomes the order."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.orders.domain.pricing import Drawn
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import LIMIT, ZERO, Amount, share
from shared.domain.numbers import SHANGHAI, number
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.orders import OrderedLine, QuotationEnded, QuotationOffered, QuotationPicked


class Size(StrEnum):
    """The quantities of a quotation, rising: 试用量, 中量, 大量."""

    TRIAL = "trial"
    MEDIUM = "medium"
    BULK = "bulk"


QUANTITIES = {Size.TRIAL: "trial quantity", Size.MEDIUM: "medium quantity", Size.BULK: "bulk quantity"}


class QuotationStatus(StrEnum):
    NEW = "new"
    OFFERED = "offered"
    PICKED = "picked"
    ENDED = "ended"


class Option(BaseModel):
    """One quantity to choose: its lines at the prices that hold, and what they rest on when they are ordered."""

    lines: list[OrderedLine]
    drawn: list[Drawn] = []
    holds_until: Annotated[datetime | None, Field(description="When the first price exception it draws on ends")] = None
    deliver_by: date | None = None
    remarks: str = ""
    total: Amount = Field(default=ZERO, description="Of all lines, in yuan")

    @property
    def quantities(self) -> dict[str, Decimal]:
        """How much of each article, all its lines together, in its unit."""
        found: dict[str, Decimal] = {}
        for line in self.lines:
            found[line.article] = found.get(line.article, ZERO) + line.quantity
        return found


class Quotation(Aggregate):
    """报价单: a trial, a medium and a bulk quantity to pick from; what is picked becomes the order (ORD-4).

    The quoted prices hold through `valid_until`, a day in Shanghai, whatever the price book says by then.
    """

    TABLE = "quotations"
    ENTITY = "quotation"
    START = QuotationStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        QuotationOffered: Step({QuotationStatus.NEW}, QuotationStatus.OFFERED),
        QuotationPicked: Step({QuotationStatus.OFFERED}, QuotationStatus.PICKED),
        QuotationEnded: Step({QuotationStatus.OFFERED}, QuotationStatus.ENDED),
    }
    TIMERS = frozenset({"expire"})

    status: QuotationStatus
    number: str
    customer_id: UUID
    contract_id: UUID | None = None
    salesperson: str
    offered_by: str
    offered_at: datetime
    valid_until: date
    options: dict[Size, Option]
    picked: Size | None = None
    picked_by: str | None = None
    picked_at: datetime | None = None
    accepted_by: str | None = None
    order_id: UUID | None = None
    ended_because: str | None = None

    @classmethod
    def offer(
        cls, id: UUID, *, customer_id: UUID, contract_id: UUID | None, salesperson: str,
        options: Mapping[Size, Option], valid_until: date, by: Actor, at: datetime,
    ) -> Self:  # fmt: skip
        """Offer quantities that rise from trial to bulk, at prices that an order would have (ORD-3, ORD-4)."""
        if not at.astimezone(SHANGHAI).date() <= valid_until:
            raise RuleBroken("ORD-4", "a quotation is valid for today at least")
        _must_rise(options)
        for option in options.values():
            option.total = sum((share(line.price, line.quantity) for line in option.lines), ZERO)
            if option.total > LIMIT:
                raise RuleBroken("ORD-5", "an order's total stays within a trillion yuan")
            if option.holds_until is not None and option.holds_until < last_moment(valid_until):
                raise RuleBroken("ORD-3", "a quotation does not outlive the price exception it rests on")
        quotation = cls.begin(
            id, number=number("BJ", id, at), customer_id=customer_id, contract_id=contract_id, salesperson=salesperson,
            offered_by=by.id, offered_at=at, valid_until=valid_until, options=dict(options),
        )  # fmt: skip
        quotation.record(
            QuotationOffered(
                number=quotation.number, customer_id=customer_id, salesperson=salesperson, options=list(options),
                valid_until=valid_until,
            )
        )  # fmt: skip
        quotation.schedule(quotation.expire, last_moment(valid_until))
        return quotation

    def option(self, size: Size, at: datetime) -> Option:
        """What can be picked now; raises once the time is over, or something else has happened (ORD-4)."""
        self.require(QuotationPicked)
        if at.astimezone(SHANGHAI).date() > self.valid_until:
            raise RuleBroken("ORD-4", "the quotation was valid until {date}", date=str(self.valid_until))
        if size not in self.options:
            raise NotFound("there is no {entity} {id}", entity="option", id=size)
        return self.options[size]

    def lines(self, size: Size, at: datetime) -> list[OrderedLine]:
        """The option's lines as they are ordered: at the quoted prices, by authority of this quotation (ORD-4)."""
        authority = f"quotation {self.number}"
        return [line.model_copy(update={"authority": authority}) for line in self.option(size, at).lines]

    def pick(self, size: Size, order_id: UUID, accepted_by: str, by: Actor, at: datetime) -> None:
        """The customer has chosen; the option is the order now, and no other is (ORD-4)."""
        self.option(size, at)
        self.picked, self.order_id, self.accepted_by, self.picked_by, self.picked_at = (
            size, order_id, accepted_by, by.id, at,
        )  # fmt: skip
        self.record(QuotationPicked(number=self.number, customer_id=self.customer_id, option=size, order_id=order_id))
        self.unschedule(self.expire)

    def withdraw(self, reason: str) -> None:
        """Nothing can be picked any more (ORD-4)."""
        self.ended_because = reason
        self.record(QuotationEnded(number=self.number, reason=reason))
        self.unschedule(self.expire)

    def expire(self, at: datetime) -> None:
        """Its time is over (ORD-4)."""
        self.withdraw("expired")


def last_moment(day: date) -> datetime:
    """When the day ends in Shanghai, in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC) + timedelta(days=1)


def _must_rise(options: Mapping[Size, Option]) -> None:
    """Of an article that two options have, the larger one offers more (ORD-4)."""
    offered: Sequence[tuple[Size, Option]] = [(size, options[size]) for size in Size if size in options]
    for (smaller, less), (larger, more) in combinations(offered, 2):
        for article, quantity in less.quantities.items():
            if more.quantities.get(article, quantity + 1) <= quantity:
                raise RuleBroken(
                    "ORD-4", "of {article} the {larger} is more than the {smaller}",
                    article=article, larger=QUANTITIES[larger], smaller=QUANTITIES[smaller],
                )  # fmt: skip
