"""Where the price of a line comes from: the contract, else the price book; never from whoever writes the order."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from services.orders.domain.article import Article
from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.price_book import PriceBook
from shared.domain.money import Amount, PositiveAmount
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.orders import OrderedLine


class WantedLine(BaseModel):
    """A line as it is asked for; a `price` may be named, but only the right one is accepted (ORD-3)."""

    model_config = ConfigDict(extra="forbid")

    article: str
    quantity: PositiveAmount
    price: Amount | None = None


class QuotedPrice(NamedTuple):
    """A price that somebody made up, and the one that holds, if there is one; per unit in yuan."""

    article: str
    asked: Decimal
    allowed: Decimal | None


class Prices:
    """The prices that hold for one order."""

    def __init__(self, book: PriceBook | None, contract: ContractAllowance | None) -> None:
        self._book, self._contract = book, contract

    def of(self, article: str) -> tuple[Decimal, str] | None:
        """Price per unit in yuan and the authority it rests on; `None` if there is none."""
        if self._contract is not None and (price := self._contract.price(article)) is not None:
            return price, f"contract {self._contract.number}"
        if self._book is not None and article in self._book.prices:
            return self._book.prices[article], f"price book {self._book.number}"
        return None

    def self_made(self, wanted: Sequence[WantedLine]) -> QuotedPrice | None:
        """The first price among the lines that nobody has approved (ORD-3)."""
        for line in wanted:
            right = self.of(line.article)
            if line.price is not None and (right is None or line.price != right[0]):
                return QuotedPrice(line.article, line.price, right and right[0])
        return None

    def lines(self, wanted: Sequence[WantedLine], articles: Mapping[str, Article]) -> list[OrderedLine]:
        """The priced lines; raises for an unknown article, or one without a price or not in production."""
        priced = []
        for line in wanted:
            article, right = articles.get(line.article), self.of(line.article)
            if article is None:
                raise NotFound("there is no {entity} {id}", entity="article", id=line.article)
            if not article.in_production:
                raise RuleBroken("ORD-8", "article {article} has not passed its trial production", article=line.article)
            if right is None:
                raise RuleBroken("ORD-3", "there is no approved price for article {article}", article=line.article)
            priced.append(
                OrderedLine(
                    article=article.article,
                    specification=article.specification,
                    model=article.model,
                    grade=article.grade,
                    colour_number=article.colour_number,
                    quantity=line.quantity,
                    price=right[0],
                    authority=right[1],
                )
            )
        return priced
