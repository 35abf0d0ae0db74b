"""Staff at work, with the sample list of employees, and events for it to hear."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.local.jetstream import NatsServer
from shared.events.complaints import ResponsibilityEstablished, Responsible
from shared.events.envelope import new_id
from tests.hearing import announce
from tests.house import House, Running, Served, from_wheel

STAFF = Path("deploy/local/data/staff.csv").read_bytes()


@pytest.fixture(scope="session")
async def staff(postgres_server: Served, keys: Path) -> AsyncIterator[Running]:
    """Staff with the forty employees of the sample data, on a bus where no other service sends their notices."""
    with from_wheel(NatsServer) as bus:
        async with House(postgres_server.url(), bus.url(), keys) as quiet:
            service = await quiet.service("staff")
            files = {"file": ("staff.csv", STAFF)}
            answer = await service.ask("POST", "/employees/import", service.headers("u30", "hr"), files=files)
            assert answer.status_code == 201, answer.text
            yield service


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
