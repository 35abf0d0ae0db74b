"""What the complained goods cost: the measure of a claim."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel

from shared.domain.money import ZERO, Amount, PositiveAmount, share
from shared.events.complaints import Slip


class BoughtLine(BaseModel):
    """One line of an order that a complaint is about, as orders told it: article, quantity, yuan per unit."""

    order_number: str
    article: str
    quantity: PositiveAmount
    price: Amount


def value_of(bought: Sequence[BoughtLine], slip: Slip | None) -> Decimal | None:
    """What the customer paid for the goods complained of, in yuan; None while orders has told nothing (QUA-5).

    Of the slip's article no more than the slip's quantity; all that was bought where the slip names none of it. What
    was bought with another order than the slip's does not count, once anything is known of that.
    """
    if not bought:
        return None
    bought = [line for line in bought if slip is not None and line.order_number == slip.order_number] or bought
    named = [line for line in bought if slip is not None and line.article == slip.article]
    if slip is None or not named:
        return sum((share(line.price, line.quantity) for line in bought), ZERO)
    left, value = slip.quantity, ZERO
    for line in sorted(named, key=lambda line: line.price, reverse=True):
        part = min(left, line.quantity)
        value, left = value + share(line.price, part), left - part
    return value
