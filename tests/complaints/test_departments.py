"""Departments hand a case to one another, each on its own clock; opinions are answered through them, without I/O."""

from collections.abc import Callable

import pytest

from services.complaints.domain.intake import Channel, Kind
from services.complaints.domain.shared_case import StayEnd
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from shared.events.complaints import CaseHandedOver, DepartmentReported
from tests.complaints.cases import (
    ACCUSED,
    CUSTOMER,
    DIRECTOR,
    EVIDENCE,
    HOUR,
    MANAGER,
    NOON,
    OFFICE,
    POLICY,
    WAREHOUSE,
    happened,
    passed_on,
    person,
    resolved,
    rule_of,
    taken,
)

TRANSPORT = person("t9", Post.TRANSPORT)


def test_a_department_has_its_own_clock_from_the_hand_over() -> None:
    """CMP-17, CMP-5"""
    complaint = taken()
    complaint.hand_over(Post.WAREHOUSE, "核对批号", DIRECTOR, NOON + 2 * HOUR)
    handed = complaint.recorded[-1]
    assert isinstance(handed, CaseHandedOver)
    assert (handed.from_department, handed.department) == (Post.SALES_DIRECTOR, Post.WAREHOUSE)
    assert complaint.timers["miss_department"] == handed.due_at == NOON + 14 * HOUR
    complaint.miss_department(NOON + 14 * HOUR)
    complaint.miss_department(NOON + 15 * HOUR)
    assert happened(complaint).count("DepartmentMissed") == 1
    complaint.report_back("批号无误", WAREHOUSE, NOON + 16 * HOUR)
    reported = complaint.recorded[-1]
    assert isinstance(reported, DepartmentReported)
    assert (reported.in_time, reported.seconds, reported.back_to) == (False, 14 * 3600, Post.SALES_DIRECTOR)
    assert complaint.timers["miss_department"] is None


def test_the_shares_of_the_departments_add_up_and_what_is_returned_counts_for_whoever_gave_it() -> None:
    """CMP-17"""
    complaint = taken()
    complaint.hand_over(Post.WAREHOUSE, "核对批号", DIRECTOR, NOON + 2 * HOUR)
    complaint.accept_handover(WAREHOUSE, NOON + 3 * HOUR)
    complaint.hand_over(Post.TRANSPORT, "破损?", WAREHOUSE, NOON + 5 * HOUR)
    complaint.return_handover("未经我部", TRANSPORT, NOON + 6 * HOUR)
    assert complaint.stay
    assert (complaint.stay.department, complaint.stay.due_at) == (Post.WAREHOUSE, NOON + 15 * HOUR)
    assert complaint.stay.accepted_by == WAREHOUSE.id
    complaint.report_back("批号无误", WAREHOUSE, NOON + 8 * HOUR)
    times = {time.department: time for time in complaint.department_times(NOON + 10 * HOUR)}
    assert {name: time.seconds // 3600 for name, time in times.items()} == {
        Post.SALES_DIRECTOR: 4, Post.WAREHOUSE: 6,
    }  # fmt: skip
    assert sum(time.share for time in times.values()) == 1
    assert (times[Post.WAREHOUSE].stays, times[Post.WAREHOUSE].overdue) == (3, 0)


def test_a_case_that_comes_back_from_an_overdue_department_is_due_at_once() -> None:
    """CMP-17: passing a case on and getting it back gives nobody more time."""
    complaint = taken()
    complaint.hand_over(Post.WAREHOUSE, "核对批号", DIRECTOR, NOON + 2 * HOUR)
    complaint.hand_over(Post.TRANSPORT, "破损?", WAREHOUSE, NOON + 20 * HOUR)
    complaint.return_handover("未经我部", TRANSPORT, NOON + 21 * HOUR)
    assert complaint.timers["miss_department"] == NOON + 21 * HOUR


@pytest.mark.parametrize("by", [TRANSPORT, MANAGER, ACCUSED], ids=lambda by: by.id)
def test_only_the_department_that_has_a_case_accepts_returns_or_reports(by: Actor) -> None:
    """CMP-17"""
    complaint = taken()
    complaint.hand_over(Post.WAREHOUSE, "核对批号", DIRECTOR, NOON + 2 * HOUR)
    deeds: list[Callable[[], None]] = [
        lambda: complaint.accept_handover(by, NOON + 3 * HOUR),
        lambda: complaint.return_handover("不归我们", by, NOON + 3 * HOUR),
        lambda: complaint.report_back("无误", by, NOON + 3 * HOUR),
        lambda: complaint.hand_over(Post.FINANCE, "赔付", by, NOON + 3 * HOUR),
    ]
    for deed in deeds:
        with pytest.raises(Forbidden) as refusal:
            deed()
        assert rule_of(refusal) == "CMP-17"


