"""A contract, from draft to its end."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

from services.contracts.domain.deviation import Deviation, difference
from services.contracts.domain.lines import each_article_once, end_of, must_not_be_over
from services.contracts.domain.review import Deed, NextStep, Review, Seal, Submission
from services.contracts.domain.slots import accept_all
from services.contracts.domain.status import ContractStatus
from services.contracts.domain.template import ContractKind, Template
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import Approvals, Outcome, content_digest
from shared.domain.numbers import number
from shared.domain.policy import Policy
from shared.domain.refusals import NotAllowedNow, NotFound, RuleBroken
from shared.events.contracts import (
    ContractApprovalGiven,
    ContractApproved,
    ContractChanged,
    ContractDrafted,
    ContractEnded,
    ContractLine,
    ContractLineReviewed,
    ContractRejected,
    ContractReviewed,
    ContractReviewRefused,
    ContractSubmitted,
    ContractTookEffect,
)
from shared.events.event import Event

NEW, DRAFT, IN_REVIEW, REVIEW_REFUSED, AWAITING_APPROVAL, REJECTED, APPROVED, IN_FORCE, ENDED = ContractStatus
BEFORE_EFFECT = {DRAFT, IN_REVIEW, REVIEW_REFUSED, AWAITING_APPROVAL, REJECTED, APPROVED}
WRITERS = [Post.SALESPERSON, Post.CLERK]


class Contract(Aggregate):
    """合同: slots, lines and deviations, reviewed, approved and sealed as one content (CON-1 to CON-9, CON-15)."""

    TABLE = "contracts"
    ENTITY = "contract"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        ContractDrafted: Step({NEW}, DRAFT),
        ContractChanged: Step(BEFORE_EFFECT, DRAFT),
        ContractSubmitted: Step({DRAFT}, IN_REVIEW),
        ContractLineReviewed: Step({IN_REVIEW}),
        ContractReviewRefused: Step({IN_REVIEW}, REVIEW_REFUSED),
        ContractReviewed: Step({IN_REVIEW}, AWAITING_APPROVAL),
        ContractApprovalGiven: Step({AWAITING_APPROVAL}),
        ContractApproved: Step({AWAITING_APPROVAL}, APPROVED),
        ContractRejected: Step({AWAITING_APPROVAL}, REJECTED),
        ContractTookEffect: Step({APPROVED}, IN_FORCE),
        ContractEnded: Step({IN_FORCE}, ENDED),
    }
    TIMERS = frozenset({"expire"})

    status: ContractStatus
    number: str
    kind: ContractKind
    template_id: UUID
    template_code: str
    template_edition: int
    template_digest: str
    customer_id: UUID
    slots: dict[str, str]
    lines: list[ContractLine]
    deviations: list[Deviation] = []
    valid_until: date
    drafted_by: str
    drafted_for: str | None = None
    drafted_at: datetime
    edited_by: str
    edited_for: str | None = None
    submission: Submission | None = None
    reviews: list[Review] = []
    voided_reviews: list[Review] = []
    approvals: Approvals = Approvals()
    approved_digest: str | None = None
    seal: Seal | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None
    next_step: NextStep | None = None

    @classmethod
    def draft(
        cls,
        id: UUID,
        *,
        template: Template,
        customer_id: UUID,
        slots: Mapping[str, str | int],
        lines: Sequence[ContractLine],
        valid_until: date,
        by: Actor,
        at: datetime,
    ) -> Self:
        """Draw up a contract from an active template, every slot filled and nothing else (CON-1)."""
        template.must_be_usable()
        contract = cls.begin(
            id,
            number=number("HT", id, at),
            kind=template.kind,
            template_id=template.id,
            template_code=template.code,
            template_edition=template.edition,
            template_digest=template.text_digest,
            customer_id=customer_id,
            slots=accept_all(template.slots, slots),
            lines=each_article_once(lines),
            valid_until=valid_until,
            drafted_by=by.id,
            drafted_for=by.on_behalf_of,
            drafted_at=at,
            edited_by=by.id,
            edited_for=by.on_behalf_of,
        )
        must_not_be_over(valid_until, at)
        contract.record(ContractDrafted.model_validate(contract, from_attributes=True))
        return contract

    def deviate(self, clause: str, text: str, template: Template, by: Actor, at: datetime) -> None:
        """Say something else than a clause says (CON-2); the clause's own words take the deviation back."""
        template.must_be(self.template_digest)
        template.must_know(text, clause)
        before = self.content_digest()
        original = template.clause(clause).text
        others = [deviation for deviation in self.deviations if deviation.clause != clause]
        if text != original:
            passages = difference(original, text)
            others.append(Deviation(clause=clause, text=text, difference=passages, by=by.id, at=at))
        self.deviations = sorted(others, key=lambda deviation: [int(part) for part in deviation.clause.split(".")])
        self._changed(before, by, at)

    def change(
        self,
        template: Template,
        by: Actor,
        at: datetime,
        *,
        slots: Mapping[str, str | int] | None = None,
        lines: Sequence[ContractLine] | None = None,
        valid_until: date | None = None,
    ) -> None:
        """Change what is named; all reviews and decisions made before are void (CON-9)."""
        template.must_be(self.template_digest)
        before = self.content_digest()
        if slots is not None:
            self.slots = accept_all(template.slots, slots)
        if lines is not None:
            self.lines = each_article_once(lines)
        self.valid_until = valid_until or self.valid_until
        must_not_be_over(self.valid_until, at)
        self._changed(before, by, at)

    def submit(self, policy: Policy, by: Actor, at: datetime) -> None:
        """Freeze the content under its digest and ask the departments (CON-2, CON-3, CON-4, CON-7, CON-9)."""
        must_not_be_over(self.valid_until, at)
        chain = policy.contracts.approval_chain(
            deviates=bool(self.deviations), clearance=self.kind is ContractKind.CLEARANCE
        )
        departments = list(policy.contracts.review_departments)
        digest = self.content_digest()
        self.submission = Submission(digest=digest, departments=departments, chain=list(chain), by=by.id, at=at)
        self.record(
            ContractSubmitted(number=self.number, digest=digest, departments=departments, chain=self.submission.chain)
        )

    def review(
        self, line: int, can_meet: bool, comment: str, by: Actor, at: datetime, department: Post | None = None
    ) -> None:
        """A department confirms or refuses a line; once all have confirmed all, the approvals begin (CON-3).

        `department` matters only to somebody who holds the posts of several.
        """
        submission = self._frozen()
        if not 1 <= line <= len(self.lines):
            raise NotFound("there is no {entity} {id}", entity="contract line", id=line)
        if not can_meet and not comment:
            raise RuleBroken("CON-3", "a department that refuses a line says why")
        speaker = submission.speaker(by, department)
        self.reviews = [r for r in self.reviews if (r.line, r.department) != (line, speaker)]
        self.reviews.append(
            Review(
                line=line, department=speaker, can_meet=can_meet, comment=comment, by=by.id,
                on_behalf_of=by.on_behalf_of, digest=submission.digest, at=at,
            )
        )  # fmt: skip
        self.record(ContractLineReviewed(line=line, department=speaker, can_meet=can_meet, comment=comment))
        if not can_meet:
            self.record(ContractReviewRefused(number=self.number, line=line, department=speaker, reason=comment))
        elif not submission.outstanding(len(self.lines), self.reviews):
            writers = (self.drafted_by, self.drafted_for, self.edited_by, self.edited_for)
            self.approvals.submit(submission.chain, submission.digest, [person for person in writers if person])
            self.record(ContractReviewed(number=self.number, next_post=submission.chain[0]))

    def approve(self, digest: str, comment: str, by: Actor, at: datetime) -> None:
        """The next post of the chain approves this very content (CON-4, CON-9, CON-15)."""
        post = self._decide(digest, Outcome.APPROVED, comment, by, at)
        if self.approvals.complete:
            self.approved_digest = digest
        self.record(
            ContractApprovalGiven(
                number=self.number, post=post, on_behalf_of=by.on_behalf_of, digest=digest,
                next_post=self.approvals.next_post,
            )
        )  # fmt: skip
        if self.approvals.complete:
            self.record(ContractApproved(number=self.number, digest=digest))

    def reject(self, digest: str, comment: str, by: Actor, at: datetime) -> None:
        """The next post of the chain says no; only a change leads further (CON-4, CON-9)."""
        post = self._decide(digest, Outcome.REJECTED, comment, by, at)
        self.record(ContractRejected(number=self.number, post=post, comment=comment))

    def apply_seal(self, id: UUID, template: Template, copies: int, digest: str, by: Actor, at: datetime) -> None:
        """Seal the approved content, which takes effect with it (CON-5); never by who wrote or approved it (CON-15)."""
        template.must_be(self.template_digest)
        if self.approved_digest is None or self.submission is None:
            raise RuleBroken("CON-5", "only an approved contract is sealed")
        if not self.approved_digest == digest == self.content_digest():
            raise RuleBroken("CON-5", "what is sealed must be what was approved")
        deciders = {person for decision in self.approvals.decisions for person in decision.people}
        if by.people & (deciders | set(self.approvals.excluded)):
            raise RuleBroken("CON-15", "whoever wrote or approved a contract does not seal it")
        must_not_be_over(self.valid_until, at)
        self.seal = Seal(
            id=id, requested_by=self.submission.by, custodian=by.id, on_behalf_of=by.on_behalf_of,
            copies=copies, digest=digest, at=at,
        )  # fmt: skip
        fields = self.model_dump(include=set(ContractTookEffect.model_fields))
        self.record(ContractTookEffect(**fields, digest=digest, copies=copies, sealed_by=by.id))
        self.schedule(self.expire, end_of(self.valid_until))

    def end(self, reason: str, by: Actor, at: datetime) -> None:
        """Terminate a contract in force."""
        self._ended(reason, by.id, at)
        self.unschedule(self.expire)

    def expire(self, at: datetime) -> None:
        """The last day of its validity is over, in Shanghai."""
        self._ended("expired", "service:timer", at)

    def record(self, event: Event) -> None:
        """What has happened decides what comes next."""
        super().record(event)
        self.next_step = self._next()

    def content_digest(self) -> str:
        """The digest over all that is agreed, worked out anew (CON-9)."""
        content = self.model_dump(include={"template_digest", "customer_id", "slots", "lines", "valid_until"})
        departures = {deviation.clause: deviation.text for deviation in self.deviations}
        return content_digest(content | {"deviations": departures})

    def _frozen(self) -> Submission:
        if self.submission is None:
            raise NotAllowedNow("contract {number} is not submitted", number=self.number)
        if self.submission.digest != self.content_digest():
            raise RuleBroken("CON-9", "the content differs from what was submitted")
        return self.submission

    def _changed(self, before: str, by: Actor, at: datetime) -> None:
        digest = self.content_digest()
        if digest == before:
            raise RuleBroken("CON-9", "nothing was changed")
        self.voided_reviews += self.reviews
        self.reviews, self.submission, self.approved_digest = [], None, None
        self.approvals.void(at, "the content was changed")
        self.edited_by, self.edited_for = by.id, by.on_behalf_of
        self.record(ContractChanged(digest=digest, deviations=[deviation.clause for deviation in self.deviations]))

    def _decide(self, digest: str, outcome: Outcome, comment: str, by: Actor, at: datetime) -> Post:
        self._frozen()
        if not self.approvals.submitted:
            raise RuleBroken("CON-3", "not every department has confirmed every line")
        self.approvals.decide(by, digest, outcome, at, comment)
        return self.approvals.decisions[-1].post

    def _ended(self, reason: str, by: str, at: datetime) -> None:
        self.ended_because, self.ended_by, self.ended_at = reason, by, at
        self.record(ContractEnded(number=self.number, reason=reason))

    def _next(self) -> NextStep | None:
        if self.may(ContractSubmitted):
            return NextStep(deed=Deed.SUBMIT, posts=WRITERS)
        if self.may(ContractLineReviewed) and self.submission:
            return NextStep(deed=Deed.REVIEW, posts=self.submission.outstanding(len(self.lines), self.reviews))
        if self.approvals.next_post:
            return NextStep(deed=Deed.APPROVE, posts=[self.approvals.next_post])
        if self.may(ContractTookEffect):
            return NextStep(deed=Deed.SEAL, posts=[Post.SEAL_KEEPER])
        return NextStep(deed=Deed.CHANGE, posts=WRITERS) if self.may(ContractChanged) else None
