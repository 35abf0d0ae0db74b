"""Staff at work, with the sample list of employees, and events for it to hear."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.events.complaints import ResponsibilityEstablished, Responsible
from shared.events.envelope import Occasion, new_id, seal
from shared.events.event import Event, publisher, subject
from shared.messaging import inbox
from shared.messaging.inbox import Heard
from tests.house import House, Running, eventually

STAFF = Path("deploy/local/data/staff.csv").read_bytes()


@pytest.fixture(scope="session")
async def staff(house: House) -> Running:
    """Staff with the forty employees of the sample data."""
    service = await house.service("staff")
    files = {"file": ("staff.csv", STAFF)}
    answer = await service.ask("POST", "/employees/import", service.headers("u30", "hr"), files=files)
    assert answer.status_code == 201, answer.text
    return service


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


def established(
    *employees: str, kind: str = "service", severity: str = "ordinary", verified: bool = True
) -> ResponsibilityEstablished:
    responsible = [
        Responsible(employee=employee, department="销售部", severity=severity, finding="态度恶劣")
        for employee in employees
    ]
    return ResponsibilityEstablished(number="TS1", kind=kind, verified=verified, responsible=responsible)


async def penalties_of(staff: Running, cause: UUID) -> list[dict[str, Any]]:
    found = await staff.get(f"/penalties?cause_id={cause}", staff.headers("u30", "hr"))
    return list(found["items"])


async def proposed(staff: Running, employee: str, kind: str = "service", severity: str = "ordinary") -> dict[str, Any]:
    """A penalty proposed on the employee, for a complaint of its own."""
    cause = new_id()
    await announce(staff, (cause, [established(employee, kind=kind, severity=severity)]))
    [penalty] = await penalties_of(staff, cause)
    return penalty
