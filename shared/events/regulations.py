"""What regulations announces."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, field_serializer, field_validator

from shared.domain.actor import Post
from shared.domain.policy_parameter import exact, plain
from shared.events.event import Event


class PolicyParameter(BaseModel):
    """One number the rules use, with the clause of the edition that states it (REG-2).

    `value` is a number of its `unit` or, without one, whatever the parameter is: a share, a list of posts.
    """

    value: Any
    unit: Literal["second", "minute", "hour", "day", "yuan"] | None = None
    clause: str
    regulation: str
    edition: int

    @field_validator("value", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        return exact(value)

    @field_serializer("value", when_used="json")
    def _as_number(self, value: Any) -> Any:
        return plain(value)


class PolicyTookEffect(Event, name="regulations.policy.took_effect.v1"):
    """All the numbers that hold from `effective_at` on; services stamp `version` on what they decide by them (REG-2).

    The same values have the same version, also when they return.
    """

    version: str
    effective_at: datetime
    parameters: dict[str, PolicyParameter]


class RegulationDrafted(Event, name="regulations.regulation.drafted.v1"):
    """An edition of a regulation was written; nothing of it holds yet (REG-1)."""

    code: str
    edition: int
    title: str
    digest: str


class RegulationChanged(Event, name="regulations.regulation.changed.v1"):
    """The text was changed; decisions made before are void (REG-1)."""

    code: str
    edition: int
    digest: str


class RegulationSubmitted(Event, name="regulations.regulation.submitted.v1"):
    """The text is frozen under `digest`; company leaders decide, `next_post` first (REG-1)."""

    code: str
    edition: int
    title: str
    digest: str
    chain: list[Post]
    next_post: Post


class RegulationApprovalGiven(Event, name="regulations.regulation.approval_given.v1"):
    """One of the company leaders has approved; `next_post` is asked next, or nobody (REG-1)."""

    code: str
    edition: int
    post: Post
    on_behalf_of: str | None = None
    digest: str
    next_post: Post | None = None


class RegulationApproved(Event, name="regulations.regulation.approved.v1"):
    """All company leaders asked have approved this very text; it takes effect at `effective_at` (REG-1)."""

    code: str
    edition: int
    digest: str
    effective_at: datetime


class RegulationRejected(Event, name="regulations.regulation.rejected.v1"):
    """A company leader said no (REG-1)."""

    code: str
    edition: int
    post: Post
    comment: str


class RegulationWithdrawn(Event, name="regulations.regulation.withdrawn.v1"):
    """An edition was given up before it took effect (REG-1)."""

    code: str
    edition: int
    reason: str


class RegulationDue(Event, name="regulations.regulation.due.v1"):
    """The time has come at which an approved edition takes effect (REG-1)."""

    code: str
    edition: int


class RegulationTookEffect(Event, name="regulations.regulation.took_effect.v1"):
    """This edition holds from now on; employees acknowledge it by `acknowledge_by` (REG-1, REG-3)."""

    code: str
    edition: int
    title: str
    digest: str
    effective_at: datetime
    acknowledge_by: datetime | None = None
    changed_parameters: list[str] = []


class RegulationSuperseded(Event, name="regulations.regulation.superseded.v1"):
    """A later edition has taken the place of this one (REG-1)."""

    code: str
    edition: int
    superseded_by: int


class RegulationSetAside(Event, name="regulations.regulation.set_aside.v1"):
    """An approved edition could not take effect: with what holds by now its parameters make no policy (REG-2)."""

    code: str
    edition: int
    reason: str


class RegulationReviewDue(Event, name="regulations.regulation.review_due.v1"):
    """A regulation in force is to be reviewed: confirmed, or revised; told again until it is (REG-1).

    `overdue` once it was told before and nobody has.
    """

    code: str
    edition: int
    title: str
    last_reviewed_at: datetime
    due_at: datetime | None = None
    overdue: bool = False


class RegulationReviewed(Event, name="regulations.regulation.reviewed.v1"):
    """Somebody has reviewed a regulation in force; `outcome` is confirmed or revise (REG-1)."""

    code: str
    edition: int
    outcome: str
    note: str


class AcknowledgementsDue(Event, name="regulations.regulation.acknowledgements_due.v1"):
    """The time to acknowledge an edition is over: whoever has not is looked for (REG-3)."""

    code: str
    edition: int


class AcknowledgementsMissing(Event, name="regulations.regulation.acknowledgements_missing.v1"):
    """These employees (工号) have still to acknowledge an edition and are reminded of it (REG-3)."""

    code: str
    edition: int
    title: str
    employees: list[str]
    acknowledge_by: datetime | None = None


class RegulationAcknowledged(Event, name="regulations.acknowledgement.given.v1"):
    """An employee has read an edition and takes note of it (REG-3)."""

    code: str
    edition: int
    employee: str
