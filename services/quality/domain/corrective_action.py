"""A corrective or preventive action."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken


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

    `owner` is a person, or a department by its post; `department` is whose people may act for the owner.
    """

    id: UUID
    owner: str
    department: Post | None
    due_at: datetime
    measure: str
    opened_by: str
    opened_at: datetime
    done_by: str | None = None
    done_on_behalf_of: str | None = None
    done_at: datetime | None = None
    checks: list[EffectCheck] = []
    effective: bool = False

    def answerable(self, by: Actor) -> None:
        """Only the owner or their department says that it is done, and only once (QUA-4)."""
        owns = self.owner in by.people or (self.department is not None and by.holds(self.department))
        if not owns:
            raise Forbidden("only the owner or their department says that an action is done", rule="QUA-4")
        if self.done_at:
            raise NotAllowedNow("this action is already done")

    def do(self, by: Actor, at: datetime) -> None:
        """It is done, says whoever answers for it."""
        self.done_by, self.done_on_behalf_of, self.done_at = by.id, by.on_behalf_of, at

    def checkable(self, by: Actor) -> None:
        """Something was done, and somebody else looks at it than the owner and whoever said so (QUA-4)."""
        if self.done_at is None:
            raise NotAllowedNow("this action is not done yet")
        if self.effective:
            raise NotAllowedNow("this action was already found effective")
        if not by.people.isdisjoint({self.owner, self.done_by, self.done_on_behalf_of}):
            raise RuleBroken("QUA-4", "another person than the owner and whoever did it checks the effect")

    def check(self, effective: bool, note: str, by: Actor, at: datetime) -> None:
        """The effect was looked at; an action without effect is open again (QUA-4)."""
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
        self.effective = effective
        if not effective:
            self.done_by = self.done_on_behalf_of = self.done_at = None
