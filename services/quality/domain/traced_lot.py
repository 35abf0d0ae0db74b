"""A lot that the goods of a complaint come from."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel

from shared.events.complaints import Slip


class TracedLot(BaseModel):
    """批次 under investigation: held once, and never again by the same case once somebody released it (QUA-1).

    `orders` are those the case was told of; none for a lot that was traced before they were kept. A lot that the slip
    alone has `cleared` is held again if the slip was wrong.
    """

    lot_id: UUID
    lot: str
    article: str
    held: bool = False
    released: bool = False
    cleared: bool = False
    orders: list[str] = []

    @property
    def may_be_held(self) -> bool:
        """Whether it is free, and nobody has decided so."""
        return not self.held and (not self.released or self.cleared)


def suspected(lots: Sequence[TracedLot], slip: Slip | None) -> list[TracedLot]:
    """The lots of the order and the article complained of; all of them while either is unknown or fits none of them."""
    if slip is None:
        return list(lots)
    ordered = [lot for lot in lots if slip.order_number in lot.orders or not lot.orders] or list(lots)
    return [lot for lot in ordered if lot.article == slip.article] or ordered
