"""The rules of the 8D report, of recurrence and of what goods are worth, without a database."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.quality.domain.bought_goods import BoughtLine, value_of
from services.quality.domain.catalogue import catalogue
from services.quality.domain.eight_disciplines import Containment, Prevention, Problem, Section, Team
from services.quality.domain.investigation import Investigation
from services.quality.domain.liability import LiabilityShare, Severity
from services.quality.domain.lifecycle import InvestigationStatus
from shared.domain.actor import Post
from shared.domain.money import yuan
from shared.domain.refusals import NotAllowedNow, RuleBroken
from shared.events.quality import CauseEstablished, DepartmentTaskExtended, InvestigationReopened, LiabilityRevised
from tests.quality.cases import AT, INSPECTOR, POLICY, actor, analysis, bought, goods, opened, reported, share, slip

SEEN = AT + POLICY.quality.effect_check_after
DUE = AT + timedelta(days=7)
TEAM = Team(leader="u24", members=["u22"])
PROBLEM = Problem(what="pinholes", where="hall", when="at laying", extent="20 m²")
CONTAINMENT = Containment(measures="shipments stopped")
PREVENTION = Prevention(measures="changed every half year", standards=["kiln 5"], training=["18 people"])
DIRECTOR = actor("director", Post.SALES_DIRECTOR)


def put_right(case: Investigation) -> None:
    """One action, done and found effective."""
    case.open_action(uuid4(), "owner", None, DUE, "new thermocouples", INSPECTOR, AT)
    case.finish_action(case.actions[-1].id, actor("owner"), AT)
    case.check_action(case.actions[-1].id, True, "sound", INSPECTOR, SEEN)


def ended(case: Investigation | None = None) -> Investigation:
    case = case or reported()
    case.close("done", INSPECTOR, SEEN)
    return case


def test_the_eight_sections_are_open_until_somebody_fills_them() -> None:
    """QUA-3"""
    case = reported()
    assert case.open_sections == list(Section)
    case.name_team(TEAM, INSPECTOR, AT)
    case.describe(PROBLEM, INSPECTOR, AT)
    case.contain(CONTAINMENT, INSPECTOR, AT)
    case.analyse(analysis(), INSPECTOR, AT)
    case.open_action(uuid4(), "owner", None, DUE, "measure", INSPECTOR, AT)
    assert case.open_sections == [Section.EFFECT, Section.PREVENTION, Section.CLOSING]
    case.finish_action(case.actions[-1].id, actor("owner"), AT)
    case.check_action(case.actions[-1].id, True, "sound", INSPECTOR, SEEN)
    case.prevent(PREVENTION, INSPECTOR, SEEN)
    case.close("done", INSPECTOR, SEEN, "the kiln crew")
    assert case.open_sections == []
    assert case.team is not None
    assert (case.team.recorded_by, case.team.recorded_at) == (INSPECTOR.id, AT)
    assert case.closings[0].thanks == "the kiln crew"


def test_a_grave_case_is_not_closed_before_its_sections_are_filled() -> None:
    """QUA-3"""
    case = reported()
    case.analyse(analysis(severity=Severity.GRAVE), INSPECTOR, AT)
    put_right(case)
    with pytest.raises(RuleBroken) as refusal:
        ended(case)
    assert (refusal.value.rule, refusal.value.params) == ("QUA-3", {"section": Section.TEAM})
    case.name_team(TEAM, INSPECTOR, AT)
    case.describe(PROBLEM, INSPECTOR, AT)
    case.contain(CONTAINMENT, INSPECTOR, AT)
    case.prevent(PREVENTION, INSPECTOR, AT)
    assert ended(case).status is InvestigationStatus.CLOSED


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cause": "bad_luck"}, "no cause bad_luck"),
        ({"method": "dice"}, "no method dice"),
        ({"steps": analysis().steps[:2]}, "at least 3 steps"),
    ],
)
def test_a_root_cause_is_of_the_catalogue_and_found_by_a_method_with_its_steps(
    change: dict[str, Any], sentence: str
) -> None:
    """QUA-3"""
    with pytest.raises(RuleBroken, match=sentence) as refusal:
        reported().analyse(analysis().model_copy(update=change), INSPECTOR, AT)
    assert refusal.value.rule == "QUA-3"


def test_a_root_cause_rests_on_findings() -> None:
    """QUA-3"""
    with pytest.raises(RuleBroken, match="no department has reported"):
        opened().analyse(analysis(), INSPECTOR, AT)


def test_a_finding_names_a_cause_of_the_catalogue() -> None:
    """QUA-3"""
    with pytest.raises(RuleBroken, match="catalogue") as refusal:
        opened().report(None, "bad_luck", "x", actor("p", Post.PRODUCTION), AT)
    assert refusal.value.rule == "QUA-3"


def test_the_root_cause_is_of_the_article_that_was_complained_of_unless_another_is_named() -> None:
    """QUA-3"""
    case = reported()
    case.register_complaint("TS1", slip("A-1"))
    case.analyse(analysis(), INSPECTOR, AT)
    case.analyse(analysis(article="B-2"), INSPECTOR, AT)
    told = [event.article for event in case.recorded if isinstance(event, CauseEstablished)]
    assert told == ["A-1", "B-2"]


def test_every_entry_of_the_catalogue_has_both_languages() -> None:
    """QUA-3"""
    entries = [*catalogue().causes.values(), *catalogue().methods.values()]
    assert all(entry.zh and entry.en for entry in entries)
    assert {"production", "warehouse"}.isdisjoint(catalogue().causes)


def test_a_department_gets_more_time_from_somebody_else_before_its_deadline() -> None:
    """QUA-2"""
    case = opened()
    first = case.tasks[0].due_at
    later = first + timedelta(hours=5)
    case.extend_task(Post.PRODUCTION, later, "kiln under repair", DIRECTOR, AT)
    assert (case.tasks[0].due_at, case.tasks[0].extensions[0].due_before) == (later, first)
    assert case.timers["chase_departments"] == first
    case.chase_departments(first)
    assert [task.missed_at for task in case.tasks] == [None, first, first, first]
    assert case.timers["chase_departments"] == later
    assert [event.reason for event in case.recorded if isinstance(event, DepartmentTaskExtended)] == [
        "kiln under repair"
    ]


@pytest.mark.parametrize(
    ("by", "hours", "sentence"),
    [
        (actor("p", Post.PRODUCTION, Post.SALES_MANAGER), 24, "gives itself"),
        (DIRECTOR, 12, "after the present deadline"),
        (DIRECTOR, 1, "after the present deadline"),
    ],
)
def test_more_time_is_more_and_never_ones_own_gift(by: Any, hours: int, sentence: str) -> None:
    """QUA-2"""
    with pytest.raises(RuleBroken, match=sentence) as refusal:
        opened().extend_task(Post.PRODUCTION, AT + timedelta(hours=hours), "x", by, AT)
    assert refusal.value.rule == "QUA-2"


def test_more_time_does_not_undo_a_miss() -> None:
    """QUA-2"""
    case = opened()
    case.chase_departments(AT + timedelta(hours=12))
    with pytest.raises(RuleBroken, match="too late"):
        case.extend_task(Post.PRODUCTION, AT + timedelta(days=2), "x", DIRECTOR, AT + timedelta(hours=13))


def blamed(severity: Severity, employee: str = "u22") -> list[LiabilityShare]:
    person = share(60, employee=employee).model_copy(update={"severity": severity})
    return [person, share(40, Post.TRANSPORT)]


def test_a_graver_finding_is_announced_with_the_people_it_is_graver_for() -> None:
    """QUA-3"""
    case = reported()
    with pytest.raises(NotAllowedNow):
        case.revise_liability(blamed(Severity.GRAVE), "new", INSPECTOR, AT)
    case.establish_liability(blamed(Severity.LIGHT), INSPECTOR, AT)
    case.revise_liability(blamed(Severity.GRAVE), "records were changed", INSPECTOR, AT)
    case.revise_liability(blamed(Severity.LIGHT), "they were not", INSPECTOR, AT)
    case.revise_liability(blamed(Severity.LIGHT, "u23"), "it was another", INSPECTOR, AT)
    told = [event.graver for event in case.recorded if isinstance(event, LiabilityRevised)]
    assert told == [["u22"], [], ["u23"]]
    assert len(case.former_liabilities) == 3


def test_a_revised_liability_still_adds_up() -> None:
    """QUA-3"""
    case = reported()
    case.establish_liability(blamed(Severity.LIGHT), INSPECTOR, AT)
    with pytest.raises(RuleBroken, match="add up to 60 %"):
        case.revise_liability(blamed(Severity.LIGHT)[:1], "x", INSPECTOR, AT)


def test_a_recurrence_reopens_an_ended_case_once_and_counts() -> None:
    """QUA-4"""
    case, again = ended(), uuid4()
    for _ in range(2):
        case.recur("ZL2", again, SEEN)
    told = [event for event in case.recorded if isinstance(event, InvestigationReopened)]
    assert [(event.times, event.recurred_in) for event in told] == [(1, again)]
    assert (case.summary, case.closings[0].summary) == (None, "done")
    case.open_action(uuid4(), "owner", None, SEEN + timedelta(days=1), "x", INSPECTOR, SEEN)
    case.finish_action(case.actions[-1].id, actor("owner"), SEEN)
    case.check_action(case.actions[-1].id, True, "", INSPECTOR, SEEN + timedelta(days=30))
    ended(case).recur("ZL2", again, SEEN)
    assert case.status is InvestigationStatus.CLOSED
    case.recur("ZL3", uuid4(), SEEN)
    assert [one.reason[-3:] for one in case.reopenings] == ["ZL2", "ZL3"]


def test_a_reopened_case_needs_a_new_action_before_it_ends_again() -> None:
    """QUA-4"""
    case = reported()
    put_right(case)
    ended(case)
    case.reopen("not satisfied", SEEN)
    assert Section.CLOSING in case.open_sections
    with pytest.raises(RuleBroken, match="needs a new action") as refusal:
        ended(case)
    assert refusal.value.rule == "QUA-4"
    case.open_action(uuid4(), "owner", None, SEEN + timedelta(days=1), "x", INSPECTOR, SEEN)
    case.finish_action(case.actions[-1].id, actor("owner"), SEEN)
    case.check_action(case.actions[-1].id, True, "", INSPECTOR, SEEN + timedelta(days=30))
    case.close("done again", INSPECTOR, SEEN + timedelta(days=30))
    assert [closing.summary for closing in case.closings] == ["done", "done again"]


def test_liability_that_is_established_is_only_revised_after_reopening() -> None:
    """QUA-3"""
    case = reported()
    case.establish_liability(blamed(Severity.LIGHT), INSPECTOR, AT)
    ended(case).reopen("not satisfied", SEEN)
    with pytest.raises(NotAllowedNow, match="revise it"):
        case.establish_liability(blamed(Severity.GRAVE), INSPECTOR, SEEN)
    case.revise_liability(blamed(Severity.GRAVE), "worse", INSPECTOR, SEEN)


def test_what_a_case_began_under_stays_as_it_was() -> None:
    """REG-2: the time until the effect check is that of the case's own policy."""
    slow = POLICY.model_copy(update={"quality": POLICY.quality.model_copy(update={"effect_check_after": DUE - AT})})
    case = Investigation.open(uuid4(), None, slow, AT)
    case.open_action(uuid4(), "owner", None, DUE, "x", INSPECTOR, AT)
    case.finish_action(case.actions[0].id, actor("owner"), AT)
    assert case.actions[0].check_from == DUE


