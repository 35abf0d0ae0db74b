"""Clocks, breaches and escalation, without I/O (CMP-7)."""

from datetime import timedelta

import pytest

from services.complaints.domain.intake import Channel, Kind, Severity
from services.complaints.domain.terms import ClockName
from shared.domain.actor import Post
from shared.domain.refusals import Forbidden, NotAllowedNow
from shared.domain.working_time import Calendar
from shared.events.complaints import ComplaintFiled
from tests.complaints.cases import (
    AGENT,
    BRANCH_HEAD,
    CUSTOMER,
    DIRECTOR,
    EVIDENCE,
    HOUR,
    MANAGER,
    NOON,
    OFFICE,
    PHONE,
    POLICY,
    filed,
    happened,
    passed_on,
    person,
    resolved,
    rule_of,
    taken,
)


def test_the_clocks_run_by_the_policy_that_stays_on_the_case() -> None:
    """CMP-7"""
    complaint = filed()
    assert complaint.terms.respond_by == NOON + 24 * HOUR
    assert complaint.terms.resolve_by == NOON + 48 * HOUR
    assert complaint.terms.policy == POLICY.version
    assert complaint.timers == {
        "warn_response": NOON + 18 * HOUR,
        "miss_response": NOON + 24 * HOUR,
        "warn_resolution": NOON + 36 * HOUR,
        "miss_resolution": NOON + 48 * HOUR,
    }
    announced = complaint.recorded[0]
    assert isinstance(announced, ComplaintFiled)
    assert (announced.respond_by, announced.policy) == (NOON + 24 * HOUR, POLICY.version)
    assert PHONE not in announced.model_dump_json()


def test_the_clocks_run_on_the_calendar_of_the_policy() -> None:
    """CMP-7"""
    rules = POLICY.complaints.model_copy(update={"calendar": Calendar(kind="working")})
    complaint = filed(policy=POLICY.model_copy(update={"complaints": rules}))
    assert complaint.terms.respond_by == Calendar(kind="working").add(NOON, timedelta(hours=24)) > NOON + 48 * HOUR


def test_a_missed_response_calls_the_next_post_and_silence_the_one_above() -> None:
    """CMP-7"""
    complaint = filed()
    complaint.warn_response(NOON + 18 * HOUR)
    complaint.miss_response(NOON + 24 * HOUR)
    assert complaint.called
    assert complaint.called.post is Post.VICE_PRESIDENT_SALES
    assert complaint.timers["climb"] == complaint.called.acknowledge_by == NOON + 28 * HOUR
    complaint.climb(NOON + 28 * HOUR)
    assert [call.post for call in complaint.calls] == [Post.VICE_PRESIDENT_SALES, Post.GENERAL_MANAGER]
    assert complaint.timers["climb"] is None, "there is nobody above the general manager"
    complaint.climb(NOON + 32 * HOUR)
    complaint.miss_resolution(NOON + 48 * HOUR)
    assert len(complaint.calls) == 2
    assert [breach.clock for breach in complaint.breaches] == [ClockName.RESPONSE, ClockName.RESOLUTION]


def test_an_acknowledgement_stops_the_climb_until_the_next_breach() -> None:
    """CMP-7"""
    complaint = filed(Kind.DELIVERY)
    complaint.miss_response(NOON + 24 * HOUR)
    complaint.acknowledge(DIRECTOR, NOON + 25 * HOUR)
    assert complaint.timers["climb"] is None
    complaint.climb(NOON + 28 * HOUR)
    assert len(complaint.calls) == 1
    complaint.miss_resolution(NOON + 48 * HOUR)
    assert [call.post for call in complaint.calls] == [Post.SALES_DIRECTOR, Post.VICE_PRESIDENT_SALES]


