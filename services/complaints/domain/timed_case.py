"""The clocks of a case: warnings, breaches, and who is called when they run out (CMP-7)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from services.complaints.domain.steps import Response
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, NotAllowedNow
from shared.domain.working_time import Calendar
from shared.events.complaints import (
    ComplaintEscalated,
    EscalationAcknowledged,
    ResolutionMissed,
    ResolutionWarned,
    ResponseMissed,
    ResponseWarned,
)


class ClockName(StrEnum):
    RESPONSE = "response"
    RESOLUTION = "resolution"


class CallReason(StrEnum):
    MAJOR = "major"
    RESPONSE_MISSED = "response_missed"
    RESOLUTION_MISSED = "resolution_missed"
    NOT_ACKNOWLEDGED = "not_acknowledged"


class Terms(BaseModel):
    """时限: the deadlines, and the numbers of the policy they follow from, as they were when the clocks started.

    `run` counts how often they were started.
    """

    model_config = ConfigDict(frozen=True)

    run: int
    policy: str
    started_at: datetime
    warn_response_at: datetime
    respond_by: datetime
    warn_resolution_at: datetime
    resolve_by: datetime
    calendar: Calendar
    escalation_step: timedelta
    closing_attempts: int

    @classmethod
    def start(cls, policy: Policy, run: int, at: datetime) -> Self:
        """Both clocks start at `at`, on policy's calendar."""
        rules = policy.complaints
        response, resolution = rules.response_time, rules.resolution_time
        return cls(
            run=run,
            policy=policy.version,
            started_at=at,
            warn_response_at=rules.calendar.add(at, rules.warning_after(response)),
            respond_by=rules.calendar.add(at, response),
            warn_resolution_at=rules.calendar.add(at, rules.warning_after(resolution)),
            resolve_by=rules.calendar.add(at, resolution),
            calendar=rules.calendar,
            escalation_step=rules.escalation_step,
            closing_attempts=rules.closing_attempts,
        )


class Breach(BaseModel):
    """超时: a deadline that passed; it stays on the case whatever follows (CMP-7)."""

    model_config = ConfigDict(frozen=True)

    clock: ClockName
    due_at: datetime
    at: datetime
    post: Post
    run: int


class Call(BaseModel):
    """上报: a post up the line was called, and has to acknowledge (CMP-7)."""

    post: Post
    reason: CallReason
    at: datetime
    acknowledge_by: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