def line(article: str, quantity: str, price: str) -> BoughtLine:
    return BoughtLine(order_number="DH1", article=article, quantity=yuan(quantity), price=yuan(price))


@pytest.mark.parametrize(
    ("lines", "article", "value"),
    [
        ([], "A-1", None),
        ([line("A-1", "60", "88.00"), line("B-2", "5", "10.00")], "A-1", "880.00"),
        ([line("A-1", "4", "88.00")], "A-1", "352.00"),
        ([line("A-1", "4", "10.00"), line("A-1", "60", "20.00")], "A-1", "200.00"),
        ([line("A-1", "60", "88.00"), line("B-2", "5", "10.00")], "C-3", "5330.00"),
        ([line("A-1", "2", "88.00")], None, "176.00"),
    ],
)
def test_goods_are_worth_what_was_paid_for_what_is_complained_of(
    lines: list[BoughtLine], article: str | None, value: str | None
) -> None:
    """QUA-5: the slip names ten."""
    assert value_of(lines, slip(article) if article else None) == (yuan(value) if value else None)


def test_the_goods_value_follows_evidence_and_slip_in_whatever_order() -> None:
    """QUA-5"""
    values = []
    for evidence_first in (True, False):
        case = opened()
        if not evidence_first:
            case.register_complaint("TS1", slip("A-1"))
        case.trace("DH1", goods(("L1", "A-1")), [bought("A-1", "60", "88.00")])
        case.trace("DH1", goods(("L1", "A-1")), [bought("A-1", "60", "88.00")])
        if evidence_first:
            case.register_complaint("TS1", slip("A-1"))
        values.append(case.goods_value)
    assert values == [yuan("880.00")] * 2