def test_a_case_that_is_opened_again_climbs_the_line_anew() -> None:
    """CMP-7, CMP-11: what was called before stays on record, and nobody answers for it any more."""
    complaint = taken(Kind.DELIVERY, MANAGER)
    complaint.miss_response(NOON + 24 * HOUR)
    complaint.propose("补送", MANAGER, NOON + 25 * HOUR)
    complaint.agree("可以", CUSTOMER, NOON + 25 * HOUR)
    complaint.carry_out("换货", "CH1", MANAGER, NOON + 26 * HOUR)
    complaint.resolve("已补送", "电话", MANAGER, NOON + 26 * HOUR)
    complaint.reopen("又迟到", POLICY, AGENT, NOON + 50 * HOUR)
    assert (complaint.called, complaint.post_in_charge) == (None, Post.SALES_MANAGER)
    with pytest.raises(NotAllowedNow):
        complaint.acknowledge(DIRECTOR, NOON + 51 * HOUR)
    for deed in (complaint.miss_response, complaint.climb, complaint.miss_resolution):
        deed(NOON + 100 * HOUR)
    again = [(1, Post.SALES_DIRECTOR), (2, Post.VICE_PRESIDENT_SALES), (3, Post.GENERAL_MANAGER)]
    assert [(call.level, call.post) for call in complaint.calls] == [(1, Post.SALES_DIRECTOR), *again]


def test_a_major_incident_that_is_opened_again_goes_straight_to_the_top_again() -> None:
    """CMP-7, CMP-11"""
    complaint = taken(Kind.DELIVERY, MANAGER, branch="hefei")
    complaint.miss_response(NOON + 24 * HOUR)
    complaint.grade(Severity.ORDINARY, True, "媒体报道", OFFICE, NOON + 25 * HOUR)
    complaint.propose("补送", MANAGER, NOON + 26 * HOUR)
    complaint.agree("可以", CUSTOMER, NOON + 26 * HOUR)
    complaint.carry_out("换货", "CH1", MANAGER, NOON + 27 * HOUR)
    complaint.resolve("已补送", "电话", MANAGER, NOON + 27 * HOUR)
    complaint.reopen("又迟到", POLICY, AGENT, NOON + 50 * HOUR)
    assert complaint.called
    assert (complaint.called.post, complaint.called.level) == (Post.BRANCH_GENERAL_MANAGER, 1)


def test_only_the_called_post_acknowledges_and_once() -> None:
    """CMP-7"""
    complaint = filed(Kind.DELIVERY)
    with pytest.raises(NotAllowedNow):
        complaint.acknowledge(DIRECTOR, NOON)
    complaint.miss_response(NOON + 24 * HOUR)
    with pytest.raises(Forbidden) as refusal:
        complaint.acknowledge(MANAGER, NOON + 25 * HOUR)
    assert rule_of(refusal) == "CMP-7"
    complaint.acknowledge(DIRECTOR, NOON + 25 * HOUR)
    with pytest.raises(NotAllowedNow):
        complaint.acknowledge(DIRECTOR, NOON + 26 * HOUR)


def test_an_opinion_climbs_the_whole_ladder() -> None:
    """CMP-7: the office stands on no rung of it."""
    complaint = filed(Kind.OPINION)
    assert complaint.line == POLICY.complaints.escalation_ladder


def test_a_major_incident_goes_straight_to_the_general_manager_of_the_branch() -> None:
    """CMP-7"""
    complaint = filed(major=True, branch="hefei")
    assert happened(complaint) == ["ComplaintFiled", "ComplaintAssigned", "ComplaintEscalated"]
    assert complaint.called
    assert complaint.called.post is Post.BRANCH_GENERAL_MANAGER
    elsewhere = person("b2", Post.BRANCH_GENERAL_MANAGER, branch="wuhu")
    with pytest.raises(Forbidden):
        complaint.acknowledge(elsewhere, NOON + HOUR)
    complaint.climb(NOON + 4 * HOUR)
    assert complaint.calls[-1].post is Post.GENERAL_MANAGER
    complaint = filed(major=True, branch="hefei")
    complaint.acknowledge(BRANCH_HEAD, NOON + HOUR)
    complaint.take(BRANCH_HEAD, NOON + HOUR)
    assert complaint.handler == BRANCH_HEAD.id


