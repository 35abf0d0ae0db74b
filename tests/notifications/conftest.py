"""Notifications at work, and a way to let it hear what other services would tell."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.events.envelope import Occasion, new_id, seal
from shared.events.event import Event, publisher, subject
from shared.messaging import inbox
from shared.messaging.inbox import Heard
from tests.house import House, Running, eventually

type Hears = Callable[..., Awaitable[Heard]]


@pytest.fixture(scope="session")
async def notifications(house: House) -> Running:
    return await house.service("notifications")


@pytest.fixture
def hears(notifications: Running) -> Hears:
    """Hand an event to the real consumer, as it comes off the bus; returns it, to be handed over again."""

    async def connected() -> Any:
        return bool(notifications.app.state.duties.connected)

    async def hear(event: Event, entity_id: UUID | None = None, version: int = 1) -> Heard:
        await eventually(connected)
        entity_id = entity_id or new_id()
        _, data = seal(event, entity_id, version, Occasion("tester", datetime.now(UTC), new_id()))
        heard = inbox.read(publisher(event.NAME), subject(event.NAME, entity_id), data)
        await notifications.app.state.duties.consumer.handle([heard])
        return heard

    return hear
