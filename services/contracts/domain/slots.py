"""Slots: the only places of a template that are filled in, each with a typed value."""

import operator
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from shared.domain.money import yuan
from shared.domain.refusals import Invalid, RuleBroken

type SlotValue = Annotated[str, Field(max_length=2000)] | StrictInt

PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
TRAILING_ZEROS = re.compile(r"(\.[0-9]*?)0+$")

Option = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
SlotName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class SlotType(StrEnum):
    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    QUANTITY = "quantity"
    NUMBER = "number"
    CHOICE = "choice"


class Slot(BaseModel):
    """A place for a value: its name in the clauses, what kind of value, and what people call it.

    A choice names its `options`; they are left out of the document and the digest where there are none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: SlotName
    type: SlotType
    title: Annotated[str, Field(min_length=1, max_length=100)]
    options: Annotated[tuple[Option, ...], Field(max_length=50, exclude_if=operator.not_)] = ()

    def accept(self, value: str | int) -> str:
        """The value as it is kept: a day in ISO, money and quantity with two places; `ValueError` if it is none."""
        match self.type:
            case SlotType.TEXT:
                return _text(value)
            case SlotType.DATE:
                return date.fromisoformat(_text(value)).isoformat()
            case SlotType.MONEY:
                return str(_at_least(yuan(value), Decimal(0)))
            case SlotType.QUANTITY:
                return str(_at_least(yuan(value), Decimal("0.01")))
            case SlotType.NUMBER:
                return _number(str(value))
            case SlotType.CHOICE:
                return _one_of(self.options, _text(value))

    def show(self, kept: str) -> str:
        """The value as it is read in a clause."""
        if self.type is not SlotType.DATE:
            return kept
        day = date.fromisoformat(kept)
        return f"{day.year}年{day.month}月{day.day}日"


def places(text: str, clause: str) -> list[str]:
    """The slots a clause has places for, in order; a brace that makes no place is refused (CON-1)."""
    if {"{", "}"} & set(PLACE.sub("", text)):
        raise RuleBroken("CON-1", "clause {clause} has a brace that marks no slot", clause=clause)
    return PLACE.findall(text)


def accept_all(
    slots: Sequence[Slot], values: Mapping[str, str | int], percentages: Collection[str] = ()
) -> dict[str, str]:
    """Every slot filled with a value of its type, and nothing else (CON-1); `Invalid` names every error.

    `percentages` are the slots whose number is a part of a hundred.
    """
    accepted: dict[str, str] = {}
    errors = [_error(name, "there is no such slot in the template") for name in values if name not in _names(slots)]
    for slot in slots:
        if slot.name not in values:
            errors.append(_error(slot.name, "this slot is not filled"))
            continue
        try:
            accepted[slot.name] = slot.accept(values[slot.name])
        except ValueError:
            errors.append(_error(slot.name, "this is no value of the type {type}", type=slot.type.value))
            continue
        if slot.name in percentages and not 0 <= Decimal(accepted[slot.name]) <= 100:
            errors.append(_error(slot.name, "a percentage lies between 0 and 100"))
    if errors:
        raise Invalid("the slots do not fit the template", errors)
    return accepted


def fill(text: str, slots: Sequence[Slot], values: Mapping[str, str]) -> str:
    """The clause with its places filled, once: a value that looks like a place stays as it is."""
    by_name = {slot.name: slot for slot in slots}
    return PLACE.sub(lambda place: by_name[place[1]].show(values[place[1]]), text)


def _names(slots: Sequence[Slot]) -> set[str]:
    return {slot.name for slot in slots}


def _error(slot: str, template: str, **params: str) -> dict[str, object]:
    detail = template.format(**params)
    return {"code": "slot", "field": f"slots.{slot}", "detail": detail, "template": template, "params": params}


def _text(value: str | int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that says something")
    return value.strip()


def _number(value: str) -> str:
    if not NUMBER.fullmatch(value):
        raise ValueError("a number in digits")
    return TRAILING_ZEROS.sub(r"\1", value).rstrip(".")


def _one_of(options: Sequence[str], value: str) -> str:
    if value not in options:
        raise ValueError("one of the options")
    return value


def _at_least(amount: Decimal, least: Decimal) -> Decimal:
    if amount < least:
        raise ValueError("too little")
    return amount
