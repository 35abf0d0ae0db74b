"""A department's task in an investigation."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, RuleBroken

Department = Literal[Post.PRODUCTION, Post.QUALITY_INSPECTOR, Post.WAREHOUSE, Post.TRANSPORT]
DEPARTMENTS: tuple[Department, ...] = (Post.PRODUCTION, Post.QUALITY_INSPECTOR, Post.WAREHOUSE, Post.TRANSPORT)


class Extension(BaseModel):
    """More time for a department, and why; the first deadline stays on record (QUA-2)."""

    due_before: datetime
    reason: str
    granted_by: str
    granted_at: datetime


class DepartmentTask(BaseModel):
    """A department finds the cause in its own section of the form, by its own deadline (QUA-2)."""

    department: Department
    due_at: datetime
    reported_at: datetime | None = None
    missed_at: datetime | None = None
    extensions: list[Extension] = []

    @property
    def awaited(self) -> bool:
        """Nothing is reported, and that was not yet found to be late."""
        return self.reported_at is None and self.missed_at is None

    def extendable(self, due_at: datetime, by: Actor, at: datetime) -> None:
        """Before the deadline, to a later one, and never by the department itself (QUA-2)."""
        if not self.awaited:
            raise RuleBroken("QUA-2", "the task is reported or missed; more time comes too late")
        if due_at <= max(self.due_at, at):
            raise RuleBroken("QUA-2", "more time ends after the present deadline")
        if by.holds(self.department):
            raise RuleBroken("QUA-2", "no department gives itself more time")

    def extend(self, due_at: datetime, reason: str, by: Actor, at: datetime) -> None:
        self.extensions.append(Extension(due_before=self.due_at, reason=reason, granted_by=by.id, granted_at=at))
        self.due_at = due_at


def department_of(by: Actor, named: Department | None) -> Department:
    """The department somebody reports for: their own, named where they hold several of these posts (QUA-2)."""
    held = [department for department in DEPARTMENTS if by.holds(department)]
    if not held or (named is not None and named not in held):
        raise Forbidden("a department reports for itself", rule="QUA-2")
    if named is None and len(held) > 1:
        raise RuleBroken("QUA-2", "name the department, as you hold the posts of several")
    return named or held[0]
