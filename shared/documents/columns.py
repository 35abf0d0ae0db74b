"""The columns of a list, from the model of its documents, and the cells of each document."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeAliasType, Union, get_args, get_origin
from uuid import UUID

import orjson
from pydantic import BaseModel

type Kind = Literal["text", "word", "flag", "number", "day", "moment", "plain"]

KINDS: Sequence[tuple[type, Kind]] = (
    (bool, "flag"), (StrEnum, "word"), (str, "text"), (UUID, "text"), (Decimal, "number"), (int, "plain"),
    (float, "plain"), (datetime, "moment"), (date, "day"),
)  # fmt: skip


class Cell(NamedTuple):
    """Where in a document the value of a column stands, and what it is: `seal.copies`."""

    path: tuple[str, ...]
    kind: Kind

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def of(self, document: Mapping[str, Any], say: Callable[[str], str]) -> object:
        """The value, ready for a table; `say` puts a word into the reader's language. None where there is none."""
        value: Any = document
        for key in self.path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            return _read(self.kind, value, say)
        if self.kind == "flag" and isinstance(value, bool):
            return say("yes" if value else "no")
        if value is None or (isinstance(value, int | float | Decimal | date) and not isinstance(value, bool)):
            return value
        return orjson.dumps(value, default=str).decode()


def cells_of(model: type[BaseModel], without: Sequence[str] = ()) -> list[Cell]:
    """A column for each scalar field in the model's order, for each field of a model inside it, and one of JSON text
    for whatever is deeper or a list. `without` names fields at the top that are not shown.
    """
    return [cell for name, kind in _fields(model) if name not in without for cell in _columns(name, kind)]


def _columns(name: str, annotation: object) -> Iterator[Cell]:
    inside = _bare(annotation)
    if isinstance(inside, type) and issubclass(inside, BaseModel):
        yield from (Cell((name, inner), _kind(_bare(kind))) for inner, kind in _fields(inside))
    else:
        yield Cell((name,), _kind(inside))


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, object]]:
    yield from ((name, field.annotation) for name, field in model.model_fields.items() if not field.exclude)
    yield from ((name, field.return_type) for name, field in model.model_computed_fields.items())


def _bare(annotation: object) -> object:
    """Without alias, metadata and `None`."""
    while True:
        origin = get_origin(annotation)
        if isinstance(annotation, TypeAliasType):
            annotation = annotation.__value__
        elif origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
            if len(kinds) != 1:
                return None
            annotation = kinds[0]
        else:
            return annotation


def _kind(annotation: object) -> Kind:
    if get_origin(annotation) is Literal:
        return "text"
    if not isinstance(annotation, type):
        return "plain"
    return next((kind for known, kind in KINDS if issubclass(annotation, known)), "plain")


def _read(kind: Kind, text: str, say: Callable[[str], str]) -> object:
    """A document is read as it is: what cannot be read as its kind, an older text perhaps, is shown as it stands."""
    with suppress(ValueError, InvalidOperation):
        match kind:
            case "number":
                return Decimal(text)
            case "moment":
                return datetime.fromisoformat(text)
            case "day":
                return date.fromisoformat(text)
            case "word":
                return say(text)
    return text
