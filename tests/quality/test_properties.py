"""What holds of quality whatever happens, in whatever order."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.quality.domain.claim import Claim, ClaimStatus, Settlement
from services.quality.domain.department_task import DEPARTMENTS
from services.quality.domain.eight_disciplines import Team
from services.quality.domain.investigation import Investigation
from services.quality.domain.liability import LiabilityShare, Severity
from services.quality.domain.lifecycle import InvestigationStatus
from shared.domain.actor import Actor, Post
from shared.domain.money import yuan
from shared.domain.refusals import Refusal, RuleBroken
from shared.events.orders import IssuedGoods
from shared.events.quality import (
    CorrectiveActionDone,
    CorrectiveActionOpened,
    DepartmentTaskAssigned,
    InvestigationClosed,
    LiabilityEstablished,
    LiabilityRevised,
    LotHoldOrdered,
    LotReleaseOrdered,
)
from tests.quality.cases import AT, POLICY, actor, analysis, goods, held, opened, reported, share, slip

DUE = AT + timedelta(days=7)
SEEN = AT + POLICY.quality.effect_check_after
ARTICLES = {"L1": "A-1", "L2": "A-1", "L3": "B-2", "L4": "C-3"}
PEOPLE = [
    actor("ann", Post.PRODUCTION, Post.QUALITY_INSPECTOR),
    actor("ben", Post.WAREHOUSE),
    actor("cho", Post.TRANSPORT, Post.SALES_MANAGER),
    actor("dai", Post.QUALITY_INSPECTOR, on_behalf_of="ben"),
]

people = st.sampled_from(PEOPLE)
lots = st.lists(st.sampled_from(sorted(ARTICLES)), max_size=4).map(
    lambda numbers: goods(*((lot, ARTICLES[lot]) for lot in numbers))
)
splits = st.lists(st.integers(1, 100), min_size=1, max_size=4)

Deed = Callable[[Investigation, Actor], None]


def an_action(case: Investigation, index: int) -> UUID:
    return case.actions[index % len(case.actions)].id if case.actions else uuid4()


def shares(percentages: list[int]) -> list[LiabilityShare]:
    return [share(percent, post) for percent, post in zip(percentages, DEPARTMENTS, strict=False)]


deeds = st.one_of(
    st.sampled_from([*DEPARTMENTS, None]).map(
        lambda post: lambda case, by: case.report(post, "firing", "found", by, AT)
    ),
    lots.map(lambda came: lambda case, by: case.trace("DH1", came)),
    st.just(lambda case, by: case.register_complaint("TS1", slip("A-1"))),
    st.just(lambda case, by: case.release_lots("sound")),
    st.just(lambda case, by: case.chase_departments(DUE)),
    splits.map(lambda split: lambda case, by: case.establish_liability(shares(split), by, AT)),
    st.sampled_from(["ann", "ben", "warehouse"]).map(
        lambda owner: lambda case, by: case.open_action(uuid4(), owner, None, DUE, "measure", by, AT)
    ),
    st.integers(0, 3).map(lambda n: lambda case, by: case.finish_action(an_action(case, n), by, AT)),
    st.tuples(st.integers(0, 3), st.booleans()).map(
        lambda pick: lambda case, by: case.check_action(an_action(case, pick[0]), pick[1], "", by, SEEN)
    ),
    st.just(lambda case, by: case.close("done", by, SEEN)),
    st.sampled_from([Severity.LIGHT, Severity.GRAVE]).map(
        lambda severity: lambda case, by: case.analyse(analysis(severity=severity), by, AT)
    ),
    splits.map(lambda split: lambda case, by: case.revise_liability(shares(split), "later", by, AT)),
    st.integers(0, 3).map(
        lambda n: (
            lambda case, by: case.open_action(uuid4(), "ben", None, DUE, "another", by, AT, replaces=an_action(case, n))
        )
    ),
    st.just(lambda case, by: case.name_team(Team(leader=by.id, members=["ben"]), by, AT)),
    st.just(lambda case, by: case.reopen("not satisfied", AT)),
    st.just(lambda case, by: case.remind_of_effects(SEEN)),
    st.sampled_from(DEPARTMENTS).map(
        lambda post: lambda case, by: case.extend_task(post, DUE + timedelta(days=1), "busy", by, AT)
    ),
)


@given(st.booleans(), st.lists(st.tuples(deeds, people), max_size=30))
def test_no_sequence_of_commands_breaks_an_investigation(all_reported: bool, steps: list[tuple[Deed, Actor]]) -> None:
    """QUA-1 to QUA-4: whatever is asked, by whomever; and what is refused changes nothing."""
    case = reported() if all_reported else opened()
    for deed, by in steps:
        before = case.model_dump_json()
        try:
            deed(case, by)
        except Refusal:
            assert case.model_dump_json() == before
        check_invariants(case)


def check_invariants(case: Investigation) -> None:
    assert [event for event in case.recorded if isinstance(event, DepartmentTaskAssigned)][4:] == []
    liabilities = [event for event in case.recorded if isinstance(event, LiabilityEstablished | LiabilityRevised)]
    assert sum(isinstance(event, LiabilityEstablished) for event in liabilities) <= 1
    assert all(sum(share.percent for share in event.shares) == 100 for event in liabilities)
    for action in case.actions:
        for check in action.checks:
            assert check.checked_by not in {action.owner, check.done_by, check.done_on_behalf_of}
    if case.status is InvestigationStatus.CLOSED:
        assert all(action.effective or action.replaced_by for action in case.actions)
        assert all(task.reported_at for task in case.tasks)
        grave = case.analysis is not None and case.analysis.severity is Severity.GRAVE
        assert not (grave and case.open_sections)
    closed = sum(isinstance(event, InvestigationClosed) for event in case.recorded)
    assert closed == len(case.closings) == len(case.reopenings) + (case.status is InvestigationStatus.CLOSED)
    replaced = [action for action in case.actions if action.replaced_by]
    assert all(action.ineffective and not action.effective for action in replaced)
    assert len({action.replaced_by for action in replaced}) == len(replaced)
    ordered = [lot for event in case.recorded if isinstance(event, LotHoldOrdered) for lot in event.lot_ids]
    lifted = [lot for event in case.recorded if isinstance(event, LotReleaseOrdered) for lot in event.lot_ids]
    assert len(ordered) == len(set(ordered))
    assert {lot.lot_id for lot in case.lots if lot.held} == set(ordered) - set(lifted)


@given(splits)
def test_liability_is_established_exactly_when_it_adds_up(percentages: list[int]) -> None:
    """QUA-3"""
    case = reported()
    with suppress(RuleBroken):
        case.establish_liability(shares(percentages), actor("ann"), AT)
    assert (case.liability is not None) == (sum(percentages) == 100)


@given(st.lists(st.sampled_from(["done", "effective", "ineffective"]), max_size=8))
def test_a_case_closes_exactly_when_its_action_is_done_and_found_effective(story: list[str]) -> None:
    """QUA-4"""
    case = reported()
    case.open_action(uuid4(), "owner", None, DUE, "measure", actor("ann"), AT)
    action = case.actions[0]
    for step in story:
        try:
            if step == "done":
                case.finish_action(action.id, actor("owner"), AT)
            else:
                case.check_action(action.id, step == "effective", "", actor("ann"), SEEN)
        except Refusal:
            continue
    looked = [step for step in story[story.index("done") + 1 :] if step != "done"] if "done" in story else []
    found = looked[:1] == ["effective"]
    with suppress(RuleBroken):
        case.close("done", actor("ann"), AT)
    assert (case.closed_at is not None) == found
    assert [type(event) for event in case.recorded].count(CorrectiveActionOpened) == 1
    assert [type(event) for event in case.recorded].count(CorrectiveActionDone) <= story.count("done")


def of_evidence(came: list[IssuedGoods]) -> Callable[[Investigation], None]:
    return lambda case: case.trace("DH1", came)


@given(st.lists(lots, max_size=3), st.sampled_from(["A-1", "B-2", "mistyped", None]), st.randoms(use_true_random=False))
def test_the_same_lots_are_held_in_whatever_order_complaint_and_evidence_come(
    evidence: list[list[IssuedGoods]], article: str | None, chance: object
) -> None:
    """QUA-1, CMP-5: and the tasks are assigned once."""
    complaint_id = uuid4()
    news = [of_evidence(came) for came in evidence]
    news.append(lambda case: case.register_complaint("TS1", slip(article) if article else None))
    ends = []
    for _ in range(2):
        case = Investigation.open(complaint_id, None, POLICY, AT)
        for tell in news:
            tell(case)
        tasks = [event for event in case.recorded if isinstance(event, DepartmentTaskAssigned)]
        ends.append((case.id, held(case), case.order_numbers, case.slip, [task.department for task in tasks]))
        chance.shuffle(news)  # type: ignore[attr-defined]  # a `random.Random` that hypothesis can replay
    assert ends[0] == ends[1]


claim_deeds = st.tuples(st.sampled_from(["approve", "reject", "settle"]), st.sampled_from(["pia", "max", "fin"]))


@given(st.lists(claim_deeds, max_size=8), st.sampled_from(["1.00", "9999.00", "60000.00"]))
def test_no_sequence_of_commands_breaks_a_claim(steps: list[tuple[str, str]], amount: str) -> None:
    """QUA-5: proposed, decided and settled by people who may, in that order."""
    posts = frozenset({Post.SALES_MANAGER, Post.SALES_DIRECTOR, Post.GENERAL_MANAGER, Post.FINANCE})
    proposer = Actor(id="pia", posts=posts)
    claim = Claim.propose(uuid4(), uuid4(), yuan(amount), Settlement.REPAIR, POLICY, proposer, AT)
    for deed, name in steps:
        by = Actor(id=name, posts=posts)
        try:
            if deed == "approve":
                claim.approve(by, AT)
            elif deed == "reject":
                claim.reject("no", by, AT)
            else:
                claim.settle("V1", by, AT)
        except Refusal:
            continue
    assert "pia" not in {claim.decided_by, claim.settled_by}
    assert (claim.settled_by is not None) == (claim.status is ClaimStatus.SETTLED)
    assert (claim.decided_by is None) == (claim.status is ClaimStatus.PROPOSED)
