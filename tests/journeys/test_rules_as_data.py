"""Rules as data: a changed number takes effect in complaints for a new case, and leaves a running one as it was."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local.jetstream import NatsServer
from tests.house import House, Served, eventually
from tests.journeys.town import CONTACT, Thing, Town, build
from tests.regulations.sample import Office

TWELVE = {"key": "complaints.response_time", "value": 12, "unit": "hour", "clause": "3.3"}


@pytest.fixture
async def ruled(postgres_server: Served, own_nats: NatsServer, keys: Path) -> AsyncIterator[Town]:
    """A town whose rules may be changed."""
    async with House(postgres_server.url(), own_nats.url(), keys) as house:
        yield await build(house, "customers", "complaints", "regulations")


def waiting(case: Thing) -> timedelta:
    """The time a case gives for the first response."""
    begins, ends = (datetime.fromisoformat(case["terms"][name]) for name in ("started_at", "respond_by"))
    return ends - begins


async def test_a_changed_number_holds_for_a_new_case_and_leaves_a_running_one_as_it_was(ruled: Town) -> None:
    """REG-2, CMP-7, REG-4: over the bus; and each escalation leads to clause and version of its own case."""
    office = Office(ruled["regulations"])
    dealer = await ruled.dealer()
    body = {
        "kind": "delivery", "channel": "letter", "customer_id": dealer["id"], "description": "送货迟到两日",
        "contact": CONTACT,
    }  # fmt: skip
    running = await ruled.file(body)
    assert waiting(running) == timedelta(hours=24)
    await office.enact(await office.revise("D4", parameters=[TWELVE]))

    async def learned() -> bool:
        policy = ruled["complaints"].app.state.policies.now
        return bool(policy.complaints.response_time == timedelta(hours=12))

    await eventually(learned)
    fresh = await ruled.file(body | {"description": "送货又迟到"})
    assert waiting(fresh) == timedelta(hours=12)
    assert fresh["terms"]["policy"] != running["terms"]["policy"]
    untouched = await ruled.get("complaints", f"/complaints/{running['id']}", "sales_manager")
    assert untouched["terms"] == running["terms"]

    overdue = "UPDATE timers SET due_at = now() WHERE owner = $1 AND kind = 'miss_response'"
    for case, hours in ((running, 24), (fresh, 12)):
        await ruled["complaints"].pool.execute(overdue, UUID(case["id"]))
        basis = await escalation(ruled, case)
        assert basis["policy"] == case["terms"]["policy"]
        numbers = {one["key"]: one["value"] for one in basis["parameters"]}
        assert numbers["complaints.response_time"] == hours
        assert ("D4", "3.3") in {(one["regulation"], one["clause"]) for one in basis["clauses"]}


async def test_a_refusal_of_another_service_leads_to_its_clause(ruled: Town) -> None:
    """REG-4"""
    dealer = await ruled.dealer()
    case = await ruled.file({
        "kind": "delivery", "channel": "letter", "customer_id": dealer["id"], "description": "送货迟到两日",
        "contact": CONTACT,
    })  # fmt: skip
    overdue = "UPDATE timers SET due_at = now() WHERE owner = $1 AND kind = 'miss_response'"
    await ruled["complaints"].pool.execute(overdue, UUID(case["id"]))
    await escalation(ruled, case)
    refused = await ruled.refused("complaints", f"/complaints/{case['id']}/acknowledge", "general_manager")
    assert refused["rule"] == "CMP-7"
    basis = await ruled.get("regulations", f"/decisions/{refused['decision']}/basis", "sales_manager")
    assert (basis["kind"], basis["rule"]) == ("refusal", "CMP-7")
    assert any("24小时" in (one["text"] or "") for one in basis["clauses"])


async def escalation(town: Town, case: Thing) -> Thing:
    """What the escalation of a case rests on, once regulations has heard of it."""

    async def told() -> list[Thing]:
        answer = await town["regulations"].ask("GET", f"/decisions/{case['id']}/basis", town.as_("sales_manager"))
        items = answer.json()["items"] if answer.status_code == 200 else []
        return [one for one in items if one["kind"] == "complaints.complaint.escalated.v1"]

    return (await eventually(told))[0]
