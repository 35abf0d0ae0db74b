"""The clocks of a case: warnings, breaches, and who is called when they run out (CMP-7)."""

from collections.abc import Collection
from datetime import datetime

from services.complaints.domain.intake import Kind
from services.complaints.domain.steps import Response
from services.complaints.domain.terms import Breach, Call, CallReason, ClockName, Terms
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate
from shared.domain.refusals import Forbidden, NotAllowedNow
from shared.events.complaints import (
    ComplaintEscalated,
    EscalationAcknowledged,
    EscalationCovered,
    ResolutionMissed,
    ResolutionWarned,
    ResponseMissed,
    ResponseWarned,
)


class TimedCase(Aggregate):
    """A case under clocks. `line` are the posts that are called one after the other; `calls` are those that were.

    A case that is opened again climbs the line anew: `earlier_calls` is how many were made before.
    """

    TIMERS = frozenset({"warn_response", "miss_response", "warn_resolution", "miss_resolution", "climb"})

    number: str
    kind: Kind
    received_at: datetime
    post: Post
    branch: str | None = None
    terms: Terms
    response: Response | None = None
    breaches: list[Breach] = []
    line: tuple[Post, ...]
    calls: list[Call] = []
    earlier_calls: int = 0

    @property
    def level(self) -> int:
        """How far up the line the case has gone, since it came or came again."""
        return len(self.calls) - self.earlier_calls

    @property
    def called(self) -> Call | None:
        """The last call; none while nobody was called."""
        return self.calls[-1] if self.level else None

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

    def run_clocks(self, since: datetime) -> None:
        """Set the deadlines of the case's terms that lie ahead at `since`."""
        deadlines = [
            (self.warn_resolution, self.terms.warn_resolution_at),
            (self.miss_resolution, self.terms.resolve_by),
        ]
        if self.response is None:
            deadlines += [
                (self.warn_response, self.terms.warn_response_at),
                (self.miss_response, self.terms.respond_by),
            ]
        for deed, due_at in deadlines:
            if due_at >= since:
                self.schedule(deed, due_at)

    def stop_response_clock(self) -> None:
        self.unschedule(self.warn_response, self.miss_response)

    def stop_clocks(self) -> None:
        """Nothing is waited for any more, and nobody is called."""
        self.hold_clocks()
        self.unschedule(self.climb)

    def hold_clocks(self) -> None:
        """No deadline falls due for now; whoever was called has to acknowledge all the same."""
        self.stop_response_clock()
        self.unschedule(self.warn_resolution, self.miss_resolution)

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
        if self.level == len(self.line):
            return
        post, level = self.line[self.level], self.level + 1
        acknowledge_by = self.terms.calendar.add(at, self.terms.escalation_step)
        self.calls.append(Call(level=level, post=post, reason=reason, at=at, acknowledge_by=acknowledge_by))
        event = ComplaintEscalated(
            number=self.number,
            level=level,
            post=post,
            reason=reason,
            acknowledge_by=acknowledge_by,
            policy=self.terms.policy,
        )
        self.record(event)
        if level < len(self.line):
            self.schedule(self.climb, acknowledge_by)
        else:
            self.unschedule(self.climb)

    def cover(self, level: int, away: Collection[str], deputies: Collection[str], at: datetime) -> None:
        """Whoever holds the called post is away: the deputies are called, or, where there are none, the next post.

        Nothing happens where the call was answered, or another one followed, meanwhile (CMP-7).
        """
        call = self.called
        if call is None or self.level != level or call.acknowledged_at or call.away or not self.may(EscalationCovered):
            return
        call.away, call.deputies = sorted(away), sorted(deputies)
        if not deputies:
            self.call_next(CallReason.HOLDER_AWAY, at)
            return
        facts = call.model_dump(include={"post", "away", "deputies", "acknowledge_by"})
        self.record(EscalationCovered(number=self.number, level=level, policy=self.terms.policy, **facts))

    def answer_call(self, by: Actor, at: datetime) -> None:
        """The called post takes note: nobody further up is called, unless another deadline is missed (CMP-7)."""
        call = self.called
        if call is None or call.acknowledged_at is not None:
            raise NotAllowedNow("nobody is called to acknowledge this complaint")
        if not self.holds(by, call.post) and by.id not in call.deputies:
            raise Forbidden("the post {post} is called to acknowledge", rule="CMP-7", post=call.post)
        call.acknowledged_by, call.acknowledged_at = by.id, at
        self.record(EscalationAcknowledged(number=self.number, post=call.post, person=by.id))
        self.unschedule(self.climb)

    def _breach_response(self, at: datetime) -> None:
        post, due_at = self.post_in_charge, self.terms.respond_by
        self.breaches.append(Breach(clock=ClockName.RESPONSE, due_at=due_at, at=at, post=post, run=self.terms.run))
        self.record(ResponseMissed(number=self.number, post=post, respond_by=due_at, policy=self.terms.policy))

    def _breach_resolution(self, at: datetime) -> None:
        post, due_at = self.post_in_charge, self.terms.resolve_by
        self.breaches.append(Breach(clock=ClockName.RESOLUTION, due_at=due_at, at=at, post=post, run=self.terms.run))
        self.record(ResolutionMissed(number=self.number, post=post, resolve_by=due_at, policy=self.terms.policy))
