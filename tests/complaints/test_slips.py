"""A slip that was entered wrongly, corrected by a later entry, over HTTP."""

import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.domain.actor import Actor, Post
from shared.events.orders import EvidenceMissing
from tests.complaints.asking import Desk
from tests.complaints.cases import AGENT, CLERK, CUSTOMER, DIRECTOR, MANAGER, OFFICE, SALESPERSON, SLIP, person
from tests.complaints.test_reactions import evidence

RIGHT = SLIP | {"colour_number": "B7", "purchased_on": "2026-11-02"}
CORRECTION: dict[str, Any] = {"slip": RIGHT, "reason": "色号抄错"}


async def test_a_wrong_slip_is_corrected_by_a_later_entry_and_the_old_one_stays(desk: Desk) -> None:
    """CMP-3, CMP-12: with reason and person; the departments hear both."""
    case = await desk.file(CLERK)
    await desk.do(case, "correct-slip", CLERK, CORRECTION)
    again = CORRECTION | {"slip": RIGHT | {"quantity": "11.00"}}
    seen = await desk.do(case, "correct-slip", OFFICE, again)
    assert seen["slip"] == again["slip"]
    assert [(one["slip"], one["reason"], one["by"]) for one in seen["corrections"]] == [
        (SLIP, "色号抄错", CLERK.id), (RIGHT, "色号抄错", OFFICE.id),
    ]  # fmt: skip
    assert (await desk.announced(case)).count("slip_corrected") == 2
    data = await desk.running.pool.fetchval(
        "SELECT data FROM events WHERE entity_id = $1 AND subject LIKE '%.slip_corrected.%' ORDER BY version DESC",
        UUID(case["id"]),
    )
    told = json.loads(data)["data"]
    assert (told["slip"], told["before"], told["kind"]) == (again["slip"], RIGHT, "quality")


async def test_what_differed_from_the_order_differs_no_longer(desk: Desk) -> None:
    """CMP-3, ORD-20: nothing that orders told is lost; another order than the slip's is not compared."""
    case = await desk.file(CLERK, slip=SLIP | {"colour_number": "B7"})
    await desk.hear(evidence(UUID(case["id"])), uuid4())
    differing = (await desk.show(case, OFFICE))["evidence"][0]["differences"]
    assert "colour_number" in [one["field"] for one in differing]
    await desk.do(case, "correct-slip", CLERK, {"slip": SLIP, "reason": "色号抄错"})
    after = (await desk.show(case, OFFICE))["evidence"][0]["differences"]
    assert after == [one for one in differing if one["field"] != "colour_number"]
    other = {"slip": SLIP | {"order_number": "DH-2", "colour_number": "C9"}, "reason": "单号抄错"}
    await desk.do(case, "correct-slip", CLERK, other)
    await desk.hear(EvidenceMissing(complaint_id=UUID(case["id"]), order_number="DH-2"), uuid4())
    seen = await desk.show(case, OFFICE)
    assert seen["evidence"][0]["differences"] == []
    assert "DH-2" in seen["evidence_missing"]


@pytest.mark.parametrize("by", [AGENT, OFFICE, MANAGER, SALESPERSON], ids=lambda by: by.id)
async def test_whoever_took_it_in_or_handles_it_corrects_it_or_a_manager(desk: Desk, by: Actor) -> None:
    """CMP-3"""
    case = await desk.file(SALESPERSON)
    assert (await desk.do(case, "correct-slip", by, CORRECTION))["corrections"][0]["by"] == by.id


async def test_nobody_else_corrects_a_slip(desk: Desk) -> None:
    """CMP-3, CMP-18: neither the complainant, nor a stranger, nor a post that has nothing to do with it."""
    case = await desk.file(CLERK)
    for by in (CUSTOMER, person("w1", Post.WAREHOUSE), person("c2", Post.CLERK), person("s2", Post.SALESPERSON)):
        assert (await desk.refused(case, "correct-slip", by, CORRECTION))["status"] == 403
    about = await desk.file(CLERK, about="m9")
    problem = await desk.refused(about, "correct-slip", person("m9", Post.SALES_MANAGER), CORRECTION)
    assert problem["rule"] == "CMP-18"


async def test_a_correction_has_a_reason_a_whole_slip_and_says_something_else(desk: Desk) -> None:
    """CMP-3"""
    case = await desk.file(CLERK)
    same, blank = CORRECTION | {"slip": SLIP}, CORRECTION | {"slip": SLIP | {"grade": " "}}
    assert (await desk.refused(case, "correct-slip", CLERK, same))["status"] == 409
    assert (await desk.refused(case, "correct-slip", CLERK, blank))["rule"] == "CMP-3"
    for body in (CORRECTION | {"reason": " "}, CORRECTION | {"slip": None}):
        assert (await desk.refused(case, "correct-slip", CLERK, body))["status"] == 422
    chinese = await desk.refused(case, "correct-slip", CLERK, same, headers={"Accept-Language": "zh"})
    assert chinese["detail"] == "票据登记已是此内容"


async def test_the_complainant_does_not_see_why_a_slip_was_corrected(desk: Desk) -> None:
    """CMP-18"""
    case = await desk.file(CLERK)
    await desk.do(case, "correct-slip", CLERK, CORRECTION)
    own = person("k9", Post.CUSTOMER, customer=case["customer_id"])
    seen = await desk.show(case, own)
    assert (seen["slip"], seen["corrections"]) == (RIGHT, [])


async def test_a_closed_case_may_be_corrected_too(desk: Desk) -> None:
    """CMP-3, CMP-11: what is found wrong later is put right later."""
    case = await desk.file(CLERK, "opinion", slip=SLIP)
    await desk.do(case, "take", OFFICE)
    await desk.pass_on(case)
    await desk.do(case, "resolve", OFFICE, {"summary": "已答复", "told_customer_by": "电话"})
    await desk.do(case, "close", OFFICE, {"confirmed_by": "王先生"})
    assert (await desk.do(case, "correct-slip", OFFICE, CORRECTION))["status"] == "closed"


@pytest.mark.parametrize("change", [{"slip": RIGHT}, {"corrections": []}], ids=["slip", "corrections"])
async def test_the_database_keeps_what_a_slip_said_before(desk: Desk, change: dict[str, Any]) -> None:
    """CMP-3"""
    case = await desk.file(CLERK, slip=SLIP | {"grade": "一级品"})
    await desk.do(case, "correct-slip", DIRECTOR, {"slip": SLIP, "reason": "等级抄错"})
    with pytest.raises(asyncpg.CheckViolationError) as violation:
        await desk.running.pool.execute(
            "UPDATE complaints SET document = document || $2::jsonb WHERE id = $1", UUID(case["id"]), json.dumps(change)
        )
    assert violation.value.constraint_name == "CMP-3 a corrected slip stays"
