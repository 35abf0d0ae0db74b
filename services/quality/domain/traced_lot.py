"""A lot that the goods of a complaint come from."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel


class TracedLot(BaseModel):
    """批次 under investigation: held once, and never again by the same case once it was released (QUA-1)."""

    lot_id: UUID
    lot: str
    article: str
    held: bool = False
    released: bool = False


def suspected(lots: Sequence[TracedLot], article: str | None) -> list[TracedLot]:
    """The lots of the article that is complained of; all of them while it is unknown or fits none of them."""
    matching = [lot for lot in lots if lot.article == article]
    return matching or list(lots)
