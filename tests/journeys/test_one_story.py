"""One complaint is one trace and one story, from the HTTP request to the last message."""

import secrets
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from nats.aio.client import Client

from deploy.local.investigating import Chronicle, line
from deploy.local.story import full_id, story
from services.notifications.domain.bulletin import Bulletin
from shared.messaging.bus import open_bus, read_stream
from tests.house import House, eventually
from tests.journeys.town import SERVICES, Thing, Town

# What follows from a quality complaint while nobody touches anything: which service, and what it announces.
FOLLOWS = {
    "complaints.complaint.filed.v1",
    "complaints.complaint.assigned.v1",
    "complaints.complaint.evidence_received.v1",
    "orders.order.evidence_compiled.v1",
    "orders.lot.held.v1",
    "quality.investigation.opened.v1",
    "quality.investigation.lot_hold_ordered.v1",
    "notifications.message.delivered.v1",
}

STORY = "SELECT event_id, data FROM events WHERE convert_from(data, 'UTF8')::jsonb ->> 'correlationid' = $1"


@pytest.fixture
async def bus(house: House) -> AsyncIterator[Client]:
    async with open_bus(house.nats_url, name="reader") as opened:
        yield opened


async def complained(town: Town, **more: Any) -> tuple[Thing, Thing]:
    """A case about the goods of a lot, and the lot, once that is on hold."""
    dealer, article = await town.dealer(), await town.article()
    lot = await town.lot(article)
    case = await town.file(town.grievance(dealer, await town.delivered(dealer, article, lot)), **more)
    await eventually(lambda: town.holds(lot))
    await town.told("lot_held", lot["id"], "warehouse")
    return case, lot


async def logged(town: Town, correlation_id: str) -> dict[str, Any]:
    """The envelopes of one story in the logs of all services, by event id."""
    rows = [row for name in SERVICES for row in await town[name].pool.fetch(STORY, correlation_id)]
    return {str(row["event_id"]): orjson.loads(row["data"]) for row in rows}


async def test_one_trace_runs_from_the_request_through_every_reaction_to_the_last_message(
    town: Town, bus: Client
) -> None:
    """Architecture §11: whoever sends a `traceparent` finds it in every event that follows, in logs and streams."""
    trace_id = secrets.token_hex(16)
    await complained(town, headers={"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"})
    correlation_id = str(UUID(trace_id))

    async def complete() -> dict[str, Any]:
        known = await logged(town, correlation_id)
        return known if {read["type"] for read in known.values()} >= FOLLOWS else {}

    events = await eventually(complete)
    assert {read["traceparent"].split("-")[1] for read in events.values()} == {trace_id}
    roots = {read["type"] for read in events.values() if "causationid" not in read}
    assert roots == {"complaints.complaint.filed.v1", "complaints.complaint.assigned.v1"}
    assert all(read["causationid"] in events for read in events.values() if "causationid" in read)
    services = {read["type"].partition(".")[0] for read in events.values()}
    for service in services:
        found = [orjson.loads(message.data) async for message in read_stream(bus, service.upper(), 0)]
        streamed = {read["id"]: read for read in found if read["correlationid"] == correlation_id}
        assert streamed.items() <= (await logged(town, correlation_id)).items()
        assert streamed.keys() >= {key for key, read in events.items() if read["type"].startswith(f"{service}.")}


async def test_without_a_traceparent_a_request_begins_a_story_of_its_own(town: Town) -> None:
    """Two commands of two people are two stories."""
    first, second = await town.register(), await town.register()
    query = "SELECT convert_from(data, 'UTF8')::jsonb ->> 'correlationid' FROM events WHERE entity_id = ANY($1)"
    rows = await town["customers"].pool.fetch(query, [UUID(first["id"]), UUID(second["id"])])
    assert len({row[0] for row in rows}) == 2


async def test_xiaofu_events_tells_the_whole_story_of_one_case_and_of_no_other(town: Town, bus: Client) -> None:
    """Architecture §11: complaint, investigation, held lot, evidence, notices, penalty, bulletin; and no stranger."""
    other, _ = await complained(town)
    case, lot = await complained(town)
    investigation = await town.investigation(case)
    path = f"/investigations/{investigation['id']}"
    employee = await town.employee()
    findings = {
        "production": "firing",
        "quality_inspector": "grading",
        "warehouse": "storage",
        "transport": "transport",
    }
    for post, cause in findings.items():
        await town.post("quality", f"{path}/findings", post, {"cause": cause, "finding": "窑温偏低"})
    shares = [{"department": "production", "employee": employee, "percent": 100, "severity": "ordinary"}]
    await town.post("quality", f"{path}/liability", "quality_inspector", {"shares": shares})
    penalty = await town.proposed(case["id"])
    body = {"measures": ["public_criticism"], "reason": "责任已查实", "fine": "0.00"}
    await town.post("staff", f"/penalties/{penalty['id']}/decide", "hr", body)
    await town.told("penalty_notice", penalty["id"], "production", employee)
    await town.final(penalty)

    chronicle = Chronicle(list(SERVICES))
    last = ("notifications.bulletin.published.v1", str(Bulletin.identity(UUID(penalty["id"]))))

    async def told() -> bool:
        await chronicle.read(bus)
        return any((one.name, one.entity_id) == last for one in chronicle.known)

    await eventually(told)
    part = story(full_id(case["id"][-12:], chronicle.known), chronicle.known)
    events = [one for one in chronicle.known if one.id in part]
    names = {one.name for one in events}
    assert names >= FOLLOWS | {
        "quality.investigation.liability_established.v1",
        "staff.penalty.proposed.v1",
        "staff.penalty.decided.v1",
        "staff.penalty.noticed.v1",
        "notifications.bulletin.published.v1",
    }
    entities = {one.entity_id for one in events}
    assert {case["id"], investigation["id"], lot["id"], penalty["id"]} <= entities
    assert other["id"] not in entities
    shown = [line(one, "cyan").plain for one in sorted(events, key=lambda one: one.time)]
    assert "complaint.filed" in shown[next(i for i, one in enumerate(shown) if case["id"][-8:] in one)]
    assert not any("13800000037" in one for one in shown)
