"""Every event has its committed schema, and the class of today still speaks it."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import jsonschema
import pytest
from pydantic import BaseModel, Field, create_model

from tests.events.compatibility import breaks
from tests.events.write_schemas import FOLDER, declared, schema

EVENTS = declared()
AGAIN = "run `python -m tests.events.write_schemas` and commit what it writes"


def committed(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_has_its_schema_and_still_speaks_it(name: str) -> None:
    """An event is never changed but by a new optional field; anything else is a new major version (PLT-8)."""
    assert (FOLDER / f"{name}.json").exists(), AGAIN
    assert breaks(committed(name), schema(EVENTS[name])) == [], "publish a new major version beside the old one"
    assert committed(name) == json.loads(json.dumps(schema(EVENTS[name]))), AGAIN


@pytest.mark.parametrize("name", EVENTS)
def test_a_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(committed(name))


def test_no_event_that_was_ever_published_is_gone() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == EVENTS.keys()


def test_personal_contact_data_is_in_no_event() -> None:
    personal = {"phone", "mobile", "telephone", "email", "id_card", "wechat", "address", "bank_account"}

    def names(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from node.get("properties", {})
            for part in node.values():
                yield from names(part)
        elif isinstance(node, list):
            for part in node:
                yield from names(part)

    for name in EVENTS:
        assert personal.isdisjoint(names(committed(name))), name


# The comparison itself


class Line(BaseModel):
    article: str
    quantity: int = Field(gt=0)


class Before(BaseModel):
    id: UUID
    kind: Literal["a", "b"]
    day: date
    note: str | None = None
    text: str = Field(default="", max_length=10)
    lines: list[Line]
    pair: tuple[int, str]
    by_name: dict[str, Line] = {}


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


def of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(mode="serialization")


def changed(**fields: Any) -> type[BaseModel]:
    """`Before` with some fields declared otherwise; `None` takes one away."""
    kept: dict[str, Any] = {name: (field.annotation, field) for name, field in Before.model_fields.items()}
    kept |= fields
    return create_model("Before", **{name: field for name, field in kept.items() if field is not None})


class NarrowLine(BaseModel):
    article: str
    quantity: int = Field(gt=1)


class LongLine(BaseModel):
    article: str
    quantity: int = Field(gt=0)
    grade: str


class WiderLine(BaseModel):
    article: str
    quantity: int = Field(gt=0)
    grade: str = "A"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"fresh": (str, "")},
        {"fresh": (str | None, None)},
        {"fresh": (list[Line], [])},
        {"lines": (list[WiderLine], ...)},
        {"kind": (Literal["b", "a"], ...)},
        {"text": (str, Field(default="", max_length=10, description="said otherwise", title="X", examples=["a"]))},
    ],
    ids=str,
)
def test_what_is_only_added_breaks_nothing(fields: dict[str, Any]) -> None:
    assert breaks(of(Before), of(changed(**fields))) == []


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"note": None}, ".note is gone"),
        ({"note": None, "remark": (str | None, None)}, ".note is gone"),
        ({"fresh": (str, ...)}, ".fresh is new and required"),
        ({"text": (str, Field(max_length=10))}, ".text was optional and is required"),
        ({"day": (date | None, None)}, ".day: 0 alternatives became 2"),
        ({"day": (date, date(2026, 1, 1))}, ".day was required and is optional"),
        ({"day": (datetime, ...)}, ".day: format was 'date' and is 'date-time'"),
        ({"day": (int, ...)}, ".day: string became integer"),
        ({"id": (str, ...)}, ".id: format was 'uuid' and is None"),
        ({"kind": (Literal["a"], ...)}, ".kind: const was None and is 'a'"),
        ({"kind": (Literal["a", "b", "c"], ...)}, ".kind: the values changed: [] went, ['c'] came"),
        ({"text": (str, Field(default="", max_length=9))}, ".text: maxLength was 10 and is 9"),
        ({"text": (str, "")}, ".text: maxLength was 10 and is None"),
        ({"note": (int | None, None)}, ".note: string became integer"),
        ({"lines": (list[str], ...)}, ".lines[]: object became string"),
        ({"lines": (list[NarrowLine], ...)}, ".lines[].quantity: exclusiveMinimum was 0 and is 1"),
        ({"lines": (list[LongLine], ...)}, ".lines[].grade is new and required"),
        ({"lines": (Line, ...)}, ".lines: array became object"),
        ({"pair": (tuple[int, int], ...)}, ".pair[1]: string became integer"),
        ({"pair": (tuple[int, str, str], ...)}, ".pair[]: a tuple of 2 became one of 3"),
        ({"by_name": (dict[str, NarrowLine], {})}, ".by_name[].quantity: exclusiveMinimum was 0 and is 1"),
        ({"by_name": (dict[str, Any], {})}, ".by_name[]: additionalProperties changed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_a_reader_could_stumble_over_is_named(fields: dict[str, Any], complaint: str) -> None:
    assert complaint in breaks(of(Before), of(changed(**fields)))


def test_what_refers_to_itself_is_compared_once() -> None:
    assert breaks(of(Tree), of(Tree)) == []
    leafless: Callable[..., Any] = create_model
    shrub = leafless("Tree", name=(str, ...), children=(list[Line], []))
    assert ".children[].name is gone" in breaks(of(Tree), of(shrub))
