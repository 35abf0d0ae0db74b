"""Whatever is asked of a penalty, an employee, an absence or a reward, in whatever order: no rule is broken."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.staff.domain.absence import Absence, AbsenceStatus
from services.staff.domain.charge import Charge
from services.staff.domain.conduct_case import ConductCase, ConductStatus, Violation
from services.staff.domain.employee import Employee, Place, day_of
from services.staff.domain.penalty import Grounds, Penalty, PenaltyStatus, Ruling
from services.staff.domain.reward import Reward, RewardKind
from services.staff.domain.ruling import AppealRuling
from services.staff.domain.schedule import Measure, schedule
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Refusal
from shared.events.staff import PenaltyExecuted, PenaltyFinal, PostsChanged
from tests.staff.test_domain import BRANCH, CHIEF, HR, NOW, POLICY, employee

OWN = Actor(id="u12", posts=frozenset({Post.HR, Post.FINANCE}))
FINANCE = Actor(id="u17", posts=frozenset({Post.FINANCE}))
OTHER = Actor(id="u31", posts=frozenset({Post.HR}))
ACTORS = st.sampled_from([HR, CHIEF, BRANCH, OWN, FINANCE, OTHER])
NONE = Decimal("0.00")


def proposal(severity: str = "grave") -> Penalty:
    entry = schedule().entry("service", severity, NOW.date())
    assert entry is not None
    return Penalty.propose(Charge(uuid4(), "service", "u12", severity), Grounds(entry), employee(), POLICY, NOW)


def attempt[T: Any](thing: T, deed: Any) -> T:
    """The thing after the deed; as it was, and wholly so, if the deed was refused."""
    before, copy = thing.model_dump_json(), thing.model_copy(deep=True)
    try:
        deed(copy)
    except Refusal:
        assert thing.model_dump_json() == before
        return thing
    return copy


MEASURES = st.lists(st.sampled_from(["public_criticism", "fine", "dismissal"]), min_size=1, max_size=3)
FINES = st.sampled_from(["0.00", "20.00", "60.00", "100.00", "101.00"])
DEEDS = st.one_of(
    st.tuples(st.just("decide"), ACTORS, MEASURES, FINES),
    st.tuples(st.just("answer"), ACTORS, MEASURES, FINES, st.sampled_from(["upheld", "reduced", "revoked"])),
    st.tuples(st.sampled_from(["appeal", "execute", "revoke", "drop"]), ACTORS),
    st.tuples(st.sampled_from(["notice", "close", "withdraw", "anew", "wait"])),
)


def act(penalty: Penalty, deed: tuple[Any, ...], at: datetime) -> None:
    match deed:
        case ["decide", by, measures, fine]:
            penalty.decide(Ruling(measures=measures, fine=fine, reason="r"), employee(), NONE, by, POLICY, at)
        case ["answer", by, measures, fine, outcome]:
            stated = {"measures": measures, "fine": fine} if outcome == "reduced" else {}
            penalty.decide_appeal(AppealRuling(outcome=outcome, reason="r", **stated), by, at)
        case ["appeal", by]:
            penalty.appeal_against("g", by, at)
        case ["execute", by]:
            penalty.execute("x", by, at)
        case ["revoke", by]:
            penalty.revoke("r", by, at)
        case ["drop", by]:
            penalty.drop("r", by, at)
        case ["notice"]:
            penalty.notice(uuid4(), POLICY, at)
        case ["close"]:
            penalty.close_the_appeal(at)
        case ["withdraw"]:
            penalty.withdraw("r")
        case ["anew"]:
            entry = schedule().entry("service", "grave", NOW.date())
            assert entry is not None
            penalty.propose_anew(Charge(penalty.cause_id, "service", "u12", "grave"), Grounds(entry), POLICY, at)


@given(st.lists(DEEDS, max_size=25))
def test_no_sequence_of_deeds_carries_out_a_penalty_too_early_or_by_the_wrong_people(deeds: list[Any]) -> None:
    """STF-6, STF-7, STF-8"""
    penalty, at = proposal(), NOW
    for deed in deeds:
        at += timedelta(days=6) if deed == ("wait",) else timedelta(minutes=1)
        penalty = attempt(penalty, lambda thing, deed=deed, at=at: act(thing, deed, at))
        names = [type(event).__name__ for event in penalty.recorded]
        assert penalty.version == len(names)
        assert "u12" not in (*penalty.decided_by, penalty.executed_by, penalty.revoked_by, penalty.dropped_by)
        assert not penalty.fine or 20 <= penalty.fine <= 100
        assert penalty.executed_at is None or (penalty.final_at is not None and penalty.executed_at > penalty.final_at)
        assert names.count("PenaltyFinal") <= 1
        if penalty.appeal:
            assert penalty.appeal.appealed_by == "u12"
            assert penalty.appeal.decided_by not in penalty.decided_by
        if penalty.status is PenaltyStatus.FINAL:
            assert penalty.appeal is None or penalty.appeal.outcome is not None
        if penalty.decided_at and Measure.DISMISSAL in penalty.measures:
            assert len(set(penalty.decided_by)) == 2


def test_nothing_is_final_before_the_person_was_told() -> None:
    """STF-8: not even by a deadline."""
    penalty = proposal("light")
    act(penalty, ("decide", HR, ["public_criticism"], "0.00"), NOW)
    penalty.close_the_appeal(NOW + timedelta(days=30))
    assert penalty.status is PenaltyStatus.DECIDED
    penalty.notice(uuid4(), POLICY, NOW + timedelta(days=30))
    assert penalty.timers == {"close_the_appeal": NOW + timedelta(days=35)}
    penalty.close_the_appeal(NOW + timedelta(days=35))
    assert isinstance(penalty.recorded[-1], PenaltyFinal)
    penalty.execute("x", FINANCE, NOW + timedelta(days=36))
    assert isinstance(penalty.recorded[-1], PenaltyExecuted)


def test_a_deadline_whose_reason_has_gone_does_nothing() -> None:
    """STF-8"""
    penalty = proposal("light")
    act(penalty, ("decide", HR, ["public_criticism"], "0.00"), NOW)
    penalty.notice(uuid4(), POLICY, NOW)
    penalty.appeal_against("g", Actor(id="u12"), NOW + timedelta(days=1))
    assert penalty.timers["close_the_appeal"] is None
    penalty.close_the_appeal(NOW + timedelta(days=6))
    assert penalty.status is PenaltyStatus.APPEALED


# Employees (STF-1)


DAYS = st.integers(-3, 3).map(lambda days: day_of(NOW) + timedelta(days=days))
POSTS = st.sampled_from([Post.CLERK, Post.TRAINER, Post.SALESPERSON, Post.CUSTOMER])
STEPS = st.one_of(
    st.tuples(st.just("appoint"), POSTS, DAYS, st.none() | DAYS),
    st.tuples(st.just("end"), POSTS, DAYS),
    st.tuples(st.just("turn"), st.integers(1, 4)),
    st.tuples(st.just("leave"), DAYS),
    st.tuples(st.sampled_from(["join", "quit"]), st.sampled_from(["甲", "乙"])),
    st.tuples(st.just("transfer"), st.sampled_from(["u12", "u01"])),
)


def step(person: Employee, deed: tuple[Any, ...], at: datetime) -> None:
    match deed:
        case ["appoint", post, since, until]:
            person.appoint(post, since, until, at)
        case ["end", post, until]:
            person.end_appointment(post, until, at)
        case ["turn", _]:
            person.turn_the_page(at)
        case ["leave", day]:
            person.leave(day, "r", at)
        case ["join", committee]:
            person.join_committee(committee, "委员", at)
        case ["quit", committee]:
            person.leave_committee(committee, at)
        case ["transfer", superior]:
            person.transfer(Place(department="d", branch="b", superior=superior), [])


@given(st.lists(STEPS, max_size=20))
def test_posts_are_those_of_the_appointments_of_the_day(steps: list[Any]) -> None:
    """STF-1"""
    person, at = employee(), NOW
    for deed in steps:
        at += timedelta(days=deed[1]) if deed[0] == "turn" else timedelta(0)
        person = attempt(person, lambda thing, deed=deed, at=at: step(thing, deed, at))
        turned = attempt(person, lambda thing, at=at: thing.turn_the_page(at))
        held = [one for one in turned.appointments if one.holds_on(day_of(at))]
        assert set(turned.posts) == ({one.post for one in held} if person.status == "employed" else set())
        assert len(turned.posts) == len(set(turned.posts))
        assert Post.CUSTOMER not in turned.posts
        assert turned.superior != turned.code
        assert len({seat.committee for seat in turned.seats if seat.until is None}) == sum(
            seat.until is None for seat in turned.seats
        )
        told = [event.posts for event in turned.recorded if isinstance(event, PostsChanged)]
        assert person.status == "left" or (told[-1] if told else [Post.SALESPERSON]) == turned.posts
        due = turned.timers.get("turn_the_page")
        assert due is None or due > at


def test_whoever_was_entered_before_there_were_appointments_holds_their_posts_since_joining() -> None:
    """STF-1: documents of the first edition of the register."""
    old = employee().model_dump(mode="json", exclude={"appointments", "seats", "left_on", "left_because"})
    read = Employee.model_validate(old)
    assert [(held.post, held.since) for held in read.appointments] == [(Post.SALESPERSON, date(2020, 1, 1))]


# Absences, conduct and rewards (STF-1, STF-9, STF-11)


@given(st.lists(st.sampled_from(["start", "end", "early", "stranger"]), max_size=8), st.booleans())
def test_an_absence_begins_and_ends_once(deeds: list[str], ahead: bool) -> None:
    """STF-1"""
    begins = NOW + timedelta(hours=1 if ahead else -1)
    absence = Absence.plan(uuid4(), employee(), employee("u13"), begins, NOW + timedelta(days=2), "r", HR, NOW)
    for deed in deeds:
        match deed:
            case "start":
                absence.start(NOW)
            case "end":
                absence.end(NOW)
            case "early":
                absence = attempt(absence, lambda thing: thing.end_early(HR, NOW))
            case _:
                absence = attempt(absence, lambda thing: thing.end_early(FINANCE, NOW))
        names = [type(event).__name__ for event in absence.recorded]
        assert names.count("AbsenceBegan") <= 1
        assert names.count("AbsenceEnded") <= names.count("AbsenceBegan")
        assert (absence.status is AbsenceStatus.CANCELLED) is ("AbsenceCancelled" in names)


@given(st.lists(st.tuples(st.sampled_from(["establish", "dismiss", "evidence"]), ACTORS), max_size=8))
def test_no_conduct_case_is_judged_by_its_reporter_or_its_subject(deeds: list[Any]) -> None:
    """STF-11"""
    case = ConductCase.report(
        uuid4(), Violation.DISCLOSURE, "u12", "佛山", NOW.date(), "d", ["e"], Actor(id="u31"), NOW
    )  # fmt: skip
    for deed, by in deeds:
        match deed:
            case "establish":
                case = attempt(case, lambda thing, by=by: thing.establish("grave", "f", by, NOW))
            case "dismiss":
                case = attempt(case, lambda thing, by=by: thing.dismiss("f", by, NOW))
            case _:
                case = attempt(case, lambda thing: thing.add_evidence("e"))
        assert case.decided_by not in ("u12", "u31")
        assert (case.decided_by is None) is (case.status is ConductStatus.REPORTED)
        assert case.charge == Charge(
            case.id, "disclosure", "u12", case.severity or "ordinary", case.finding or "d", "佛山"
        )


@given(st.lists(st.tuples(st.sampled_from(["approve", "reject", "pay"]), ACTORS), max_size=8), st.booleans())
def test_a_reward_passes_through_different_hands(deeds: list[Any], money: bool) -> None:
    """STF-9"""
    kind, amount = (RewardKind.BONUS, Decimal("5.00")) if money else (RewardKind.COMMENDATION, NONE)
    reward = Reward.propose(uuid4(), employee(), kind, amount, "r", None, OTHER, NOW)
    for deed, by in deeds:
        match deed:
            case "approve":
                reward = attempt(reward, lambda thing, by=by: thing.approve(by, NOW))
            case "reject":
                reward = attempt(reward, lambda thing, by=by: thing.reject("r", by, NOW))
            case _:
                reward = attempt(reward, lambda thing, by=by: thing.pay("x", by, NOW))
        assert reward.decided_by not in ("u12", "u31")
        assert reward.paid_by is None or (money and reward.paid_by not in ("u12", reward.decided_by))
    again = [Reward.propose(uuid4(), employee(), kind, amount, "r", UUID(int=1), OTHER, NOW).id for _ in range(2)]
    assert again[0] == again[1]


def test_the_clock_of_a_test_is_that_of_shanghai() -> None:
    """STF-1: appointments turn at midnight there."""
    assert day_of(datetime(2026, 4, 30, 16, tzinfo=UTC)) == date(2026, 5, 1)
