"""Whatever people do to a contract, in whatever order: it is in force only if every rule was kept."""

from datetime import date
from typing import Any
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.contracts.domain.contract import Contract
from services.contracts.domain.template import ContractKind
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Refusal
from tests.contracts.sample import AT, CLAUSES, LATER, POLICY, VALUES, Desk, clerk, line

NAMES = st.sampled_from(["drafter", "a", "b", "c", "d", "e", "f"])
CHAIN = [
    Post.SALES_MANAGER, Post.AUDITOR, Post.VICE_PRESIDENT_SALES, Post.HEADQUARTERS, Post.BRANCH_GENERAL_MANAGER,
    Post.GENERAL_MANAGER,
]  # fmt: skip
PEOPLE = st.builds(
    Actor,
    id=NAMES,
    posts=st.frozensets(st.sampled_from([*CHAIN, Post.PRODUCTION, Post.QUALITY_INSPECTOR]), min_size=1, max_size=3),
    on_behalf_of=st.one_of(st.none(), st.none(), NAMES),
)
CHANGES = st.sampled_from(
    [
        {"lines": [line("A1")]},
        {"lines": [line("A1"), line("A2")]},
        {"slots": VALUES | {"total": "9.00"}},
        {"slots": VALUES},
        {"valid_until": date(2026, 11, 30)},
        {"lines": [line("A1", price="10000.00")]},
    ]
)
DEPARTMENTS = {Post.PRODUCTION, Post.QUALITY_INSPECTOR}


