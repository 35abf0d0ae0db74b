"""How far the lines of a contract are ordered, paid and delivered, counted from what orders tells."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel

from shared.domain.money import ZERO, Amount, share
from shared.events.contracts import ContractLine
from shared.events.orders import IssuedGoods, OrderedLine


class OrderDeed(StrEnum):
    """What has happened to an order under the contract."""

    PLACED = "placed"
    PAID = "paid"
    GATE_CLOSED = "gate_closed"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class OrderNews(NamedTuple):
    """One event of an order, as far as it counts: `version` puts the order's events in order.

    `shipment_id` is `None` where the goods are those of the whole order.
    """

    order_id: UUID
    number: str
    deed: OrderDeed
    version: int
    at: datetime
    lines: Sequence[OrderedLine] = ()
    goods: Sequence[IssuedGoods] = ()
    shipment_id: UUID | None = None


class Figure(BaseModel):
    """So much of an article, in its unit, and what that is worth in yuan."""

    quantity: Amount = ZERO
    value: Amount = ZERO

    def __add__(self, other: "Figure") -> "Figure":
        return Figure(quantity=self.quantity + other.quantity, value=self.value + other.value)

    def __sub__(self, other: "Figure") -> "Figure":
        return Figure(quantity=self.quantity - other.quantity, value=self.value - other.value)


class Arrival(BaseModel):
    """What came at one time: the quantity of each article."""

    at: datetime
    goods: dict[str, Amount]


class OrderShare(BaseModel):
    """What one order contributes: told twice, late or in another order, it leaves the same (CON-13)."""

    order_id: UUID
    number: str
    lines: dict[str, Figure] = {}
    paid: bool = False
    payment_version: int = 0
    given_up: bool = False
    shipments: dict[UUID, Arrival] = {}
    whole: Arrival | None = None

    def learn(self, news: OrderNews) -> None:
        """Take in one event of the order."""
        self.lines = self.lines or _by_article(news.lines)
        match news.deed:
            case OrderDeed.PAID | OrderDeed.GATE_CLOSED if news.version > self.payment_version:
                self.paid, self.payment_version = news.deed is OrderDeed.PAID, news.version
            case OrderDeed.GIVEN_UP:
                self.given_up = True
            case OrderDeed.DELIVERED:
                self._arrived(news)

    @property
    def ordered(self) -> Mapping[str, Figure]:
        return {} if self.given_up else self.lines

    @property
    def paid_for(self) -> Mapping[str, Figure]:
        return self.ordered if self.paid else {}

    def arrivals(self, article: str) -> list[tuple[datetime, Decimal]]:
        """When how much of an article came: shipment by shipment, or at once where that is all that was told."""
        whole = [] if self.whole is None else _of(article, [self.whole])
        parts = _of(article, self.shipments.values())
        return whole if _sum(whole) > _sum(parts) else parts

    def delivered(self, article: str) -> Figure:
        """What came of an article, at the price it was ordered for."""
        quantity = _sum(self.arrivals(article))
        ordered = self.lines.get(article, Figure())
        worth = share(ordered.value, quantity / ordered.quantity) if ordered.quantity else ZERO
        return Figure(quantity=quantity, value=worth)

    def _arrived(self, news: OrderNews) -> None:
        goods: dict[str, Decimal] = {}
        for issued in news.goods:
            goods[issued.article] = goods.get(issued.article, ZERO) + issued.quantity
        arrival = Arrival(at=news.at, goods=goods)
        if news.shipment_id is None:
            self.whole = self.whole or arrival
        else:
            self.shipments.setdefault(news.shipment_id, arrival)


class PerformedLine(BaseModel):
    """One line of the contract, and how much of it is ordered, paid and delivered (CON-13).

    An amendment may take an article out: what was performed of it before still stands, against nothing contracted.
    """

    article: str
    specification: str
    price: Amount
    contracted: Amount
    deliver_by: date | None = None
    ordered: Figure = Figure()
    paid: Figure = Figure()
    delivered: Figure = Figure()

    @classmethod
    def of(cls, line: ContractLine) -> "PerformedLine":
        fields = line.model_dump(include={"article", "specification", "price", "deliver_by"})
        return cls(**fields, contracted=line.quantity)

    @property
    def untouched(self) -> bool:
        """Nothing of it was ever ordered or delivered."""
        return self.ordered == self.delivered == Figure()

    def taken_out(self) -> "PerformedLine":
        """As it stands once an amendment has taken the article out."""
        return self.model_copy(update={"contracted": ZERO, "deliver_by": None})

    def recount(self, before: OrderShare, after: OrderShare) -> None:
        """One order contributes otherwise now; with thousands of others it would take long to count them all anew."""
        nothing, article = Figure(), self.article
        self.ordered = self.ordered - before.ordered.get(article, nothing) + after.ordered.get(article, nothing)
        self.paid = self.paid - before.paid_for.get(article, nothing) + after.paid_for.get(article, nothing)
        self.delivered = self.delivered - before.delivered(article) + after.delivered(article)

    def tally(self, orders: Sequence[OrderShare]) -> None:
        """Count anew what the orders contribute."""
        self.ordered = _figure(order.ordered.get(self.article) for order in orders)
        self.paid = _figure(order.paid_for.get(self.article) for order in orders)
        self.delivered = _figure(order.delivered(self.article) for order in orders)


def arrivals(article: str, orders: Iterable[OrderShare]) -> list[tuple[datetime, Decimal]]:
    """When how much of an article came, over all orders, the earliest first."""
    return sorted(arrival for order in orders for arrival in order.arrivals(article))


def _figure(parts: Iterable[Figure | None]) -> Figure:
    return sum((part for part in parts if part), Figure())


def _by_article(lines: Sequence[OrderedLine]) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for line in lines:
        figure = Figure(quantity=line.quantity, value=share(line.price, line.quantity))
        found[line.article] = found.get(line.article, Figure()) + figure
    return found


def _of(article: str, told: Iterable[Arrival]) -> list[tuple[datetime, Decimal]]:
    return [(arrival.at, arrival.goods[article]) for arrival in told if article in arrival.goods]


def _sum(came: Iterable[tuple[datetime, Decimal]]) -> Decimal:
    return sum((quantity for _, quantity in came), ZERO)
