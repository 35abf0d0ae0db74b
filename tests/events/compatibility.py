"""Whether those who know an old schema of an event can still read what is published by the new one."""

from collections.abc import Iterator, Mapping
from typing import Any

type Schema = Mapping[str, Any]

SAME = (
    *("const", "pattern", "format", "multipleOf", "uniqueItems"),
    *("minimum", "exclusiveMinimum", "minLength", "minItems"),
    *("maximum", "exclusiveMaximum", "maxLength", "maxItems"),
)


def breaks(old: Schema, new: Schema) -> list[str]:
    """Every way in which a reader of `old` may fail on what `new` describes, and the other way round.

    Old messages stay in the log for ever and are read by the new class; new ones are read by old consumers. So within
    one major version nothing may be removed, renamed, narrowed, widened or newly required: only optional fields added.
    """
    return list(_breaks("", old, new, old, new, frozenset()))


def _breaks(
    place: str, old: Schema, new: Schema, whole_old: Schema, whole_new: Schema, seen: frozenset[tuple[str, str]]
) -> Iterator[str]:
    step = (str(old.get("$ref", "")), str(new.get("$ref", "")))
    if any(step) and step in seen:
        return
    seen |= {step}
    old, new = _resolved(old, whole_old), _resolved(new, whole_new)
    yield from _choices(place, old, new, whole_old, whole_new, seen)
    if set(_types(old)) != set(_types(new)):
        yield f"{place or 'data'}: {'/'.join(_types(old)) or 'anything'} became {'/'.join(_types(new)) or 'anything'}"
        return
    yield from _values(place, old, new)
    yield from _fields(place, old, new, whole_old, whole_new, seen)
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), Mapping) and isinstance(new.get(inner), Mapping):
            yield from _breaks(f"{place}[]", old[inner], new[inner], whole_old, whole_new, seen)
        elif old.get(inner) != new.get(inner):
            yield f"{place}[]: {inner} changed"
    before, after = old.get("prefixItems", []), new.get("prefixItems", [])
    if len(before) != len(after):
        yield f"{place}[]: a tuple of {len(before)} became one of {len(after)}"
    for index, (one, other) in enumerate(zip(before, after, strict=False)):
        yield from _breaks(f"{place}[{index}]", one, other, whole_old, whole_new, seen)


def _resolved(schema: Schema, whole: Schema) -> Schema:
    while "$ref" in schema:
        schema = {
            **whole["$defs"][schema["$ref"].rpartition("/")[2]],
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    return schema


def _types(schema: Schema) -> list[str]:
    found = schema.get("type", [])
    return sorted([found] if isinstance(found, str) else found)


def _choices(
    place: str, old: Schema, new: Schema, whole_old: Schema, whole_new: Schema, seen: frozenset[tuple[str, str]]
) -> Iterator[str]:
    """Alternatives (`anyOf`), in the order they are declared."""
    before, after = _alternatives(old), _alternatives(new)
    if len(before) != len(after):
        yield f"{place or 'data'}: {len(before)} alternatives became {len(after)}"
        return
    for one, other in zip(before, after, strict=True):
        yield from _breaks(place, one, other, whole_old, whole_new, seen)


def _alternatives(schema: Schema) -> list[Schema]:
    return [part for word in ("anyOf", "oneOf", "allOf") for part in schema.get(word, [])]


def _values(place: str, old: Schema, new: Schema) -> Iterator[str]:
    if "enum" in old or "enum" in new:
        gone = [value for value in old.get("enum", []) if value not in new.get("enum", [])]
        come = [value for value in new.get("enum", []) if value not in old.get("enum", [])]
        if gone or come:
            yield f"{place}: the values changed: {gone} went, {come} came"
    for word in SAME:
        if old.get(word) != new.get(word):
            yield f"{place}: {word} was {old.get(word)!r} and is {new.get(word)!r}"


def _fields(
    place: str, old: Schema, new: Schema, whole_old: Schema, whole_new: Schema, seen: frozenset[tuple[str, str]]
) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        if name not in after:
            yield f"{place}.{name} is gone"
        else:
            yield from _breaks(f"{place}.{name}", before[name], after[name], whole_old, whole_new, seen)
    needed, needs = set(old.get("required", [])), set(new.get("required", []))
    yield from (f"{place}.{name} is new and required" for name in sorted(needs - before.keys()))
    yield from (f"{place}.{name} was optional and is required" for name in sorted(needs & before.keys() - needed))
    yield from (f"{place}.{name} was required and is optional" for name in sorted(needed & after.keys() - needs))
