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
    require_person,
    require_slip,
)
from services.complaints.domain.lifecycle import LIFECYCLE, ComplaintStatus
from services.complaints.domain.personal_case import MANAGERS, PersonalCase
from services.complaints.domain.steps import (
    LEAST_EVIDENCE,
    Attempt,
    Closure,
    Consent,
    Found,
    Proposal,
    Reopening,
    Resolution,
    Response,
    Responsibility,
)
from services.complaints.domain.timed_case import CallReason, ClockName, Terms
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Lifecycle
from shared.domain.numbers import number
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from shared.events.complaints import (
    AttemptLogged,
    ComplaintAssigned,
    ComplaintClosed,
    ComplaintFiled,
    ComplaintReopened,
    ComplaintReported,
    ComplaintResolved,
    ComplaintResponded,
    ComplaintTaken,
    ComplaintTakenOver,
    CustomerConsented,
    MeasuresProposed,
    ResponsibilityEstablished,
    Slip,
)

CLOSERS = (Post.CLERK, Post.SERVICE_AGENT, Post.OFFICE, *MANAGERS)
REOPENERS = (Post.SERVICE_AGENT,)
NEEDS_CONSENT = (Kind.QUALITY, Kind.DELIVERY)


class Complaint(PersonalCase):
    """客户投诉: recorded once, answered and resolved in time, never deleted (CMP-1, CMP-7, CMP-11)."""

    TABLE = "complaints"
    ENTITY = "complaint"
    START = ComplaintStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = LIFECYCLE

    status: ComplaintStatus
    kind: Kind
    channel: Channel
    external_reference: str | None = None
    description: str
    severity: Severity = Severity.ORDINARY
    major: bool = False
    slip: Slip | None = None
    received_at: datetime
    may_take: tuple[Post, ...]
    taken_at: datetime | None = None
    proposals: list[Proposal] = []
    consent: Consent | None = None

    @classmethod
    def file(cls, id: UUID, taken: Intake, policy: Policy, by: Actor, at: datetime) -> Self:
        """Take a complaint in: its clocks run from now, and a post handles it in person (CMP-1 to CMP-7).

        A major incident is told to the general manager of the branch, and of the company, straight away.
        """
        require_slip(taken.kind, taken.slip)
        require_person(taken.kind, taken.about)
        post = handling_post(taken.kind, taken.severity)
        above = posts_above(post, policy.complaints.escalation_ladder)
        line = policy.complaints.major_ladder if taken.major else above
        in_person = (Post.SALES_MANAGER,) if taken.kind is Kind.QUALITY else ()
        complaint = cls.begin(
            id,
            number=number("TS", id, at),
            **dict(taken),
            post=post,
            line=line,
            may_take=tuple(dict.fromkeys((post, *in_person, *above, *line))),
            terms=Terms.start(policy, 1, at),
            received_at=at,
            filed_by=by.id,
        )
        complaint._announce(at)
        complaint.run_clocks()
        return complaint

    def _announce(self, at: datetime) -> None:
        facts = self.model_dump(include=set(ComplaintFiled.model_fields))
        deadlines = self.terms.model_dump(include={"policy", "respond_by", "resolve_by"})
        self.record(ComplaintFiled(**facts, **deadlines))
        self.record(ComplaintAssigned(number=self.number, kind=self.kind, post=self.post))
        if self.kind is Kind.SERVICE and self.severity is Severity.GRAVE:
            self.record(ComplaintReported(number=self.number, kind=self.kind, post=Post.OFFICE))
        if self.major:
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

    def respond(self, channel: Channel, evidence: str, spoken_to: str, by: Actor, at: datetime) -> None:
        """First contact with the customer; it counts with the evidence of it, and once (CMP-7, CMP-16)."""
        self.refuse_concerned(by)
        if by.id != self.handler and not by.holds(*MANAGERS):
            raise Forbidden("the customer is answered by whoever handles the complaint, or by a manager", rule="CMP-16")
        if self.response is not None:
            raise NotAllowedNow("the first response is on record already")
        if len(evidence.strip()) < LEAST_EVIDENCE or not spoken_to.strip():
            raise RuleBroken("CMP-16", "a response counts only with evidence of the contact and whom it was with")
        self.notice_missed(at)
        in_time = not self.missed(ClockName.RESPONSE)
        self.response = Response(
            channel=channel, evidence=evidence, spoken_to=spoken_to, by=by.id, at=at, in_time=in_time
        )
        self.record(ComplaintResponded(number=self.number, channel=channel, in_time=in_time))
        self.stop_response_clock()

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
        if len(set(named)) < len(named):
            raise RuleBroken("CMP-15", "nobody is held responsible twice for one complaint")
        self.responsibility = Responsibility(verified=verified, responsible=list(responsible), by=by.id, at=at)
        facts = self.responsibility.model_dump(include={"verified", "responsible"})
        self.record(ResponsibilityEstablished(number=self.number, kind=self.kind, **facts))

    def propose(self, measures: str, by: Actor, at: datetime) -> None:
        """Offer the customer something; a new offer needs a new consent (CMP-8)."""
        self.require_handler(by)
        self.proposals.append(Proposal(measures=measures, by=by.id, at=at))
        self.consent = None
        self.record(MeasuresProposed(number=self.number, measures=measures))

    def agree(self, customer_said: str, by: Actor, at: datetime) -> None:
        """The customer consents to the last proposal, or somebody records that they did (CMP-8)."""
        self.refuse_concerned(by)
        self.refuse_strangers(by)
        if by.id != self.handler and not by.acts_for(self.customer_id, Post.CLERK, Post.SERVICE_AGENT):
            raise Forbidden("this is for whoever has taken the complaint in hand", rule="CMP-8")
        self.consent = Consent(customer_said=customer_said, by=by.id, at=at)
        self.record(CustomerConsented(number=self.number))

    def resolve(self, summary: str, told_customer_by: str, by: Actor, at: datetime) -> None:
        """It is carried out, and the customer was told; for goods and delivery, as they agreed (CMP-8, CMP-10)."""
        self.require_handler(by)
        if self.may(ComplaintResolved) and self.kind in NEEDS_CONSENT and self.consent is None:
            raise RuleBroken("CMP-8", "the customer has not agreed to what was proposed")
        self.notice_missed(at)
        in_time = not self.missed(ClockName.RESOLUTION)
        self.resolution = Resolution(
            summary=summary, told_customer_by=told_customer_by, by=by.id, at=at, in_time=in_time
        )
        self.record(
            ComplaintResolved(
                **self.model_dump(include={"number", "kind", "customer_id"}), in_time=in_time, summary=summary
            )
        )
        self.stop_clocks()

    def log_attempt(self, channel: Channel, note: str, by: Actor, at: datetime) -> None:
        """Somebody has tried to reach the customer (CMP-11)."""
        self.refuse_concerned(by)
        self.attempts.append(Attempt(channel=channel, note=note, by=by.id, at=at))
        self.record(AttemptLogged(number=self.number, channel=channel))

    def close(self, confirmed_by: str | None, by: Actor, at: datetime) -> None:
        """On the customer's word, or after policy's attempts to get it since the resolution (CMP-11)."""
        self.refuse_concerned(by)
        self.refuse_strangers(by, *CLOSERS)
        confirmed = confirmed_by or (by.id if self.is_of(by) else "")
        attempts = sum(self.resolution is not None and attempt.at >= self.resolution.at for attempt in self.attempts)
        needed = self.terms.closing_attempts
        if self.may(ComplaintClosed) and not confirmed and attempts < needed:
            raise RuleBroken(
                "CMP-11",
                "closing needs the customer's word, or {needed} attempts to get it; {attempts} are logged",
                needed=needed,
                attempts=attempts,
            )
        self.closure = Closure(confirmed_by=confirmed, attempts=attempts, by=by.id, at=at)
        self.record(ComplaintClosed(number=self.number, customer_id=self.customer_id, confirmed=bool(confirmed)))

    def reopen(self, reason: str, policy: Policy, by: Actor, at: datetime) -> None:
        """The customer is not satisfied: the same person goes on, under clocks that start anew (CMP-11)."""
        self.refuse_concerned(by)
        self.refuse_strangers(by, *REOPENERS)
        before = self.model_dump(include={"response", "consent", "resolution", "closure"})
        self.reopenings.append(Reopening(reason=reason, by=by.id, at=at, **before))
        self.response = self.consent = self.resolution = self.closure = None
        self.record(ComplaintReopened(number=self.number, reason=reason, times=len(self.reopenings)))
        self.terms = Terms.start(policy, self.terms.run + 1, at)
        self.run_clocks()


def posts_above(post: Post, ladder: Sequence[Post]) -> tuple[Post, ...]:
    """The rungs above a post; all of them for a post that does not stand on the ladder (CMP-7)."""
    return tuple(ladder[ladder.index(post) + 1 :] if post in ladder else ladder)
