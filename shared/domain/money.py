"""Amounts of money: Chinese yuan, exact to the fen, decimal text in JSON."""

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

FEN = Decimal("0.01")
ZERO = Decimal("0.00")
LIMIT = Decimal(10) ** 12

_TEXT = re.compile(r"-?[0-9]+(\.[0-9]{1,2})?")


def yuan(value: object) -> Decimal:
    """The amount with two places; `ValueError` for a float, a fraction of a fen, or more than a trillion."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("money is decimal text, an integer or a Decimal")  # noqa: TRY004 pydantic wants ValueError
    if isinstance(value, str) and not _TEXT.fullmatch(value):
        raise ValueError("money is written in digits with at most two decimal places")
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) > LIMIT:
        raise ValueError("money lies within a trillion yuan")
    exact = amount.quantize(FEN)
    if exact != amount:
        raise ValueError("money has at most two decimal places")
    return exact or ZERO  # never -0.00


def share(amount: Decimal, part: Decimal) -> Decimal:
    """`part` (0.20 is a fifth) of the amount, rounded half up to the fen."""
    return (amount * part).quantize(FEN, ROUND_HALF_UP)


def split(amount: Decimal, percentages: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """The amount in parts that add up to it exactly; a fen that is left over goes to the largest remainder.

    The percentages are not negative and add up to 100; otherwise `ValueError`.
    """
    if sum(percentages) != 100 or min(percentages) < 0:
        raise ValueError("the percentages of a split add up to 100")
    fen = int(yuan(amount) * 100)
    exact = [Fraction(fen) * Fraction(percentage) / 100 for percentage in percentages]
    parts = [math.floor(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
    for index in by_remainder[: fen - sum(parts)]:
        parts[index] += 1
    return tuple(Decimal(part) * FEN for part in parts)


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": ["120.00"]})


Money = Annotated[Decimal, BeforeValidator(yuan), _schema(r"^-?\d{1,13}(\.\d{1,2})?$")]
Amount = Annotated[Decimal, Field(ge=0), BeforeValidator(yuan), _schema(r"^\d{1,13}(\.\d{1,2})?$")]
PositiveAmount = Annotated[Decimal, Field(gt=0), BeforeValidator(yuan), _schema(r"^(?=.*[1-9])\d{1,13}(\.\d{1,2})?$")]