def test_whoever_a_case_is_about_has_no_part_in_it_as_a_department_either() -> None:
    """CMP-18"""
    complaint = taken(Kind.SERVICE, MANAGER, about=WAREHOUSE.id)
    complaint.hand_over(Post.WAREHOUSE, "核实", MANAGER, NOON + 2 * HOUR)
    with pytest.raises(Forbidden) as refusal:
        complaint.report_back("没有这回事", WAREHOUSE, NOON + 3 * HOUR)
    assert rule_of(refusal) == "CMP-18"


def test_what_was_accepted_is_not_returned_and_what_was_not_given_is_not_reported() -> None:
    """CMP-17"""
    complaint = taken()
    with pytest.raises(NotAllowedNow):
        complaint.report_back("已核实", DIRECTOR, NOON + 2 * HOUR)
    complaint.hand_over(Post.WAREHOUSE, "核对批号", DIRECTOR, NOON + 2 * HOUR)
    complaint.accept_handover(WAREHOUSE, NOON + 3 * HOUR)
    with pytest.raises(NotAllowedNow):
        complaint.return_handover("不归我们", WAREHOUSE, NOON + 3 * HOUR)
    with pytest.raises(NotAllowedNow):
        resolved().hand_over(Post.WAREHOUSE, "核对批号", DIRECTOR, NOON + 5 * HOUR)


@pytest.mark.parametrize("department", [Post.CUSTOMER, Post.PARTNER, Post.OPERATOR, Post.SALES_DIRECTOR])
def test_a_case_is_handed_to_another_department_of_the_company(department: Post) -> None:
    """CMP-17"""
    with pytest.raises(RuleBroken) as refusal:
        taken().hand_over(department, "请核实", DIRECTOR, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-17"


def test_a_case_that_was_filed_before_hand_overs_were_recorded_is_with_its_post() -> None:
    """CMP-17"""
    complaint = taken()
    complaint.stays.clear()
    complaint.hand_over(Post.WAREHOUSE, "核对批号", DIRECTOR, NOON + 2 * HOUR)
    assert [(stay.department, stay.seconds) for stay in complaint.stays[:1]] == [(Post.SALES_DIRECTOR, 7200)]


def test_an_opinion_is_passed_on_answered_and_closed_with_the_answer() -> None:
    """CMP-14"""
    complaint = taken(Kind.OPINION, OFFICE)
    too_early: list[Callable[[], None]] = [
        lambda: complaint.answer("采纳", Channel.PHONE, EVIDENCE, "王先生", OFFICE, NOON + 2 * HOUR),
        lambda: complaint.resolve("采纳", "电话", OFFICE, NOON + 2 * HOUR),
    ]
    for early in too_early:
        with pytest.raises(RuleBroken) as refusal:
            early()
        assert rule_of(refusal) == "CMP-14"
    passed_on(complaint, OFFICE)
    complaint.answer("采纳", Channel.PHONE, EVIDENCE, "王先生", OFFICE, NOON + 2 * HOUR)
    assert happened(complaint)[-4:] == [
        "ComplaintResponded", "OpinionAnswered", "ComplaintResolved", "ComplaintClosed",
    ]  # fmt: skip
    assert set(complaint.timers.values()) == {None}
    assert complaint.stays[-1].end is StayEnd.SETTLED


def test_nothing_but_an_opinion_is_settled_by_an_answer() -> None:
    """CMP-14"""
    with pytest.raises(RuleBroken) as refusal:
        taken().answer("采纳", Channel.PHONE, EVIDENCE, "王先生", DIRECTOR, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-14"


def test_an_answer_is_a_first_response_only_with_its_evidence() -> None:
    """CMP-14, CMP-16"""
    complaint = taken(Kind.OPINION, OFFICE)
    passed_on(complaint, OFFICE)
    with pytest.raises(RuleBroken) as refusal:
        complaint.answer("采纳", Channel.PHONE, "电话", "王先生", OFFICE, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-16"
    complaint.respond(Channel.PHONE, EVIDENCE, "王先生", OFFICE, NOON + 2 * HOUR)
    complaint.answer("采纳", Channel.LETTER, "挂号信 003", "王先生", OFFICE, NOON + 3 * HOUR)
    assert happened(complaint).count("ComplaintResponded") == 1
    complaint.reopen("没有回复", POLICY, CUSTOMER, NOON + 4 * HOUR)
    assert complaint.stay
    assert complaint.stay.department is Post.OFFICE
