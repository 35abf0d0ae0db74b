"""The clock stands still for a reason, within a cap, as a second person grants it (CMP-16), without I/O."""

import pytest

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Channel
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from shared.domain.working_time import Calendar
from shared.events.complaints import ClockPaused, ClockResumed
from tests.complaints.cases import (
    CUSTOMER,
    DIRECTOR,
    EVIDENCE,
    GENERAL_MANAGER,
    HOUR,
    MANAGER,
    NOON,
    OFFICE,
    POLICY,
    happened,
    person,
    resolved,
    rule_of,
    taken,
)

WAITING = "waiting_for_customer"


def asked(complaint: Complaint | None = None, hours: int = 2) -> Complaint:
    complaint = complaint or taken()
    complaint.ask_pause(WAITING, "客户出差", None, DIRECTOR, NOON + hours * HOUR)
    return complaint


def test_the_clock_stops_for_a_listed_reason_alone() -> None:
    """CMP-16"""
    with pytest.raises(RuleBroken) as refusal:
        taken().ask_pause("too_much_to_do", "很忙", None, DIRECTOR, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-16"
    with pytest.raises(RuleBroken):
        taken().ask_pause(WAITING, "客户出差", NOON, DIRECTOR, NOON + 2 * HOUR)


@pytest.mark.parametrize(
    "by", [DIRECTOR, OFFICE, person("m2", Post.SALES_MANAGER, on_behalf_of=DIRECTOR.id)], ids=lambda by: by.id
)
def test_a_pause_is_granted_by_a_manager_who_neither_asked_nor_handles_the_case(by: Actor) -> None:
    """CMP-16"""
    complaint = asked()
    for decide in (complaint.grant_pause, lambda by, at: complaint.refuse_pause("不必", by, at)):
        with pytest.raises(Forbidden) as refusal:
            decide(by, NOON + 3 * HOUR)
        assert rule_of(refusal) == "CMP-16"
    assert "ClockPaused" not in happened(complaint)


def test_whoever_asked_does_not_grant_after_another_has_taken_the_case() -> None:
    """CMP-16"""
    complaint = asked()
    complaint.take(GENERAL_MANAGER, NOON + 3 * HOUR)
    for by in (DIRECTOR, GENERAL_MANAGER):
        with pytest.raises(Forbidden):
            complaint.grant_pause(by, NOON + 3 * HOUR)
    complaint.grant_pause(MANAGER, NOON + 3 * HOUR)


def test_the_deadlines_move_by_exactly_the_pause() -> None:
    """CMP-16, CMP-7"""
    complaint = asked()
    complaint.grant_pause(GENERAL_MANAGER, NOON + 3 * HOUR)
    assert [complaint.timers[name] for name in ("miss_response", "miss_resolution")] == [None, None]
    complaint.resume(DIRECTOR, NOON + 8 * HOUR)
    assert complaint.terms.respond_by == complaint.timers["miss_response"] == NOON + 29 * HOUR
    assert complaint.terms.resolve_by == complaint.timers["miss_resolution"] == NOON + 53 * HOUR
    resumed = complaint.recorded[-1]
    assert isinstance(resumed, ClockResumed)
    assert resumed.paused_seconds == 5 * 3600
    complaint.respond(Channel.PHONE, EVIDENCE, "王先生", DIRECTOR, NOON + 28 * HOUR)
    assert complaint.response
    assert complaint.response.in_time


def test_what_is_left_of_working_time_is_left_after_the_pause() -> None:
    """CMP-16, CMP-7"""
    rules = POLICY.complaints.model_copy(update={"calendar": Calendar(kind="working")})
    complaint = taken(policy=POLICY.model_copy(update={"complaints": rules}))
    began, ended = NOON + 2 * HOUR, NOON + 22 * HOUR
    left = Calendar(kind="working").elapsed(began, complaint.terms.resolve_by)
    asked(complaint).grant_pause(GENERAL_MANAGER, began)
    complaint.resume(DIRECTOR, ended)
    assert Calendar(kind="working").elapsed(ended, complaint.terms.resolve_by) == left
    assert complaint.paused_for == Calendar(kind="working").elapsed(began, ended)


def test_all_pauses_together_stay_within_the_cap_and_end_by_themselves() -> None:
    """CMP-16"""
    complaint = asked()
    complaint.grant_pause(GENERAL_MANAGER, NOON + 3 * HOUR)
    complaint.resume(DIRECTOR, NOON + 13 * HOUR)
    asked(complaint, 14).grant_pause(GENERAL_MANAGER, NOON + 14 * HOUR)
    paused = complaint.recorded[-1]
    assert isinstance(paused, ClockPaused)
    assert paused.ends_at == complaint.timers["end_pause"] == NOON + 28 * HOUR, "ten of twenty-four hours were used"
    complaint.end_pause(NOON + 40 * HOUR)
    assert complaint.paused_for == 24 * HOUR, "a late timer does not prolong the pause"
    assert complaint.terms.resolve_by == NOON + 72 * HOUR
    with pytest.raises(RuleBroken) as refusal:
        asked(complaint, 41)
    assert rule_of(refusal) == "CMP-16"
    complaint.end_pause(NOON + 41 * HOUR)
    assert happened(complaint).count("ClockResumed") == 2


def test_the_cap_is_that_of_the_whole_case_also_after_it_was_reopened() -> None:
    """CMP-16, CMP-11"""
    complaint = asked()
    complaint.grant_pause(GENERAL_MANAGER, NOON + 3 * HOUR)
    complaint.end_pause(NOON + 27 * HOUR)
    complaint.propose("换货", DIRECTOR, NOON + 28 * HOUR)
    complaint.agree("好", CUSTOMER, NOON + 28 * HOUR)
    complaint.carry_out("换货", "CH1", DIRECTOR, NOON + 29 * HOUR)
    complaint.resolve("已换货", "电话", DIRECTOR, NOON + 29 * HOUR)
    complaint.reopen("不满意", POLICY, CUSTOMER, NOON + 30 * HOUR)
    with pytest.raises(RuleBroken):
        asked(complaint, 31)


def test_a_pause_may_be_asked_for_until_a_time_and_is_refused_with_a_reason() -> None:
    """CMP-16"""
    complaint = taken()
    complaint.ask_pause(WAITING, "客户出差", NOON + 6 * HOUR, DIRECTOR, NOON + 2 * HOUR)
    with pytest.raises(NotAllowedNow):
        asked(complaint, 2)
    complaint.refuse_pause("可以电话联系", GENERAL_MANAGER, NOON + 3 * HOUR)
    with pytest.raises(NotAllowedNow):
        complaint.grant_pause(GENERAL_MANAGER, NOON + 3 * HOUR)
    complaint.ask_pause(WAITING, "客户出差", NOON + 6 * HOUR, DIRECTOR, NOON + 4 * HOUR)
    with pytest.raises(RuleBroken):
        complaint.grant_pause(GENERAL_MANAGER, NOON + 7 * HOUR)
    complaint.grant_pause(GENERAL_MANAGER, NOON + 5 * HOUR)
    assert complaint.timers["end_pause"] == NOON + 6 * HOUR


def test_what_has_run_out_is_not_paused() -> None:
    """CMP-16, CMP-7: a breach stays one."""
    complaint = taken()
    complaint.miss_response(NOON + 24 * HOUR)
    asked(complaint, 25).grant_pause(GENERAL_MANAGER, NOON + 25 * HOUR)
    complaint.resume(DIRECTOR, NOON + 26 * HOUR)
    assert complaint.terms.respond_by == NOON + 24 * HOUR
    assert complaint.timers["miss_response"] is None
    with pytest.raises(RuleBroken) as refusal:
        asked(complaint, 49)
    assert rule_of(refusal) == "CMP-16"


def test_a_pause_hides_no_deadline_that_passed_while_no_timer_ran() -> None:
    """CMP-16, CMP-7"""
    complaint = asked(hours=25)
    complaint.grant_pause(GENERAL_MANAGER, NOON + 25 * HOUR)
    assert happened(complaint)[-3:] == ["ResponseMissed", "ComplaintEscalated", "ClockPaused"]


def test_whoever_takes_the_next_step_waits_no_longer() -> None:
    """CMP-16"""
    complaint = asked()
    complaint.grant_pause(GENERAL_MANAGER, NOON + 3 * HOUR)
    complaint.respond(Channel.PHONE, EVIDENCE, "王先生", DIRECTOR, NOON + 7 * HOUR)
    assert complaint.paused_for == 4 * HOUR
    with pytest.raises(NotAllowedNow):
        complaint.resume(DIRECTOR, NOON + 8 * HOUR)
    asked(complaint, 8)
    complaint.propose("换货", DIRECTOR, NOON + 9 * HOUR)
    complaint.agree("好", CUSTOMER, NOON + 9 * HOUR)
    with pytest.raises(NotAllowedNow):
        complaint.grant_pause(GENERAL_MANAGER, NOON + 9 * HOUR)
    assert complaint.response_seconds == 3 * 3600


def test_only_whoever_handles_it_asks_and_nobody_pauses_what_is_settled() -> None:
    """CMP-16"""
    with pytest.raises(Forbidden):
        taken().ask_pause(WAITING, "客户出差", None, MANAGER, NOON + 2 * HOUR)
    with pytest.raises(NotAllowedNow):
        asked(resolved(), 5)
    complaint = asked()
    complaint.grant_pause(GENERAL_MANAGER, NOON + 3 * HOUR)
    with pytest.raises(Forbidden):
        complaint.resume(OFFICE, NOON + 4 * HOUR)


def test_a_call_is_answered_in_time_whether_the_clock_is_paused_or_not() -> None:
    """CMP-7, CMP-16: whoever was called has to acknowledge all the same."""
    complaint = taken()
    complaint.miss_response(NOON + 24 * HOUR)
    asked(complaint, 25).grant_pause(GENERAL_MANAGER, NOON + 25 * HOUR)
    assert complaint.timers["climb"] == NOON + 28 * HOUR
