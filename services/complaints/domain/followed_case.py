"""A case beside its steps: visits, what is told and asked afterwards, and the lesson (CMP-9, CMP-10, CMP-13)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.complaints.domain.intake import Channel
from services.complaints.domain.personal_case import MANAGERS
from services.complaints.domain.shared_case import SharedCase
from services.complaints.domain.visits import Cause, FollowUp, Lesson, Told, Visit
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, NotFound, RuleBroken
from shared.events.complaints import (
    CauseFound,
    ComplaintSummedUp,
    CustomerFollowedUp,
    FollowUpDue,
    MeasuresTold,
    VisitCancelled,
    VisitPlanned,
    VisitRecorded,
)

CALLERS = (Post.CLERK, Post.SERVICE_AGENT, Post.OFFICE, *MANAGERS)


class FollowedCase(SharedCase):
    """A case that is looked at on the spot, and after its end."""

    TIMERS = SharedCase.TIMERS | {"remind_follow_up"}

    visits: list[Visit] = []
    cause: Cause | None = None
    told: list[Told] = []
    follow_ups: list[FollowUp] = []
    lesson: Lesson | None = None

    @property
    def internal(self) -> frozenset[str]:
        return super().internal | {"cause", "lesson"}

    def plan_visit(self, planned_for: datetime, people: Sequence[str], by: Actor, at: datetime) -> None:
        """Somebody is to go and see: never whom the case is about (CMP-9, CMP-18)."""
        self.require_handler(by)
        if planned_for <= at:
            raise RuleBroken("CMP-9", "a visit is planned for a time to come", field="planned_for")
        self._refuse_accused(people)
        self.visits.append(Visit(planned_for=planned_for, planned_by=by.id, people=list(people)))
        self.record(VisitPlanned(number=self.number, planned_for=planned_for, people=list(people)))

    def record_visit(
        self, position: int, visited_at: datetime, people: Sequence[str], findings: str, attachments: Sequence[str],
        signed_by: str | None, by: Actor, at: datetime,
    ) -> None:  # fmt: skip
        """Who went, when, and what was found, by one of those who went or whoever handles the case (CMP-9)."""
        self.refuse_concerned(by)
        visit = self._visit_to_come(position)
        if by.id != self.handler and by.people.isdisjoint({*people, *visit.people}):
            raise Forbidden(
                "a visit is recorded by somebody who went, or by whoever handles the complaint", rule="CMP-9"
            )
        if not self.received_at <= visited_at <= at:
            raise RuleBroken(
                "CMP-9", "a visit was made after the complaint came, and not in the future", field="visited_at"
            )
        self._refuse_accused(people)
        visit.visited_at, visit.people, visit.recorded_by = visited_at, list(people), by.id
        visit.findings, visit.attachments, visit.signed_by = findings, list(attachments), signed_by
        self.record(VisitRecorded(number=self.number, visited_at=visited_at, people=list(people)))

    def cancel_visit(self, position: int, reason: str, by: Actor) -> None:
        """Nobody goes after all (CMP-9)."""
        self.require_handler(by)
        self._visit_to_come(position).cancelled_because = reason
        self.record(VisitCancelled(number=self.number, reason=reason))

    def find_cause(self, cause: str, finding: str, by: Actor, at: datetime) -> None:
        """调查: what happened, and why; a later finding takes the place of an earlier one (CMP-8)."""
        self.require_handler(by)
        self.cause = Cause(cause=cause, finding=finding, by=by.id, at=at)
        self.record(CauseFound(number=self.number, kind=self.kind, cause=cause))

    def tell_measures(self, measures: str, channel: Channel, spoken_to: str, by: Actor, at: datetime) -> None:
        """The customer is told what is done so that it does not happen again (CMP-13)."""
        self.refuse_concerned(by)
        self._require_caller(by)
        self.told.append(Told(measures=measures, channel=channel, spoken_to=spoken_to, by=by.id, at=at))
        self.record(MeasuresTold(number=self.number, customer_id=self.customer_id, measures=measures))

    def sum_up(self, cause: str, lesson: str, prevention: str, by: Actor, at: datetime) -> None:
        """总结: why it happened, what is learned, and what is done about it; the last one stands (CMP-8, CMP-13)."""
        self.require_handler(by)
        self.lesson = Lesson(cause=cause, lesson=lesson, prevention=prevention, by=by.id, at=at)
        facts = self.lesson.model_dump(include={"cause", "lesson", "prevention"})
        self.record(ComplaintSummedUp(number=self.number, kind=self.kind, **facts))

    def remind_follow_up(self, at: datetime) -> None:
        """It is time to ask the customer how things are since (CMP-10)."""
        facts: dict[str, Any] = {"customer_id": self.customer_id, "policy": self.terms.policy}
        self.record(FollowUpDue(number=self.number, post=self.post, **facts))

    def note_follow_up(
        self, channel: Channel, spoken_to: str, said: str, satisfied: bool, by: Actor, at: datetime
    ) -> None:
        """The customer was asked; they may be asked again (CMP-10)."""
        self.refuse_concerned(by)
        self._require_caller(by)
        self.follow_ups.append(
            FollowUp(run=self.terms.run, channel=channel, spoken_to=spoken_to, said=said, satisfied=satisfied,
                     by=by.id, at=at)
        )  # fmt: skip
        facts: dict[str, Any] = {"customer_id": self.customer_id, "satisfied": satisfied}
        self.record(CustomerFollowedUp(number=self.number, **facts))
        self.unschedule(self.remind_follow_up)

    def without_contact(self) -> dict[str, Any]:
        """What of this leads to the complainant is masked, too (CMP-18)."""
        return super().without_contact() | {
            "pauses": [pause.masked() for pause in self.pauses],
            "visits": [visit.masked() for visit in self.visits],
            "follow_ups": [call.masked() for call in self.follow_ups],
            "told": [told.masked() for told in self.told],
        }

    def _require_caller(self, by: Actor) -> None:
        if by.id != self.handler and not by.holds(*CALLERS):
            raise Forbidden("this is for whoever has taken the complaint in hand", rule="CMP-10")

    def _refuse_accused(self, people: Sequence[str]) -> None:
        if any(self.concerns(Actor(id=person)) for person in people):
            raise RuleBroken("CMP-18", "whoever a complaint is about does not go to the complainant", field="people")

    def _visit_to_come(self, position: int) -> Visit:
        if not 0 < position <= len(self.visits):
            raise NotFound("there is no {entity} {id}", entity="visit", id=position)
        visit = self.visits[position - 1]
        if not visit.planned:
            raise NotAllowedNow("this visit was made or cancelled already")
        return visit
