"""Clocks that really run out, through the timers of a running service."""

from collections import Counter
from datetime import datetime, timedelta
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
    await hurried.pass_on(answered)
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


async def test_a_pause_ends_by_itself_at_the_cap_and_the_deadlines_have_moved_by_it(hurried: Desk) -> None:
    """CMP-16"""
    case = await hurried.file(CLERK, "delivery")
    await hurried.do(case, "take", MANAGER)
    await hurried.do(case, "pause", MANAGER, {"reason": "waiting_for_customer", "note": "客户出差"})
    granted = await hurried.do(case, "pause/grant", VICE_PRESIDENT)

    async def resumed() -> bool:
        return "clock_resumed" in await hurried.announced(case)

    await eventually(resumed)
    seen = await hurried.show(case, GENERAL_MANAGER)
    pause = seen["pauses"][0]
    assert pause["ended_at"] == pause["ends_at"] == granted["pauses"][0]["ends_at"], "not a moment longer than the cap"
    moments = [datetime.fromisoformat(text) for text in (granted["terms"]["resolve_by"], seen["terms"]["resolve_by"])]
    assert moments[1] - moments[0] == timedelta(seconds=0.5)
    problem = await hurried.refused(case, "pause", MANAGER, {"reason": "waiting_for_customer", "note": "客户出差"})
    assert problem["rule"] == "CMP-16"


async def test_a_department_that_is_late_is_told_of_and_the_customer_is_asked_again_in_time(hurried: Desk) -> None:
    """CMP-17, CMP-10"""
    late, settled = await hurried.file(CLERK, "delivery"), await hurried.file(CLERK, "service")
    for case in (late, settled):
        await hurried.do(case, "take", MANAGER)
    await hurried.do(late, "hand-over", MANAGER, {"department": "warehouse", "task": "请核实"})
    await hurried.do(settled, "establish", MANAGER, {"verified": False})
    await hurried.do(settled, "resolve", MANAGER, {"summary": "已道歉", "told_customer_by": "电话"})

    async def told() -> bool:
        announced = [*await hurried.announced(late), *await hurried.announced(settled)]
        return {"department_missed", "follow_up_due"} <= set(announced)

    await eventually(told)
    (time,) = [one for one in (await hurried.show(late, OFFICE, "/departments"))["times"] if one["overdue"]]
    assert time["department"] == "warehouse"
