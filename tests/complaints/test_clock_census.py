"""How the clocks of the open cases stand, as it is measured."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from prometheus_client import REGISTRY

from services.complaints.domain.paused_case import Pause
from services.complaints.domain.terms import Breach, ClockName
from services.complaints.views import complaints_by_clock
from shared.domain.actor import Post
from tests.complaints.asking import Desk
from tests.complaints.cases import CLERK, NOON

STATES = ("running", "warned", "missed", "paused")
BREACH = Breach(clock=ClockName.RESPONSE, due_at=NOON, at=NOON, post=Post.CLERK, run=1)
PAUSE = Pause(reason="waiting_for_sample", note="", asked_by=["c1"], asked_at=NOON, granted_by="m1", granted_at=NOON)


async def counted(desk: Desk) -> dict[str, float]:
    await complaints_by_clock().take(desk.running.pool)
    labels = [{"kind": "delivery", "clock": state} for state in STATES]
    return {each["clock"]: REGISTRY.get_sample_value("xiaofu_open_complaints", each) or 0 for each in labels}


async def test_an_open_complaint_is_counted_by_the_state_of_its_clocks(desk: Desk) -> None:
    """CMP-7, CMP-16"""
    seen = await counted(desk)

    async def becomes(state: str, **changed: Any) -> None:
        nonlocal seen
        case = await desk.file(CLERK, "delivery")
        document = orjson.loads(
            await desk.running.pool.fetchval("SELECT document FROM complaints WHERE id = $1", UUID(case["id"]))
        )
        document["terms"] |= changed.pop("terms", {})
        await desk.running.pool.execute(
            "UPDATE complaints SET document = $2 WHERE id = $1",
            UUID(case["id"]), orjson.dumps(document | changed).decode(),
        )  # fmt: skip
        before, seen = seen, await counted(desk)
        assert {name: seen[name] - before[name] for name in STATES if seen[name] != before[name]} == {state: 1}

    past = (NOON - timedelta(days=3)).isoformat()
    ended = PAUSE.model_copy(update={"ended_at": NOON})
    breach, pause = BREACH.model_dump(mode="json"), PAUSE.model_dump(mode="json")
    await becomes("running")
    await becomes("warned", terms={"warn_resolution_at": past})
    await becomes("warned", terms={"warn_response_at": past})
    await becomes("missed", breaches=[breach])
    await becomes("running", breaches=[breach | {"run": 0}])
    await becomes("paused", pauses=[pause], breaches=[breach])
    await becomes("running", pauses=[ended.model_dump(mode="json")])
