"""Which lots an order gets: first expired first out, and one colour number in a line."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from services.orders.domain.lot import Lot
from shared.domain.money import ZERO
from shared.domain.refusals import RuleBroken
from shared.events.orders import IssuedGoods, OrderedLine, Shortage


class Stocked(NamedTuple):
    """A lot, how much of it is promised to orders, and the day it came in."""

    lot: Lot
    promised: Decimal
    since: date

    @property
    def turn(self) -> tuple[date, date, str]:
        """Whose turn it is: what expires first, then what came in first (ORD-12)."""
        return self.lot.expires_on or date.max, self.since, self.lot.lot


class Taken(NamedTuple):
    """So much of a lot that leaves for one line, counted from 1."""

    line: int
    stocked: Stocked
    quantity: Decimal


class Need(NamedTuple):
    """What has still to be set aside for a line, counted from 1; `settled` if its colour number is."""

    line: int
    ordered: OrderedLine
    quantity: Decimal
    settled: bool


class Allocation:
    """One picking of lots: whatever is given to one line is not there for the next."""

    def __init__(self, lots: Iterable[Stocked], own: Sequence[IssuedGoods], fresh_on: date) -> None:
        """`own` is what the order holds already and gives up; nothing is picked that has expired on `fresh_on`."""
        self._lots = sorted((one for one in lots if one.lot.fit(fresh_on)), key=lambda one: one.turn)
        self._free = {one.lot.id: one.lot.left - one.promised for one in self._lots}
        for goods in own:
            if goods.lot_id in self._free:
                self._free[goods.lot_id] += goods.quantity
        self.picked: list[IssuedGoods] = []
        self.shortages: list[Shortage] = []

    def pick(self, need: Need) -> str:
        """Set aside what there is, and note what is short; answers the colour number the line gets."""
        colours: dict[str, list[Stocked]] = defaultdict(list)
        for one in self._lots:
            if (one.lot.article, one.lot.grade) == (need.ordered.article, need.ordered.grade):
                colours[one.lot.colour_number].append(one)
        colour = need.ordered.colour_number if need.settled else self._best(colours, need)
        missing = need.quantity
        for lot, *_ in colours[colour]:
            if taken := min(missing, self._free[lot.id]):
                self._free[lot.id] -= taken
                missing -= taken
                self.picked.append(
                    IssuedGoods(line=need.line, article=lot.article, lot_id=lot.id, lot=lot.lot, quantity=taken)
                )
        if missing:
            ordered = need.ordered
            self.shortages.append(
                Shortage(
                    line=need.line, article=ordered.article, colour_number=colour, grade=ordered.grade, quantity=missing
                )
            )
        return colour

    def _best(self, colours: dict[str, list[Stocked]], need: Need) -> str:
        """The colour number that covers the line whole and expires first; else the line's own."""
        own = need.ordered.colour_number
        whole = [
            (min(one.turn[:1] for one in lots if self._free[one.lot.id] > ZERO), colour != own, colour)
            for colour, lots in colours.items()
            if sum((self._free[one.lot.id] for one in lots), ZERO) >= need.quantity
        ]
        return min(whole)[2] if whole else own


def still_held(
    held: Sequence[IssuedGoods], leaving: Sequence[IssuedGoods], still_open: Mapping[int, Decimal]
) -> list[IssuedGoods]:
    """What stays set aside once these goods have left; of no line more than is `still_open` then."""
    gone: dict[tuple[int, UUID], Decimal] = defaultdict(lambda: ZERO)
    for goods in leaving:
        gone[goods.line, goods.lot_id] += goods.quantity
    room, kept = dict(still_open), []
    for goods in held:
        used = min(goods.quantity, gone[goods.line, goods.lot_id])
        gone[goods.line, goods.lot_id] -= used
        if stays := min(goods.quantity - used, room[goods.line]):
            room[goods.line] -= stays
            kept.append(goods.model_copy(update={"quantity": stays}))
    return kept


def must_leave_what_is_promised(
    taken: Sequence[Taken], held: Iterable[IssuedGoods], kept: Iterable[IssuedGoods]
) -> None:
    """A lot still holds what it promised to others, after what this order gives up of its own share (ORD-12)."""
    asked, given_up = (
        _by_lot((one.stocked.lot.id, one.quantity) for one in taken),
        _by_lot(
            [(goods.lot_id, goods.quantity) for goods in held] + [(goods.lot_id, -goods.quantity) for goods in kept]
        ),
    )
    for lot, promised, _ in {one.stocked.lot.id: one.stocked for one in taken}.values():
        free = lot.left - promised + given_up[lot.id]
        if free < asked[lot.id] <= lot.left:  # a lot that holds too little says so itself
            raise RuleBroken(
                "ORD-12", "of lot {lot} {free} are free, not {asked}: the rest is promised to other orders",
                lot=lot.lot, free=free, asked=asked[lot.id],
            )  # fmt: skip


def _by_lot(quantities: Iterable[tuple[UUID, Decimal]]) -> Mapping[UUID, Decimal]:
    sums: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
    for lot_id, quantity in quantities:
        sums[lot_id] += quantity
    return sums
