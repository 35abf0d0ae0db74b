"""A complaint, from intake to the customer's word that it is settled."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from services.complaints.domain.intake import (
    Channel,
    Intake,
    Kind,
    Severity,
    handling_post,
    refuse_grading_outside,
    require_person,
    require_slip,
)
from services.complaints.domain.lifecycle import LIFECYCLE, ComplaintStatus
from services.complaints.domain.personal_case import MANAGERS
from services.complaints.domain.settled_case import SettledCase
from services.complaints.domain.slip import Correction
from services.complaints.domain.steps import Found, Grading, Responsibility
from services.complaints.domain.terms import CallReason, Terms
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Lifecycle
from shared.domain.numbers import number
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from shared.events.complaints import (
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintGraded,
    ComplaintReported,
    ComplaintTaken,
    ComplaintTakenOver,
    ResponsibilityEstablished,
    Slip,
    SlipCorrected,
)

GRADERS = (Post.SERVICE_AGENT, Post.OFFICE, *MANAGERS)


class Complaint(SettledCase):
    """客户投诉: recorded once, answered and resolved in time, never deleted (CMP-1, CMP-7, CMP-11)."""

    TABLE = "complaints"
    ENTITY = "complaint"
    START = ComplaintStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = LIFECYCLE

    status: ComplaintStatus
    channel: Channel
    external_reference: str | None = None
    description: str
    severity: Severity = Severity.ORDINARY
    major: bool = False
    may_take: tuple[Post, ...]
    taken_at: datetime | None = None
    store: str | None = None
    gradings: list[Grading] = []

    @classmethod
    def file(cls, id: UUID, taken: Intake, policy: Policy, by: Actor, at: datetime) -> Self:
        """Take a complaint in: its clocks run from now, and a post handles it in person (CMP-1 to CMP-7).

        A major incident is told to the general manager of the branch, and of the company, straight away.
        """
        refuse_grading_outside(taken, by)
        require_slip(taken.kind, taken.slip)
        require_person(taken.kind, taken.about)
        post = handling_post(taken.kind, taken.severity)
        above = posts_above(post, policy.complaints.escalation_ladder)
        line = policy.complaints.major_ladder if taken.major else above
        complaint = cls.begin(
            id,
            number=number("TS", id, at),
            **dict(taken),
            post=post,
            line=line,
            may_take=takers(taken.kind, post, above, line),
            terms=Terms.start(policy, 1, at),
            received_at=at,
            filed_by=by.id,
        )
        complaint.begin_stay(at)
        complaint._announce(at)
        complaint.run_clocks(at)
        return complaint

    def _announce(self, at: datetime) -> None:
        facts = self.model_dump(include=set(ComplaintFiled.model_fields))
        deadlines = self.terms.model_dump(include={"policy", "respond_by", "resolve_by"})
        self.record(ComplaintFiled(**facts, **deadlines))
        self.record(ComplaintAssigned(number=self.number, kind=self.kind, post=self.post, policy=self.terms.policy))
        if self.kind is Kind.SERVICE and self.severity is Severity.GRAVE:
            self.record(ComplaintReported(number=self.number, kind=self.kind, post=Post.OFFICE))
        if self.major:
            self.call_next(CallReason.MAJOR, at)

    def correct_slip(self, slip: Slip, reason: str, by: Actor, at: datetime) -> None:
        """更正: whoever took it in, handles it, or manages enters the whole slip anew; the old one stays (CMP-3)."""
        self.refuse_concerned(by)
        if by.id not in (self.handler, self.filed_by) and not by.holds(*GRADERS):
            message = "a slip is corrected by whoever took the complaint in or handles it, or by a manager"
            raise Forbidden(message, rule="CMP-3")
        require_slip(self.kind, slip)
        before = self.slip
        if before is not None and dict(before) == dict(slip):
            raise NotAllowedNow("the slip says this already")
        facts = self.model_dump(include={"number", "kind", "customer_id"})
        self.record(SlipCorrected(**facts, slip=slip, before=before, reason=reason))
        self.replace_slip(slip, Correction(slip=before, reason=reason, by=by.id, at=at))

    def grade(self, severity: Severity, major: bool, reason: str, by: Actor, at: datetime) -> None:
        """定级: somebody inside finds the case graver than it was taken in; it never becomes less so (CMP-6, CMP-7).

        A grave service complaint goes to the vice-president and to the office; a major incident straight to the top.
        """
        self.refuse_concerned(by)
        if by.id != self.handler and not by.holds(*GRADERS):
            raise Forbidden("how grave a complaint is, is decided inside the company", rule="CMP-7")
        worse = self.severity is Severity.ORDINARY and severity is Severity.GRAVE
        bigger = major and not self.major
        if not worse and not bigger:
            raise NotAllowedNow("the complaint is graded as high already")
        self.severity, self.major = (Severity.GRAVE if worse else self.severity), self.major or major
        self.gradings.append(Grading(severity=self.severity, major=self.major, reason=reason, by=by.id, at=at))
        self.record(
            ComplaintGraded(
                number=self.number, kind=self.kind, severity=self.severity, major=self.major, policy=self.terms.policy
            )
        )
        if worse:
            self._assign_anew()
        if bigger:
            self._call_the_top(at)

    def _assign_anew(self) -> None:
        post = handling_post(self.kind, self.severity)
        if post is self.post:
            return
        self.post = post
        top = self.terms.major_ladder if self.major else ()
        self.may_take = takers(self.kind, post, posts_above(post, self.line), top)
        self.record(ComplaintAssigned(number=self.number, kind=self.kind, post=post, policy=self.terms.policy))
        self.record(ComplaintReported(number=self.number, kind=self.kind, post=Post.OFFICE))

    def _call_the_top(self, at: datetime) -> None:
        called = tuple(call.post for call in self.calls[self.earlier_calls :])
        top = tuple(post for post in self.terms.major_ladder if post not in called)
        self.line = called + top
        self.may_take = tuple(dict.fromkeys((*self.may_take, *top)))
        self.call_next(CallReason.MAJOR, at)

    def _reopen(self, reason: str, policy: Policy, by: Actor, at: datetime) -> None:
        super()._reopen(reason, policy, by, at)
        if self.major:
            self.line = self.terms.major_ladder
            self.call_next(CallReason.MAJOR, at)

    def take(self, by: Actor, at: datetime) -> None:
        """Handle the case in person, from the post it was assigned to upwards (CMP-4, CMP-6, CMP-18)."""
        self.refuse_concerned(by)
        post = next((post for post in self.may_take if self.holds(by, post)), None)
        if post is None:
            raise Forbidden("this is for the posts {posts}", rule="CMP-4", posts=", ".join(self.may_take))
        if by.id == self.handler:
            raise NotAllowedNow("you have taken this complaint already")
        before, self.handler, self.taken_at = self.handler, by.id, at
        if before is None:
            self.record(ComplaintTaken(number=self.number, post=post, person=by.id))
        else:
            self.record(ComplaintTakenOver(number=self.number, post=post, person=by.id, instead_of=before))

    def acknowledge(self, by: Actor, at: datetime) -> None:
        """Somebody of the called post takes note of the escalation (CMP-7)."""
        self.refuse_concerned(by)
        self.answer_call(by, at)

    def establish(self, verified: bool, responsible: Sequence[Found], by: Actor, at: datetime) -> None:
        """经查实: say who is responsible, or that nobody is; what is verified stands (CMP-15).

        Only this may start a penalty, so nobody is named twice, and nobody speaks about themselves.
        """
        self.require_handler(by)
        named = [one.employee for one in responsible]
        if not by.people.isdisjoint(named):
            raise Forbidden("nobody establishes their own responsibility", rule="CMP-18")
        if self.responsibility is not None and self.responsibility.verified:
            raise NotAllowedNow("responsibility has been established already")
        if verified != bool(named):
            raise RuleBroken("CMP-15", "what is verified names who is responsible, and what is not names nobody")
        if any(not one.evidence for one in responsible):
            raise RuleBroken("CMP-15", "whoever is found responsible is so on evidence that is on record")
        if len(set(named)) < len(named):
            raise RuleBroken("CMP-15", "nobody is held responsible twice for one complaint")
        self.responsibility = Responsibility(verified=verified, responsible=list(responsible), by=by.id, at=at)
        facts = self.responsibility.model_dump(include={"verified", "responsible"})
        self.record(ResponsibilityEstablished(number=self.number, kind=self.kind, policy=self.terms.policy, **facts))


def posts_above(post: Post, ladder: Sequence[Post]) -> tuple[Post, ...]:
    """The rungs above a post; all of them for a post that does not stand on the ladder (CMP-7)."""
    return tuple(ladder[ladder.index(post) + 1 :] if post in ladder else ladder)


def takers(kind: Kind, post: Post, above: Sequence[Post], line: Sequence[Post]) -> tuple[Post, ...]:
    """The posts that may take a case: its own and those above it, and for goods the sales manager in person (CMP-4)."""
    in_person = (Post.SALES_MANAGER,) if kind is Kind.QUALITY else ()
    return tuple(dict.fromkeys((post, *in_person, *above, *line)))
