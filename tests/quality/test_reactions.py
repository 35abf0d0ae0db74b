"""What quality does about what it hears, on the real database and through its real consumer."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.quality.domain.department_task import DEPARTMENTS
from shared.domain.numbers import same_id
from shared.events.complaints import SlipCorrected
from shared.events.event import Event
from tests.hearing import announce, tell
from tests.house import Running, eventually
from tests.quality.cases import complaint, evidence, slip


async def investigation(quality: Running, complaint_id: UUID) -> Any:
    return await quality.get(f"/investigations/{same_id(complaint_id, 'investigation')}")


def both(complaint_id: UUID) -> list[tuple[UUID, list[Event]]]:
    """A complaint about article A-1, and the goods of its order, which are of two articles."""
    goods = evidence(complaint_id, ("L1", "A-1"), ("L2", "B-2"))
    return [(complaint_id, [complaint()]), (uuid4(), [goods])]


async def check_opened_once(quality: Running, complaint_id: UUID) -> None:
    case = await investigation(quality, complaint_id)
    assert [lot["lot"] for lot in case["lots"] if lot["held"]] == ["L1"]
    assert [task["department"] for task in case["tasks"]] == list(DEPARTMENTS)
    assert case["complaint_number"] == "TS1"
    names = await quality.announced(case["id"])
    assert (names.count("opened"), names.count("task_assigned"), names.count("lot_hold_ordered")) == (1, 4, 1)


@pytest.mark.parametrize("evidence_first", [False, True])
async def test_whichever_comes_first_opens_the_investigation_once(quality: Running, evidence_first: bool) -> None:
    """QUA-1, QUA-2, CMP-5: same lots held, tasks assigned once."""
    complaint_id = uuid4()
    news = both(complaint_id)
    for told in reversed(news) if evidence_first else news:
        await announce(quality, told)
    await check_opened_once(quality, complaint_id)


@pytest.mark.parametrize("evidence_first", [False, True])
async def test_complaint_and_evidence_in_one_batch_make_one_investigation(
    quality: Running, evidence_first: bool
) -> None:
    """QUA-1"""
    complaint_id = uuid4()
    news = both(complaint_id)
    await announce(quality, *(reversed(news) if evidence_first else news))
    await check_opened_once(quality, complaint_id)


async def test_complaint_and_evidence_at_the_same_time_make_one_investigation(quality: Running) -> None:
    """QUA-1: they come on different streams, each handled in a transaction of its own."""
    complaints = [uuid4() for _ in range(10)]
    for complaint_id in complaints:
        await asyncio.gather(*(announce(quality, told) for told in both(complaint_id)))
    for complaint_id in complaints:
        await check_opened_once(quality, complaint_id)


async def test_the_same_event_heard_twice_is_handled_once(quality: Running) -> None:
    """QUA-1"""
    complaint_id = uuid4()
    for _ in range(2):
        await tell(quality, complaint(), complaint_id)
    assert (await quality.announced(same_id(complaint_id, "investigation"))).count("complaint_registered") == 1


async def test_a_corrected_slip_moves_the_hold_to_the_right_lot(quality: Running) -> None:
    """QUA-1, CMP-3: over the bus, whether or not the complaint's first word was heard of yet."""
    complaint_id = uuid4()
    corrected = SlipCorrected(
        number="TS1", kind="quality", customer_id=uuid4(), slip=slip("B-2"), before=slip("A-1"), reason="货号抄错"
    )
    await announce(quality, *both(complaint_id))
    await tell(quality, corrected, complaint_id, 2)
    case = await investigation(quality, complaint_id)
    assert [lot["lot"] for lot in case["lots"] if lot["held"]] == ["L2"]
    assert (case["slip"]["article"], case["status"]) == ("B-2", "open")
    names = await quality.announced(case["id"])
    assert names[-3:] == ["complaint_registered", "lot_hold_ordered", "lot_release_ordered"]
    await tell(quality, corrected.model_copy(update={"kind": "delivery"}), other := uuid4())
    path = f"/investigations/{same_id(other, 'investigation')}"
    assert (await quality.ask("GET", path, quality.headers("o", "operator"))).status_code == 404


async def test_other_complaints_are_not_investigated(quality: Running) -> None:
    """QUA-1"""
    complaint_id = uuid4()
    await tell(quality, complaint("service", None), complaint_id)
    await tell(quality, evidence(complaint_id, ("L1", "A-1"), kind="delivery"), uuid4())
    answer = await quality.ask(
        "GET", f"/investigations/{same_id(complaint_id, 'investigation')}", quality.headers("o", "operator")
    )
    assert answer.status_code == 404


async def test_a_silent_department_is_chased_when_its_time_is_over(quality: Running) -> None:
    """QUA-2"""
    complaint_id = uuid4()
    await tell(quality, complaint(), complaint_id)
    case = await investigation(quality, complaint_id)
    finding = {"cause": "storage", "finding": "受潮"}
    await quality.post(f"/investigations/{case['id']}/findings", quality.headers("w1", "warehouse"), finding)
    # The departments' time is over: their deadline lies in the past.
    past = "jsonb_set(task, '{due_at}', '\"2026-01-01T00:00:00Z\"')"
    tasks = f"(SELECT jsonb_agg({past}) FROM jsonb_array_elements(document -> 'tasks') AS task)"  # noqa: S608 - constants
    statement = f"UPDATE investigations SET document = jsonb_set(document, '{{tasks}}', {tasks}) WHERE id = $1"  # noqa: S608
    await quality.pool.execute(statement, UUID(case["id"]))
    await quality.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(case["id"]))

    async def missed() -> list[str]:
        shown = await investigation(quality, complaint_id)
        return [task["department"] for task in shown["tasks"] if task["missed_at"]]

    assert await eventually(missed) == ["production", "quality_inspector", "transport"]
    assert (await quality.announced(case["id"])).count("task_missed") == 3
    assert await quality.pool.fetchval("SELECT count(*) FROM timers WHERE owner = $1", UUID(case["id"])) == 0
