"""What notifications does about what it hears, through the real consumer on the real database."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from services.notifications.reactions import reactions
from services.notifications.rendering import TEMPLATES
from shared.events import complaints
from shared.events.event import Event
from shared.events.staff import PenaltyRevoked, RewardApproved
from tests.hearing import tell
from tests.house import PATIENCE, Running
from tests.notifications.told import BY, NOW, WHO_IS_TOLD_WHAT, decided, final
from tests.notifications.told_of_regulations import WHO_IS_TOLD_OF_REGULATIONS

TABLE = WHO_IS_TOLD_WHAT + WHO_IS_TOLD_OF_REGULATIONS
URGENT = {"complaint_escalated", "escalation_covered"}


async def told(notifications: Running, about: UUID) -> list[dict[str, Any]]:
    rows = await notifications.pool.fetch("SELECT document FROM messages WHERE about = $1 ORDER BY id", about)
    return [orjson.loads(row["document"]) for row in rows]


async def parked(notifications: Running, about: UUID) -> list[dict[str, Any]]:
    """What could not be handled of one entity; other tests of the session may tell notifications nonsense."""
    query = "SELECT subject, reason, error FROM dead_letters WHERE entity_id = $1"
    return [dict(row) for row in await notifications.pool.fetch(query, about)]


@pytest.mark.parametrize(("event", "expected"), TABLE, ids=[type(event).__name__ for event, _ in TABLE])
async def test_who_is_told_what(notifications: Running, event: Event, expected: set[tuple[str, str]]) -> None:
    """NOT-1, CMP-3 to CMP-7, CMP-10, QUA-2 to QUA-5, ORD-3, ORD-11, CON-3 to CON-5, CON-11, STF-8, REG-1 to REG-3"""
    heard = await tell(notifications, event)
    assert heard.known is not None
    messages = await told(notifications, heard.known.entity_id)
    assert {(message["template"], message["recipient"]["key"]) for message in messages} == expected
    for message in messages:
        assert UUID(message["cause_id"]) == heard.known.id
        assert set(message["params"]) == TEMPLATES[message["template"]].speaks_of
        assert message["urgent"] == (message["template"] in URGENT)
    assert await parked(notifications, heard.known.entity_id) == []


def test_everything_heard_is_in_the_table_above() -> None:
    """NOT-1"""
    assert {event.NAME for event, _ in TABLE} == set(reactions._by_name)


async def test_an_event_delivered_twice_is_told_once(notifications: Running) -> None:
    """NOT-3, NOT-4: also when the consumer has lost its memory of it."""
    heard = await tell(notifications, final("public_criticism", fine=0))
    assert heard.known is not None
    entity_id = heard.known.entity_id
    handle = notifications.app.state.duties.consumer.handle
    await handle([heard])
    await notifications.pool.execute("DELETE FROM inbox WHERE entity_id = $1", entity_id)
    await asyncio.wait_for(handle([heard]), PATIENCE)
    (notice,) = await told(notifications, entity_id)
    assert await notifications.announced(notice["id"]) == ["delivered"]
    bulletins = "SELECT count(*) FROM bulletins WHERE penalty_id = $1"
    assert await notifications.pool.fetchval(bulletins, entity_id) == 1
    assert await parked(notifications, heard.known.entity_id) == []


async def test_the_same_happening_twice_is_told_twice(notifications: Running) -> None:
    """NOT-3: another cause is another message."""
    heard = await tell(notifications, complaints.ResponseWarned(**BY, respond_by=NOW))
    assert heard.known is not None
    await tell(notifications, complaints.ResponseWarned(**BY, respond_by=NOW), heard.known.entity_id, 2)
    assert len(await told(notifications, heard.known.entity_id)) == 2


async def test_the_notice_announces_what_staff_waits_for(notifications: Running) -> None:
    """STF-8: about the penalty, caused by its decision, for the employee in person."""
    heard = await tell(notifications, decided("warning"))
    assert heard.known is not None
    (notice,) = await told(notifications, heard.known.entity_id)
    data = await notifications.pool.fetchval("SELECT data FROM events WHERE entity_id = $1", UUID(notice["id"]))
    announced = orjson.loads(data)
    assert announced["type"] == "notifications.message.delivered.v1"
    assert announced["causationid"] == str(heard.known.id)
    wanted = {"template": "penalty_notice", "about": str(heard.known.entity_id), "person": "u404"}
    assert announced["data"].items() >= (wanted | {"cause_id": str(heard.known.id)}).items()


async def test_an_escalation_says_until_when_it_waits(notifications: Running) -> None:
    """NOT-5: what the event says, or else policy's time."""
    until = NOW + timedelta(hours=9)
    heard = await tell(
        notifications, complaints.ComplaintEscalated(**BY, level=1, reason="silence", acknowledge_by=until)
    )
    assert heard.known is not None
    (message,) = await told(notifications, heard.known.entity_id)
    assert datetime.fromisoformat(message["params"]["acknowledge_by"]) == until
    heard = await tell(notifications, complaints.ComplaintEscalated(**BY, level=1, reason="silence"))
    assert heard.known is not None
    (message,) = await told(notifications, heard.known.entity_id)
    policy = notifications.app.state.policies.now.messages.acknowledgement_time
    assert datetime.fromisoformat(message["params"]["acknowledge_by"]) == heard.known.time + policy


