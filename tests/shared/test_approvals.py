import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import BaseModel

from shared.domain.actor import Actor, Post
from shared.domain.approvals import Approvals, Outcome, content_digest
from shared.domain.money import Money, yuan
from shared.domain.refusals import Forbidden, NotAllowedNow, Refusal, RuleBroken

AT = datetime(2026, 3, 12, 1, tzinfo=UTC)
CHAIN = (Post.SALES_MANAGER, Post.AUDITOR)
APPROVED, REJECTED = Outcome.APPROVED, Outcome.REJECTED

manager = Actor(id="manager", posts=frozenset({Post.SALES_MANAGER}))
auditor = Actor(id="auditor", posts=frozenset({Post.AUDITOR}))


def submitted(**rules: str) -> Approvals:
    approvals = Approvals(**rules)
    approvals.submit(CHAIN, "d1", excluded=["drafter", "editor"])
    return approvals


def test_the_posts_decide_in_the_order_of_the_chain() -> None:
    """CON-4"""
    approvals = submitted()
    approvals.decide(manager, "d1", APPROVED, AT, "prices checked")
    assert approvals.next_post is Post.AUDITOR
    assert not approvals.complete
    approvals.decide(auditor, "d1", APPROVED, AT)
    assert approvals.complete
    assert approvals.next_post is None
    assert [(d.post, d.decided_by, d.digest, d.at, d.comment) for d in approvals.decisions] == [
        (Post.SALES_MANAGER, "manager", "d1", AT, "prices checked"),
        (Post.AUDITOR, "auditor", "d1", AT, ""),
    ]


def test_a_post_whose_turn_it_is_not_may_not_decide() -> None:
    """CON-4"""
    approvals = submitted()
    with pytest.raises(Forbidden) as refused:
        approvals.decide(auditor, "d1", APPROVED, AT)
    assert refused.value.rule == "CON-15"
    assert str(refused.value) == "the next decision belongs to the post sales_manager"
    assert approvals.decisions == ()


@pytest.mark.parametrize("person", ["drafter", "editor"])
def test_the_drafter_and_the_last_editor_never_approve(person: str) -> None:
    """CON-15"""
    with pytest.raises(RuleBroken, match="never approve") as refused:
        submitted().decide(Actor(id=person, posts=manager.posts), "d1", APPROVED, AT)
    assert refused.value.rule == "CON-15"


@pytest.mark.parametrize(("delegate", "absent"), [("drafter", "manager"), ("deputy", "drafter")])
def test_neither_a_delegate_nor_the_person_represented_may_have_drafted(delegate: str, absent: str) -> None:
    """CON-15"""
    by = Actor(id=delegate, posts=manager.posts, on_behalf_of=absent)
    with pytest.raises(RuleBroken, match="never approve"):
        submitted().decide(by, "d1", APPROVED, AT)


def test_a_delegate_is_named_with_the_absent_approver() -> None:
    """CON-15"""
    approvals = submitted()
    by = Actor(id="deputy", posts=manager.posts, on_behalf_of="manager")
    approvals.decide(by, "d1", APPROVED, AT)
    (decision,) = approvals.decisions
    assert (decision.decided_by, decision.on_behalf_of) == ("deputy", "manager")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a", None), ("a", None)),
        (("a", "b"), ("a", None)),
        (("a", "b"), ("b", None)),
        (("a", None), ("b", "a")),
        (("a", "b"), ("c", "b")),
    ],
)
def test_nobody_takes_two_steps_of_one_chain_in_person_or_through_a_delegate(
    first: tuple[str, str | None], second: tuple[str, str | None]
) -> None:
    """CON-15"""
    approvals = submitted()
    people = [Actor(id=i, posts=frozenset(CHAIN), on_behalf_of=absent) for i, absent in (first, second)]
    approvals.decide(people[0], "d1", APPROVED, AT)
    with pytest.raises(RuleBroken, match="two steps") as refused:
        approvals.decide(people[1], "d1", APPROVED, AT)
    assert refused.value.rule == "CON-15"


def test_a_decision_on_other_content_than_submitted_is_refused() -> None:
    """CON-9"""
    with pytest.raises(RuleBroken) as refused:
        submitted().decide(manager, "d0", APPROVED, AT)
    assert refused.value.rule == "CON-9"


def test_a_rejection_ends_the_chain() -> None:
    """CON-4"""
    approvals = submitted()
    approvals.decide(manager, "d1", REJECTED, AT, "price too low")
    assert approvals.rejected
    assert not approvals.complete
    assert approvals.next_post is None
    with pytest.raises(NotAllowedNow):
        approvals.decide(auditor, "d1", APPROVED, AT)


