"""What a case keeps beside its steps: visits, calls afterwards, measures told, the lesson (CMP-9, CMP-10, CMP-13)."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from services.complaints.domain.intake import Channel
from services.complaints.domain.steps import MASK


class Visit(BaseModel):
    """现场查看: who is to go when; then who went, what was found, and who signed for the customer (CMP-9)."""

    planned_for: datetime
    planned_by: str
    people: list[str]
    visited_at: datetime | None = None
    recorded_by: str | None = None
    findings: str | None = None
    attachments: list[str] = []
    signed_by: str | None = None
    cancelled_because: str | None = None

    @property
    def planned(self) -> bool:
        """Still to come: neither made nor cancelled."""
        return self.visited_at is None and self.cancelled_because is None

    def masked(self) -> Self:
        return self.model_copy(update={"findings": self.findings and MASK, "signed_by": self.signed_by and MASK})


class FollowUp(BaseModel):
    """回访: the customer was asked how things are since the case was settled (CMP-10)."""

    run: int
    channel: Channel
    spoken_to: str
    said: str
    satisfied: bool
    by: str
    at: datetime

    def masked(self) -> Self:
        return self.model_copy(update={"spoken_to": MASK, "said": MASK})


class Told(BaseModel):
    """The customer was told what is done so that it does not happen again (CMP-13)."""

    measures: str
    channel: Channel
    spoken_to: str
    by: str
    at: datetime

    def masked(self) -> Self:
        return self.model_copy(update={"spoken_to": MASK})


class Cause(BaseModel):
    """What whoever handles the case has found out (CMP-8)."""

    cause: str
    finding: str
    by: str
    at: datetime


class Lesson(BaseModel):
    """总结: what the company learns from the case (CMP-8, CMP-13)."""

    cause: str
    lesson: str
    prevention: str
    by: str
    at: datetime