def test_a_deadline_that_passed_while_no_timer_ran_is_a_breach_all_the_same() -> None:
    """CMP-7"""
    complaint = taken()
    complaint.respond(Channel.PHONE, EVIDENCE, "王先生", DIRECTOR, NOON + 24 * HOUR + timedelta(seconds=1))
    assert [breach.clock for breach in complaint.breaches] == [ClockName.RESPONSE]
    assert complaint.response
    assert not complaint.response.in_time
    complaint.miss_response(NOON + 25 * HOUR)
    complaint.propose("换货", DIRECTOR, NOON + 26 * HOUR)
    complaint.agree("好", CUSTOMER, NOON + 26 * HOUR)
    complaint.carry_out("换货", "CH1", DIRECTOR, NOON + 27 * HOUR)
    complaint.resolve("已换货", "电话", DIRECTOR, NOON + 49 * HOUR)
    assert [breach.clock for breach in complaint.breaches] == [ClockName.RESPONSE, ClockName.RESOLUTION]
    assert complaint.resolution
    assert not complaint.resolution.in_time
    assert happened(complaint).count("ResponseMissed") == 1


def test_resolving_what_was_never_answered_leaves_the_breach() -> None:
    """CMP-7"""
    complaint = taken(Kind.OPINION, OFFICE)
    passed_on(complaint, OFFICE)
    complaint.resolve("已采纳", "信函", OFFICE, NOON + 30 * HOUR)
    assert [breach.clock for breach in complaint.breaches] == [ClockName.RESPONSE]


def test_warnings_stop_when_there_is_nothing_left_to_warn_of() -> None:
    """CMP-7"""
    complaint = resolved()
    assert {kind for kind, due_at in complaint.timers.items() if due_at} == {"remind_follow_up"}
    complaint = taken()
    complaint.respond(Channel.PHONE, EVIDENCE, "王先生", DIRECTOR, NOON + 2 * HOUR)
    complaint.warn_response(NOON + 18 * HOUR)
    assert "ResponseWarned" not in happened(complaint)
    complaint.miss_resolution(NOON + 48 * HOUR)
    complaint.warn_resolution(NOON + 48 * HOUR)
    complaint.miss_resolution(NOON + 49 * HOUR)
    assert happened(complaint).count("ResolutionMissed") == 1
    assert "ResolutionWarned" not in happened(complaint)


def test_a_warning_names_the_post_that_has_to_see_to_it() -> None:
    """CMP-7"""
    complaint = filed(Kind.DELIVERY)
    complaint.miss_response(NOON + 24 * HOUR)
    complaint.warn_resolution(NOON + 36 * HOUR)
    assert complaint.recorded[-1].model_dump()["post"] is Post.SALES_DIRECTOR


def test_breaches_stay_when_a_case_is_reopened() -> None:
    """CMP-7"""
    complaint = taken()
    complaint.miss_response(NOON + 24 * HOUR)
    before = list(complaint.breaches)
    complaint.propose("换货", DIRECTOR, NOON + 25 * HOUR)
    complaint.agree("好", CUSTOMER, NOON + 25 * HOUR)
    complaint.carry_out("换货", "CH1", DIRECTOR, NOON + 26 * HOUR)
    complaint.resolve("已换货", "电话", DIRECTOR, NOON + 26 * HOUR)
    complaint.reopen("不满意", POLICY, AGENT, NOON + 27 * HOUR)
    complaint.miss_response(NOON + 60 * HOUR)
    assert complaint.breaches[:1] == before
    assert [breach.run for breach in complaint.breaches] == [1, 2]


def test_nothing_but_the_clock_is_over_when_a_case_was_resolved() -> None:
    """CMP-7: a timer that fires late is refused by the lifecycle, which the timers take for nothing to do."""
    with pytest.raises(NotAllowedNow):
        resolved().miss_resolution(NOON + 50 * HOUR)
