"""How a contract is decided on: frozen, reviewed line by line, approved post by post."""

from datetime import datetime

from services.contracts.domain.amendment import Proceedings
from services.contracts.domain.lines import must_fit, must_not_be_over
from services.contracts.domain.review import Asked, Review, Submission
from services.contracts.domain.writing import Writing
from shared.domain.actor import Actor, Post
from shared.domain.approvals import Approvals, Outcome
from shared.domain.policy import Policy
from shared.domain.refusals import NotAllowedNow, NotFound, RuleBroken
from shared.events.contracts import (
    ContractApprovalGiven,
    ContractApproved,
    ContractLineReviewed,
    ContractRejected,
    ContractReviewed,
    ContractReviewRefused,
    ContractSubmitted,
)


class Procedure(Writing):
    """The decided part of a contract: every decision is bound to the digest it was made on (CON-3, CON-4, CON-9)."""

    submission: Submission | None = None
    reviews: list[Review] = []
    voided_reviews: list[Review] = []
    approvals: Approvals = Approvals()
    approved_digest: str | None = None

    def submit(self, policy: Policy, by: Actor, at: datetime) -> None:
        """Freeze the content under its digest and ask the departments (CON-2, CON-3, CON-4, CON-7, CON-9).

        Who approves follows from kind, amount and deviations, by policy data.
        """
        must_not_be_over(self.valid_until, at)
        must_fit(self.kind, self.lines, self.services)
        if self.basis is not None and not self.difference:
            raise RuleBroken("CON-9", "an amendment changes something")
        approvers = policy.contracts.approvers(self.kind.value, self.total, deviates=bool(self.deviations))
        departments = list(policy.contracts.review_departments)
        digest = self.content_digest()
        self.submission = Submission(
            digest=digest,
            departments=departments,
            chain=list(approvers),
            asked=[Asked(post=post, clauses=clauses) for post, clauses in approvers.items()],
            by=by.id,
            at=at,
            policy=policy.version,
        )
        self.record(
            ContractSubmitted(
                number=self.number, digest=digest, departments=departments, chain=self.submission.chain,
                policy=policy.version,
            )
        )  # fmt: skip

    def review(
        self, line: int, can_meet: bool, comment: str, by: Actor, at: datetime, department: Post | None = None
    ) -> None:
        """A department confirms or refuses a line; once all have confirmed all, the approvals begin (CON-3).

        The services of a service contract are counted on after its lines (CON-12). `department` matters only to
        somebody who holds the posts of several.
        """
        submission = self._frozen()
        if not 1 <= line <= self.to_review:
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
        elif not submission.outstanding(self.to_review, self.reviews):
            self.approvals.submit(submission.chain, submission.digest, self.writers)
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

    @property
    def to_review(self) -> int:
        """How many lines and services the departments look at."""
        return len(self.lines) + len(self.services)

    @property
    def deciders(self) -> set[str]:
        """Everybody who approved, with whom they stood in for."""
        return {person for decision in self.approvals.decisions for person in decision.people}

    def proceedings(self) -> Proceedings:
        """How the content was decided on, to be kept with an edition."""
        return Proceedings(
            submission=self.submission, reviews=self.reviews, approvals=self.approvals.model_copy(deep=True)
        )

    def _frozen(self) -> Submission:
        if self.submission is None:
            raise NotAllowedNow("contract {number} is not submitted", number=self.number)
        if self.submission.digest != self.content_digest():
            raise RuleBroken("CON-9", "the content differs from what was submitted")
        return self.submission

    def _decide(self, digest: str, outcome: Outcome, comment: str, by: Actor, at: datetime) -> Post:
        self._frozen()
        if not self.approvals.submitted:
            raise RuleBroken("CON-3", "not every department has confirmed every line")
        self.approvals.decide(by, digest, outcome, at, comment)
        return self.approvals.decisions[-1].post

    def _void(self, at: datetime) -> None:
        self.voided_reviews += self.reviews
        self.reviews, self.submission, self.approved_digest = [], None, None
        self.approvals.void(at, "the content was changed")
