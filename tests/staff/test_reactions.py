"""What staff does about what it hears."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest

from services.staff.domain.charge import Charge
from services.staff.domain.penalty import Penalty
from services.staff.reactions import NOTICE
from shared.domain.actor import Post
from shared.events.envelope import new_id
from shared.events.event import Event
from shared.events.notifications import MessageDelivered
from shared.events.quality import LiabilityEstablished, LiabilityRevised, Share
from tests.hearing import announce, hear
from tests.house import Running
from tests.staff.conftest import established, penalties_of, proposed
from tests.staff.test_api import decide, fine


def liability(complaint: UUID, **percent: int) -> LiabilityEstablished:
    shares = [
        Share(department=Post.PRODUCTION, employee=employee, percent=part, severity="grave")
        for employee, part in percent.items()
    ]
    return LiabilityEstablished(number="DC1", complaint_id=complaint, shares=shares)


async def dead_letters(staff: Running, entity: UUID) -> list[str]:
    rows = await staff.pool.fetch("SELECT error FROM dead_letters WHERE entity_id = $1", entity)
    return [row["error"] for row in rows]


async def test_a_verified_complaint_leads_to_one_proposal_for_each_responsible_person(staff: Running) -> None:
    """STF-7, STF-8, CMP-15"""
    cause = new_id()
    await announce(staff, (cause, [established("u12", "u13", "u12")]))
    penalties = await penalties_of(staff, cause)
    assert {penalty["employee"] for penalty in penalties} == {"u12", "u13"}
    assert len(penalties) == 2
    for penalty in penalties:
        assert (penalty["status"], penalty["violation"], penalty["clause"]) == (
            "proposed", "service_complaint", "D19 §4.3a"
        )  # fmt: skip
        assert (penalty["low"], penalty["high"], penalty["employee_known"]) == ("20.00", "100.00", True)
        assert await staff.announced(penalty["id"]) == ["proposed"]


async def test_a_later_graver_share_of_the_liability_is_proposed_anew(staff: Running) -> None:
    """STF-8, QUA-3: what nobody has decided yet is withdrawn and proposed with the graver measures."""
    complaint = new_id()
    light = Share(department=Post.PRODUCTION, employee="u23", percent=100, severity="light")
    grave = light.model_copy(update={"severity": "grave"})
    revised = LiabilityRevised(
        number="DC1", complaint_id=complaint, shares=[grave], graver=["u23"], reason="复检发现更严重的问题"
    )
    first = LiabilityEstablished(number="DC1", complaint_id=complaint, shares=[light])
    await announce(staff, (new_id(), [first, revised]))
    standing = [one for one in await penalties_of(staff, complaint) if one["status"] == "proposed"]
    assert [one["severity"] for one in standing] == ["grave"]


async def test_an_unverified_complaint_leads_to_nothing(staff: Running) -> None:
    """STF-7: 经查实"""
    cause = new_id()
    await announce(staff, (cause, [established("u12", verified=False)]))
    assert await penalties_of(staff, cause) == []
    later = new_id()
    await announce(staff, (later, [established("u12", verified=False), established("u12")]))
    assert len(await penalties_of(staff, later)) == 1


async def test_an_opinion_leads_to_nothing(staff: Running) -> None:
    """STF-6"""
    cause = new_id()
    await announce(staff, (cause, [established("u12", kind="opinion")]))
    assert await penalties_of(staff, cause) == []
    assert await dead_letters(staff, cause) == []


async def test_a_severity_the_schedule_does_not_know_is_kept_for_a_person_to_put_right(staff: Running) -> None:
    """STF-6"""
    cause = new_id()
    await announce(staff, (cause, [established("u12", severity="awful")]))
    assert await penalties_of(staff, cause) == []
    assert await dead_letters(staff, cause) == [
        "STF-6: the schedule knows no service complaint of severity awful"
    ]  # fmt: skip


@pytest.mark.parametrize("first", ["complaint", "investigation"])
async def test_complaint_and_investigation_lead_to_one_proposal_in_either_order(staff: Running, first: str) -> None:
    """STF-8: once per cause and person, whoever establishes it first, in one batch or in two."""
    for batches in (1, 2):
        cause = new_id()
        stories: list[tuple[UUID, Sequence[Event]]] = [
            (cause, [established("u22", kind="quality", severity="grave")]), (new_id(), [liability(cause, u22=100)])
        ]  # fmt: skip
        if first == "investigation":
            stories.reverse()
        if batches == 1:
            await announce(staff, *stories)
        else:
            for story in stories:
                await announce(staff, story)
        [penalty] = await penalties_of(staff, cause)
        assert (penalty["violation"], penalty["clause"]) == ("grave_quality_complaint", "D19 §4.3b")
        assert await staff.announced(penalty["id"]) == ["proposed"]


async def test_a_share_of_nothing_or_of_a_department_leads_to_nothing(staff: Running) -> None:
    """STF-7, QUA-3"""
    cause = new_id()
    event = liability(cause, u22=60, u24=0)
    event.shares.append(Share(department=Post.WAREHOUSE, percent=40, severity="light"))
    await announce(staff, (new_id(), [event]))
    assert [penalty["employee"] for penalty in await penalties_of(staff, cause)] == ["u22"]


async def test_the_database_keeps_a_second_proposal_out(staff: Running) -> None:
    """STF-8"""
    penalty = await proposed(staff, "u12")
    with pytest.raises(asyncpg.UniqueViolationError, match="STF-8 one penalty for one cause and employee"):
        await staff.pool.execute(
            "INSERT INTO penalties (id, version, document, digest)"
            " SELECT gen_random_uuid(), 1, document || '{\"number\": \"CF-x\"}', '' FROM penalties WHERE id = $1",
            penalty["id"],
        )


async def test_somebody_nobody_knows_is_charged_all_the_same_and_has_no_cap(staff: Running) -> None:
    """STF-8, PLT-2: the employee may be registered later."""
    penalty = await proposed(staff, "u-not-yet")
    assert (penalty["employee_known"], penalty["branch"]) == (False, None)
    for other in [await proposed(staff, "u-not-yet") for _ in range(3)]:
        await decide(staff, other, fine("100.00"))
    assert (await decide(staff, penalty, fine("100.00")))["employee_known"] is False


async def test_the_notice_is_recorded_once_when_it_has_reached_the_employee(staff: Running) -> None:
    """STF-8"""
    penalty = await decide(staff, await proposed(staff, "u12"), fine("20.00"))
    about = UUID(penalty["id"])

    def delivered(template: str = NOTICE, person: str | None = "u12") -> MessageDelivered:
        return MessageDelivered(cause_id=new_id(), template=template, about=about, person=person)

    for other in (delivered("bulletin"), delivered(person="u09"), delivered(person=None)):
        await announce(staff, (new_id(), [other]))
    assert await staff.announced(about) == ["proposed", "decided"]
    messages = [new_id() for _ in range(3)]
    await announce(staff, *((message, [delivered()]) for message in messages[:2]))
    await announce(staff, (messages[2], [delivered()]))
    assert [await dead_letters(staff, message) for message in messages] == [[], [], []]
    assert await staff.announced(about) == ["proposed", "decided", "noticed"]
    [kept] = await penalties_of(staff, UUID(penalty["cause_id"]))
    assert kept["status"] == "noticed"
    assert kept["noticed_at"]


async def test_a_notice_about_nothing_is_kept_for_a_person_to_look_at(staff: Running) -> None:
    """PLT-2: nothing is dropped."""
    message = new_id()
    lost = MessageDelivered(cause_id=new_id(), template=NOTICE, about=new_id(), person="u12")
    await announce(staff, (message, [lost]))
    assert len(await dead_letters(staff, message)) == 1


async def test_the_same_event_heard_twice_leads_to_one_proposal(staff: Running) -> None:
    """PLT-2, STF-8"""
    cause = new_id()
    batch = await announce(staff, (cause, [established("u12")]))
    await hear(staff, *batch)
    [penalty] = await penalties_of(staff, cause)
    assert penalty["id"] == str(Penalty.id_of(Charge(cause, "service", "u12", "ordinary")))
