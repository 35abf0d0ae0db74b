"""The rules of investigations, without a database."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.quality.domain.contained_case import CLEARED
from services.quality.domain.department_task import DEPARTMENTS
from services.quality.domain.investigation import Investigation
from services.quality.domain.lifecycle import InvestigationStatus
from shared.domain.actor import Actor, Post
from shared.domain.money import yuan
from shared.domain.numbers import same_id
from shared.domain.refusals import Forbidden, NotAllowedNow, NotFound, RuleBroken
from shared.events.quality import (
    DepartmentTaskAssigned,
    DepartmentTaskMissed,
    EffectCheckDue,
    LotHoldOrdered,
    LotReleaseOrdered,
)
from tests.quality.cases import AT, INSPECTOR, POLICY, actor, bought, goods, held, opened, reported, share, slip

LATER = AT + timedelta(hours=12)
SEEN = AT + POLICY.quality.effect_check_after
OWNER = actor("owner", Post.PRODUCTION)


def with_action(case: Investigation, owner: str = "owner", department: Post | None = None) -> Investigation:
    case.open_action(uuid4(), owner, department, LATER, "new kiln curve", INSPECTOR, AT)
    return case


def test_an_investigation_has_the_id_that_follows_from_its_complaint() -> None:
    """QUA-1"""
    case = opened()
    assert case.id == same_id(case.complaint_id, "investigation")
    assert case.number.startswith("ZL20261124-")


def test_the_four_departments_get_a_task_each_with_the_departments_time() -> None:
    """QUA-2, CMP-5"""
    case = opened()
    tasks = [event for event in case.recorded if isinstance(event, DepartmentTaskAssigned)]
    assert [task.department for task in tasks] == list(DEPARTMENTS)
    assert {task.due_at for task in tasks} == {AT + POLICY.complaints.department_time}
    assert case.timers == {"chase_departments": LATER}


def test_a_department_that_has_not_reported_in_time_has_missed_its_task_once() -> None:
    """QUA-2"""
    case = opened()
    case.report(None, "firing", "found", actor("p", Post.PRODUCTION), AT)
    case.chase_departments(LATER)
    case.chase_departments(LATER)
    missed = [event.department for event in case.recorded if isinstance(event, DepartmentTaskMissed)]
    assert missed == [Post.QUALITY_INSPECTOR, Post.WAREHOUSE, Post.TRANSPORT]


def test_a_department_is_not_chased_before_its_own_deadline() -> None:
    """QUA-2"""
    case = opened()
    case.tasks[0].due_at = LATER + timedelta(hours=1)
    case.chase_departments(LATER)
    assert case.tasks[0].missed_at is None
    assert case.timers == {"chase_departments": LATER + timedelta(hours=1)}


def test_nobody_is_chased_when_all_have_reported() -> None:
    """QUA-2"""
    assert reported().timers == {"chase_departments": None}


def test_a_late_report_counts_and_the_miss_stays_on_record() -> None:
    """QUA-2"""
    case = opened()
    case.chase_departments(LATER)
    case.report(None, "storage", "wet floor", actor("w", Post.WAREHOUSE), LATER)
    task = next(task for task in case.tasks if task.department is Post.WAREHOUSE)
    assert task.reported_at == task.missed_at == LATER


@pytest.mark.parametrize(
    ("by", "named"),
    [
        (actor("w", Post.WAREHOUSE), Post.PRODUCTION),
        (actor("c", Post.CLERK), None),
    ],
)
def test_a_department_reports_only_for_itself(by: Actor, named: Post | None) -> None:
    """QUA-2"""
    with pytest.raises(Forbidden) as refusal:
        opened().report(named, "other", "x", by, AT)  # type: ignore[arg-type]  # the API admits departments only
    assert refusal.value.rule == "QUA-2"


def test_whoever_holds_the_posts_of_several_departments_names_one() -> None:
    """QUA-2"""
    both, case = actor("b", Post.WAREHOUSE, Post.TRANSPORT), opened()
    with pytest.raises(RuleBroken, match="name the department"):
        case.report(None, "transport", "x", both, AT)
    case.report(Post.TRANSPORT, "transport", "x", both, AT)
    assert case.findings[0].department is Post.TRANSPORT


def test_a_second_finding_of_a_department_stands_beside_the_first() -> None:
    """QUA-2"""
    case, by = opened(), actor("w", Post.WAREHOUSE)
    case.report(None, "storage", "first", by, AT)
    case.report(None, "packing", "second", by, LATER)
    assert [finding.finding for finding in case.findings] == ["first", "second"]
    assert next(task for task in case.tasks if task.department is Post.WAREHOUSE).reported_at == AT


def test_all_lots_are_held_while_the_slip_is_not_known() -> None:
    """QUA-1"""
    case = opened()
    case.trace("DH1", goods(("L1", "A-1"), ("L2", "B-2")))
    assert held(case) == {"L1", "L2"}


def test_all_lots_are_held_when_the_slip_fits_none_of_them() -> None:
    """QUA-1"""
    case = opened()
    case.register_complaint("TS1", slip("mistyped"))
    case.trace("DH1", goods(("L1", "A-1"), ("L2", "B-2")))
    assert held(case) == {"L1", "L2"}


def test_only_lots_of_the_article_on_the_slip_are_held() -> None:
    """QUA-1"""
    case = opened()
    case.register_complaint("TS1", slip("A-1"))
    case.trace("DH1", goods(("L1", "A-1"), ("L2", "B-2")))
    assert held(case) == {"L1"}
    assert not any(isinstance(event, LotReleaseOrdered) for event in case.recorded)


def test_a_slip_that_comes_late_lets_the_other_articles_go() -> None:
    """QUA-1"""
    case = opened()
    case.trace("DH1", goods(("L1", "A-1"), ("L2", "B-2")))
    case.register_complaint("TS1", slip("A-1"))
    assert held(case) == {"L1"}
    assert [event.reason for event in case.recorded if isinstance(event, LotReleaseOrdered)] == [CLEARED]


def test_a_corrected_article_holds_what_it_names_and_lets_go_what_it_does_not() -> None:
    """QUA-1, CMP-3: also what the wrong slip had cleared; never what somebody has released."""
    case = reported()
    case.register_complaint("TS1", slip("A-1"))
    case.trace("DH1", goods(("L1", "A-1"), ("L2", "B-2")))
    assert held(case) == {"L1"}
    case.register_complaint("TS1", slip("B-2"))
    assert held(case) == {"L2"}
    case.release_lots("sound")
    case.register_complaint("TS1", slip("A-1"))
    assert held(case) == {"L1"}
    case.register_complaint("TS1", slip("B-2"))
    assert held(case) == set()


def test_a_corrected_order_lets_the_goods_of_the_other_one_go_once_its_own_are_known() -> None:
    """QUA-1, QUA-5, CMP-3: whichever of slip and evidence comes first; a claim is measured by the right order."""
    lines = {"DH1": [bought("A-1", "100", "10")], "DH2": [bought("A-1", "10", "80")]}
    lots = {"DH1": goods(("L1", "A-1"), ("L3", "A-1")), "DH2": goods(("L2", "A-1"), ("L3", "A-1"))}
    for evidence_first in (False, True):
        case = opened()
        case.register_complaint("TS1", slip("A-1", "DH1"))
        case.trace("DH1", lots["DH1"], lines["DH1"])
        if evidence_first:
            case.trace("DH2", lots["DH2"], lines["DH2"])
        case.register_complaint("TS1", slip("A-1", "DH2"))
        if not evidence_first:
            assert held(case) == {"L1", "L3"}
            case.trace("DH2", lots["DH2"], lines["DH2"])
        assert held(case) == {"L2", "L3"}
        assert case.goods_value == yuan("800")


def test_lots_are_held_once_and_never_again_after_their_release() -> None:
    """QUA-1"""
    case = reported()
    case.trace("DH1", goods(("L1", "A-1"), ("L1", "A-1")))
    case.trace("DH1", goods(("L1", "A-1")))
    case.release_lots("sound")
    case.trace("DH1", goods(("L1", "A-1")))
    assert held(case) == set()
    assert [len(event.lot_ids) for event in case.recorded if isinstance(event, LotHoldOrdered)] == [1]
    with pytest.raises(NotAllowedNow, match="holds no lot"):
        case.release_lots("again")


def test_lots_stay_on_hold_until_something_was_found() -> None:
    """QUA-1"""
    case = opened()
    case.trace("DH1", goods(("L1", "A-1")))
    with pytest.raises(RuleBroken) as refusal:
        case.release_lots("sound")
    assert refusal.value.rule == "QUA-1"
    assert held(case) == {"L1"}


def test_evidence_after_the_end_of_the_case_still_holds_lots_and_they_can_be_released() -> None:
    """QUA-1"""
    case = reported()
    case.close("done", INSPECTOR, AT)
    case.trace("DH1", goods(("L1", "A-1")))
    case.register_complaint("TS1", None)
    assert held(case) == {"L1"}
    case.release_lots("sound")
    assert held(case) == set()


def test_liability_rests_on_findings() -> None:
    """QUA-3"""
    with pytest.raises(RuleBroken, match="no department has reported") as refusal:
        opened().establish_liability([share(100)], INSPECTOR, AT)
    assert refusal.value.rule == "QUA-3"


def test_liability_is_established_once() -> None:
    """QUA-3"""
    case = reported()
    case.establish_liability([share(60), share(40, Post.TRANSPORT, "driver")], INSPECTOR, AT)
    assert case.status is InvestigationStatus.ESTABLISHED
    with pytest.raises(NotAllowedNow):
        case.establish_liability([share(100)], INSPECTOR, AT)


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ([share(60), share(50, Post.TRANSPORT)], "add up to 110 %"),
        ([share(60)], "add up to 60 %"),
        ([share(50), share(50)], "each party has one share"),
        ([share(100, Post.CUSTOMER, "王先生")], "only our own people"),
        ([share(100, employee=INSPECTOR.id)], "their own liability"),
    ],
)
def test_a_liability_that_does_not_hold_is_refused(shares: list, sentence: str) -> None:  # type: ignore[type-arg]
    """QUA-3"""
    with pytest.raises(RuleBroken) as refusal:
        reported().establish_liability(shares, INSPECTOR, AT)
    assert refusal.value.rule == "QUA-3"
    assert sentence in str(refusal.value)


def test_an_absent_person_does_not_establish_their_own_liability_through_a_delegate() -> None:
    """QUA-3"""
    delegate = actor("delegate", Post.QUALITY_INSPECTOR, on_behalf_of="absent")
    with pytest.raises(RuleBroken, match="their own liability"):
        reported().establish_liability([share(100, employee="absent")], delegate, AT)


def test_an_action_is_due_in_the_future() -> None:
    """QUA-4"""
    with pytest.raises(RuleBroken, match="lies ahead"):
        opened().open_action(uuid4(), "owner", None, AT, "x", INSPECTOR, AT)


def test_there_is_no_action_of_an_unknown_id() -> None:
    with pytest.raises(NotFound):
        opened().finish_action(uuid4(), OWNER, AT)


@pytest.mark.parametrize(
    ("owner", "department", "by"),
    [
        ("owner", None, actor("owner")),
        ("owner", None, actor("delegate", on_behalf_of="owner")),
        ("owner", Post.PRODUCTION, actor("colleague", Post.PRODUCTION)),
        ("warehouse", None, actor("somebody", Post.WAREHOUSE)),
    ],
)
def test_the_owner_or_their_department_says_that_an_action_is_done(owner: str, department: Post, by: Actor) -> None:
    """QUA-4"""
    case = with_action(opened(), owner, department)
    case.finish_action(case.actions[0].id, by, AT)
    assert case.actions[0].done_by == by.id
    with pytest.raises(NotAllowedNow, match="already done"):
        case.finish_action(case.actions[0].id, by, AT)


def test_nobody_else_says_that_an_action_is_done() -> None:
    """QUA-4"""
    case = with_action(opened())
    with pytest.raises(Forbidden) as refusal:
        case.finish_action(case.actions[0].id, actor("other", Post.PRODUCTION), AT)
    assert refusal.value.rule == "QUA-4"


@pytest.mark.parametrize(
    "by",
    [
        actor("owner"),
        actor("colleague"),
        actor("absent"),
        actor("delegate", on_behalf_of="owner"),
        actor("delegate", on_behalf_of="colleague"),
    ],
)
def test_another_person_than_the_owner_and_whoever_did_it_checks_the_effect(by: Actor) -> None:
    """QUA-4"""
    case = with_action(opened(), "owner", Post.PRODUCTION)
    case.finish_action(case.actions[0].id, actor("colleague", Post.PRODUCTION, on_behalf_of="absent"), AT)
    with pytest.raises(RuleBroken) as refusal:
        case.check_action(case.actions[0].id, True, "", by, AT)
    assert refusal.value.rule == "QUA-4"


def test_an_effect_is_checked_after_the_deed_and_found_once() -> None:
    """QUA-4"""
    case = with_action(opened())
    action = case.actions[0].id
    with pytest.raises(NotAllowedNow, match="not done yet"):
        case.check_action(action, True, "", INSPECTOR, SEEN)
    case.finish_action(action, OWNER, AT)
    case.check_action(action, True, "", INSPECTOR, SEEN)
    with pytest.raises(NotAllowedNow, match="already found effective"):
        case.check_action(action, True, "", INSPECTOR, SEEN)


def test_an_effect_is_not_checked_before_the_set_time_is_over() -> None:
    """QUA-4: it takes time to show."""
    case = with_action(opened())
    case.finish_action(case.actions[0].id, OWNER, AT)
    with pytest.raises(RuleBroken, match="is checked from") as refusal:
        case.check_action(case.actions[0].id, True, "", INSPECTOR, SEEN - timedelta(seconds=1))
    assert refusal.value.rule == "QUA-4"
    case.check_action(case.actions[0].id, True, "", INSPECTOR, SEEN)


def test_the_effect_check_is_reminded_of_once_the_set_time_is_over() -> None:
    """QUA-4"""
    case = with_action(with_action(opened()))
    case.finish_action(case.actions[0].id, OWNER, AT)
    case.finish_action(case.actions[1].id, OWNER, LATER)
    assert case.timers["remind_of_effects"] == SEEN
    case.remind_of_effects(SEEN)
    case.remind_of_effects(SEEN)
    due = [event.action_id for event in case.recorded if isinstance(event, EffectCheckDue)]
    assert due == [case.actions[0].id]
    assert case.timers["remind_of_effects"] == SEEN + timedelta(hours=12)
    case.check_action(case.actions[1].id, True, "", INSPECTOR, SEEN + timedelta(hours=12))
    assert case.timers["remind_of_effects"] is None


def test_an_action_without_effect_needs_another_one_in_its_place() -> None:
    """QUA-4"""
    case = with_action(reported())
    failed = case.actions[0]
    with pytest.raises(RuleBroken, match="without effect is replaced"):
        case.open_action(uuid4(), "owner", None, LATER, "again", INSPECTOR, AT, replaces=failed.id)
    case.finish_action(failed.id, OWNER, AT)
    case.check_action(failed.id, False, "still cracked", INSPECTOR, SEEN)
    for deed in (lambda: case.finish_action(failed.id, OWNER, SEEN), lambda: recheck(case)):
        with pytest.raises(NotAllowedNow):
            deed()
    with pytest.raises(RuleBroken, match="1 actions"):
        case.close("done", INSPECTOR, SEEN)
    later = SEEN + timedelta(days=1)
    case.open_action(uuid4(), "owner", None, later, "new glaze", INSPECTOR, SEEN, replaces=failed.id)
    with pytest.raises(RuleBroken, match="without effect is replaced"):
        case.open_action(uuid4(), "owner", None, later, "another", INSPECTOR, SEEN, replaces=failed.id)
    case.finish_action(case.actions[1].id, OWNER, SEEN)
    case.check_action(case.actions[1].id, True, "sound now", INSPECTOR, SEEN + timedelta(days=30))
    case.close("done", INSPECTOR, SEEN + timedelta(days=30))
    assert (failed.replaced_by, failed.effective) == (case.actions[1].id, False)


def recheck(case: Investigation) -> None:
    case.check_action(case.actions[0].id, True, "", INSPECTOR, SEEN)


def test_a_silent_department_blocks_closing() -> None:
    """QUA-4"""
    case = reported()
    case.tasks[2].reported_at = None
    with pytest.raises(RuleBroken) as refusal:
        case.close("done", INSPECTOR, AT)
    assert refusal.value.rule == "QUA-4"
    assert refusal.value.params == {"department": Post.WAREHOUSE}


def test_nothing_more_happens_to_a_closed_case() -> None:
    """QUA-4"""
    case = reported()
    case.close("done", INSPECTOR, AT)
    with pytest.raises(NotAllowedNow):
        with_action(case)
    with pytest.raises(NotAllowedNow):
        case.report(None, "other", "late", actor("w", Post.WAREHOUSE), AT)
