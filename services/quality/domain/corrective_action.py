"""A corrective or preventive action."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken


class ActionKind(StrEnum):
    CORRECTIVE = "corrective"
    PREVENTIVE = "preventive"


class EffectCheck(BaseModel):
    """Another person has looked whether an action had its effect (QUA-4)."""

    done_by: str
    done_on_behalf_of: str | None
    done_at: datetime
    checked_by: str
    checked_at: datetime
    effective: bool
    note: str


class CorrectiveAction(BaseModel):
    """纠正和预防措施: has an owner and a date; open until another person has found it effective (QUA-4).

    `owner` is a person, or a department by its post; `department` is whose people may act for the owner. One that had
    no effect is `ineffective`, and blocks closing until another action replaces it.
    """

    id: UUID
    kind: ActionKind = ActionKind.CORRECTIVE
    owner: str
    department: Post | None
    due_at: datetime
    measure: str
    opened_by: str
    opened_at: datetime
    done_by: str | None = None
    done_on_behalf_of: str | None = None
    done_at: datetime | None = None
    check_from: datetime | None = None
    reminded_at: datetime | None = None
    checks: list[EffectCheck] = []
    effective: bool = False
    ineffective: bool = False
    replaced_by: UUID | None = None

    @property
    def settled(self) -> bool:
        """Found effective, or another action stands in its place."""
        return self.effective or self.replaced_by is not None

    @property
    def awaits_check(self) -> bool:
        """Done, not looked at yet, and nobody was reminded to."""
        return self.done_at is not None and not self.checked and self.reminded_at is None

    @property
    def checked(self) -> bool:
        return self.effective or self.ineffective

    def answerable(self, by: Actor) -> None:
        """Only the owner or their department says that it is done, and only once (QUA-4)."""
        owns = self.owner in by.people or (self.department is not None and by.holds(self.department))
        if not owns:
            raise Forbidden("only the owner or their department says that an action is done", rule="QUA-4")
        if self.done_at:
            raise NotAllowedNow("this action is already done")

    def do(self, by: Actor, check_from: datetime, at: datetime) -> None:
        """It is done, says whoever answers for it; the effect can be seen from `check_from` on."""
        self.done_by, self.done_on_behalf_of, self.done_at = by.id, by.on_behalf_of, at
        self.check_from, self.reminded_at = check_from, None

    def checkable(self, by: Actor, at: datetime) -> None:
        """It was done a set time ago, and somebody else looks at it than the owner and whoever said so (QUA-4)."""
        if self.done_at is None:
            raise NotAllowedNow("this action is not done yet")
        if self.effective:
            raise NotAllowedNow("this action was already found effective")
        if self.ineffective:
            raise NotAllowedNow("this action was found without effect; open another one in its place")
        if not by.people.isdisjoint({self.owner, self.done_by, self.done_on_behalf_of}):
            raise RuleBroken("QUA-4", "another person than the owner and whoever did it checks the effect")
        if self.check_from is not None and at < self.check_from:
            raise RuleBroken("QUA-4", "the effect is checked from {moment} on", moment=self.check_from.isoformat())

    def check(self, effective: bool, note: str, by: Actor, at: datetime) -> None:
        """The effect was looked at; an action without effect needs another one in its place (QUA-4)."""
        assert self.done_by is not None and self.done_at is not None  # noqa: S101, PT018 - `checkable` has seen to it
        check = EffectCheck(
            done_by=self.done_by,
            done_on_behalf_of=self.done_on_behalf_of,
            done_at=self.done_at,
            checked_by=by.id,
            checked_at=at,
            effective=effective,
            note=note,
        )
        self.checks.append(check)
        self.effective, self.ineffective = effective, not effective
