"""How a case is settled: proposed, agreed, carried out, told, closed, and opened again (CMP-8, CMP-10, CMP-11)."""

from datetime import datetime
from typing import Any

from services.complaints.domain.followed_case import FollowedCase
from services.complaints.domain.intake import Channel, Kind
from services.complaints.domain.personal_case import MANAGERS
from services.complaints.domain.steps import (
    LEAST_EVIDENCE,
    Attempt,
    CarriedOut,
    Closure,
    Consent,
    Proposal,
    Reopening,
    Resolution,
    Response,
)
from services.complaints.domain.terms import ClockName, Terms
from shared.domain.actor import Actor, Post
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from shared.events.complaints import (
    AttemptLogged,
    ComplaintClosed,
    ComplaintReopened,
    ComplaintResolved,
    ComplaintResponded,
    CustomerConsented,
    MeasuresCarriedOut,
    MeasuresProposed,
    OpinionAnswered,
)

CLOSERS = (Post.CLERK, Post.SERVICE_AGENT, Post.OFFICE, *MANAGERS)
REOPENERS = (Post.SERVICE_AGENT,)
NEEDS_CONSENT = (Kind.QUALITY, Kind.DELIVERY)


class SettledCase(FollowedCase):
    """A case on its way to the customer's word.

    `response_seconds` is the time to the first response, `resolution_seconds` that to the last resolution without the
    pauses, both on the case's calendar.
    """

    proposals: list[Proposal] = []
    consent: Consent | None = None
    carried_out: CarriedOut | None = None
    response_seconds: int | None = None
    resolution_seconds: int | None = None

    def respond(
        self, channel: Channel, evidence: str, spoken_to: str, by: Actor, at: datetime,
        contacted_at: datetime | None = None,
    ) -> None:  # fmt: skip
        """First contact with the customer; it counts with the evidence of it, once, and when it is recorded (CMP-7).

        It was neither made before the complaint came, or came again, nor is it still to come (CMP-16).
        """
        self.refuse_concerned(by)
        if by.id != self.handler and not by.holds(*MANAGERS):
            raise Forbidden("the customer is answered by whoever handles the complaint, or by a manager", rule="CMP-16")
        if self.response is not None:
            raise NotAllowedNow("the first response is on record already")
        self.require(ComplaintResponded)
        self._contact(channel, evidence, spoken_to, contacted_at or at, by, at)

    def propose(self, measures: str, by: Actor, at: datetime) -> None:
        """Offer the customer something; a new offer needs a new consent (CMP-8)."""
        self.require_handler(by)
        self.proposals.append(Proposal(measures=measures, by=by.id, at=at))
        self.consent = self.carried_out = None
        self.record(MeasuresProposed(number=self.number, measures=measures))

    def agree(self, customer_said: str, by: Actor, at: datetime) -> None:
        """The customer consents to the last proposal, or somebody records that they did (CMP-8)."""
        self.refuse_concerned(by)
        self.refuse_strangers(by)
        if by.id != self.handler and not by.acts_for(self.customer_id, Post.CLERK, Post.SERVICE_AGENT):
            raise Forbidden("this is for whoever has taken the complaint in hand", rule="CMP-8")
        self.consent = Consent(customer_said=customer_said, by=by.id, at=at)
        self.record(CustomerConsented(number=self.number))
        self.go_on(at)

    def carry_out(self, what: str, reference: str, by: Actor, at: datetime) -> None:
        """What was agreed is done, as the reference shows: of a delivery, a refund, a letter (CMP-8)."""
        self.require_handler(by)
        self.require(MeasuresCarriedOut)
        self._refuse_without_consent()
        self.carried_out = CarriedOut(what=what, reference=reference, by=by.id, at=at)
        self.record(MeasuresCarriedOut(number=self.number, reference=reference))

    def resolve(self, summary: str, told_customer_by: str, by: Actor, at: datetime) -> None:
        """It is carried out, and the customer was told; for goods and delivery, as they agreed (CMP-8, CMP-10).

        An opinion was passed on to the department concerned before (CMP-14). After a time the customer is asked again.
        """
        self.require_handler(by)
        self.require(ComplaintResolved)
        self._refuse_without_consent()
        self._refuse_before_it_is_done()
        self._refuse_without_finding()
        self._department_of_opinion()
        self.go_on(at)
        self.notice_missed(at)
        self._settle(summary, told_customer_by, by, at)
        self.schedule(self.remind_follow_up, at + self.terms.follow_up_after)

    def answer(self, answer: str, channel: Channel, evidence: str, spoken_to: str, by: Actor, at: datetime) -> None:
        """意见答复: an opinion was heard by the department concerned, and is answered; that is all of it (CMP-14)."""
        self.require_handler(by)
        self.require(OpinionAnswered)
        department = self._department_of_opinion()
        if department is None:
            raise RuleBroken("CMP-14", "only an opinion or suggestion is settled by an answer")
        if self.response is None:
            self._contact(channel, evidence, spoken_to, at, by, at)
        self.go_on(at)
        self.notice_missed(at)
        self.record(OpinionAnswered(number=self.number, customer_id=self.customer_id, department=department))
        self._settle(answer, channel, by, at)
        self.closure = Closure(confirmed_by="", attempts=0, by=by.id, at=at)
        self.record(
            ComplaintClosed(number=self.number, customer_id=self.customer_id, confirmed=False, policy=self.terms.policy)
        )

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
        self.record(
            ComplaintClosed(
                number=self.number, customer_id=self.customer_id, confirmed=bool(confirmed), policy=self.terms.policy
            )
        )

    def reopen(self, reason: str, policy: Policy, by: Actor, at: datetime) -> None:
        """The customer is not satisfied: the same person goes on, under clocks and a line that start anew (CMP-11)."""
        self.refuse_concerned(by)
        self.refuse_strangers(by, *REOPENERS)
        self._reopen(reason, policy, by, at)

    def follow_up(
        self, channel: Channel, spoken_to: str, said: str, satisfied: bool, policy: Policy, by: Actor, at: datetime
    ) -> None:
        """回访: how are things since? Whoever is not satisfied has their case reopened (CMP-10, CMP-11)."""
        self.note_follow_up(channel, spoken_to, said, satisfied, by, at)
        if not satisfied:
            self._reopen(said, policy, by, at)

    def _reopen(self, reason: str, policy: Policy, by: Actor, at: datetime) -> None:
        before = self.model_dump(include={"response", "consent", "carried_out", "resolution", "closure"})
        self.reopenings.append(Reopening(reason=reason, by=by.id, at=at, **before))
        self.response = self.consent = self.resolution = self.closure = self.carried_out = None
        facts: dict[str, Any] = {"number": self.number, "post": self.post, "person": self.handler}
        self.record(ComplaintReopened(**facts, reason=reason, times=len(self.reopenings)))
        self.terms = Terms.start(policy, self.terms.run + 1, at)
        self.earlier_calls = len(self.calls)
        self.unschedule(self.remind_follow_up)
        self.begin_stay(at)
        self.run_clocks(at)

    def _contact(
        self, channel: Channel, evidence: str, spoken_to: str, contacted_at: datetime, by: Actor, at: datetime
    ) -> None:
        if len(evidence.strip()) < LEAST_EVIDENCE or not spoken_to.strip():
            raise RuleBroken("CMP-16", "a response counts only with evidence of the contact and whom it was with")
        if not self.terms.started_at <= contacted_at <= at:
            raise RuleBroken(
                "CMP-16", "a response was made after the complaint came, and not in the future", field="contacted_at"
            )
        self.go_on(at)
        self.notice_missed(at)
        in_time = not self.missed(ClockName.RESPONSE)
        self.response = Response(
            channel=channel, evidence=evidence, spoken_to=spoken_to, contacted_at=contacted_at, by=by.id, at=at,
            in_time=in_time,
        )  # fmt: skip
        if self.response_seconds is None:
            self.response_seconds = self._needed(at)
        self.record(ComplaintResponded(number=self.number, channel=channel, in_time=in_time))
        self.stop_response_clock()

    def _settle(self, summary: str, told_customer_by: str, by: Actor, at: datetime) -> None:
        in_time = not self.missed(ClockName.RESOLUTION)
        self.resolution = Resolution(
            summary=summary, told_customer_by=told_customer_by, by=by.id, at=at, in_time=in_time
        )
        self.resolution_seconds = self._needed(at)
        facts = self.model_dump(include={"number", "kind", "customer_id"})
        self.record(ComplaintResolved(**facts, in_time=in_time, summary=summary))
        self.settle_stay(by, at)
        self.stop_clocks()

    def _needed(self, at: datetime) -> int:
        """Seconds since the complaint came, without the pauses."""
        return int((self.terms.calendar.elapsed(self.received_at, at) - self.paused_for).total_seconds())

    def _refuse_without_consent(self) -> None:
        """Nothing is settled with a customer about goods or delivery that they have not agreed to (CMP-8)."""
        if self.kind in NEEDS_CONSENT and self.consent is None:
            raise RuleBroken("CMP-8", "the customer has not agreed to what was proposed")

    def _refuse_before_it_is_done(self) -> None:
        """What was agreed is no solution yet: the goods are there, the money is (CMP-8)."""
        if self.kind in NEEDS_CONSENT and self.carried_out is None:
            raise RuleBroken("CMP-8", "what the customer has agreed to is carried out first, and recorded so")

    def _refuse_without_finding(self) -> None:
        """Nobody's conduct is settled before it was looked into: who is responsible, or that nobody is (CMP-8)."""
        if self.kind is Kind.SERVICE and self.responsibility is None:
            raise RuleBroken("CMP-8", "a service complaint is looked into first: establish who is responsible")

    def _department_of_opinion(self) -> Post | None:
        """The department an opinion was passed on to, and that said something to it (CMP-14)."""
        if self.kind is not Kind.OPINION:
            return None
        if not self.reports:
            raise RuleBroken("CMP-14", "an opinion is passed on to the department concerned, before it is answered")
        return self.reports[-1].department