class AnySequenceOfDeeds(RuleBasedStateMachine):
    """Keeps a ledger of its own of what was accepted since the last change, and compares."""

    @initialize(kind=st.sampled_from(ContractKind))
    def draft(self, kind: ContractKind) -> None:
        self.template = Desk(kind).template
        self.contract = Desk(kind).contract
        self.contract.template_id, self.contract.template_digest = self.template.id, self.template.text_digest
        self.editor = {"drafter"}
        self.forget()

    def forget(self) -> None:
        self.frozen: str | None = None
        self.confirmed: set[tuple[int, Post]] = set()
        self.refused = False
        self.approvals: list[tuple[Post, set[str], str]] = []
        self.rejected = False
        self.requested: tuple[set[str], int] | None = None
        self.sealed: tuple[set[str], str, int] | None = None
        self.withdrawn = False

    def attempt(self, deed: str, *given: Any, **more: Any) -> bool:
        """Whether the contract let it happen; a refused one is thrown away, as the store does."""
        copy = Contract.model_validate_json(self.contract.model_dump_json())
        try:
            getattr(copy, deed)(*given, **more)
        except Refusal:
            return False
        self.contract = copy
        return True

    def digest(self, *, right: bool) -> str:
        return self.contract.content_digest() if right else "0" * 64

    @rule(by=PEOPLE, change=CHANGES)
    def change(self, by: Actor, change: dict[str, Any]) -> None:
        if self.attempt("change", self.template, by, AT, **change):
            self.edited(by)

    @rule(by=PEOPLE, text=st.sampled_from([LATER, CLAUSES[1]["text"]]))
    def deviate(self, by: Actor, text: str) -> None:
        if self.attempt("deviate", "5", text, self.template, by, AT):
            self.edited(by)

    def edited(self, by: Actor) -> None:
        assert self.sealed is None
        assert not self.withdrawn
        self.editor = people(by)
        self.forget()

    @rule(by=PEOPLE)
    def submit(self, by: Actor) -> None:
        if self.attempt("submit", POLICY, by, AT):
            assert self.frozen is None
            self.frozen = self.contract.content_digest()

    @rule(by=PEOPLE, number=st.integers(1, 3), can_meet=st.sampled_from([True, True, True, False]))
    def review(self, by: Actor, number: int, can_meet: bool) -> None:
        if self.attempt("review", number, can_meet, "because", by, AT):
            (department,) = by.posts & DEPARTMENTS
            assert not self.refused
            self.refused = not can_meet
            self.confirmed.add((number, department))

    @rule()
    def every_department_confirms_every_line(self) -> None:
        for number in range(1, self.contract.to_review + 1):
            for post in sorted(DEPARTMENTS):
                self.review(Actor(id=f"of {post}", posts=frozenset({post})), number, can_meet=True)

    @rule(by=PEOPLE, right=st.sampled_from([True, True, True, False]))
    def approve(self, by: Actor, right: bool) -> None:
        post, digest = self.contract.approvals.next_post, self.digest(right=right)
        if self.attempt("approve", digest, "", by, AT):
            assert post in by.posts
            self.approvals.append((post, people(by), digest))

    @rule(by=PEOPLE)
    def whoever_is_next_approves(self, by: Actor) -> None:
        if post := self.contract.approvals.next_post:
            self.approve(by.model_copy(update={"posts": frozenset({post})}), right=True)

    @rule()
    def the_rest_of_the_chain_approves(self) -> None:
        for name, post in zip("abcdef", self.wanted_chain()[len(self.approvals) :], strict=False):
            for who in (name, f"the {post}"):  # if not the one, then the other
                if self.contract.approvals.next_post is post:
                    self.approve(Actor(id=who, posts=frozenset({post})), right=True)

    @rule(by=PEOPLE, sure=st.sampled_from([True, False, False]))
    def reject(self, by: Actor, sure: bool) -> None:
        if sure and self.attempt("reject", self.digest(right=True), "no", by, AT):
            self.rejected = True

    @rule(by=PEOPLE, copies=st.integers(1, 2))
    def request_seal(self, by: Actor, copies: int) -> None:
        if self.attempt("request_seal", copies, "存档", by, AT):
            assert self.contract.approvals.complete
            assert self.sealed is None
            self.requested = (people(by), copies)

    @rule(by=PEOPLE, right=st.sampled_from([True, True, False]), copies=st.integers(1, 2), custodian=st.booleans())
    def seal(self, by: Actor, right: bool, copies: int, custodian: bool) -> None:
        digest = self.digest(right=right)
        keeper = by.model_copy(update={"posts": by.posts | ({Post.SEAL_KEEPER} if custodian else set())})
        if self.attempt("apply_seal", uuid4(), self.template, copies, digest, keeper, AT):
            assert self.sealed is None
            assert custodian
            self.sealed = (people(by), digest, copies)

    @rule(by=PEOPLE, sure=st.sampled_from([True, False, False, False]))
    def withdraw(self, by: Actor, sure: bool) -> None:
        if sure and self.attempt("withdraw", "不要了", by, AT):
            assert self.sealed is None
            self.withdrawn = True

    @rule(confirmed=st.booleans(), approved=st.booleans(), keeper=st.one_of(st.none(), PEOPLE))
    def all_goes_well(self, confirmed: bool, approved: bool, keeper: Actor | None) -> None:
        """A way straight ahead, so that what lies behind it is reached often."""
        self.submit(Actor(id="drafter"))
        if confirmed:
            self.every_department_confirms_every_line()
        if approved:
            self.the_rest_of_the_chain_approves()
        if keeper:
            self.request_seal(Actor(id="g"), copies=2)
            self.seal(keeper, right=True, copies=2, custodian=True)

    @invariant()
    def nobody_approves_what_the_departments_have_not_confirmed(self) -> None:
        """CON-3"""
        if self.approvals or self.rejected or self.contract.approvals.next_post:
            lines = range(1, self.contract.to_review + 1)
            assert self.confirmed == {(number, department) for number in lines for department in DEPARTMENTS}
            assert not self.refused

    @invariant()
    def the_right_people_approve_the_right_content(self) -> None:
        """CON-2, CON-4, CON-7, CON-9, CON-15"""
        assert {digest for _, _, digest in self.approvals} <= {self.frozen}
        assert [post for post, _, _ in self.approvals] == self.wanted_chain()[: len(self.approvals)]
        everyone = [name for _, who, _ in self.approvals for name in who]
        assert len(everyone) == len(set(everyone))
        assert not set(everyone) & ({"drafter"} | self.editor)

    @invariant()
    def in_force_only_if_each_rule_held(self) -> None:
        """CON-4, CON-5, CON-15"""
        assert (self.contract.status == "in_force") == (self.sealed is not None)
        if self.sealed is None:
            return
        keepers, sealed, copies = self.sealed
        assert self.requested is not None
        assert self.requested[1] == copies
        assert not keepers & self.requested[0]
        assert len(self.approvals) == len(self.wanted_chain())
        assert not self.rejected
        assert sealed == self.frozen == self.contract.content_digest()
        assert not keepers & {"drafter", *self.editor, *(name for _, who, _ in self.approvals for name in who)}

    def wanted_chain(self) -> list[Post]:
        chain = [Post.SALES_MANAGER, Post.AUDITOR]
        if self.contract.deviations:
            chain += [Post.VICE_PRESIDENT_SALES, Post.HEADQUARTERS]
        if self.contract.kind is ContractKind.CLEARANCE:
            chain += [Post.BRANCH_GENERAL_MANAGER]
            chain += [] if self.contract.deviations else [Post.VICE_PRESIDENT_SALES]
        if sum(each.price * each.quantity for each in self.contract.lines) >= 1_000_000:
            chain += [Post.GENERAL_MANAGER]
        return chain

    @invariant()
    def approved_only_as_it_stands(self) -> None:
        """CON-9"""
        if self.contract.approved_digest is not None:
            assert self.contract.approved_digest == self.contract.content_digest() == self.frozen

    @invariant()
    def what_comes_next_fits_what_has_happened(self) -> None:
        waits = self.contract.next_step.deed if self.contract.next_step else None
        if waits == "approve":
            assert len(self.approvals) < len(self.wanted_chain())
        assert (waits is None) == (self.sealed is not None or self.withdrawn)


