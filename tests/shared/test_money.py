from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.domain.money import FEN, Amount, Money, PositiveAmount, share, split, yuan


class Price(BaseModel):
    amount: Money


amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@st.composite
def percentages(draw: st.DrawFn) -> list[Decimal]:
    """Percentages with two places that add up to 100."""
    cuts = draw(st.lists(st.integers(0, 10_000), max_size=6))
    edges = [0, *sorted(cuts), 10_000]
    return [Decimal(high - low) / 100 for low, high in pairwise(edges)]


def test_money_is_decimal_text_with_two_places_in_json() -> None:
    assert Price.model_validate({"amount": "120"}).model_dump_json() == '{"amount":"120.00"}'


@pytest.mark.parametrize("value", ["12.5", "12.50", Decimal("12.5"), Decimal("12.500")])
def test_the_same_amount_is_the_same_money_however_it_is_written(value: object) -> None:
    assert str(yuan(value)) == "12.50"


def test_an_integer_is_whole_yuan() -> None:
    assert str(yuan(7)) == "7.00"


def test_there_is_no_negative_nothing() -> None:
    assert str(yuan("-0.00")) == "0.00"


@pytest.mark.parametrize(
    "value",
    [
        12.5, True, None, "", "NaN", "Infinity", "1e3", "1_000", "１２", " 1", "1.", ".5", "1.234",
        "1000000000000.01",
        Decimal("NaN"), Decimal("-Infinity"), Decimal("sNaN"), Decimal("0.001"), 10**12 + 1, -(10**12) - 1,
    ],
)  # fmt: skip
def test_what_is_not_exact_money_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        Price.model_validate({"amount": value})


def test_a_json_number_with_a_fraction_is_refused_because_it_is_a_float() -> None:
    with pytest.raises(ValidationError, match="decimal text"):
        Price.model_validate_json('{"amount": 12.5}')


def test_a_trillion_yuan_either_way_is_still_money() -> None:
    assert yuan(10**12) == -yuan("-1000000000000.00")


def test_an_amount_is_not_negative_and_a_positive_amount_is_not_zero() -> None:
    amount, positive = TypeAdapter(Amount), TypeAdapter(PositiveAmount)
    assert amount.validate_python(0) == 0
    assert positive.validate_python("0.01") == FEN
    with pytest.raises(ValidationError):
        amount.validate_python("-0.01")
    with pytest.raises(ValidationError):
        positive.validate_python("0")


@pytest.mark.parametrize("kind", [Money, Amount, PositiveAmount])
def test_the_json_schema_promises_text(kind: Any) -> None:
    adapter: TypeAdapter[Decimal] = TypeAdapter(kind)
    assert adapter.json_schema(mode="validation")["type"] == "string"
    assert adapter.json_schema(mode="serialization")["type"] == "string"


@given(amounts)
def test_money_survives_json(amount: Decimal) -> None:
    price = Price(amount=amount)
    assert Price.model_validate_json(price.model_dump_json()) == price


def test_a_share_is_rounded_half_up_to_the_fen() -> None:
    assert share(yuan("0.05"), Decimal("0.5")) == yuan("0.03")
    assert share(yuan("100"), Decimal("0.20")) == yuan("20")
    assert share(yuan("0.04"), Decimal("0.1")) == yuan("0")


def test_a_fen_left_over_goes_to_the_largest_remainder_and_then_to_the_first() -> None:
    thirds = [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert split(yuan("100"), thirds) == (yuan("33.33"), yuan("33.33"), yuan("33.34"))
    assert split(yuan("0.01"), [Decimal(50), Decimal(50)]) == (yuan("0.01"), yuan("0"))


@given(amounts, percentages())
def test_the_parts_of_a_split_add_up_exactly_and_are_within_a_fen(amount: Decimal, percentages: list[Decimal]) -> None:
    parts = split(amount, percentages)
    assert sum(parts) == amount
    for part, percentage in zip(parts, percentages, strict=True):
        assert abs(part - amount * percentage / 100) < FEN


@pytest.mark.parametrize("percentages", [[], [50], [60, 50], [110, -10]])
def test_a_split_covers_the_whole_amount(percentages: list[int]) -> None:
    with pytest.raises(ValueError, match="add up to 100"):
        split(yuan("100"), [Decimal(percentage) for percentage in percentages])
