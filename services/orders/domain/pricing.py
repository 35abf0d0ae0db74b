"""Where the price of a line comes from: contract, price book or approved exception; never from whoever writes it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.orders.domain.article import Article
from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.price_book import PriceBook
from services.orders.domain.price_exception import PriceException
from shared.domain.money import Amount, PositiveAmount
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.orders import OrderedLine


class WantedLine(BaseModel):
    """A line as it is asked for; a `price` may be named, but only the right one is accepted (ORD-3).

    Without a `colour_number` the article's own is meant, unless another one covers the line whole (ORD-5, ORD-7).
    """

    model_config = ConfigDict(extra="forbid")

    article: str
    quantity: PositiveAmount
    price: Amount | None = None
    colour_number: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    requirements: Annotated[str, Field(max_length=500)] = ""


class QuotedPrice(NamedTuple):
    """A price that somebody made up, and the one that holds, if there is one; per unit in yuan.

    `exception` and `left` name an approved exception at this very price that does not leave enough.
    """

    article: str
    asked: Decimal
    allowed: Decimal | None
    exception: str | None = None
    left: Decimal | None = None
    quantity: Decimal | None = None

    @property
    def refusal(self) -> RuleBroken:
        """What whoever asked is told (ORD-3)."""
        if self.exception is not None:
            return RuleBroken(
                "ORD-3", "price exception {number} leaves {left} of {article}, not {asked}",
                number=self.exception, left=self.left, article=self.article, asked=self.quantity,
            )  # fmt: skip
        return RuleBroken(
            "ORD-3", "nobody quotes a price of their own: {asked} for {article} was not approved",
            asked=self.asked, article=self.article,
        )  # fmt: skip


class Price(NamedTuple):
    """A price per unit in yuan, the authority it rests on, and the exception whose limit it draws on, if any."""

    price: Decimal
    authority: str
    exception_id: UUID | None = None


class Drawn(NamedTuple):
    """So much of an exception's limit."""

    exception_id: UUID
    quantity: Decimal


class Prices:
    """The prices that hold for one order of one customer, whose approved exceptions may be among them."""

    def __init__(
        self,
        book: PriceBook | None,
        contract: ContractAllowance | None,
        exceptions: Sequence[PriceException] = (),
        at: datetime | None = None,
    ) -> None:
        self._book, self._contract = book, contract
        self._exceptions = [exception for exception in exceptions if at is not None and exception.holds(at)]

    def of(self, article: str) -> tuple[Decimal, str] | None:
        """Price per unit in yuan and the authority it rests on, where no price is named; `None` if there is none."""
        if self._contract is not None and (price := self._contract.price(article)) is not None:
            return price, f"contract {self._contract.number}"
        if self._book is not None and article in self._book.prices:
            return self._book.prices[article], f"price book {self._book.number}"
        return None

    def resolve(self, wanted: Sequence[WantedLine]) -> list[Price | None]:
        """The price of each line: the one that holds for everybody, or the one that is named, if an exception covers
        it together with the lines before; `None` where nobody has approved it (ORD-3).
        """
        left = {exception.id: exception.left for exception in self._exceptions}
        found: list[Price | None] = []
        for line in wanted:
            right = self.of(line.article)
            if line.price is None or (right is not None and line.price == right[0]):
                found.append(Price(*right) if right else None)
                continue
            exception = next((each for each in self._at(line) if left[each.id] >= line.quantity), None)
            if exception is None:
                found.append(None)
            else:
                left[exception.id] -= line.quantity
                found.append(Price(exception.price, f"price exception {exception.number}", exception.id))
        return found

    def self_made(self, wanted: Sequence[WantedLine]) -> QuotedPrice | None:
        """The first price among the lines that nobody has approved (ORD-3)."""
        for line, price in zip(wanted, self.resolve(wanted), strict=True):
            if line.price is not None and price is None:
                right, used_up = self.of(line.article), next(iter(self._at(line)), None)
                quoted = QuotedPrice(line.article, line.price, right and right[0])
                if used_up is not None:
                    quoted = quoted._replace(exception=used_up.number, left=used_up.left, quantity=line.quantity)
                return quoted
        return None

    def drawn(self, wanted: Sequence[WantedLine]) -> list[Drawn]:
        """What the lines take of exceptions' limits, by their ids, so that two orders cannot lock them crosswise."""
        prices = zip(wanted, self.resolve(wanted), strict=True)
        taken = [Drawn(price.exception_id, line.quantity) for line, price in prices if price and price.exception_id]
        return sorted(taken, key=lambda each: each.exception_id)

    def until(self, drawn: Sequence[Drawn]) -> datetime | None:
        """When the first of the exceptions that are drawn on ends; `None` if there is none."""
        taken = {each.exception_id for each in drawn}
        return min((each.expires_at for each in self._exceptions if each.id in taken), default=None)

    def lines(self, wanted: Sequence[WantedLine], articles: Mapping[str, Article]) -> list[OrderedLine]:
        """The priced lines; raises for an unknown article, or one without a price or not in production."""
        prices = self.resolve(wanted)
        return [priced(line, articles.get(line.article), price) for line, price in zip(wanted, prices, strict=True)]

    def _at(self, line: WantedLine) -> Sequence[PriceException]:
        """Exceptions for exactly this article and price, the one that ends first coming first."""
        fitting = [each for each in self._exceptions if (each.article, each.price) == (line.article, line.price)]
        return sorted(fitting, key=lambda each: (each.expires_at, each.id))


def priced(line: WantedLine, article: Article | None, price: Price | None) -> OrderedLine:
    """The line as it is ordered; only what is listed, in production and has a price can be (ORD-1, ORD-3, ORD-8)."""
    if article is None:
        raise NotFound("there is no {entity} {id}", entity="article", id=line.article)
    if not article.in_production:
        raise RuleBroken("ORD-8", "article {article} has not passed its trial production", article=line.article)
    if price is None:
        raise RuleBroken("ORD-3", "there is no approved price for article {article}", article=line.article)
    return OrderedLine(
        article=article.article,
        specification=article.specification,
        model=article.model,
        grade=article.grade,
        colour_number=line.colour_number or article.colour_number,
        quantity=line.quantity,
        price=price.price,
        authority=price.authority,
        colour_named=line.colour_number is not None,
        requirements=line.requirements,
    )
