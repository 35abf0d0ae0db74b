"""What is told on the bus of things that concern one service alone: that they happened, and nothing confidential."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from shared.messaging.bus import open_bus, read_stream
from shared.messaging.streams import stream_name
from tests.house import House, eventually
from tests.journeys.town import CONTACT, Thing, Town

SECRET = "针孔每平方米不超过一处"


@pytest.fixture
def nats_url(house: House) -> str:
    return house.nats_url


async def said(nats_url: str, service: str, entity: str, last: str) -> str:
    """All that a service has told of an entity, as text, once it has told of `last`; the names stand in order in it."""

    async def told() -> str:
        async with open_bus(nats_url, name="listener") as bus:
            stream = [message.data async for message in read_stream(bus, stream_name(service), 0)]
        events = [data for data in stream if orjson.loads(data)["subject"] == entity]
        return b"\n".join(events).decode() if any(f".{last}.v1".encode() in data for data in events) else ""

    found: str = await eventually(told)
    return found


def names(told: str) -> list[str]:
    return [orjson.loads(line)["type"].split(".")[2] for line in told.splitlines()]


async def filed(town: Town, kind: str, **more: Any) -> Thing:
    """A case of a dealer who is known everywhere."""
    dealer = await town.dealer()
    body = {"kind": kind, "channel": "phone", "customer_id": dealer["id"], "description": "请处理", "contact": CONTACT}
    return await town.file(body | more)


async def test_only_a_quality_complaint_is_investigated(town: Town) -> None:
    """CMP-2, QUA-1: quality hears of each kind, and opens its own alone."""
    dealer, article = await town.dealer(), await town.article()
    order = await town.delivered(dealer, article, await town.lot(article))
    others = [await filed(town, kind, about=None) for kind in ("delivery", "opinion")]
    others.append(await filed(town, "service", about=await town.employee()))
    case = await town.file(town.grievance(dealer, order))
    assert (await town.investigation(case))["complaint_id"] == case["id"]
    for other in others:

        async def heard(other: Thing = other) -> bool:
            query = "SELECT EXISTS (SELECT FROM inbox WHERE entity_id = $1)"
            return bool(await town["quality"].pool.fetchval(query, other["id"]))

        await eventually(heard)
        found = await town.get("quality", f"/investigations?complaint_id={other['id']}", "quality_inspector")
        assert found["items"] == []


async def test_a_visit_is_told_of_without_the_customer_s_data(town: Town, nats_url: str) -> None:
    """CMP-9"""
    case = await filed(town, "opinion")
    path = f"/complaints/{case['id']}"
    await town.post("complaints", f"{path}/take", "office")
    planned = {"planned_for": (datetime.now(UTC) + timedelta(days=1)).isoformat(), "people": ["u24"]}
    await town.post("complaints", f"{path}/visits", "office", planned)
    recorded = {"visited_at": datetime.now(UTC).isoformat(), "people": ["u24"], "findings": "基层不平"}
    await town.post("complaints", f"{path}/visits/1/record", "office", recorded)
    told = await said(nats_url, "complaints", case["id"], "visit_recorded")
    assert [name for name in names(told) if name.startswith("visit")] == ["visit_planned", "visit_recorded"]
    assert [secret for secret in CONTACT.values() if secret in told] == []


async def test_neither_the_bus_nor_whoever_is_concerned_gets_the_complainant_s_data(town: Town, nats_url: str) -> None:
    """CMP-18: whoever the case is about finds none of it, and cannot take it in hand."""
    person = await town.employee()
    case = await filed(town, "service", about=person)
    path = f"/complaints/{case['id']}"
    refused = await town["complaints"].refused(f"{path}/take", town.as_("sales_manager", person))
    assert refused["rule"] == "CMP-18"
    told = await said(nats_url, "complaints", case["id"], "filed")
    assert [secret for secret in CONTACT.values() if secret in told] == []
    seen = await town["complaints"].ask("GET", path, town.as_("sales_manager", person))
    assert [secret for secret in CONTACT.values() if secret in seen.text] == []


async def test_a_sample_is_taken_from_a_lot_that_orders_told_of(town: Town, nats_url: str) -> None:
    """QUA-7"""
    dealer, article = await town.dealer(), await town.article()
    lot = await town.lot(article)
    wish = {"customer_id": dealer["id"], "article": article["article"], "quantity": "2.00", "purpose": "样板间"}
    sample = await town.post("quality", "/samples", "salesperson", wish)

    async def known() -> bool:
        query = "SELECT EXISTS (SELECT FROM known_lots WHERE lot = $1)"
        return bool(await town["quality"].pool.fetchval(query, lot["lot"]))

    await eventually(known)
    path = f"/samples/{sample['id']}"
    await town.post("quality", f"{path}/take", "quality_inspector", {"lot": lot["lot"], "inspection": "外观合格"})
    await town.post("quality", f"{path}/send", "quality_inspector", {"carrier": "顺丰", "waybill": "SF1"})
    await town.post("quality", f"{path}/answer", "salesperson", {"satisfied": True, "opinion": "颜色合适"})
    assert names(await said(nats_url, "quality", sample["id"], "answered")) == [
        "requested",
        "taken",
        "sent",
        "answered",
    ]


async def test_a_reading_of_a_standard_is_told_of_and_the_text_is_not(town: Town, nats_url: str) -> None:
    """QUA-8"""
    draft = {"code": f"Q/XF-{uuid4().hex[:8]}", "title": "釉面检验规程", "readers": ["production"], "text": SECRET}
    standard = await town.post("quality", "/standards", "quality_inspector", draft)
    path = f"/standards/{standard['id']}"
    await town["quality"].post(f"{path}/approve", town.as_("quality_inspector", "u25"))
    read = await town.post("quality", f"{path}/readings", "production", {"why": "排查针孔"})
    assert read["text"] == SECRET
    for entity, last in ((read["id"], "logged"), (standard["id"], "approved")):
        assert SECRET not in await said(nats_url, "quality", entity, last)
