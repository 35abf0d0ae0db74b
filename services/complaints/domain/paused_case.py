"""The clock of a case stands still: for a listed reason, within a cap, as a second person grants it (CMP-16)."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel

from services.complaints.domain.personal_case import MANAGERS, PersonalCase
from services.complaints.domain.steps import MASK
from services.complaints.domain.terms import ClockName
from shared.domain.actor import Actor
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from shared.events.complaints import ClockPaused, ClockResumed, PauseRefused, PauseRequested


class Pause(BaseModel):
    """暂停计时: asked for, then granted or refused by another person; `took` counts on the case's calendar."""

    reason: str
    note: str
    asked_by: list[str]
    asked_at: datetime
    until: datetime | None = None
    granted_by: str | None = None
    granted_at: datetime | None = None
    refused_by: str | None = None
    refused_because: str | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    took: timedelta = timedelta(0)

    @property
    def pending(self) -> bool:
        """Asked for, and nobody has decided."""
        return self.granted_at is None and self.ended_at is None

    @property
    def running(self) -> bool:
        return self.granted_at is not None and self.ended_at is None

    def masked(self) -> Self:
        return self.model_copy(update={"note": MASK})


class PausedCase(PersonalCase):
    """A case whose clock may be stopped; all pauses of a case together stay within the cap."""

    TIMERS = PersonalCase.TIMERS | {"end_pause"}

    pauses: list[Pause] = []

    @property
    def pause(self) -> Pause | None:
        """The pause that was asked for last."""
        return self.pauses[-1] if self.pauses else None

    @property
    def paused_for(self) -> timedelta:
        """How long the clock has stood still, all ended pauses together."""
        return sum((pause.took for pause in self.pauses), timedelta(0))

    def ask_pause(self, reason: str, note: str, until: datetime | None, by: Actor, at: datetime) -> None:
        """Whoever handles the case asks for a pause, for a listed reason; nothing stops yet (CMP-16)."""
        self.require_handler(by)
        self.require(PauseRequested)
        if reason not in self.terms.pause_reasons:
            reasons = ", ".join(self.terms.pause_reasons)
            raise RuleBroken("CMP-16", "the clock stops for one of these reasons: {reasons}", reasons=reasons)
        if until is not None and until <= at:
            raise RuleBroken("CMP-16", "a pause ends after it begins", field="until")
        if self.pause and (self.pause.pending or self.pause.running):
            raise NotAllowedNow("a pause was asked for already, or runs")
        self._refuse_pause_too_late(at)
        self.pauses.append(Pause(reason=reason, note=note, until=until, asked_by=sorted(by.people), asked_at=at))
        self.record(PauseRequested(number=self.number, reason=reason, person=by.id))

    def grant_pause(self, by: Actor, at: datetime) -> None:
        """A second person agrees: the clock stands still from now until the pause, or the cap, is over (CMP-16)."""
        pause = self._decided_by_another(by)
        self._refuse_pause_too_late(at)
        ends_at = self.terms.calendar.add(at, self.terms.pause_cap - self.paused_for)
        if pause.until is not None:
            if pause.until <= at:
                raise RuleBroken("CMP-16", "a pause ends after it begins")
            ends_at = min(ends_at, pause.until)
        if at > self.terms.respond_by:
            self.miss_response(at)  # its timer is about to be held: what ran out before the pause is a breach
        pause.granted_by, pause.granted_at, pause.ends_at = by.id, at, ends_at
        facts = {"reason": pause.reason, "ends_at": ends_at, "policy": self.terms.policy}
        self.record(ClockPaused(number=self.number, person=by.id, **facts))
        self.hold_clocks()
        self.schedule(self.end_pause, ends_at)

    def refuse_pause(self, because: str, by: Actor, at: datetime) -> None:
        """A second person says no: the clock goes on (CMP-16)."""
        pause = self._decided_by_another(by)
        pause.refused_by, pause.refused_because, pause.ended_at = by.id, because, at
        self.record(PauseRefused(number=self.number, reason=because, person=by.id, policy=self.terms.policy))

    def resume(self, by: Actor, at: datetime) -> None:
        """What was waited for is there: the clock goes on before the pause is over."""
        self.refuse_concerned(by)
        if by.id != self.handler and not by.holds(*MANAGERS):
            raise Forbidden("this is for whoever has taken the complaint in hand", rule="CMP-16")
        if not (self.pause and self.pause.running):
            raise NotAllowedNow("the clock of this complaint is not paused")
        self.end_pause(at)

    def end_pause(self, at: datetime) -> None:
        """The clock goes on; its deadlines move by exactly the pause, which is never longer than was granted."""
        pause = self.pause
        if pause is None or pause.granted_at is None or pause.ends_at is None or not pause.running:
            return
        pause.ended_at = min(at, pause.ends_at)
        pause.took = self.terms.calendar.elapsed(pause.granted_at, pause.ended_at)
        responded = self.response is not None
        self.terms = self.terms.paused(pause.granted_at, pause.ended_at, responded=responded)
        deadlines = self.terms.model_dump(include={"respond_by", "resolve_by"})
        seconds = int(pause.took.total_seconds())
        self.record(ClockResumed(number=self.number, paused_seconds=seconds, **deadlines))
        self.unschedule(self.end_pause)
        self.run_clocks(pause.ended_at)

    def go_on(self, at: datetime) -> None:
        """Whoever takes the next step does not wait any more: a pause ends, and one asked for lapses."""
        if self.pause and self.pause.pending:
            self.pause.ended_at = at
        self.end_pause(at)

    def _decided_by_another(self, by: Actor) -> Pause:
        self.refuse_concerned(by)
        self.require(ClockPaused)
        if self.pause is None or not self.pause.pending:
            raise NotAllowedNow("nobody has asked to pause the clock")
        if not by.holds(*MANAGERS) or not by.people.isdisjoint({self.handler, *self.pause.asked_by}):
            raise Forbidden("a pause is granted by a second person, who does not handle the complaint", rule="CMP-16")
        return self.pause

    def _refuse_pause_too_late(self, at: datetime) -> None:
        """What has run out stays a breach, and a case that has used its cap waits no longer."""
        if at >= self.terms.resolve_by or self.missed(ClockName.RESOLUTION):
            raise RuleBroken("CMP-16", "the time has run out already: there is nothing to pause")
        if self.paused_for >= self.terms.pause_cap:
            hours = f"{self.terms.pause_cap.total_seconds() / 3600:g}"
            raise RuleBroken("CMP-16", "all pauses of a complaint together last {hours} hours at most", hours=hours)
