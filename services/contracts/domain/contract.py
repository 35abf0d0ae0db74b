"""A contract, from draft to its end."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from services.contracts.domain.amendment import Basis, Edition
from services.contracts.domain.lines import end_of, must_not_be_over
from services.contracts.domain.procedure import Procedure
from services.contracts.domain.review import Deed, NextStep, Seal, SealRequest
from services.contracts.domain.status import ContractStatus
from services.contracts.domain.template import Template
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Lifecycle, Step
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.contracts import (
    AmendmentTookEffect,
    ContractAmended,
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
    ContractWithdrawn,
    SealRequested,
    ServiceTerm,
)
from shared.events.event import Event

(
    NEW, DRAFT, IN_REVIEW, REVIEW_REFUSED, AWAITING_APPROVAL, REJECTED, APPROVED, IN_FORCE, ENDED, WITHDRAWN,
    INCORPORATED,
) = ContractStatus  # fmt: skip
BEFORE_EFFECT = {DRAFT, IN_REVIEW, REVIEW_REFUSED, AWAITING_APPROVAL, REJECTED, APPROVED}
WRITERS = [Post.SALESPERSON, Post.CLERK]

# What an amendment starts with, and what a contract takes over from an amendment that was sealed.
PINNED = ("kind", "template_id", "template_code", "template_edition", "template_digest", "customer_id", "company")
AGREED = ("slots", "lines", "services", "deviations", "valid_until")
DECIDED = ("submission", "reviews", "approvals", "approved_digest", "seal_request", "seal", "edited_by", "edited_for")


class Contract(Procedure):
    """合同: written, reviewed, approved and sealed as one content (CON-1 to CON-5, CON-7, CON-9, CON-15).

    An amendment (补充协议) is a contract that `amends` another, and goes the same way (CON-9).
    """

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
        SealRequested: Step({APPROVED}),
        ContractTookEffect: Step({APPROVED}, IN_FORCE),
        AmendmentTookEffect: Step({APPROVED}, INCORPORATED),
        ContractAmended: Step({IN_FORCE}),
        ContractWithdrawn: Step(BEFORE_EFFECT, WITHDRAWN),
        ContractEnded: Step({IN_FORCE}, ENDED),
    }
    TIMERS = frozenset({"expire"})

    seal_request: SealRequest | None = None
    seal: Seal | None = None
    amendment_id: UUID | None = None
    editions: list[Edition] = []
    ended_by: str | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None
    next_step: NextStep | None = None

    def request_seal(self, copies: int, purpose: str, by: Actor, at: datetime) -> None:
        """Ask the custodian to seal so many copies of what was approved; a later request replaces it (CON-5)."""
        self.require(SealRequested)
        digest = self.content_digest()
        self.seal_request = SealRequest(
            requested_by=by.id, on_behalf_of=by.on_behalf_of, requested_at=at, purpose=purpose, copies=copies,
            digest=digest,
        )  # fmt: skip
        self.record(SealRequested(number=self.number, copies=copies, digest=digest))

    def apply_seal(self, id: UUID, template: Template, copies: int, digest: str, by: Actor, at: datetime) -> None:
        """Seal the approved content, which takes effect with it (CON-5); never by who wrote or approved it (CON-15).

        What an amendment says takes effect when the contract has incorporated it, in the same transaction (CON-9).
        """
        if not by.holds(Post.SEAL_KEEPER):
            raise Forbidden("this is for the posts {posts}", rule="CON-5", posts=Post.SEAL_KEEPER)
        template.must_be(self.template_digest)
        request = self._to_be_sealed(copies, digest)
        self._must_stand_apart(by, request)
        must_not_be_over(self.valid_until, at)
        self.seal = Seal(
            id=id, requested_by=request.requested_by, requested_at=request.requested_at, purpose=request.purpose,
            custodian=by.id, on_behalf_of=by.on_behalf_of, copies=copies, digest=digest, at=at,
        )  # fmt: skip
        effect = ContractTookEffect if self.amends is None else AmendmentTookEffect
        fields = self.model_dump(include=set(effect.model_fields))
        self.record(effect.model_validate({**fields, "digest": digest, "copies": copies, "sealed_by": by.id}))
        if self.amends is None:
            self.schedule(self.expire, end_of(self.valid_until))

    def amend(
        self,
        id: UUID,
        template: Template,
        *,
        edition: int,
        reason: str,
        by: Actor,
        at: datetime,
        verification_code: str | None = None,
        slots: Mapping[str, str | int] | None = None,
        lines: Sequence[ContractLine] | None = None,
        services: Sequence[ServiceTerm] | None = None,
        valid_until: date | None = None,
    ) -> Self:
        """An amendment of this contract, drafted from its present content; it goes the same way as any (CON-9).

        `edition` is a number that no amendment of this contract had before, withdrawn ones included.
        """
        self.require(ContractAmended)
        template.must_be(self.template_digest)
        basis = Basis(
            edition=self.edition, digest=self.content_digest(), drafted_by=self.drafted_by,
            drafted_for=self.drafted_for, content=self.content(),
        )  # fmt: skip
        amendment = self.begin(
            id, number=f"{self.number}-{edition}", verification_code=verification_code, edition=edition,
            amends=self.id, amended_because=reason, basis=basis, **self._copied(*PINNED, *AGREED),
            drafted_by=by.id, drafted_for=by.on_behalf_of, drafted_at=at,
            edited_by=by.id, edited_for=by.on_behalf_of,
        )  # fmt: skip
        amendment._write(template, at, slots, lines, services, valid_until)
        amendment.record(ContractDrafted.model_validate(amendment, from_attributes=True))
        return amendment

    def incorporate(self, amendment: "Contract") -> None:
        """What a sealed amendment says is agreed from now on; what was agreed before is kept as an edition (CON-9)."""
        self.require(ContractAmended)
        basis, seal = amendment.basis, self.seal
        if basis is None or seal is None or amendment.amends != self.id or not amendment.seal:
            raise LookupError("only a sealed amendment of this contract is incorporated")
        if (self.edition, self.approved_digest) != (basis.edition, basis.digest):
            raise RuleBroken("CON-9", "the contract was amended meanwhile")
        self.editions = [
            *self.editions,
            Edition(
                edition=self.edition, amendment_id=self.amendment_id, digest=seal.digest, content=self.content(),
                seal=seal, proceedings=self.proceedings(),
            ),
        ]  # fmt: skip
        for name, value in amendment._copied(*AGREED, *DECIDED).items():
            setattr(self, name, value)
        self.edition, self.amendment_id = amendment.edition, amendment.id
        fields = self.model_dump(include=set(ContractAmended.model_fields))
        self.record(ContractAmended.model_validate({**fields, "digest": self.approved_digest}))
        self.schedule(self.expire, end_of(self.valid_until))

    def withdraw(self, reason: str, by: Actor, at: datetime) -> None:
        """Give up what has not taken effect; it stays in the archive (CON-8)."""
        self._closed(reason, by.id, at)
        self.record(ContractWithdrawn(number=self.number, reason=reason))

    def end(self, reason: str, by: Actor, at: datetime) -> None:
        """Terminate a contract in force."""
        self._ended(reason, by.id, at)
        self.unschedule(self.expire)

    def expire(self, at: datetime) -> None:
        """The last day of its validity is over, in Shanghai (CON-13)."""
        self._ended("expired", "service:timer", at)

    def record(self, event: Event) -> None:
        """What has happened decides what comes next."""
        super().record(event)
        self.next_step = self._next()

    def _to_be_sealed(self, copies: int, digest: str) -> SealRequest:
        if self.approved_digest is None:
            raise RuleBroken("CON-5", "only an approved contract is sealed")
        if not self.approved_digest == digest == self.content_digest():
            raise RuleBroken("CON-5", "what is sealed must be what was approved")
        self.require(SealRequested)
        request = self.seal_request
        if request is None:
            raise RuleBroken("CON-5", "the seal is applied only when it was asked for")
        if request.copies != copies:
            raise RuleBroken("CON-5", "as many copies are sealed as were asked for: {copies}", copies=request.copies)
        return request

    def _must_stand_apart(self, by: Actor, request: SealRequest) -> None:
        if by.people & (self.deciders | set(self.approvals.excluded)):
            raise RuleBroken("CON-15", "whoever wrote or approved a contract does not seal it")
        if by.people & request.people:
            raise RuleBroken("CON-5", "whoever asks for the seal does not apply it")

    def _copied(self, *names: str) -> dict[str, Any]:
        return {name: deepcopy(getattr(self, name)) for name in names}

    def _closed(self, reason: str, by: str, at: datetime) -> None:
        self.ended_because, self.ended_by, self.ended_at = reason, by, at

    def _ended(self, reason: str, by: str, at: datetime) -> None:
        self._closed(reason, by, at)
        self.record(ContractEnded(number=self.number, reason=reason))

    def _void(self, at: datetime) -> None:
        super()._void(at)
        self.seal_request = None

    def _next(self) -> NextStep | None:
        if self.may(ContractSubmitted):
            return NextStep(deed=Deed.SUBMIT, posts=WRITERS)
        if self.may(ContractLineReviewed) and self.submission:
            return NextStep(deed=Deed.REVIEW, posts=self.submission.outstanding(self.to_review, self.reviews))
        if self.may(ContractApprovalGiven) and self.approvals.next_post:
            return NextStep(deed=Deed.APPROVE, posts=[self.approvals.next_post])
        if self.may(SealRequested):
            if self.seal_request is None:
                return NextStep(deed=Deed.REQUEST_SEAL, posts=WRITERS)
            return NextStep(deed=Deed.SEAL, posts=[Post.SEAL_KEEPER])
        return NextStep(deed=Deed.CHANGE, posts=WRITERS) if self.may(ContractChanged) else None