COUNT = "SELECT count(*) FROM bulletins WHERE penalty_id = $1"


async def test_only_public_criticism_becomes_a_bulletin(notifications: Running) -> None:
    """NOT-4, STF-7"""
    for measures, expected in ((("fine", "warning"), 0), (("public_criticism",), 1)):
        heard = await tell(notifications, final(*measures))
        assert heard.known is not None
        assert await notifications.pool.fetchval(COUNT, heard.known.entity_id) == expected


async def test_nobody_is_named_in_public_before_the_penalty_is_final(notifications: Running) -> None:
    """STF-8, NOT-4: what falls on appeal, or loses the criticism there, is never published."""
    for ends, expected in (
        ([PenaltyRevoked(number="CF1", employee="u404", fine=0, executed=False, reason="误会")], 0),
        ([final("fine")], 0),
        ([final("public_criticism"), final("public_criticism")], 1),
    ):
        heard = await tell(notifications, decided("public_criticism", "fine"))
        assert heard.known is not None
        entity_id = heard.known.entity_id
        assert await notifications.pool.fetchval(COUNT, entity_id) == 0
        for version, event in enumerate(ends, start=2):
            await tell(notifications, event, entity_id, version)
        assert await notifications.pool.fetchval(COUNT, entity_id) == expected
        assert await parked(notifications, entity_id) == []


async def test_what_the_release_before_published_at_the_decision_is_not_published_again(notifications: Running) -> None:
    """NOT-4: nor is what it made final, without clause or violation, lost."""
    heard = await tell(notifications, final("public_criticism", clause=None, violation=None))
    assert heard.known is not None
    await tell(notifications, final("public_criticism"), heard.known.entity_id, 2)
    assert await notifications.pool.fetchval(COUNT, heard.known.entity_id) == 1
    assert await parked(notifications, heard.known.entity_id) == []


async def test_a_commendation_becomes_one_bulletin_that_everybody_may_read(notifications: Running) -> None:
    """STF-9, NOT-4"""
    fields: Any = {"number": "JL1", "employee": "praised", "amount": "0.00", "reason": "拾金不昧", "approved_by": "u30"}
    heard = await tell(notifications, RewardApproved(**fields, kind="commendation"))
    assert heard.known is not None
    reward_id = heard.known.entity_id
    await tell(notifications, RewardApproved(**fields, kind="commendation"), reward_id, 2)
    await tell(notifications, RewardApproved(**fields, kind="bonus"))
    clerk = notifications.headers("k7", "clerk")
    items = (await notifications.get("/bulletins?limit=200", clerk))["items"]
    [bulletin] = [item for item in items if item["employee"] == "praised"]
    assert (bulletin["kind"], bulletin["reward_id"]) == ("commendation", str(reward_id))
    assert (bulletin["penalty_id"], bulletin["fine"]) == (None, "0.00")
    said = await notifications.get(f"/bulletins/{bulletin['id']}", clerk | {"Accept-Language": "zh"})
    assert "拾金不昧" in said["body"]
    with pytest.raises(asyncpg.UniqueViolationError, match="NOT-4 one bulletin per reward"):
        await notifications.pool.execute(
            "INSERT INTO bulletins (id, version, document, digest)"
            " SELECT gen_random_uuid(), 1, document, '' FROM bulletins WHERE id = $1",
            UUID(bulletin["id"]),
        )


async def test_a_criticism_that_is_revoked_after_all_gives_way_to_its_correction(notifications: Running) -> None:
    """STF-8, NOT-4: and one that nobody read of is not corrected; the archive still knows who had read it."""
    heard = await tell(notifications, final("public_criticism", employee="cleared"))
    quiet = await tell(notifications, final("warning", employee="cleared"))
    assert heard.known is not None
    assert quiet.known is not None
    clerk, office = notifications.headers("k8", "clerk"), notifications.headers("o8", "office")
    [criticism] = [one for one in await published(notifications, clerk) if one["employee"] == "cleared"]
    path = f"/bulletins/{criticism['id']}"
    await notifications.post(f"{path}/read", clerk)
    revoked = PenaltyRevoked(number="CF1", employee="cleared", fine=0, executed=False, reason="查无此事")
    for known in (heard.known, quiet.known):
        await tell(notifications, revoked, known.entity_id, 2)
    [correction] = [one for one in await published(notifications, clerk) if one["employee"] == "cleared"]
    assert (correction["kind"], correction["corrects"]) == ("correction", criticism["number"])
    assert criticism["number"] in correction["body"]
    for who in (clerk, office):
        assert (await notifications.ask("GET", path, who)).status_code == 404
        assert (await notifications.refused(f"{path}/read", who))["status"] == 404
    assert [one["reader"] for one in (await notifications.get(f"{path}/receipts", office))["items"]] == ["k8"]


async def published(notifications: Running, who: dict[str, str]) -> list[dict[str, Any]]:
    return list((await notifications.get("/bulletins?limit=200", who))["items"])
