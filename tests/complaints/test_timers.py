"""Clocks that really run out, through the timers of a running service."""

from collections import Counter
from typing import Any
from uuid import UUID

from shared.domain.actor import Post
from tests.complaints.asking import Desk
from tests.complaints.cases import CLERK, EVIDENCE, GENERAL_MANAGER, MANAGER, OFFICE, VICE_PRESIDENT
from tests.house import eventually


async def test_silence_climbs_to_the_general_manager_and_breaches_stay(hurried: Desk) -> None:
    """CMP-7"""
    silent = await hurried.file(CLERK)
    heeded = await hurried.file(CLERK, "delivery")
    answered = await hurried.file(CLERK, "opinion")
    await hurried.do(answered, "take", OFFICE)
    response = {"channel": "phone", "evidence": EVIDENCE, "spoken_to": "王先生"}
    await hurried.do(answered, "respond", OFFICE, response)
    await hurried.do(answered, "resolve", OFFICE, {"summary": "已采纳", "told_customer_by": "电话"})

    async def called() -> bool:
        return bool((await hurried.show(heeded, OFFICE, "/clock"))["called_post"])

    await eventually(called)
    director = VICE_PRESIDENT.model_copy(update={"posts": frozenset({Post.SALES_DIRECTOR})})
    await hurried.do(heeded, "acknowledge", director)

    async def done() -> bool:
        return not await hurried.running.pool.fetchval("SELECT count(*) FROM timers")

    async def resolution_missed() -> bool:
        return "resolution_missed" in await hurried.announced(heeded)

    await eventually(resolution_missed)
    await hurried.do(heeded, "acknowledge", VICE_PRESIDENT)
    await eventually(done)
    first = ["filed", "assigned", "response_warned", "response_missed", "escalated"]
    last = ["resolution_warned", "resolution_missed"]
    assert Counter(await hurried.announced(silent)) == Counter([*first, "escalated", *last])
    assert await hurried.announced(heeded) == [
        *first, "escalation_acknowledged", *last, "escalated", "escalation_acknowledged",
    ]  # fmt: skip
    assert "missed" not in " ".join(await hurried.announced(answered))
    await the_case_stands(hurried, silent)


async def the_case_stands(desk: Desk, case: dict[str, Any]) -> None:
    clock = await desk.show(case, GENERAL_MANAGER, "/clock")
    assert (clock["level"], clock["called_post"]) == (2, "general_manager")
    assert [breach["clock"] for breach in clock["breaches"]] == ["response", "resolution"]
    late = {"channel": "phone", "evidence": EVIDENCE, "spoken_to": "王先生"}
    answer = await desk.do(case, "respond", MANAGER, late)
    assert answer["response"]["in_time"] is False
    assert len(answer["breaches"]) == 2
    stored = await desk.running.pool.fetchval(
        "SELECT jsonb_array_length(document -> 'breaches') FROM complaints WHERE id = $1", UUID(case["id"])
    )
    assert stored == 2
