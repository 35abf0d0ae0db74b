"""Letting a service hear events as if they had come off the bus: through its real consumer and its real database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from shared.events.envelope import Occasion, new_id, seal
from shared.events.event import Event, publisher, subject
from shared.messaging.inbox import Heard, read
from tests.house import Running, eventually


def off_the_bus(event: Event, entity_id: UUID, version: int = 1) -> Heard:
    """The event as it comes off the bus, told by whoever publishes such events."""
    occasion = Occasion("somebody", datetime.now(UTC), new_id(), new_id())
    _, data = seal(event, entity_id, version, occasion)
    return read(publisher(event.NAME), subject(event.NAME, entity_id), data)


async def hear(service: Running, *batch: Heard) -> None:
    """Returns once the batch is handled, or parked."""

    async def connected() -> bool:
        return bool(service.app.state.duties.connected)

    await eventually(connected)
    await service.app.state.duties.consumer.handle(batch)


async def tell(service: Running, event: Event, entity_id: UUID | None = None, version: int = 1) -> Heard:
    """One event of an entity, of a new one if none is named; returns what was heard, so that it can be heard again."""
    heard = off_the_bus(event, entity_id or new_id(), version)
    await hear(service, heard)
    return heard


async def announce(service: Running, *stories: tuple[UUID, Sequence[Event]]) -> list[Heard]:
    """The stories of several entities, each from its beginning, as one batch."""
    batch = [
        off_the_bus(event, entity_id, version)
        for entity_id, story in stories
        for version, event in enumerate(story, start=1)
    ]
    await hear(service, *batch)
    return batch
