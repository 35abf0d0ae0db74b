"""A contract in force and what orders tells of it, for the tests of its performance."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from services.contracts.domain.contract import Contract
from services.contracts.domain.lines import WantedLine
from services.contracts.domain.performance import Performance
from services.contracts.domain.progress import OrderDeed, OrderNews
from services.contracts.domain.remedy import AgreedRemedy, Breach
from shared.events.contracts import ServiceTerm
from shared.events.orders import IssuedGoods, OrderedLine
from tests.contracts.sample import POLICY, Desk

AT = datetime(2026, 3, 12, 1, tzinfo=UTC)  # nine in the morning in Shanghai
DUE = date(2026, 5, 1)
DAY = timedelta(days=1)
DUE_AT = datetime(2026, 5, 1, 16, tzinfo=UTC)  # the end of the day in Shanghai
LATE = AgreedRemedy(breach=Breach.LATE_DELIVERY, clause="7", percent=Decimal("0.5"), cap=Decimal(5))
FAULTY = AgreedRemedy(breach=Breach.QUALITY_FAILURE, clause="8", percent=Decimal(20))


def wanted(article: str = "A1", quantity: str = "100", price: str = "12.00", by: date | None = DUE) -> WantedLine:
    return WantedLine(
        article=article, specification="600×600", quantity=Decimal(quantity), price=Decimal(price), deliver_by=by
    )


def agreed(
    *lines: WantedLine, services: Sequence[ServiceTerm] = (), edition: int = 1, valid_until: date = date(2026, 12, 31)
) -> Contract:
    """A contract that says this; how it came into force does not matter here."""
    changes = {"lines": list(lines), "services": list(services), "edition": edition, "valid_until": valid_until}
    return Desk().contract.model_copy(update=changes | {"id": UUID(int=7)})


def opened(*lines: WantedLine, remedies: Sequence[AgreedRemedy] = (), at: datetime = AT, **more: Any) -> Performance:
    return Performance.open(agreed(*(lines or [wanted()]), **more), remedies, "u1", POLICY, at)


def ordered(article: str = "A1", quantity: str = "60", price: str = "12.00") -> OrderedLine:
    return OrderedLine(
        article=article, specification="600×600", model="M", grade="优等", colour_number="C1",
        quantity=Decimal(quantity), price=Decimal(price), authority="contract",
    )  # fmt: skip


def issued(article: str = "A1", quantity: str = "60", line: int = 1) -> IssuedGoods:
    return IssuedGoods(line=line, article=article, lot_id=uuid4(), lot="L1", quantity=Decimal(quantity))


class TestedOrder:
    """An order under the contract, and news of it; each later than the one before."""

    __test__ = False

    def __init__(self, *lines: OrderedLine) -> None:
        self.id, self.version = uuid4(), 0
        self.lines = list(lines) or [ordered()]

    def news(self, deed: OrderDeed, at: datetime = AT, **more: Any) -> OrderNews:
        self.version += 1
        lines = [] if deed is OrderDeed.DELIVERED else self.lines
        return OrderNews(self.id, "DH-1", deed, self.version, at, lines, **more)

    def placed(self) -> OrderNews:
        return self.news(OrderDeed.PLACED)

    def paid(self) -> OrderNews:
        return self.news(OrderDeed.PAID)

    def delivered(self, at: datetime = AT, *goods: IssuedGoods, shipment: UUID | None = None) -> OrderNews:
        came = list(goods) or [issued(line.article, str(line.quantity)) for line in self.lines]
        return self.news(OrderDeed.DELIVERED, at, goods=came, shipment_id=shipment)


def told(performance: Performance) -> list[str]:
    """The names of the events so far, without those that only say that an order has moved."""
    names = [type(event).__name__ for event in performance.recorded]
    return [name for name in names if name not in ("PerformanceOpened", "PerformanceProgressed")]


def figures(performance: Performance, article: str = "A1") -> tuple[str, str, str]:
    line = next(line for line in performance.lines if line.article == article)
    return str(line.ordered.quantity), str(line.paid.quantity), str(line.delivered.quantity)
