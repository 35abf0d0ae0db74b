"""A complaint that nobody answers climbs up the line, on clocks that a policy file has made short."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from deploy.local.jetstream import NatsServer
from tests.house import House, Served, eventually
from tests.journeys.town import CONTACT, Town, build

SHORT = """
[complaints]
response_time = { value = 0.4, unit = "second" }
resolution_time = { value = 60, unit = "second" }
escalation_step = { value = 0.3, unit = "second" }
"""


@pytest.fixture
async def hasty(postgres_server: Served, own_nats: NatsServer, keys: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """A town where time is short."""
    policy = tmp_path / "policy.toml"
    policy.write_text(SHORT, encoding="utf-8")
    async with House(postgres_server.url(), own_nats.url(), keys, policy) as house:
        yield await build(house, "customers", "complaints", "notifications")


async def test_an_unanswered_complaint_is_called_up_the_line_to_the_general_manager(hasty: Town) -> None:
    """CMP-7, NOT-5: post by post, each told; the breach stands in the log once, and all of it is one story."""
    dealer = await hasty.dealer()
    case = await hasty.file({
        "kind": "delivery", "channel": "letter", "customer_id": dealer["id"], "description": "送货迟到两日",
        "contact": CONTACT,
    })  # fmt: skip
    await hasty.told("complaint_escalated", case["id"], "general_manager")
    path = f"/complaints/{case['id']}"
    acknowledged = await hasty.post("complaints", f"{path}/acknowledge", "general_manager")
    called = [call["post"] for call in acknowledged["calls"]]
    assert called == list(dict.fromkeys(called))
    assert (len(called) > 1, called[-1]) == (True, "general_manager")
    for post in called:
        await hasty.told("complaint_escalated", case["id"], post)
    assert (await hasty["complaints"].announced(case["id"])).count("response_missed") == 1
    rows = await hasty["complaints"].pool.fetch("SELECT data FROM events WHERE entity_id = $1", UUID(case["id"]))
    timed = [read for row in rows if (read := orjson.loads(row["data"]))["actor"] == "service:timer"]
    filed = orjson.loads(rows[0]["data"])
    assert {read["correlationid"] for read in timed} == {filed["correlationid"]}


async def test_an_answer_in_time_calls_nobody(hasty: Town) -> None:
    """CMP-7: the clock of the response stops with an evidenced contact (CMP-16)."""
    dealer = await hasty.dealer()
    case = await hasty.file({
        "kind": "delivery", "channel": "letter", "customer_id": dealer["id"], "description": "送货迟到两日",
        "contact": CONTACT,
    })  # fmt: skip
    path = f"/complaints/{case['id']}"
    await hasty.post("complaints", f"{path}/take", "sales_manager")
    response = {"channel": "phone", "evidence": "回电记录 031", "spoken_to": "何先生"}
    await hasty.post("complaints", f"{path}/respond", "sales_manager", response)

    async def overdue() -> bool:
        query = "SELECT now() > created_at + interval '1.2 seconds' FROM complaints WHERE id = $1"
        return bool(await hasty["complaints"].pool.fetchval(query, case["id"]))

    await eventually(overdue)
    assert "escalated" not in await hasty["complaints"].announced(case["id"])
