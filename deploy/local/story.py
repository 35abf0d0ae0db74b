"""Which events belong to one case, across all services."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from deploy.local.problem import Problem
from shared.events.envelope import unseal


class Happening(NamedTuple):
    """An event as the story needs it."""

    id: str
    name: str
    entity_id: str
    version: int
    time: datetime
    correlation_id: str
    actor: str
    data: dict[str, Any]

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]

    def mentions(self, ids: set[str]) -> bool:
        """Whether it is about one of the ids, or carries one anywhere in its data."""
        return self.entity_id in ids or any(value in ids for value in _values(self.data))


def happening(envelope: bytes) -> Happening:
    read = unseal(envelope)
    return Happening(
        id=read["id"],
        name=read["type"],
        entity_id=read["subject"],
        version=int(read["sequence"]),
        time=datetime.fromisoformat(read["time"]),
        correlation_id=read.get("correlationid", ""),
        actor=read.get("actor", ""),
        data=read.get("data") or {},
    )


def _values(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _values(value)
    elif isinstance(data, list):
        for value in data:
            yield from _values(value)


def full_id(wanted: str, happenings: Iterable[Happening]) -> str:
    """The id that ends as `wanted` does: tables show only the last eight characters. Raises `Problem`."""
    ids = {happening.entity_id for happening in happenings}
    correlations = {happening.correlation_id for happening in happenings}
    matching = sorted(known for known in ids | correlations if known.endswith(wanted.lower()))
    if len(matching) > 1:
        raise Problem(f"More than one id ends with {wanted}: {', '.join(matching)}.")
    return matching[0] if matching else wanted


def story(wanted: str, happenings: Iterable[Happening]) -> set[str]:
    """The ids of the events that belong to the case `wanted`.

    Those that are about it or mention it; with each, the whole chain it is part of (same correlation); and,
    for every entity that was born in the story, such as an investigation or a penalty, what is about that one
    or mentions it. An entity that was there before, such as the customer, is in the story without bringing
    all its other cases along.
    """
    everything = list(happenings)
    roots, chains = {wanted}, {wanted}
    found: set[str] = set()
    while True:
        part = [one for one in everything if one.correlation_id in chains or one.mentions(roots)]
        if len(part) == len(found):
            return found
        found = {one.id for one in part}
        chains |= {one.correlation_id for one in part}
        roots |= {one.entity_id for one in part if one.version == 1}
