"""Who is told of regulations: leaders who approve, everybody who acknowledges, who has not, who reviews."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local.jetstream import NatsServer
from tests.house import House, Served, eventually
from tests.journeys.town import Thing, Town, build
from tests.regulations.sample import Office

NOW = "UPDATE timers SET due_at = now() WHERE owner = $1 AND kind = $2"


@pytest.fixture
async def ruled(postgres_server: Served, own_nats: NatsServer, keys: Path) -> AsyncIterator[Town]:
    async with House(postgres_server.url(), own_nats.url(), keys) as house:
        yield await build(house, "staff", "regulations", "notifications")


async def times(town: Town, template: str, about: str, post: str) -> int:
    return (await town.inbox(about, post)).count(template)


async def employed(town: Town) -> str:
    """An employee whom regulations knows."""
    code = await town.employee()

    async def known() -> bool:
        return bool(await town["regulations"].pool.fetchval("SELECT true FROM employees WHERE code = $1", code))

    await eventually(known)
    return code


async def test_from_the_first_approval_to_the_overdue_review_everybody_concerned_is_told(ruled: Town) -> None:
    """REG-1, REG-3, NOT-1: over the bus, in Chinese and in English."""
    office, regulations = Office(ruled["regulations"]), ruled["regulations"]
    given, missing = await employed(ruled), await employed(ruled)
    draft = await office.draft()
    held = await office.enact(draft)
    await ruled.told("regulation_submitted", draft["id"], "vice_president_sales")
    await ruled.told("regulation_awaits_approval", draft["id"], "general_manager")
    for post in ("clerk", "salesperson", "warehouse"):
        await ruled.told("regulation_took_effect", draft["id"], post)
    await regulations.post(f"/regulations/{held['id']}/acknowledge", regulations.headers(given, "production"))
    await regulations.pool.execute(NOW, UUID(held["id"]), "close_acknowledging")
    await ruled.told("acknowledgement_missing", held["id"], "production", missing)
    await ruled.told("acknowledgements_missing", held["id"], "hr")
    assert "acknowledgement_missing" not in await ruled.inbox(held["id"], "production", given)
    for template, post in (("regulation_review_due", "headquarters"), ("regulation_review_overdue", "general_manager")):
        await regulations.pool.execute(NOW, UUID(held["id"]), "remind_of_review")
        await ruled.told(template, held["id"], post)
    assert await times(ruled, "regulation_review_due", held["id"], "general_manager") == 0
    assert await times(ruled, "regulation_review_due", held["id"], "headquarters") == 1
    said: Thing = await ruled["notifications"].get(
        "/inbox", ruled.as_("production", missing) | {"Accept-Language": "en"}
    )
    [reminder] = [one for one in said["items"] if one["template"] == "acknowledgement_missing"]
    assert reminder["title"] == f"Regulation not acknowledged: {held['code']}"


async def test_a_review_in_time_ends_what_was_overdue(ruled: Town) -> None:
    """REG-1: the next one is due a whole period later, and begins as due again."""
    office, regulations = Office(ruled["regulations"]), ruled["regulations"]
    held = await office.enact(await office.draft())

    async def reminded(times_missed: int) -> bool:
        return bool((await office.get(f"/regulations/{held['id']}"))["reviews_missed"] == times_missed)

    for missed in (1, 2):
        await regulations.pool.execute(NOW, UUID(held["id"]), "remind_of_review")
        await eventually(lambda missed=missed: reminded(missed))  # type: ignore[misc]
    reviewed = {"outcome": "confirmed", "note": "无需修订"}
    await regulations.post(f"/regulations/{held['id']}/review", office.headquarters, reviewed)
    assert await reminded(0)
    await regulations.pool.execute(NOW, UUID(held["id"]), "remind_of_review")

    async def due_again() -> bool:
        return await times(ruled, "regulation_review_due", held["id"], "headquarters") == 2

    await eventually(due_again)
    assert await times(ruled, "regulation_review_overdue", held["id"], "headquarters") == 1


async def test_what_was_in_force_before_the_product_came_is_told_to_nobody(ruled: Town) -> None:
    """REG-3: nineteen documents at the first start would drown every inbox; reminders come in their time."""
    first = await Office(ruled["regulations"]).in_force("D4")
    held = await Office(ruled["regulations"]).enact(await Office(ruled["regulations"]).draft())
    await ruled.told("regulation_took_effect", held["id"], "clerk")
    assert await ruled.inbox(first["id"], "clerk") == []
