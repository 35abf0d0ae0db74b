"""Letting a service hear an event as if it had come off the bus: through its real consumer and its real database."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from shared.events.envelope import Occasion, new_id, seal
from shared.events.event import Event, publisher, subject
from shared.messaging import inbox
from tests.house import Running, eventually


async def hear(
    service: Running, event: Event, entity_id: UUID, version: int, *, correlation_id: UUID | None = None
) -> UUID:
    """Returns the event's id once it is handled, or parked."""
    occasion = Occasion("test", datetime.now(UTC), correlation_id or uuid4(), new_id())
    event_id, data = seal(event, entity_id, version, occasion)
    heard = inbox.read(publisher(event.NAME), subject(event.NAME, entity_id), data)
    await eventually(lambda: _connected(service))
    await service.app.state.duties.consumer.handle([heard])
    return event_id


async def _connected(service: Running) -> bool:
    return bool(service.app.state.duties.connected)