class TimedCase(Aggregate):
    """A case under clocks. `line` are the posts that are called one after the other; `calls` are those that were."""

    TIMERS = frozenset({"warn_response", "miss_response", "warn_resolution", "miss_resolution", "climb"})

    number: str
    post: Post
    branch: str | None = None
    terms: Terms
    response: Response | None = None
    breaches: list[Breach] = []
    line: tuple[Post, ...]
    calls: list[Call] = []

    @property
    def called(self) -> Call | None:
        """The last call; none while nobody was called."""
        return self.calls[-1] if self.calls else None

    @property
    def post_in_charge(self) -> Post:
        """The post that has to see to it now: the one called last, or the one that handles the case."""
        return self.called.post if self.called else self.post

    def holds(self, by: Actor, post: Post) -> bool:
        """Whether `by` holds the post for this case: a branch's general manager only for the branch."""
        elsewhere = post is Post.BRANCH_GENERAL_MANAGER and None not in (self.branch, by.branch)
        return by.holds(post) and not (elsewhere and by.branch != self.branch)

    def missed(self, clock: ClockName) -> bool:
        """Whether this clock ran out since the clocks were started last."""
        return any(breach.clock is clock and breach.run == self.terms.run for breach in self.breaches)

    def run_clocks(self) -> None:
        """Set the deadlines of the case's terms."""
        self.schedule(self.warn_response, self.terms.warn_response_at)
        self.schedule(self.miss_response, self.terms.respond_by)
        self.schedule(self.warn_resolution, self.terms.warn_resolution_at)
        self.schedule(self.miss_resolution, self.terms.resolve_by)

    def stop_response_clock(self) -> None:
        self.unschedule(self.warn_response, self.miss_response)

    def stop_clocks(self) -> None:
        """Nothing is waited for any more, and nobody is called."""
        self.stop_response_clock()
        self.unschedule(self.warn_resolution, self.miss_resolution, self.climb)

    def warn_response(self, at: datetime) -> None:
        """The time for a first response is nearly over."""
        if self.response is None and not self.missed(ClockName.RESPONSE):
            event = ResponseWarned(number=self.number, post=self.post_in_charge, respond_by=self.terms.respond_by)
            self.record(event)

    def miss_response(self, at: datetime) -> None:
        """No evidenced contact in time: a breach, and the next post is called."""
        if self.response is None and not self.missed(ClockName.RESPONSE):
            self._breach_response(at)
            self.call_next(CallReason.RESPONSE_MISSED, at)

    def warn_resolution(self, at: datetime) -> None:
        """The time for a resolution is nearly over."""
        if not self.missed(ClockName.RESOLUTION):
            event = ResolutionWarned(number=self.number, post=self.post_in_charge, resolve_by=self.terms.resolve_by)
            self.record(event)

    def miss_resolution(self, at: datetime) -> None:
        """Not resolved in time: a breach, and the next post is called."""
        if not self.missed(ClockName.RESOLUTION):
            self._breach_resolution(at)
            self.call_next(CallReason.RESOLUTION_MISSED, at)

    def climb(self, at: datetime) -> None:
        """Whoever was called has kept silent: the next one is called."""
        if self.called and self.called.acknowledged_at is None:
            self.call_next(CallReason.NOT_ACKNOWLEDGED, at)

    def notice_missed(self, at: datetime) -> None:
        """A deadline that passed while no timer ran is a breach all the same; nobody is called for it."""
        if self.response is None and at > self.terms.respond_by and not self.missed(ClockName.RESPONSE):
            self._breach_response(at)
        if at > self.terms.resolve_by and not self.missed(ClockName.RESOLUTION):
            self._breach_resolution(at)

    def call_next(self, reason: CallReason, at: datetime) -> None:
        """Call the next post up the line; above the last there is nobody, and nothing happens."""
        if len(self.calls) == len(self.line):
            return
        post = self.line[len(self.calls)]
        acknowledge_by = self.terms.calendar.add(at, self.terms.escalation_step)
        self.calls.append(Call(post=post, reason=reason, at=at, acknowledge_by=acknowledge_by))
        level = len(self.calls)
        event = ComplaintEscalated(
            number=self.number, level=level, post=post, reason=reason, acknowledge_by=acknowledge_by
        )
        self.record(event)
        if level < len(self.line):
            self.schedule(self.climb, acknowledge_by)
        else:
            self.unschedule(self.climb)

    def answer_call(self, by: Actor, at: datetime) -> None:
        """The called post takes note: nobody further up is called, unless another deadline is missed (CMP-7)."""
        call = self.called
        if call is None or call.acknowledged_at is not None:
            raise NotAllowedNow("nobody is called to acknowledge this complaint")
        if not self.holds(by, call.post):
            raise Forbidden("the post {post} is called to acknowledge", rule="CMP-7", post=call.post)
        call.acknowledged_by, call.acknowledged_at = by.id, at
        self.record(EscalationAcknowledged(number=self.number, post=call.post, person=by.id))
        self.unschedule(self.climb)

    def _breach_response(self, at: datetime) -> None:
        post, due_at = self.post_in_charge, self.terms.respond_by
        self.breaches.append(Breach(clock=ClockName.RESPONSE, due_at=due_at, at=at, post=post, run=self.terms.run))
        self.record(ResponseMissed(number=self.number, post=post, respond_by=due_at))

    def _breach_resolution(self, at: datetime) -> None:
        post, due_at = self.post_in_charge, self.terms.resolve_by
        self.breaches.append(Breach(clock=ClockName.RESOLUTION, due_at=due_at, at=at, post=post, run=self.terms.run))
        self.record(ResolutionMissed(number=self.number, post=post, resolve_by=due_at))