def test_a_rejection_at_the_last_step_is_not_a_completion() -> None:
    """CON-4"""
    approvals = submitted()
    approvals.decide(manager, "d1", APPROVED, AT)
    approvals.decide(auditor, "d1", REJECTED, AT)
    assert not approvals.complete


def test_nobody_decides_before_submission_or_after_completion() -> None:
    """CON-9"""
    with pytest.raises(NotAllowedNow):
        Approvals().decide(manager, "d1", APPROVED, AT)
    approvals = submitted()
    approvals.decide(manager, "d1", APPROVED, AT)
    approvals.decide(auditor, "d1", APPROVED, AT)
    with pytest.raises(NotAllowedNow):
        approvals.decide(Actor(id="other", posts=frozenset(CHAIN)), "d1", APPROVED, AT)


def test_what_is_submitted_is_not_submitted_again() -> None:
    """CON-9"""
    with pytest.raises(NotAllowedNow):
        submitted().submit(CHAIN, "d2", excluded=[])


def test_a_chain_without_posts_is_a_fault() -> None:
    with pytest.raises(ValueError, match="at least one post"):
        Approvals().submit((), "d1", excluded=[])


def test_a_change_voids_all_decisions_and_keeps_them_for_the_record() -> None:
    """CON-9"""
    approvals = submitted()
    approvals.decide(manager, "d1", APPROVED, AT)
    later = AT + timedelta(hours=1)
    approvals.void(later, "quantity changed")
    assert not approvals.submitted
    assert approvals.decisions == ()
    (voided,) = approvals.voided
    assert (voided.decided_by, voided.digest, voided.voided_at, voided.voided_because) == (
        "manager",
        "d1",
        later,
        "quantity changed",
    )
    approvals.submit(CHAIN, "d2", excluded=["manager"])
    with pytest.raises(RuleBroken, match="never approve"):
        approvals.decide(manager, "d2", APPROVED, AT)


def test_whoever_decided_before_a_change_may_decide_again_after_it() -> None:
    """CON-9"""
    approvals = submitted()
    approvals.decide(manager, "d1", REJECTED, AT)
    approvals.void(AT, "corrected")
    approvals.submit(CHAIN, "d2", excluded=["drafter"])
    approvals.decide(manager, "d2", APPROVED, AT)
    assert approvals.next_post is Post.AUDITOR


def test_voiding_what_was_never_submitted_changes_nothing() -> None:
    approvals = Approvals()
    approvals.void(AT, "edited")
    assert approvals == Approvals()


def test_claims_and_penalties_refuse_under_rules_of_their_own() -> None:
    """QUA-5, STF-8"""
    approvals = submitted(rule="STF-8", digest_rule="STF-7")
    with pytest.raises(Forbidden) as not_their_turn:
        approvals.decide(auditor, "d1", APPROVED, AT)
    with pytest.raises(RuleBroken) as own_draft:
        approvals.decide(Actor(id="drafter", posts=manager.posts), "d1", APPROVED, AT)
    with pytest.raises(RuleBroken) as stale:
        approvals.decide(manager, "d0", APPROVED, AT)
    assert [refused.value.rule for refused in (not_their_turn, own_draft, stale)] == [
        "STF-8",
        "STF-8",
        "STF-7",
    ]


def test_approvals_survive_the_document_they_are_kept_in() -> None:
    approvals = submitted()
    approvals.decide(manager, "d1", APPROVED, AT)
    approvals.void(AT, "edited")
    approvals.submit(CHAIN, "d2", excluded=["b", "a", "b"])
    approvals.decide(manager, "d2", APPROVED, AT)
    assert Approvals.model_validate_json(approvals.model_dump_json()) == approvals
    assert approvals.excluded == ("a", "b")


people = st.sampled_from("abcdef")
posts = st.sampled_from([Post.SALES_MANAGER, Post.AUDITOR, Post.HEADQUARTERS])
actors = st.builds(Actor, id=people, posts=st.frozensets(posts, min_size=1), on_behalf_of=st.one_of(st.none(), people))
digests = st.sampled_from(["d1", "d2"])


