"""Who bears what share of a defect."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.domain.actor import Actor, Post
from shared.domain.refusals import RuleBroken
from shared.events.quality import Share

NOT_OURS = (Post.CUSTOMER, Post.PARTNER, Post.OPERATOR)


class Severity(StrEnum):
    LIGHT = "light"
    ORDINARY = "ordinary"
    GRAVE = "grave"


class LiabilityShare(Share):
    """责任: one party's share, in whole percent; `employee` where a person of the department is responsible (QUA-3)."""

    model_config = ConfigDict(extra="forbid")

    employee: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = None
    percent: Annotated[int, Field(strict=True, ge=1, le=100)]
    severity: Severity


class Liability(BaseModel):
    """The liability as it was established (经查实), once."""

    shares: list[LiabilityShare]
    established_by: str
    established_at: datetime

    @classmethod
    def establish(cls, shares: Sequence[LiabilityShare], by: Actor, at: datetime) -> Self:
        """The shares add up to 100 %, each party has one, and nobody judges their own (QUA-3)."""
        total = sum(share.percent for share in shares)
        if total != 100:
            raise RuleBroken("QUA-3", "the shares of the liability add up to {total} %, not 100 %", total=total)
        if len({(share.department, share.employee) for share in shares}) < len(shares):
            raise RuleBroken("QUA-3", "each party has one share of the liability")
        people = {share.employee for share in shares if share.employee}
        if any(share.employee and share.department in NOT_OURS for share in shares):
            raise RuleBroken("QUA-3", "only our own people are named as responsible")
        if not people.isdisjoint(by.people):
            raise RuleBroken("QUA-3", "nobody establishes their own liability")
        return cls(shares=list(shares), established_by=by.id, established_at=at)


def graver_for(before: Liability, now: Liability) -> list[str]:
    """The people who bear a graver share now than before, or had none (QUA-3)."""
    order = list(Severity)
    known = {share.employee: order.index(share.severity) for share in before.shares if share.employee}
    return [
        share.employee
        for share in now.shares
        if share.employee and order.index(share.severity) > known.get(share.employee, -1)
    ]
