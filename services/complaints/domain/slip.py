"""The slip of a quality complaint beside what orders knows of the goods (CMP-3, ORD-20)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Protocol

from pydantic import BaseModel

from shared.domain.money import ZERO
from shared.domain.numbers import SHANGHAI
from shared.events.complaints import Slip
from shared.events.orders import IssuedGoods, OrderedLine

OF_THE_LINE = ("specification", "grade", "colour_number")


class Told(Protocol):
    """What orders has told of the goods, as it came or as the case keeps it."""

    @property
    def lines(self) -> list[OrderedLine]: ...
    @property
    def goods(self) -> list[IssuedGoods]: ...
    @property
    def placed_at(self) -> datetime: ...
    @property
    def delivered_at(self) -> datetime | None: ...


class Correction(BaseModel):
    """更正: the slip as it was entered before, and why somebody entered it anew (CMP-3)."""

    slip: Slip | None
    reason: str
    by: str
    at: datetime


class Difference(BaseModel):
    """What the slip says of the goods, and what the order does: a finding for whoever handles the case."""

    field: str
    slip: str
    order: str


def compare(slip: Slip, told: Told) -> list[Difference]:
    """Where the slip and the order do not agree: the goods themselves, how much of them, and when they were bought.

    The line of the article that fits best is taken; a date fits from the order to the delivery, or to now.
    """
    lines = [line for line in told.lines if _same(line.article, slip.article)]
    if not lines:
        return [_difference("article", slip.article, {line.article for line in told.lines})]
    return [*_of_the_goods(slip, lines), *_of_the_quantity(slip, told), *_of_the_date(slip, told)]


def _of_the_goods(slip: Slip, lines: list[OrderedLine]) -> list[Difference]:
    def differing(line: OrderedLine) -> list[str]:
        return [field for field in OF_THE_LINE if not _same(getattr(line, field), getattr(slip, field))]

    best = min(lines, key=lambda line: len(differing(line)))
    return [_difference(field, getattr(slip, field), [getattr(best, field)]) for field in differing(best)]


def _of_the_quantity(slip: Slip, told: Told) -> Iterator[Difference]:
    """Nobody complains of more than they got."""
    delivered = sum((goods.quantity for goods in told.goods if _same(goods.article, slip.article)), ZERO)
    if slip.quantity > delivered:
        yield _difference("quantity", str(slip.quantity), [str(delivered)])


def _of_the_date(slip: Slip, told: Told) -> Iterator[Difference]:
    first = _day(told.placed_at)
    last = _day(told.delivered_at) if told.delivered_at else None
    if slip.purchased_on < first or (last and slip.purchased_on > last):
        span = [f"{first} – {last}" if last and last != first else str(first)]
        yield _difference("purchased_on", str(slip.purchased_on), span)


def _difference(field: str, slip: str, order: Iterable[str]) -> Difference:
    return Difference(field=field, slip=slip, order=", ".join(sorted(order)))


def _same(one: str, other: str) -> bool:
    """However it is written: width, case and blanks do not make other goods."""
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
