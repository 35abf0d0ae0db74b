"""What regulations does about what it hears."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.local.jetstream import NatsServer
from services.regulations.domain.regulation import Regulation
from shared.events.envelope import Occasion, new_id, open_event
from shared.events.regulations import RegulationDue
from shared.events.staff import EmployeeJoined, EmployeeLeft, EmployeeTransferred, PostsChanged
from shared.persistence.work import Work
from tests.hearing import announce, hear, off_the_bus
from tests.house import House, Running, Served, eventually
from tests.regulations.sample import Office


@pytest.fixture
async def alone(postgres_server: Served, own_nats: NatsServer, keys: Path) -> AsyncIterator[Office]:
    """A regulations service that a test may put in disorder."""
    async with House(postgres_server.url(), own_nats.url(), keys) as house:
        yield Office(await house.service("regulations"))


async def standing(service: Running, office: Office, employee: str) -> dict[str, object] | None:
    held = await office.in_force("D1")
    listed = await service.get(f"/regulations/{held['id']}/acknowledgements?limit=200", office.hr)
    return next((item for item in listed["items"] if item["employee"] == employee), None)


async def test_who_works_here_has_to_acknowledge_and_who_has_left_has_not(regulations: Running, office: Office) -> None:
    """REG-3, STF-1"""
    code, person = f"R{uuid4().hex[:8]}", uuid4()
    joined = EmployeeJoined(code=code, name="麦伟强", posts=["clerk"], department="销售部", branch="佛山")
    story = [
        joined,
        PostsChanged(code=code, posts=["clerk", "trainer"]),
        EmployeeTransferred(code=code, department="培训部", branch="成都"),
    ]
    await announce(regulations, (person, story))
    seen = await standing(regulations, office, code)
    assert seen
    assert (seen["posts"], seen["department"], seen["branch"], seen["state"]) == (
        ["clerk", "trainer"], "培训部", "成都", "missing",
    )  # fmt: skip
    await hear(regulations, off_the_bus(EmployeeLeft(code=code, left_on=date(2026, 5, 1)), person, 4))
    assert await standing(regulations, office, code) is None


async def test_an_edition_that_is_due_twice_takes_effect_once(regulations: Running, office: Office) -> None:
    """REG-1: what is told again after the edition holds changes nothing."""
    held = await office.enact(await office.draft())
    again = off_the_bus(RegulationDue(code=held["code"], edition=held["edition"]), UUID(held["id"]), 99)
    assert again.known
    async with regulations.pool.acquire() as connection, connection.transaction():
        work = Work(connection, regulations.app.state.policies)
        with work.on(Occasion("service:regulations", datetime.now(UTC), new_id())):
            reaction = regulations.app.state.reactions.to(RegulationDue.NAME)
            await reaction(open_event(again.envelope, again.known), work)
        await work.flush()
    assert (await regulations.announced(held["id"])).count("took_effect") == 1


async def test_an_edition_whose_numbers_no_longer_fit_is_set_aside_and_nothing_is_parked(alone: Office) -> None:
    """REG-2: as after an upgrade that brought a number nobody states, for which two regulations reach."""
    forget = "UPDATE rulebooks SET document = document #- '{parameters,messages.delivery_attempts}'"
    await alone.service.pool.execute(forget)
    key = {"key": "messages.delivery_attempts", "value": 5, "clause": "1"}
    later = await alone.draft(parameters=[key], effective_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert (await alone.pass_(later))["status"] == "approved"
    await alone.enact(await alone.draft(parameters=[key]))
    await alone.service.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(later["id"]))
    aside = await alone.becomes(later, "set_aside")
    assert "belongs to regulation" in aside["reason"]
    assert not await alone.service.pool.fetchval("SELECT count(*) FROM dead_letters")


async def test_the_later_of_two_editions_wins(alone: Office) -> None:
    """REG-2: both change the same number; whichever takes effect later holds."""
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    number = {"key": "complaints.response_time", "unit": "hour", "clause": "3.3"}
    late = await alone.revise("D4", parameters=[number | {"value": 30}], effective_at=soon)
    await alone.pass_(late)
    await alone.enact(await alone.revise("D4", parameters=[number | {"value": 10}]))

    async def holds(hours: int) -> bool:
        return bool(alone.service.app.state.policies.now.complaints.response_time == timedelta(hours=hours))

    await eventually(lambda: holds(10))
    await alone.service.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(late["id"]))
    await alone.becomes(late, "in_force")

    await eventually(lambda: holds(30))
    in_force = await alone.service.pool.fetch("SELECT code FROM regulations WHERE status = 'in_force' AND code = 'D4'")
    assert len(in_force) == 1


async def test_a_database_that_knows_no_approval_keeps_no_edition_in_force(alone: Office) -> None:
    """REG-1: whatever the code does, also by constraint."""
    draft = await alone.draft()
    for forged in ('{"status": "in_force"}', '{"status": "approved"}'):
        with pytest.raises(asyncpg.CheckViolationError, match="approved by company leaders"):
            await alone.service.pool.execute(
                "UPDATE regulations SET document = document || $2::jsonb WHERE id = $1", UUID(draft["id"]), forged
            )
    held = await alone.in_force("D1")
    with pytest.raises(asyncpg.ExclusionViolationError, match="one edition of a regulation is in force"):
        await alone.service.pool.execute(
            "INSERT INTO regulations (id, version, document, digest) SELECT gen_random_uuid(), 1,"
            ' document || \'{"edition": 7, "number": "D1-0007"}\', digest FROM regulations WHERE id = $1',
            UUID(held["id"]),
        )
    approver = '{"decided_by": "u03", "on_behalf_of": null}'
    with pytest.raises(asyncpg.CheckViolationError, match="nobody approves twice or what they wrote"):
        await alone.service.pool.execute(
            "UPDATE regulations SET document = jsonb_set(document, '{approvals,decisions}', $2::jsonb) WHERE id = $1",
            UUID(draft["id"]), f"[{approver}]",
        )  # fmt: skip


def test_the_timed_deeds_are_there() -> None:
    assert all(callable(getattr(Regulation, deed)) for deed in Regulation.TIMERS)
