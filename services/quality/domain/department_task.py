"""A department's task in an investigation."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, RuleBroken

Department = Literal[Post.PRODUCTION, Post.QUALITY_INSPECTOR, Post.WAREHOUSE, Post.TRANSPORT]
DEPARTMENTS: tuple[Department, ...] = (Post.PRODUCTION, Post.QUALITY_INSPECTOR, Post.WAREHOUSE, Post.TRANSPORT)


class DepartmentTask(BaseModel):
    """A department finds the cause in its own section of the form, by its own deadline (QUA-2)."""

    department: Department
    due_at: datetime
    reported_at: datetime | None = None
    missed_at: datetime | None = None

    @property
    def awaited(self) -> bool:
        """Nothing is reported, and that was not yet found to be late."""
        return self.reported_at is None and self.missed_at is None


def department_of(by: Actor, named: Department | None) -> Department:
    """The department somebody reports for: their own, named where they hold several of these posts (QUA-2)."""
    held = [department for department in DEPARTMENTS if by.holds(department)]
    if not held or (named is not None and named not in held):
        raise Forbidden("a department reports for itself", rule="QUA-2")
    if named is None and len(held) > 1:
        raise RuleBroken("QUA-2", "name the department, as you hold the posts of several")
    return named or held[0]
