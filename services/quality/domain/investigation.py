"""An investigation of a quality complaint."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.quality.domain.corrective_action import ActionKind, CorrectiveAction
from services.quality.domain.eight_disciplines import Closing, Reopening, Section
from services.quality.domain.established_case import EstablishedCase
from services.quality.domain.liability import Severity
from shared.domain.actor import Actor, Post
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.quality import (
    ActionEffectChecked,
    CorrectiveActionDone,
    CorrectiveActionOpened,
    EffectCheckDue,
    InvestigationClosed,
    InvestigationReopened,
)

RECURRED = "the same cause was found again in case {number}"


class Investigation(EstablishedCase):
    """质量调查: one for each quality complaint; contains the goods, finds the cause, puts it right (QUA-1 to QUA-4).

    It has the shape of an 8D report: `open_sections` are those that nobody has filled yet.
    """

    actions: list[CorrectiveAction] = []
    summary: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    closings: list[Closing] = []
    reopenings: list[Reopening] = []

    def open_action(
        self,
        id: UUID,
        owner: str,
        department: Post | None,
        due_at: datetime,
        measure: str,
        by: Actor,
        at: datetime,
        *,
        kind: ActionKind = ActionKind.CORRECTIVE,
        replaces: UUID | None = None,
    ) -> None:
        """Somebody has to put the cause right by a date that lies ahead, perhaps as another had no effect (QUA-4)."""
        if due_at <= at:
            raise RuleBroken("QUA-4", "the date of an action lies ahead")
        replaced = None if replaces is None else self._to_be_replaced(replaces)
        if department is None and owner in set(Post):
            department = Post(owner)
        asked: dict[str, Any] = {
            "kind": kind,
            "owner": owner,
            "department": department,
            "due_at": due_at,
            "measure": measure,
        }
        event = CorrectiveActionOpened(complaint_id=self.complaint_id, action_id=id, replaces=replaces, **asked)
        self.record(event)
        if replaced is not None:
            replaced.replaced_by = id
        self.actions.append(CorrectiveAction(id=id, opened_by=by.id, opened_at=at, **asked))
        self._filled(Section.MEASURES)
        self._note_effects()

    def _to_be_replaced(self, action_id: UUID) -> CorrectiveAction:
        action = self.action(action_id)
        if not action.ineffective or action.replaced_by is not None:
            raise RuleBroken("QUA-4", "only an action without effect is replaced, and once")
        return action

    def finish_action(self, action_id: UUID, by: Actor, at: datetime) -> None:
        """The owner, or their department, says that it is done (QUA-4)."""
        action = self.action(action_id)
        action.answerable(by)
        self.record(CorrectiveActionDone(action_id=action_id))
        action.do(by, at + self.effect_check_after, at)
        self._await_effects()

    def _await_effects(self) -> None:
        """The next reminder is that of the action whose set time is over first."""
        moments = [action.check_from for action in self.actions if action.awaits_check and action.check_from]
        if moments:
            self.schedule(self.remind_of_effects, min(moments))
        else:
            self.unschedule(self.remind_of_effects)

    def remind_of_effects(self, at: datetime) -> None:
        """The set time since a deed is over: somebody looks at its effect now (QUA-4)."""
        for action in self.actions:
            if action.awaits_check and action.check_from is not None and action.check_from <= at:
                event = EffectCheckDue(
                    number=self.number,
                    complaint_id=self.complaint_id,
                    action_id=action.id,
                    owner=action.owner,
                    department=action.department,
                )
                self.record(event)
                action.reminded_at = at
        self._await_effects()

    def check_action(self, action_id: UUID, effective: bool, note: str, by: Actor, at: datetime) -> None:
        """After a set time another person has looked at the effect; without effect a new action is needed (QUA-4)."""
        action = self.action(action_id)
        action.checkable(by, at)
        self.record(ActionEffectChecked(action_id=action_id, effective=effective))
        action.check(effective, note, by, at)
        self._note_effects()
        self._await_effects()

    def _note_effects(self) -> None:
        """D6 is filled while every action is found effective or replaced."""
        self._filled(Section.EFFECT)
        if not all(action.settled for action in self.actions):
            self.open_sections = [section for section in Section if section in {*self.open_sections, Section.EFFECT}]

    def close(self, summary: str, by: Actor, at: datetime, thanks: str = "") -> None:
        """Every department has reported, and every action is done and found effective by another person (QUA-4)."""
        silent = [task.department for task in self.tasks if task.reported_at is None]
        if silent:
            raise RuleBroken("QUA-4", "the department {department} has not reported yet", department=silent[0])
        unfinished = sum(not action.settled for action in self.actions)
        if unfinished:
            raise RuleBroken("QUA-4", "{count} actions are not yet done and found effective", count=unfinished)
        if self.reopenings and not any(action.opened_at >= self.reopenings[-1].reopened_at for action in self.actions):
            raise RuleBroken("QUA-4", "a reopened investigation needs a new action")
        missing = [section for section in self.open_sections if section is not Section.CLOSING]
        if missing and self.analysis is not None and self.analysis.severity is Severity.GRAVE:
            raise RuleBroken("QUA-3", "the section {section} of a grave case is not filled yet", section=missing[0])
        self.record(InvestigationClosed(number=self.number, complaint_id=self.complaint_id, summary=summary))
        self.summary, self.closed_by, self.closed_at = summary, by.id, at
        self.closings.append(Closing(summary=summary, thanks=thanks, closed_by=by.id, closed_at=at))
        self._filled(Section.CLOSING)

    def recur(self, number: str, case_id: UUID, at: datetime) -> None:
        """Another case has found the same cause again: each such case reopens an ended one once (QUA-4)."""
        known = any(one.recurred_in == case_id for one in self.reopenings)
        if self.may(InvestigationReopened) and not known:
            self.reopen(RECURRED.format(number=number), at, case_id)

    def reopen(self, reason: str, at: datetime, recurred_in: UUID | None = None) -> None:
        """The trouble is back within the set time, or the customer is not satisfied (QUA-4)."""
        event = InvestigationReopened(
            number=self.number,
            complaint_id=self.complaint_id,
            reason=reason,
            times=len(self.reopenings) + 1,
            recurred_in=recurred_in,
        )
        self.record(event)
        self.reopenings.append(Reopening(reason=reason, recurred_in=recurred_in, reopened_at=at))
        self.summary = self.closed_by = self.closed_at = None
        self.open_sections = [section for section in Section if section in {*self.open_sections, Section.CLOSING}]

    def action(self, action_id: UUID) -> CorrectiveAction:
        """One of the investigation's actions; raises `NotFound`."""
        for action in self.actions:
            if action.id == action_id:
                return action
        raise NotFound("there is no {entity} {id}", entity="action", id=str(action_id))
