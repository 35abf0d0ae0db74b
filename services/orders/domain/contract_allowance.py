"""What a contract in force still leaves open to be ordered."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel

from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import ZERO, Amount
from shared.domain.numbers import same_id
from shared.domain.refusals import RuleBroken
from shared.events.contracts import ContractLine
from shared.events.orders import (
    AllowanceChanged,
    AllowanceClosed,
    AllowanceDrawn,
    AllowanceOpened,
    AllowanceReturned,
)


class AllowanceStatus(StrEnum):
    NEW = "new"
    OPEN = "open"
    CLOSED = "closed"


class AllowedLine(BaseModel):
    """One article under the contract: its price, how much is contracted, how much ordered, and by when it is due."""

    article: str
    price: Amount
    contracted: Amount
    ordered: Amount = ZERO
    deliver_by: date | None = None

    @property
    def left(self) -> Decimal:
        """How much may still be ordered, in the article's unit; an amendment may contract less than is ordered."""
        return max(self.contracted - self.ordered, ZERO)


class ContractAllowance(Aggregate):
    """An order under a contract is checked against what the contract still leaves open (ORD-19)."""

    TABLE = "contract_allowances"
    ENTITY = "contract_allowance"
    START = AllowanceStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        AllowanceOpened: Step({AllowanceStatus.NEW}, AllowanceStatus.OPEN),
        AllowanceDrawn: Step({AllowanceStatus.OPEN}),
        AllowanceReturned: Step({AllowanceStatus.OPEN, AllowanceStatus.CLOSED}),
        AllowanceChanged: Step({AllowanceStatus.OPEN}),
        AllowanceClosed: Step({AllowanceStatus.OPEN}, AllowanceStatus.CLOSED),
    }

    status: AllowanceStatus
    number: str
    customer_id: UUID
    valid_until: date
    edition: int = 1
    lines: list[AllowedLine]

    @staticmethod
    def id_of(contract_id: UUID) -> UUID:
        """The id of a contract's allowance: not the contract's own, since the two have histories of their own."""
        return same_id(contract_id, "allowance")

    @classmethod
    def open(
        cls, contract_id: UUID, number: str, customer_id: UUID, lines: Sequence[ContractLine], valid_until: date
    ) -> Self:
        """A contract has taken effect."""
        allowance = cls.begin(
            cls.id_of(contract_id),
            number=number,
            customer_id=customer_id,
            lines=allowed(lines),
            valid_until=valid_until,
        )
        allowance.record(AllowanceOpened(number=number, customer_id=customer_id))
        return allowance

    def must_belong_to(self, customer_id: UUID) -> None:
        """Nobody orders under another's contract, nor learns its number or its prices by trying (ORD-19)."""
        if customer_id != self.customer_id:
            raise RuleBroken("ORD-19", "the contract belongs to another customer")

    def price(self, article: str) -> Decimal | None:
        """The contract's price of an article, if it is contracted."""
        return next((line.price for line in self.lines if line.article == article), None)

    def draw(self, order_id: UUID, customer_id: UUID, wanted: Iterable[tuple[str, Decimal]], today: date) -> None:
        """Set quantities aside for an order, or refuse what the contract does not leave open (ORD-19)."""
        self.must_belong_to(customer_id)
        if self.valid_until < today or not self.may(AllowanceDrawn):
            raise RuleBroken("ORD-19", "contract {number} is no longer in force", number=self.number)
        by_article = {line.article: line for line in self.lines}
        for article, quantity in wanted:
            line = by_article.get(article)
            if line is None:
                raise RuleBroken(
                    "ORD-19", "article {article} is not in contract {number}", article=article, number=self.number
                )
            if quantity > line.left:
                raise RuleBroken(
                    "ORD-19",
                    "contract {number} leaves {left} of {article} open, not {asked}",
                    number=self.number,
                    left=line.left,
                    article=article,
                    asked=quantity,
                )
            line.ordered += quantity
        self.record(AllowanceDrawn(order_id=order_id))

    def give_back(self, order_id: UUID, lines: Iterable[tuple[str, Decimal]]) -> None:
        """The order was given up or has expired: what it took may be ordered again (ORD-17, ORD-19)."""
        by_article = {line.article: line for line in self.lines}
        for article, quantity in lines:
            if (line := by_article.get(article)) is not None:
                line.ordered = max(line.ordered - quantity, ZERO)
        self.record(AllowanceReturned(order_id=order_id))

    def change(self, lines: Sequence[ContractLine], valid_until: date, edition: int) -> None:
        """The contract was amended; what is ordered already stays ordered, of whatever is contracted now (ORD-19)."""
        ordered = {line.article: line for line in self.lines if line.ordered}
        changed = allowed(lines)
        for line in changed:
            if (before := ordered.pop(line.article, None)) is not None:
                line.ordered = before.ordered
        given_up = [line.model_copy(update={"contracted": ZERO}) for line in ordered.values()]
        self.lines, self.valid_until, self.edition = changed + given_up, valid_until, edition
        self.record(AllowanceChanged(number=self.number, edition=edition))

    def due(self, articles: Iterable[str], today: date) -> date | None:
        """The first day that is still to come on which any of the articles is due under the contract (ORD-13)."""
        wanted = set(articles)
        days = (line.deliver_by for line in self.lines if line.article in wanted)
        return min((day for day in days if day is not None and day >= today), default=None)

    def close(self, reason: str) -> None:
        """The contract has ended."""
        self.record(AllowanceClosed(reason=reason))


def allowed(lines: Iterable[ContractLine]) -> list[AllowedLine]:
    """What a contract's lines leave open, before anything is ordered."""
    return [
        AllowedLine(article=line.article, price=line.price, contracted=line.quantity, deliver_by=line.deliver_by)
        for line in lines
    ]
