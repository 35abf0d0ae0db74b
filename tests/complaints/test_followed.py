"""What surrounds a case: how grave it is, who is away, visits, measures, follow-ups, lessons, the slip; without I/O."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Channel, Kind, Severity, WrittenSlip
from services.complaints.domain.slip import compare
from services.complaints.domain.terms import CallReason
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, NotFound, RuleBroken
from shared.events.complaints import ComplaintSummedUp, VisitRecorded
from shared.events.orders import EvidenceCompiled, IssuedGoods, OrderedLine
from tests.complaints.cases import (
    ACCUSED,
    AGENT,
    CLERK,
    CUSTOMER,
    DIRECTOR,
    EVIDENCE,
    GENERAL_MANAGER,
    HOUR,
    MANAGER,
    NOON,
    OFFICE,
    POLICY,
    SALESPERSON,
    SLIP,
    VICE_PRESIDENT,
    WAREHOUSE,
    filed,
    found,
    happened,
    person,
    resolved,
    rule_of,
    taken,
)


@pytest.mark.parametrize("more", [{"major": True}, {"severity": Severity.GRAVE}])
def test_nobody_outside_says_how_grave_a_case_is(more: dict[str, Any]) -> None:
    """CMP-7: no caller moves themselves to the front."""
    with pytest.raises(Forbidden) as refusal:
        filed(Kind.OPINION, by=CUSTOMER, **more)
    assert rule_of(refusal) == "CMP-7"
    with pytest.raises(Forbidden):
        filed(Kind.OPINION).grade(Severity.GRAVE, True, "请速办", CUSTOMER, NOON)


def test_a_case_that_proves_a_major_incident_goes_to_the_top_at_once() -> None:
    """CMP-7"""
    complaint = filed(Kind.DELIVERY)
    complaint.miss_response(NOON + 24 * HOUR)
    complaint.grade(Severity.ORDINARY, True, "媒体关注", AGENT, NOON + 25 * HOUR)
    assert [call.post for call in complaint.calls] == [Post.SALES_DIRECTOR, Post.BRANCH_GENERAL_MANAGER]
    assert complaint.calls[-1].reason is CallReason.MAJOR
    complaint.climb(complaint.calls[-1].acknowledge_by)
    assert complaint.calls[-1].post is Post.GENERAL_MANAGER
    complaint.take(person("b7", Post.BRANCH_GENERAL_MANAGER), NOON + 26 * HOUR)
    with pytest.raises(NotAllowedNow):
        complaint.grade(Severity.ORDINARY, False, "没那么严重", AGENT, NOON + 27 * HOUR)
    assert complaint.major


def test_a_service_complaint_that_proves_grave_goes_to_the_vice_president_and_to_the_office() -> None:
    """CMP-6"""
    complaint = filed(Kind.SERVICE)
    complaint.grade(Severity.GRAVE, False, "有录音", OFFICE, NOON + HOUR)
    assert happened(complaint)[-3:] == ["ComplaintGraded", "ComplaintAssigned", "ComplaintReported"]
    assert complaint.post is Post.VICE_PRESIDENT_SALES
    for below in (MANAGER, DIRECTOR):
        with pytest.raises(Forbidden):
            complaint.take(below, NOON + HOUR)
    complaint.take(VICE_PRESIDENT, NOON + HOUR)
    with pytest.raises(Forbidden):
        filed(Kind.SERVICE).grade(Severity.GRAVE, True, "冤枉", ACCUSED, NOON)
    graver = filed(Kind.QUALITY)
    graver.grade(Severity.GRAVE, False, "批量色差", AGENT, NOON)
    assert graver.post is Post.SALES_DIRECTOR


def test_the_deputies_of_whoever_is_away_are_called_at_once() -> None:
    """CMP-7"""
    complaint = filed(Kind.DELIVERY)
    complaint.miss_response(NOON + 24 * HOUR)
    complaint.cover(1, ["d1"], ["y5"], NOON + 24 * HOUR)
    complaint.cover(1, ["d1"], ["y6"], NOON + 24 * HOUR)
    assert happened(complaint).count("EscalationCovered") == 1
    with pytest.raises(Forbidden):
        complaint.acknowledge(person("y6", Post.SALES_MANAGER), NOON + 25 * HOUR)
    complaint.acknowledge(person("y5", Post.SALES_MANAGER), NOON + 25 * HOUR)
    assert len(complaint.calls) == 1


def test_where_nobody_stands_in_the_next_post_is_called_at_once() -> None:
    """CMP-7"""
    complaint = filed(Kind.DELIVERY)
    complaint.miss_response(NOON + 24 * HOUR)
    complaint.cover(1, ["d1"], [], NOON + 24 * HOUR)
    assert [(call.post, call.reason) for call in complaint.calls] == [
        (Post.SALES_DIRECTOR, "response_missed"),
        (Post.VICE_PRESIDENT_SALES, "holder_away"),
    ]


def test_a_call_that_was_answered_or_overtaken_is_not_covered_any_more() -> None:
    """CMP-7"""
    complaint = filed(Kind.DELIVERY)
    complaint.cover(0, ["d1"], ["y5"], NOON)
    complaint.miss_response(NOON + 24 * HOUR)
    complaint.acknowledge(DIRECTOR, NOON + 24 * HOUR)
    complaint.cover(1, ["d1"], ["y5"], NOON + 25 * HOUR)
    complaint.miss_resolution(NOON + 48 * HOUR)
    complaint.cover(1, ["d1"], ["y5"], NOON + 49 * HOUR)
    assert "EscalationCovered" not in happened(complaint)


@pytest.mark.parametrize("contacted_at", [NOON - HOUR, NOON + 3 * HOUR])
def test_a_response_was_made_after_the_complaint_and_not_in_the_future(contacted_at: datetime) -> None:
    """CMP-16, CMP-7"""
    with pytest.raises(RuleBroken) as refusal:
        taken().respond(Channel.PHONE, EVIDENCE, "王先生", DIRECTOR, NOON + 2 * HOUR, contacted_at)
    assert rule_of(refusal) == "CMP-16"


def test_a_contact_that_is_written_down_late_is_late() -> None:
    """CMP-16, CMP-7: a date in the past does not undo a breach."""
    complaint = taken()
    complaint.respond(Channel.PHONE, EVIDENCE, "王先生", DIRECTOR, NOON + 25 * HOUR, NOON + HOUR)
    assert complaint.response
    assert not complaint.response.in_time
    assert len(complaint.breaches) == 1


def test_a_visit_is_planned_and_recorded_with_who_went_and_what_was_found() -> None:
    """CMP-9"""
    complaint = taken()
    complaint.plan_visit(NOON + 3 * HOUR, ["d1", "w9"], DIRECTOR, NOON + 2 * HOUR)
    complaint.record_visit(
        1, NOON + 3 * HOUR, ["d1", "w9"], "色差可见", ["照片 31"], "王先生", WAREHOUSE, NOON + 5 * HOUR
    )
    recorded = complaint.recorded[-1]
    assert isinstance(recorded, VisitRecorded)
    assert recorded.people == ["d1", "w9"]
    assert "王先生" not in recorded.model_dump_json()
    assert complaint.shown_to(person("w8", Post.WAREHOUSE)).visits[0].signed_by == "***"
    with pytest.raises(NotAllowedNow):
        complaint.cancel_visit(1, "改期", DIRECTOR)
    for nowhere in (0, 2):
        with pytest.raises(NotFound):
            complaint.cancel_visit(nowhere, "改期", DIRECTOR)


def test_visits_are_planned_ahead_and_recorded_by_somebody_who_was_there() -> None:
    """CMP-9, CMP-18"""
    complaint = taken(Kind.SERVICE, MANAGER)
    with pytest.raises(RuleBroken) as refusal:
        complaint.plan_visit(NOON, ["m1"], MANAGER, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-9"
    with pytest.raises(RuleBroken) as refusal:
        complaint.plan_visit(NOON + 3 * HOUR, ["m1", ACCUSED.id], MANAGER, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-18"
    complaint.plan_visit(NOON + 3 * HOUR, ["m1"], MANAGER, NOON + 2 * HOUR)
    with pytest.raises(Forbidden) as denied:
        complaint.record_visit(1, NOON + 3 * HOUR, ["m1"], "已道歉", [], None, WAREHOUSE, NOON + 5 * HOUR)
    assert rule_of(denied) == "CMP-9"
    for never in (NOON - HOUR, NOON + 6 * HOUR):
        with pytest.raises(RuleBroken):
            complaint.record_visit(1, never, ["m1"], "已道歉", [], None, MANAGER, NOON + 5 * HOUR)
    complaint.cancel_visit(1, "客户已撤回", MANAGER)
    assert happened(complaint)[-1] == "VisitCancelled"


def test_the_customer_is_followed_up_after_policys_time() -> None:
    """CMP-10"""
    complaint = resolved()
    assert complaint.timers["remind_follow_up"] == NOON + 4 * HOUR + timedelta(days=7)
    complaint.close(None, CUSTOMER, NOON + 5 * HOUR)
    complaint.remind_follow_up(NOON + 200 * HOUR)
    assert happened(complaint)[-1] == "FollowUpDue"
    with pytest.raises(Forbidden) as refusal:
        complaint.follow_up(Channel.PHONE, "王先生", "很好", True, POLICY, SALESPERSON, NOON + 201 * HOUR)
    assert rule_of(refusal) == "CMP-10"
    complaint.follow_up(Channel.PHONE, "王先生", "很好", True, POLICY, AGENT, NOON + 201 * HOUR)
    assert complaint.timers["remind_follow_up"] is None
    assert complaint.status == "closed"


def test_a_customer_who_is_not_satisfied_when_asked_has_their_case_reopened() -> None:
    """CMP-10, CMP-11"""
    complaint = resolved()
    complaint.close(None, CUSTOMER, NOON + 5 * HOUR)
    complaint.follow_up(Channel.PHONE, "王先生", "新货也有色差", False, POLICY, CLERK, NOON + 200 * HOUR)
    assert happened(complaint)[-2:] == ["CustomerFollowedUp", "ComplaintReopened"]
    assert complaint.reopenings[0].reason == "新货也有色差"
    assert complaint.terms.respond_by == NOON + 224 * HOUR
    with pytest.raises(NotAllowedNow):
        complaint.remind_follow_up(NOON + 201 * HOUR)
    with pytest.raises(RuleBroken):
        complaint.carry_out("换货", "CH1", DIRECTOR, NOON + 201 * HOUR)


def test_nothing_is_carried_out_that_the_customer_has_not_agreed_to() -> None:
    """CMP-8"""
    complaint = taken()
    complaint.propose("换货", DIRECTOR, NOON + 2 * HOUR)
    with pytest.raises(RuleBroken) as refusal:
        complaint.carry_out("换货", "CH1", DIRECTOR, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-8"
    complaint.agree("好", CUSTOMER, NOON + 2 * HOUR)
    complaint.carry_out("换货", "CH1", DIRECTOR, NOON + 3 * HOUR)
    assert complaint.carried_out


def test_the_lesson_is_drawn_by_whoever_handled_the_case_once_it_is_settled() -> None:
    """CMP-8, CMP-13"""
    with pytest.raises(NotAllowedNow):
        taken().sum_up("色差", "未联动", "首检留样", DIRECTOR, NOON + 2 * HOUR)
    complaint = resolved()
    with pytest.raises(Forbidden):
        complaint.sum_up("色差", "未联动", "首检留样", VICE_PRESIDENT, NOON + 5 * HOUR)
    complaint.find_cause("色差", "窑温偏低", DIRECTOR, NOON + 5 * HOUR)
    complaint.sum_up("色差", "未联动", "首检留样", DIRECTOR, NOON + 5 * HOUR)
    assert isinstance(complaint.recorded[-1], ComplaintSummedUp)
    seen = complaint.shown_to(CUSTOMER)
    assert (seen.lesson, seen.cause, seen.stays) == (None, None, [])


def test_measures_are_told_to_the_customer() -> None:
    """CMP-13"""
    complaint = resolved()
    complaint.tell_measures("分色前核对窑温", Channel.PHONE, "王先生", AGENT, NOON + 5 * HOUR)
    assert happened(complaint)[-1] == "MeasuresTold"
    assert complaint.shown_to(SALESPERSON).told[0].spoken_to == "***"
    with pytest.raises(Forbidden):
        complaint.tell_measures("分色前核对窑温", Channel.PHONE, "王先生", WAREHOUSE, NOON + 5 * HOUR)


def test_responsibility_is_established_on_evidence() -> None:
    """CMP-15"""
    bare = found().model_copy(update={"evidence": []})
    complaint: Complaint = taken()
    with pytest.raises(RuleBroken) as refusal:
        complaint.establish(True, [found("w2"), bare], DIRECTOR, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-15"
    assert "ResponsibilityEstablished" not in happened(complaint)


def evidence(**more: object) -> EvidenceCompiled:
    line = {
        "article": "TL-8001",
        "specification": "800×800",
        "model": "抛光",
        "grade": "优等品",
        "colour_number": "A12",
    }
    lines = [OrderedLine.model_validate(line | {"quantity": "20", "price": "1", "authority": "J"} | more)]
    goods = [IssuedGoods(line=1, article="TL-8001", lot_id=uuid4(), lot="L1", quantity=Decimal(12))]
    return EvidenceCompiled(
        complaint_id=uuid4(), kind="quality", number="DH1", customer_id=uuid4(), lines=lines, goods=goods,
        placed_at=datetime.fromisoformat("2026-11-01T09:00+08:00"),
        delivered_at=datetime.fromisoformat("2026-11-05T09:00+08:00"), total=Decimal(1), people={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("slip", "order", "differing"),
    [
        ({}, {}, []),
        ({"article": "tl-8001 "}, {}, []),
        ({"article": "TL-9"}, {}, ["article"]),
        ({"grade": "一级品", "colour_number": "B1"}, {}, ["grade", "colour_number"]),
        ({}, {"specification": "600×600"}, ["specification"]),
        ({"quantity": "12.01"}, {}, ["quantity"]),
        ({"purchased_on": date(2026, 10, 31)}, {}, ["purchased_on"]),
        ({"purchased_on": date(2026, 11, 6)}, {}, ["purchased_on"]),
    ],
)
def test_where_the_slip_and_the_order_differ_is_found(
    slip: dict[str, object], order: dict[str, object], differing: list[str]
) -> None:
    """CMP-3"""
    written = WrittenSlip.model_validate(SLIP | slip)
    assert [one.field for one in compare(written, evidence(**order))] == differing


@pytest.mark.parametrize("by", [CUSTOMER, GENERAL_MANAGER], ids=lambda by: by.id)
def test_a_case_without_a_pause_shows_none(by: Actor) -> None:
    assert resolved().shown_to(by).pauses == []


ADDED = ("stays", "pauses", "visits", "told", "follow_ups", "lesson", "cause", "carried_out", "gradings", "sections",
         "actions", "store", "response_seconds", "resolution_seconds")  # fmt: skip
ADDED_TERMS = ("pause_cap", "pause_reasons", "department_time", "follow_up_after", "major_ladder")


def test_a_case_that_was_filed_before_all_this_goes_on_under_the_first_policy() -> None:
    """REG-2: a document of the first release is read, and its case runs by what held then."""
    kept = taken().model_dump(mode="json")
    kept["terms"] = {name: value for name, value in kept["terms"].items() if name not in ADDED_TERMS}
    complaint = Complaint.model_validate({name: value for name, value in kept.items() if name not in ADDED})
    assert complaint.terms.pause_cap == POLICY.complaints.pause_cap
    complaint.ask_pause("waiting_for_sample", "样砖在途", None, DIRECTOR, NOON + 2 * HOUR)
    complaint.grant_pause(GENERAL_MANAGER, NOON + 3 * HOUR)
    complaint.propose("换货", DIRECTOR, NOON + 4 * HOUR)
    complaint.agree("好", CUSTOMER, NOON + 5 * HOUR)
    complaint.carry_out("换货", "CH1", DIRECTOR, NOON + 6 * HOUR)
    complaint.resolve("已换货", "电话", DIRECTOR, NOON + 6 * HOUR)
    assert complaint.paused_for == 2 * HOUR
