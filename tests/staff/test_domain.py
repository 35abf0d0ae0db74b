"""The rules of penalties, without any I/O."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.staff.domain.access import Access, insider
from services.staff.domain.charge import Charge, from_complaint, from_investigation
from services.staff.domain.employee import Employee
from services.staff.domain.penalty import Grounds, Penalty, PenaltyStatus, Ruling, month_of
from services.staff.domain.schedule import Measure, Schedule, schedule
from shared.domain.actor import Actor, Post
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, NotAllowedNow, Refusal, RuleBroken
from shared.events.quality import LiabilityEstablished, Share
from shared.events.staff import PenaltyApproved, PenaltyDecided, PenaltyDropped, PenaltyProposed
from tests.staff.conftest import established

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)
POLICY = Policy.read()
HR = Actor(id="u30", posts=frozenset({Post.HR}))
CHIEF = Actor(id="u01", posts=frozenset({Post.GENERAL_MANAGER}))
BRANCH = Actor(id="u06", posts=frozenset({Post.BRANCH_GENERAL_MANAGER}), branch="佛山")
NONE = Decimal("0.00")


def employee(code: str = "u12", wage: str = "7000.00") -> Employee:
    return Employee.join(
        code, name="某某", posts=[Post.SALESPERSON], department="销售部", branch="佛山", monthly_wage=wage,
        joined=date(2020, 1, 1),
    )  # fmt: skip


def penalty(kind: str = "service", severity: str = "ordinary", who: Employee | None = None) -> Penalty:
    charge = Charge(uuid4(), kind, "u12", severity)
    entry = schedule().entry(kind, severity, NOW.date())
    assert entry is not None
    return Penalty.propose(charge, Grounds(entry), who, POLICY, NOW)


def ruling(*measures: str, fine: str = "0.00", **other: Any) -> Ruling:
    return Ruling(measures=measures, fine=fine, reason="经查实", **other)


def decide(
    penalty: Penalty, ruling: Ruling, by: Actor = HR, fined: str = "0.00", who: Employee | None = None
) -> Penalty:
    penalty.decide(ruling, who, Decimal(fined), by, POLICY, NOW)
    return penalty


def rule_of(refusal: pytest.ExceptionInfo[Refusal]) -> str | None:
    return refusal.value.rule


# The schedule (STF-6, STF-7)


@pytest.mark.parametrize(
    ("kind", "severity", "violation", "measures"),
    [
        ("service", "light", "service_complaint", ["public_criticism", "fine"]),
        ("service", "ordinary", "service_complaint", ["public_criticism", "fine"]),
        ("delivery", "ordinary", "service_complaint", ["public_criticism", "fine"]),
        ("service", "grave", "serious_service_complaint", ["public_criticism", "fine", "dismissal"]),
        ("quality", "light", "quality_complaint", ["public_criticism", "performance_deduction"]),
        ("quality", "grave", "grave_quality_complaint", ["public_criticism", "performance_deduction", "dismissal"]),
    ],
)
def test_the_schedule_says_what_follows_from_kind_and_severity(
    kind: str, severity: str, violation: str, measures: list[str]
) -> None:
    """STF-6, STF-7: D19 §4.3"""
    proposal = penalty(kind, severity)
    assert (proposal.violation, proposal.measures) == (violation, measures)
    assert proposal.clause == ("D19 §4.3b" if kind == "quality" else "D19 §4.3a")
    [event] = proposal.recorded
    assert isinstance(event, PenaltyProposed)
    assert (event.violation, event.measures, event.deciders) == (violation, measures, proposal.deciders)
    fines = (POLICY.penalties.service_fine_low, POLICY.penalties.service_fine_high)
    assert (event.low, event.high) == (fines if "fine" in measures else (None, None))


def test_an_opinion_has_no_entry_and_an_unknown_severity_is_refused() -> None:
    """STF-6"""
    assert schedule().entry("opinion", "light", NOW.date()) is None
    with pytest.raises(RuleBroken) as refusal:
        schedule().entry("service", "catastrophic", NOW.date())
    assert rule_of(refusal) == "STF-6"


def test_an_entry_holds_from_its_day_on_until_a_later_one(tmp_path: Path) -> None:
    """STF-6"""
    entry = {**schedule().entries[0].model_dump(), "measures": ["warning"], "fine_low": None, "fine_high": None}
    revised = Schedule(entries=(*schedule().entries, entry | {"effective": date(2026, 6, 1)}))
    for day, measures in [
        (date(2016, 9, 9), None),
        (date(2016, 9, 10), ("public_criticism", "fine")),
        (date(2026, 5, 31), ("public_criticism", "fine")),
        (date(2026, 6, 1), ("warning",)),
    ]:
        found = revised.entry("service", "light", day)
        assert (found and found.measures) == measures


@pytest.mark.parametrize(
    "change",
    [{"fine_low": None}, {"measures": ["warning"]}, {"dismissal": {"approvals": 2}}, {"measures": []},
     {"measures": ["warning", "fine", "dismissal"], "dismissal": {"approvals": 1}}, {"fine_high": "orders.share"}],
)  # fmt: skip
def test_a_schedule_that_contradicts_itself_cannot_be_read(change: dict[str, Any]) -> None:
    """STF-6, STF-8"""
    with pytest.raises(ValidationError):
        Schedule(entries=({**schedule().entries[0].model_dump(), **change},))


# What leads to a proposal (STF-7, STF-8)


def test_only_a_verified_complaint_charges_anybody() -> None:
    """STF-7: 经查实"""
    assert [charge.employee for charge in from_complaint_of("u12", "u13", verified=True)] == ["u12", "u13"]
    assert from_complaint_of("u12", verified=False) == []


def from_complaint_of(*employees: str, verified: bool) -> list[Charge]:
    event = established(*employees, verified=verified)
    event.heard(type("P", (), {"entity_id": uuid4()})())
    return list(from_complaint(event))


def test_a_share_charges_a_person_who_bears_some_of_it() -> None:
    """STF-7, QUA-3"""
    shares = [
        Share(department=Post.PRODUCTION, employee="u22", percent=70, severity="grave"),
        Share(department=Post.WAREHOUSE, percent=30, severity="light"),
        Share(department=Post.QUALITY_INSPECTOR, employee="u24", percent=0, severity="light"),
    ]
    event = LiabilityEstablished(number="DC1", complaint_id=uuid4(), shares=shares)
    assert list(from_investigation(event)) == [Charge(event.complaint_id, "quality", "u22", "grave")]


def test_the_id_of_a_penalty_follows_from_cause_and_employee() -> None:
    """STF-8"""
    cause, other = uuid4(), uuid4()
    same = {Penalty.id_of(Charge(cause, kind, "u12", "light")) for kind in ("quality", "service")}
    assert len(same) == 1
    assert same.isdisjoint({Penalty.id_of(Charge(cause, "quality", "u13", "light"))})
    assert same.isdisjoint({Penalty.id_of(Charge(other, "quality", "u12", "light"))})


def test_a_person_nobody_knows_is_charged_all_the_same_and_marked() -> None:
    """STF-8"""
    assert (penalty().employee_known, penalty(who=employee()).employee_known) == (False, True)
    assert penalty(who=employee()).branch == "佛山"


# Deciding (STF-7, STF-8)


@pytest.mark.parametrize("fine", ["0.00", "19.99", "19.00", "100.01", "101.00"])
def test_a_fine_outside_the_range_is_refused(fine: str) -> None:
    """STF-7"""
    with pytest.raises(RuleBroken, match="a fine lies between") as refusal:
        decide(penalty(), ruling("fine", fine=fine))
    assert rule_of(refusal) == "STF-7"


@pytest.mark.parametrize("fine", ["20.00", "50.00", "100.00"])
def test_a_fine_inside_the_range_is_decided(fine: str) -> None:
    """STF-7"""
    decided = decide(penalty(), ruling("fine", "public_criticism", fine=fine), who=employee())
    assert decided.status is PenaltyStatus.DECIDED
    event = decided.recorded[-1]
    assert isinstance(event, PenaltyDecided)
    assert (event.fine, event.measures) == (Decimal(fine), ["public_criticism", "fine"])
    assert event.appeal_by == NOW + POLICY.penalties.appeal_time
    assert (decided.decided_by, decided.month) == (["u30"], "2026-05")


def test_without_the_measure_fine_there_is_no_fine() -> None:
    """STF-7"""
    with pytest.raises(RuleBroken) as refusal:
        decide(penalty(), ruling("public_criticism", fine="20.00"))
    assert rule_of(refusal) == "STF-7"
    assert decide(penalty(), ruling("public_criticism")).fine == NONE


def test_a_measure_the_schedule_does_not_propose_is_refused() -> None:
    """STF-6"""
    for measure in set(Measure) - {Measure.PUBLIC_CRITICISM, Measure.FINE}:
        with pytest.raises(RuleBroken) as refusal:
            decide(penalty(), ruling("public_criticism", measure))
        assert rule_of(refusal) == "STF-6"


@pytest.mark.parametrize("act", ["decide", "drop"])
def test_only_the_deciders_of_the_schedule_decide_and_nobody_on_their_own(act: str) -> None:
    """STF-8"""

    def attempt(**actor: Any) -> None:
        by = Actor(**actor)
        proposal = penalty(who=employee())
        if act == "decide":
            decide(proposal, ruling("public_criticism"), by, who=employee())
        else:
            proposal.drop("no", by, NOW)

    for post in set(Post) - {Post.HR, Post.GENERAL_MANAGER, Post.BRANCH_GENERAL_MANAGER}:
        with pytest.raises(Forbidden):
            attempt(id="u99", posts={post})
    for own in ({"id": "u12"}, {"id": "u99", "on_behalf_of": "u12"}):
        with pytest.raises(RuleBroken) as refusal:
            attempt(posts={Post.HR}, **own)
        assert rule_of(refusal) == "STF-8"
    with pytest.raises(Forbidden, match="own branch"):
        attempt(id="u07", posts={Post.BRANCH_GENERAL_MANAGER}, branch="成都")
    attempt(id="u06", posts={Post.BRANCH_GENERAL_MANAGER}, branch="佛山")
    attempt(id="u07", posts={Post.BRANCH_GENERAL_MANAGER, Post.HR}, branch="成都")


def test_fines_of_a_month_stay_within_the_cap() -> None:
    """STF-8: a fifth of 500 yuan is 100 yuan"""
    poor = employee(wage="500.00")
    decide(penalty(), ruling("fine", fine="60.00"), fined="40.00", who=poor)
    with pytest.raises(RuleBroken, match="monthly cap") as refusal:
        decide(penalty(), ruling("fine", fine="60.01"), fined="40.00", who=poor)
    assert rule_of(refusal) == "STF-8"
    decide(penalty(), ruling("fine", fine="100.00"), fined="100000.00", who=None)
    decide(penalty(), ruling("public_criticism"), fined="100.01", who=poor)


def test_the_month_of_a_fine_is_that_of_shanghai() -> None:
    """STF-8"""
    assert month_of(datetime(2026, 4, 30, 15, 59, tzinfo=UTC)) == "2026-04"
    assert month_of(datetime(2026, 4, 30, 16, tzinfo=UTC)) == "2026-05"


@pytest.mark.parametrize(("region", "measures", "switched"), [
    ("佛山", ["fine"], True), ("佛山", ["public_criticism"], False), ("成都", ["fine"], False),
])  # fmt: skip
def test_a_region_may_turn_fines_into_deductions(
    region: str, measures: list[str], switched: bool, tmp_path: Path
) -> None:
    """STF-8: local labour law"""
    file = tmp_path / "policy.toml"
    file.write_text(f'[penalties]\nfines_as_deductions = {{ value = {{ "{region}" = true }} }}\n', encoding="utf-8")
    policy = Policy.read(file)
    proposal = penalty(who=employee())
    fine = "50.00" if measures == ["fine"] else "0.00"
    proposal.decide(ruling(*measures, fine=fine), employee(), NONE, HR, policy, NOW)
    assert proposal.as_deduction is switched


def test_dismissal_needs_two_different_deciders_in_any_order() -> None:
    """STF-8"""
    for first, second in [(HR, CHIEF), (CHIEF, HR), (HR, BRANCH), (BRANCH, HR)]:
        proposal = decide(penalty(severity="grave"), ruling("dismissal"), first)
        assert proposal.may(PenaltyDecided)
        assert isinstance(proposal.recorded[-1], PenaltyApproved)
        with pytest.raises(RuleBroken) as refusal:
            decide(proposal, ruling("dismissal"), first)
        assert rule_of(refusal) == "STF-8"
        decide(proposal, ruling("dismissal"), second)
        assert proposal.status is PenaltyStatus.DECIDED
        assert proposal.decided_by == [first.id, second.id]


def test_another_ruling_undoes_the_first_approval() -> None:
    """STF-8: an approval is bound to what was approved."""
    proposal = decide(penalty(severity="grave"), ruling("dismissal"), HR)
    decide(proposal, ruling("dismissal", "public_criticism"), CHIEF)
    assert proposal.may(PenaltyDecided)
    decide(proposal, ruling("public_criticism"), HR)
    assert (proposal.status, proposal.measures) == (PenaltyStatus.DECIDED, ["public_criticism"])
    assert [decision.decided_by for decision in proposal.approvals.voided] == ["u30", "u01"]


def test_for_quality_only_who_does_not_repent_is_dismissed() -> None:
    """STF-7: D19 §4.3b"""
    proposal = penalty("quality", "grave")
    with pytest.raises(RuleBroken) as refusal:
        decide(proposal, ruling("dismissal"))
    assert rule_of(refusal) == "STF-7"
    decide(proposal, ruling("dismissal", unrepentant=True))
    decide(proposal, ruling("dismissal", unrepentant=True), CHIEF)
    assert proposal.unrepentant


def test_a_dropped_penalty_is_not_decided_and_a_decided_one_is_not_dropped() -> None:
    """STF-8"""
    dropped, decided = penalty(), decide(penalty(), ruling("public_criticism"))
    dropped.drop("a mix-up", HR, NOW)
    assert isinstance(dropped.recorded[-1], PenaltyDropped)
    for attempt in (
        lambda: decide(dropped, ruling("public_criticism")),
        lambda: decided.drop("too late", HR, NOW),
        lambda: decide(decided, ruling("public_criticism"), CHIEF),
        lambda: decide(decided, ruling("fine", fine="20.00"), CHIEF),
    ):
        with pytest.raises(NotAllowedNow):
            attempt()


def test_the_notice_is_recorded_once() -> None:
    """STF-8"""
    decided = decide(penalty(), ruling("public_criticism"))
    decided.notice(uuid4(), POLICY, NOW)
    assert (decided.status, decided.noticed_at) == (PenaltyStatus.NOTICED, NOW)
    with pytest.raises(NotAllowedNow):
        decided.notice(uuid4(), POLICY, NOW)


def test_no_event_of_an_employee_carries_the_wage() -> None:
    """STF-1"""
    [event] = employee(wage="7654.00").recorded
    assert "7654" not in event.model_dump_json()
    assert employee().id == Employee.id_of("u12")


# What may be seen


def test_those_who_answer_for_penalties_see_all_and_others_their_own() -> None:
    """STF-8"""
    for post in Post:
        if post in (Post.CUSTOMER, Post.PARTNER):
            with pytest.raises(Forbidden):
                Access.of(Actor(id="u12", posts=frozenset({post})))
            continue
        access = Access.of(Actor(id="u12", posts=frozenset({post}), branch="佛山"))
        assert access.everybody is (post in (Post.HR, Post.GENERAL_MANAGER, Post.SALES_DIRECTOR))
        assert access.branch == ("佛山" if post is Post.BRANCH_GENERAL_MANAGER else None)
        assert (access.person, access.executes) == ("u12", post is Post.FINANCE)
    insider(Actor(id="u12"))


# Whatever is asked, in whatever order


MEASURES = st.lists(st.sampled_from(["public_criticism", "fine", "dismissal", "performance_deduction", "demotion"]),
                    min_size=1, max_size=3)  # fmt: skip
FINES = st.sampled_from(["0.00", "19.99", "20.00", "60.00", "100.00", "100.01"])
ACTORS = st.sampled_from([HR, CHIEF, BRANCH, Actor(id="u12", posts=frozenset({Post.HR})), Actor(id="u13")])
COMMANDS = st.one_of(
    st.tuples(st.just("decide"), ACTORS, MEASURES, FINES, st.booleans()),
    st.tuples(st.just("drop"), ACTORS),
    st.tuples(st.just("notice")),
)


@given(
    st.sampled_from(["service", "quality"]),
    st.sampled_from(["light", "grave"]),
    st.sampled_from(["60.00", "40.00", "0.00"]),
    st.lists(COMMANDS, max_size=12),
)
def test_no_sequence_of_commands_breaks_a_rule(kind: str, severity: str, fined: str, commands: list[Any]) -> None:
    """STF-6, STF-7, STF-8"""
    who = employee(wage="600.00")  # a cap of 120 yuan
    thing = penalty(kind, severity, who)
    for command, *arguments in commands:
        before = thing.model_dump_json()
        try:
            match command, *arguments:
                case ["decide", by, measures, fine, unrepentant]:
                    wanted = Ruling(measures=measures, fine=fine, reason="r", unrepentant=unrepentant)
                    attempt = thing.model_copy(deep=True)
                    attempt.decide(wanted, who, Decimal(fined), by, POLICY, NOW)
                case ["drop", by]:
                    attempt = thing.model_copy(deep=True)
                    attempt.drop("r", by, NOW)
                case _:
                    attempt = thing.model_copy(deep=True)
                    attempt.notice(uuid4(), POLICY, NOW)
        except Refusal:
            assert thing.model_dump_json() == before
            continue
        thing = attempt
        assert thing.version == len(thing.recorded)
        decided = [event for event in thing.recorded if isinstance(event, PenaltyDecided)]
        assert len(decided) == (thing.status in (PenaltyStatus.DECIDED, PenaltyStatus.NOTICED))
        assert set(thing.measures) <= set(thing.provided)
        assert "u12" not in thing.decided_by
        assert bool(thing.fine) == bool(decided and "fine" in thing.measures)
        assert not thing.fine or 20 <= thing.fine <= 100
        assert not thing.fine or thing.fine + Decimal(fined) <= 120
        assert len(set(thing.decided_by)) == ((2 if "dismissal" in thing.measures else 1) if decided else 0)
        assert not (decided and kind == "quality" and "dismissal" in thing.measures and not thing.unrepentant)
        assert (thing.appeal_by is not None) == bool(decided)
