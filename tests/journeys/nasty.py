"""Requests nobody should send: bodies that are nearly right, and bodies that are nothing at all."""

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

type Json = Any

# What may stand in the place of a value. Each has once brought down somebody's service.
VALUES: tuple[Json, ...] = (
    None, True, 0, -1, 1.5, 1e308, 2**63, 10**40, "", " ", "\0", "a\0b", "x" * 5000, "\u202e😀", "{entity} {0} %s",
    "NaN", "Infinity", "-0", "1E400", "1e-400", "9" * 400, "0.001", "99999999999999999999.99", "not-a-uuid",
    str(UUID(int=0)), str(UUID(int=(1 << 128) - 1)), "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00", "2026-02-30", [], {}, [None], [[]], {"": ""}, ["\0"], {"\0": "\0"},
)  # fmt: skip

# What may stand in the place of a body.
BODIES: tuple[bytes, ...] = (
    b"", b"null", b"[]", b"{}", b"true", b"0", b'"text"', b"{", b"[" * 20000, b'{"a":' * 20000, b"NaN", b"1e999",
    b"9" * 5000, b'{"a":' + b"9" * 5000 + b"}", b'{"\\ud800":"\\udfff"}', b'"\\u0000"', b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b"\0" * 100, b'{"a":1,"a":2}', b"[" + b"{}," * 5000 + b"{}]",
)  # fmt: skip

CONTENT_TYPES = (
    "application/json", "application/json; charset=utf-7", "text/plain", "multipart/form-data",
    "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "", "/", "application/" + "x" * 3000,
)  # fmt: skip

TEXTS = ("", "%00", "a%00b", "%F0%9F%98%80", "%FF%FE", "x" * 3000, "-1", "0", "9" * 40, "..%2f..", "{0}", "NaN", "null")

IDS = (str(UUID(int=0)), str(UUID(int=(1 << 128) - 1)), "nil", "1", "9" * 40, "-1", "%00", "x" * 3000, "%F0%9F%98%80")


def files() -> Iterator[tuple[str, bytes]]:
    """Uploads by name: no table, half a table, a table of nonsense."""
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("xl/workbook.xml", "<nonsense")
    text = "货号,批号,编号,工号,品名,公司,姓名,数量\n\0,\0,\0,\0,\0,1e999,NaN,9999999999999999999999\n"
    for name in ("list.csv", "list.xlsx", "", "x" * 300, "..\\..\\list", "list.CSV\t"):
        for content in (
            b"",
            b"\0" * 50,
            b"PK\x03\x04",
            empty.getvalue(),
            text.encode(),
            text.encode("utf-16"),
            b'"' * 9000,
        ):
            yield name, content


def sample(schema: Json, known: Json, right: Mapping[str, Json], name: str = "") -> Json:
    """A value that a JSON schema admits, as well as can be; `right` are values that fit, by the name of their field."""
    if "$ref" in schema:
        return sample(known[schema["$ref"].rpartition("/")[2]], known, right, name)
    if options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return sample(next((one for one in options if one.get("type") != "null"), options[0]), known, right, name)
    if "const" in schema or "enum" in schema:
        return schema.get("const", next(iter(schema.get("enum", [])), None))
    if name in right and schema.get("type") != "array" and "properties" not in schema:
        return right[name]
    match schema.get("type"):
        case "object":
            return {key: sample(part, known, right, key) for key, part in schema.get("properties", {}).items()}
        case "array":
            return [sample(schema.get("items", {}), known, right, name)]
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "string":
            return _text(schema)
    return "1"


def _text(schema: Json) -> str:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
    match schema.get("format"):
        case "uuid":
            return str(uuid4())
        case "date":
            return str(soon.date())
        case "date-time":
            return soon.isoformat()
    return "12.34" if "d" in schema.get("pattern", "") else "一句足够长的话"[: schema.get("maxLength", 40)]


def spoilt(value: Json) -> Iterator[Json]:
    """The value with each of its parts, at any depth, replaced by each nasty value, left out, or made too many."""
    yield value
    yield from VALUES
    if isinstance(value, dict):
        yield value | {"stranger": 1}
        for name, part in value.items():
            yield {key: other for key, other in value.items() if key != name}
            yield from ({**value, name: wrong} for wrong in spoilt(part))
    elif isinstance(value, list) and value:
        yield value * 500
        yield from ([wrong] for wrong in spoilt(value[0]))


def encoded(value: Json) -> bytes:
    """JSON as a careless client writes it, with whatever numbers and texts Python has."""
    return json.dumps(value).encode()