def people(by: Actor) -> set[str]:
    return {by.id, by.on_behalf_of or by.id}


TestAnySequenceOfDeeds = AnySequenceOfDeeds.TestCase
TestAnySequenceOfDeeds.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


class AnySequenceOfAmendments(RuleBasedStateMachine):
    """A contract in force that is amended, ended, amended; the ledger knows what must be agreed by now."""

    @initialize(kind=st.sampled_from(ContractKind))
    def in_force(self, kind: ContractKind) -> None:
        self.desk = Desk(kind).sealed()
        self.agreed, self.history, self.drafted = self.desk.contract.content(), list[str](), 0
        self.open: list[Contract] = []
        self.ended = False

    @rule(change=CHANGES)
    def amend(self, change: dict[str, Any]) -> None:
        try:
            amendment = self.desk.contract.amend(
                uuid4(), self.desk.template, edition=self.drafted + 2, reason="增订", by=clerk, at=AT, **change
            )
        except Refusal:
            assert self.ended
            return
        assert not self.ended
        self.drafted += 1
        self.open.append(amendment)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def seal(self, data: st.DataObject) -> None:
        amendment = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        contract = Contract.model_validate_json(self.desk.contract.model_dump_json())
        amendment_desk = Desk(self.desk.contract.kind)
        amendment_desk.template, amendment_desk.contract = self.desk.template, amendment
        try:
            amendment_desk.sealed()
            contract.incorporate(amendment)
        except Refusal:
            assert self.ended or not amendment.difference or amendment.basis.digest != self.desk.digest
            return
        assert amendment.basis.digest == self.desk.digest
        self.history.append(self.desk.digest)
        self.agreed = amendment.content()
        self.desk.contract = contract

    @rule(sure=st.sampled_from([True, False, False, False]))
    def end(self, sure: bool) -> None:
        if sure and not self.ended:
            self.desk.contract.end("客户破产", clerk, AT)
            self.ended = True

    @invariant()
    def what_is_agreed_is_what_was_last_sealed(self) -> None:
        """CON-5, CON-9"""
        contract = self.desk.contract
        assert contract.content() == self.agreed
        assert contract.seal
        assert contract.content_digest() == contract.approved_digest == contract.seal.digest
        assert [edition.digest for edition in contract.editions] == self.history
        numbers = [*(edition.edition for edition in contract.editions), contract.edition]
        assert numbers == sorted(set(numbers))


TestAnySequenceOfAmendments = AnySequenceOfAmendments.TestCase
TestAnySequenceOfAmendments.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
