"""An edition of a regulation, from its draft to the edition that supersedes it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal, Self
from uuid import UUID, uuid5

from services.regulations.domain.content import Clause, Content, Statement
from services.regulations.domain.upkeep import Review, Terms
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import Approvals, Outcome, content_digest
from shared.domain.policy import Policy
from shared.domain.refusals import RuleBroken
from shared.events.regulations import (
    AcknowledgementsDue,
    AcknowledgementsMissing,
    RegulationApprovalGiven,
    RegulationApproved,
    RegulationChanged,
    RegulationDrafted,
    RegulationDue,
    RegulationRejected,
    RegulationReviewDue,
    RegulationReviewed,
    RegulationSetAside,
    RegulationSubmitted,
    RegulationSuperseded,
    RegulationTookEffect,
    RegulationWithdrawn,
)

REGISTER = UUID("5a6f0c1e-6f2b-5c1f-9a55-8c7d6b2f4e10")
ENTERED_BY = "service:regulations"
AT_ONCE = 500  # employees named in one event


class RegulationStatus(StrEnum):
    NEW = "new"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    REJECTED = "rejected"
    APPROVED = "approved"
    DUE = "due"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    SET_ASIDE = "set_aside"


NEW, DRAFT, SUBMITTED, REJECTED, APPROVED, DUE, IN_FORCE, SUPERSEDED, WITHDRAWN, SET_ASIDE = RegulationStatus


class Regulation(Aggregate):
    """规章制度: one edition, drafted, approved by company leaders, in force from a time on, reviewed (REG-1).

    What it states as parameters holds with it (REG-2), and every employee takes note of it (REG-3).
    """

    TABLE = "regulations"
    ENTITY = "regulation"
    START = NEW
    TIMERS = frozenset({"come_due", "remind_of_review", "close_acknowledging"})
    LIFECYCLE: ClassVar[Lifecycle] = {
        RegulationDrafted: Step({NEW}, DRAFT),
        RegulationChanged: Step({DRAFT, SUBMITTED, REJECTED}, DRAFT),
        RegulationSubmitted: Step({DRAFT}, SUBMITTED),
        RegulationApprovalGiven: Step({SUBMITTED}),
        RegulationApproved: Step({SUBMITTED}, APPROVED),
        RegulationRejected: Step({SUBMITTED}, REJECTED),
        RegulationWithdrawn: Step({DRAFT, SUBMITTED, REJECTED, APPROVED}, WITHDRAWN),
        RegulationDue: Step({APPROVED}, DUE),
        RegulationTookEffect: Step({NEW, DUE}, IN_FORCE),
        RegulationSetAside: Step({DUE}, SET_ASIDE),
        RegulationSuperseded: Step({IN_FORCE}, SUPERSEDED),
        RegulationReviewDue: Step({IN_FORCE}),
        RegulationReviewed: Step({IN_FORCE}),
        AcknowledgementsDue: Step({IN_FORCE}),
        AcknowledgementsMissing: Step({IN_FORCE}),
    }

    status: RegulationStatus
    code: str
    edition: int
    number: str
    title: str
    clauses: tuple[Clause, ...]
    parameters: tuple[Statement, ...] = ()
    review_every: int
    effective_at: datetime | None = None
    digest_of_text: str
    revises: UUID | None = None
    drafted_by: str
    drafted_at: datetime
    writers: tuple[str, ...] = ()
    approvals: Approvals = Approvals(rule="REG-1", digest_rule="REG-1")
    approved_at: datetime | None = None
    took_effect_at: datetime | None = None
    changed_parameters: tuple[str, ...] = ()
    terms: Terms | None = None
    acknowledge_by: datetime | None = None
    reviews: tuple[Review, ...] = ()
    next_review_at: datetime | None = None
    reviews_missed: int = 0
    superseded_at: datetime | None = None
    superseded_by: int | None = None
    reason: str | None = None

    @staticmethod
    def id_of(code: str, edition: int) -> UUID:
        """The id follows from code and edition, so that one number is given once."""
        return uuid5(REGISTER, f"{code} {edition}")

    @classmethod
    def draft(
        cls, code: str, edition: int, content: Content, by: Actor, at: datetime, revises: UUID | None = None
    ) -> Self:
        """A new edition; nothing of it holds yet (REG-1)."""
        regulation = cls._begin(code, edition, content, by.id, at, revises=revises)
        regulation.writers = tuple(sorted(by.people))
        digest = regulation.digest_of_text
        regulation.record(RegulationDrafted(code=code, edition=edition, title=regulation.title, digest=digest))
        return regulation

    @classmethod
    def adopt(cls, code: str, content: Content, policy: Policy, since: datetime, at: datetime) -> Self:
        """The first edition of what the product was built after: in force from the beginning (REG-1)."""
        regulation = cls._begin(code, 1, content, ENTERED_BY, at)
        regulation.terms = Terms.of(policy)
        regulation._hold(since, at)
        return regulation

    @property
    def content(self) -> Content:
        return Content.model_validate({name: getattr(self, name) for name in Content.model_fields})

    def change(self, content: Content, by: Actor, at: datetime) -> None:
        """Another text; decisions made before are void (REG-1)."""
        self.require(RegulationChanged)
        content.must_agree()
        self._write(content)
        self.approvals.void(at, "the content was changed")
        self.writers = tuple(sorted({self.drafted_by, *self.writers, *by.people}))
        self.record(RegulationChanged(code=self.code, edition=self.edition, digest=self.digest_of_text))

    def submit(self, policy: Policy, by: Actor, at: datetime) -> None:
        """Freeze the text; the company leaders that policy names decide, never one who wrote it (REG-1)."""
        self.require(RegulationSubmitted)
        chain = policy.regulations.approval_chain
        self.approvals.submit(chain, self.digest_of_text, self.writers)
        self.record(
            RegulationSubmitted(
                code=self.code, edition=self.edition, title=self.title, digest=self.digest_of_text,
                chain=list(chain), next_post=chain[0],
            )
        )  # fmt: skip

    def approve(self, digest: str, comment: str, by: Actor, at: datetime) -> None:
        """The next company leader approves this very text; after the last one it waits for its time (REG-1)."""
        self.require(RegulationApprovalGiven)
        self.approvals.decide(by, digest, Outcome.APPROVED, at, comment)
        self.record(
            RegulationApprovalGiven(
                code=self.code, edition=self.edition, post=self.approvals.decisions[-1].post,
                on_behalf_of=by.on_behalf_of, digest=digest, next_post=self.approvals.next_post,
            )
        )  # fmt: skip
        if self.approvals.complete:
            self.approved_at = at
            due_at = max(self.effective_at or at, at)
            self.record(RegulationApproved(code=self.code, edition=self.edition, digest=digest, effective_at=due_at))
            self.schedule(self.come_due, due_at)

    def reject(self, digest: str, comment: str, by: Actor, at: datetime) -> None:
        """The next company leader says no; only a change leads further (REG-1)."""
        self.require(RegulationRejected)
        self.approvals.decide(by, digest, Outcome.REJECTED, at, comment)
        post = self.approvals.decisions[-1].post
        self.record(RegulationRejected(code=self.code, edition=self.edition, post=post, comment=comment))

    def withdraw(self, reason: str, by: Actor, at: datetime) -> None:
        """Give up an edition that has not taken effect: one that has is superseded, not undone (REG-1)."""
        self.record(RegulationWithdrawn(code=self.code, edition=self.edition, reason=reason))
        self.reason = reason
        self.unschedule(self.come_due)

    def come_due(self, at: datetime) -> None:
        """Its time has come; with the edition before and the rulebook it takes effect (REG-1)."""
        self.record(RegulationDue(code=self.code, edition=self.edition))

    def take_effect(self, changed: Iterable[str], policy: Policy, at: datetime) -> None:
        """It holds from now on, with what of its parameters differs from before (REG-1, REG-2)."""
        self.changed_parameters = tuple(changed)
        self.terms = Terms.of(policy)
        self._hold(at, at)

    def set_aside(self, reason: str) -> None:
        """It cannot take effect any more: its parameters do not fit with what holds by now (REG-2)."""
        self.record(RegulationSetAside(code=self.code, edition=self.edition, reason=reason))
        self.reason = reason

    def supersede(self, edition: int, at: datetime) -> None:
        """Another edition holds instead (REG-1)."""
        self.record(RegulationSuperseded(code=self.code, edition=self.edition, superseded_by=edition))
        self.superseded_at, self.superseded_by = at, edition
        self.unschedule(self.remind_of_review, self.close_acknowledging)

    def review(self, outcome: Literal["confirmed", "revise"], note: str, by: Actor, at: datetime) -> None:
        """Confirmed as it is, or to be revised; the next review is due a whole period later (REG-1)."""
        self.record(RegulationReviewed(code=self.code, edition=self.edition, outcome=outcome, note=note))
        self.reviews += (Review(by=by.id, at=at, outcome=outcome, note=note),)
        self.reviews_missed = 0
        self._await_review(at)

    def remind_of_review(self, at: datetime) -> None:
        """It is to be reviewed; asked again, as overdue, until it is (REG-1)."""
        last = self.reviews[-1].at if self.reviews else self.took_effect_at
        if self.terms is None or last is None:
            raise LookupError("only an edition that took effect is reviewed")
        self.record(
            RegulationReviewDue(
                code=self.code, edition=self.edition, title=self.title, last_reviewed_at=last,
                due_at=self.next_review_at, overdue=self.reviews_missed > 0,
            )
        )  # fmt: skip
        self.reviews_missed += 1
        self.schedule(self.remind_of_review, at + self.terms.review_reminder)

    def close_acknowledging(self, at: datetime) -> None:
        """The time to acknowledge it is over; whoever has not is looked for, now and again (REG-3)."""
        if self.terms is None:
            raise LookupError("only an edition that took effect is acknowledged")
        self.record(AcknowledgementsDue(code=self.code, edition=self.edition))
        self.schedule(self.close_acknowledging, at + self.terms.acknowledgement_time)

    def remind(self, employees: list[str]) -> None:
        """These have still to acknowledge it (REG-3)."""
        for first in range(0, len(employees), AT_ONCE):
            self.record(
                AcknowledgementsMissing(
                    code=self.code, edition=self.edition, title=self.title,
                    employees=employees[first : first + AT_ONCE], acknowledge_by=self.acknowledge_by,
                )
            )  # fmt: skip

    def must_be_in_force(self) -> None:
        """Raises `RuleBroken` for an edition that does not hold (REG-3)."""
        if not self.may(RegulationReviewed):
            raise RuleBroken("REG-3", "only an edition in force is acknowledged")

    @classmethod
    def _begin(
        cls, code: str, edition: int, content: Content, by: str, at: datetime, revises: UUID | None = None
    ) -> Self:
        content.must_agree()
        fields = {name: getattr(content, name) for name in Content.model_fields}
        regulation = cls.begin(
            cls.id_of(code, edition), code=code, edition=edition, number=f"{code}-{edition:04d}", **fields,
            digest_of_text="", drafted_by=by, drafted_at=at, revises=revises,
        )  # fmt: skip
        regulation._write(content)
        return regulation

    def _write(self, content: Content) -> None:
        for name in Content.model_fields:
            setattr(self, name, getattr(content, name))
        if self.effective_at is not None:
            self.effective_at = self.effective_at.astimezone(UTC)
        self.digest_of_text = content_digest({"code": self.code, "edition": self.edition, **dict(self.content)})

    def _hold(self, since: datetime, at: datetime) -> None:
        if self.terms is None:
            raise LookupError("an edition takes effect under a policy")
        self.took_effect_at, self.acknowledge_by = since, at + self.terms.acknowledgement_time
        self.record(
            RegulationTookEffect(
                code=self.code, edition=self.edition, title=self.title, digest=self.digest_of_text,
                effective_at=since, acknowledge_by=self.acknowledge_by,
                changed_parameters=list(self.changed_parameters),
            )
        )  # fmt: skip
        self._await_review(at)
        self.schedule(self.close_acknowledging, self.acknowledge_by)

    def _await_review(self, at: datetime) -> None:
        self.next_review_at = at + timedelta(days=self.review_every)
        self.schedule(self.remind_of_review, self.next_review_at)
