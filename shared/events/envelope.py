"""The envelope: CloudEvents 1.0 in structured JSON, written once and kept byte for byte."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from shared.events.event import Entity, Event, Provenance, kind, publisher

SCHEMAS = "https://xiaofu.example/schemas"
CONTENT_TYPE = "application/cloudevents+json"


class Undecodable(ValueError):
    """The bytes are no event this code knows; `provenance` says whose it would be, as far as that can be read."""

    def __init__(self, reason: str, provenance: Provenance | None = None, name: str | None = None) -> None:
        super().__init__(reason)
        self.provenance, self.name = provenance, name


class Occasion(NamedTuple):
    """On what occasion something is recorded: who, when, and as part of which story."""

    actor: str
    at: datetime
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None


def new_id() -> UUID:
    """A time-ordered id (UUID version 7)."""
    return uuid7()


def seal(event: Event, entity_id: UUID, version: int, occasion: Occasion) -> tuple[UUID, bytes]:
    """The event's id and the exact bytes that are logged and published."""
    event_id = new_id()
    name = event.NAME
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": f"/xiaofu/{publisher(name)}",
        "type": name,
        "subject": str(entity_id),
        "time": occasion.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMAS}/{name}.json",
        "sequence": str(version),
        "partitionkey": str(entity_id),
        "correlationid": str(occasion.correlation_id),
        "actor": occasion.actor,
    }
    if occasion.causation_id is not None:
        envelope["causationid"] = str(occasion.causation_id)
    if occasion.traceparent is not None:
        envelope["traceparent"] = occasion.traceparent
    envelope["data"] = orjson.Fragment(event.__pydantic_serializer__.to_json(event))
    return event_id, orjson.dumps(envelope)


def unseal(data: bytes) -> dict[str, Any]:
    """The envelope as a mapping; raises `Undecodable`."""
    try:
        envelope = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"not JSON: {error}") from error
    if not isinstance(envelope, dict):
        raise Undecodable("not a JSON object")
    return envelope


def provenance(envelope: dict[str, Any]) -> Provenance:
    """The attributes of an envelope; raises `Undecodable` where one is missing or malformed."""
    try:
        causation = envelope.get("causationid")
        return Provenance(
            id=UUID(envelope["id"]),
            entity=Entity(kind(envelope["type"]), UUID(envelope["subject"])),
            version=_version(envelope["sequence"]),
            time=datetime.fromisoformat(envelope["time"]),
            actor=str(envelope["actor"]),
            correlation_id=UUID(envelope["correlationid"]),
            causation_id=UUID(causation) if causation else None,
            traceparent=envelope.get("traceparent"),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Undecodable(f"not an event envelope: {error!r}") from error


def _version(sequence: str) -> int:
    version = int(sequence)
    if not 0 < version < 1 << 31:
        raise ValueError(f"{version} is no version")
    return version


def open_event(envelope: dict[str, Any], known: Provenance) -> Event:
    """The typed event inside an envelope; raises `Undecodable` for an unknown name or data that does not fit."""
    name = envelope.get("type")
    declared = Event.CATALOGUE.get(name) if isinstance(name, str) else None
    if declared is None:
        raise Undecodable(f"unknown event {name!r}", known)
    try:
        event = declared.model_validate(envelope.get("data"))
    except ValueError as error:
        raise Undecodable(f"{name}: {error}", known, name) from error
    event.heard(known)
    return event
