"""Customers at work, with the sample list of dealers registered."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from shared.events.envelope import Occasion, new_id, seal
from shared.events.event import Event, publisher, subject
from shared.messaging import inbox
from shared.messaging.inbox import Heard
from tests.house import House, Running, eventually

DEALERS = Path("deploy/local/data/dealers.csv").read_bytes()


@pytest.fixture(scope="session")
async def customers(house: House) -> Running:
    return await house.service("customers")


@pytest.fixture(scope="session")
async def dealers(customers: Running) -> Running:
    """Customers with the thirty dealers of the sample data."""
    files = {"file": ("dealers.csv", DEALERS)}
    answer = await customers.ask("POST", "/customers/import", customers.headers("u18", "clerk"), files=files)
    assert answer.status_code == 201, answer.text
    return customers


async def announce(running: Running, *stories: tuple[UUID, Sequence[Event]]) -> list[Heard]:
    """The service hears these events of these entities as one batch; returns it, so that it can be heard again."""
    batch = []
    for entity_id, story in stories:
        for version, event in enumerate(story, start=1):
            _, data = seal(event, entity_id, version, Occasion("somebody", datetime.now(UTC), new_id()))
            batch.append(inbox.read(publisher(event.NAME), subject(event.NAME, entity_id), data))
    await hear(running, batch)
    return batch


async def hear(running: Running, batch: Sequence[Heard]) -> None:
    """Through the service's own consumer, which is there once it has found the bus."""

    async def listening() -> bool:
        return bool(running.app.state.duties.connected)

    await eventually(listening)
    await running.app.state.duties.consumer.handle(batch)