class AnySequenceOfPeople(RuleBasedStateMachine):
    """Keeps a ledger of its own of what it saw accepted, and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.approvals = Approvals()
        self.chain: list[Post] = []
        self.content = ""
        self.excluded: set[str] = set()
        self.accepted: list[tuple[Actor, str, Outcome, Post]] = []
        self.undone = 0

    @rule(chain=st.lists(posts, min_size=1, max_size=3), digest=digests, excluded=st.sets(people, max_size=2))
    def submit(self, chain: list[Post], digest: str, excluded: set[str]) -> None:
        try:
            self.approvals.submit(chain, digest, excluded)
        except Refusal:
            assert self.chain
        else:
            assert not self.chain
            self.chain, self.content, self.excluded = chain, digest, excluded

    @rule(by=actors, digest=digests, outcome=st.sampled_from([APPROVED, APPROVED, APPROVED, REJECTED]))
    def decide(self, by: Actor, digest: str, outcome: Outcome) -> None:
        post = self.approvals.next_post
        try:
            self.approvals.decide(by, digest, outcome, AT)
        except Refusal:
            return
        assert post is not None
        self.accepted.append((by, digest, outcome, post))

    @rule()
    def change(self) -> None:
        self.approvals.void(AT, "changed")
        self.undone += len(self.accepted)
        self.chain, self.content, self.excluded, self.accepted = [], "", set(), []
        assert not self.approvals.complete

    @invariant()
    def only_the_right_people_were_accepted(self) -> None:
        """CON-9, CON-15"""
        involved = [person for by, *_ in self.accepted for person in {by.id, by.on_behalf_of} - {None}]
        assert len(involved) == len(set(involved))
        assert self.excluded.isdisjoint(involved)
        assert [post for *_, post in self.accepted] == self.chain[: len(self.accepted)]
        assert all(post in by.posts for by, _, _, post in self.accepted)
        assert all(digest == self.content for _, digest, _, _ in self.accepted)
        assert all(outcome is APPROVED for _, _, outcome, _ in self.accepted[:-1])

    @invariant()
    def complete_means_that_every_post_approved(self) -> None:
        """CON-4, CON-9"""
        approved = sum(outcome is APPROVED for _, _, outcome, _ in self.accepted)
        assert self.approvals.complete == (approved == len(self.chain) > 0)

    @invariant()
    def nothing_decided_is_forgotten(self) -> None:
        assert len(self.approvals.decisions) == len(self.accepted)
        assert len(self.approvals.voided) == self.undone


TestAnySequenceOfPeople = AnySequenceOfPeople.TestCase


class Line(BaseModel):
    article: str
    price: Money


class Content(BaseModel):
    id: UUID
    lines: tuple[Line, ...]
    delivery: date
    colours: frozenset[str] = frozenset()


CONTENT = Content(
    id=UUID(int=7),
    lines=(Line(article="瓷砖", price=yuan(12)),),
    delivery=date(2026, 5, 1),
    colours=frozenset("ab"),
)


def test_the_digest_is_sha256_of_canonical_json() -> None:
    """CON-9"""
    assert content_digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert content_digest({"b": 1, "a": 2}) == content_digest({"a": 2, "b": 1})


@pytest.mark.parametrize(
    "change",
    [
        {"delivery": date(2026, 5, 2)},
        {"lines": ()},
        {"lines": CONTENT.lines * 2},
        {"lines": (Line(article="瓷砖", price=yuan("12.01")),)},
        {"colours": frozenset("a")},
    ],
)
def test_any_change_of_the_content_changes_the_digest(change: dict[str, Any]) -> None:
    """CON-9"""
    assert content_digest(CONTENT.model_copy(update=change)) != content_digest(CONTENT)


def test_a_model_and_what_the_database_returns_of_it_have_one_digest() -> None:
    """CON-5"""
    stored = Content.model_validate_json(CONTENT.model_dump_json())
    assert content_digest(stored) == content_digest(CONTENT) == content_digest({**dict(CONTENT)})
    without_sets = {"lines": CONTENT.lines, "id": CONTENT.id, "price": Decimal("1.50"), "at": AT}
    as_json = {
        "at": "2026-03-12T01:00:00Z",
        "id": str(CONTENT.id),
        "lines": [{"article": "瓷砖", "price": "12.00"}],
        "price": "1.50",
    }
    assert content_digest(without_sets) == content_digest(as_json)


@given(st.sets(st.text()), st.dictionaries(st.text(), st.integers()))
def test_the_order_of_sets_and_keys_does_not_matter(words: set[str], numbers: dict[str, int]) -> None:
    """CON-9"""
    reverse = dict(reversed(numbers.items()))
    assert content_digest({"w": words, "n": numbers}) == content_digest({"n": reverse, "w": frozenset(words)})


def test_the_digest_is_the_same_in_every_process() -> None:
    """CON-9"""
    program = "from shared.domain.approvals import content_digest as d; print(d({'w': set('abcdefgh')}))"
    seeds = ("1", "2")
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in seeds
    }
    assert printed == {content_digest({"w": set("abcdefgh")}) + "\n"}
