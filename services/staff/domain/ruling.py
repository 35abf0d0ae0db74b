"""What belongs to a penalty: its status, the ruling, the appeal, what came before."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.staff.domain.schedule import Measure
from shared.domain.approvals import content_digest
from shared.domain.money import ZERO, Amount

Words = Annotated[str, Field(min_length=1, max_length=500)]
Measures = Annotated[list[Measure], Field(min_length=1, max_length=len(Measure))]


class PenaltyStatus(StrEnum):
    NEW = "new"
    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"
    DROPPED = "dropped"
    DECIDED = "decided"
    NOTICED = "noticed"
    APPEALED = "appealed"
    FINAL = "final"
    EXECUTED = "executed"
    REVOKED = "revoked"


class Ruling(BaseModel):
    """What a decider chooses of what the schedule proposes; the fine in yuan, zero without the measure fine."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    measures: Measures
    fine: Amount = ZERO
    unrepentant: bool = Field(default=False, description="The person does not repent (没有悔改表现), D19 §4.3b")
    reason: Words

    @property
    def digest(self) -> str:
        """What has to agree between those who decide together; each gives a reason of their own."""
        content = {"measures": set(self.measures), "fine": self.fine, "unrepentant": self.unrepentant}
        return content_digest(content)


class AppealOutcome(StrEnum):
    """What becomes of a penalty on appeal (STF-8)."""

    UPHELD = "upheld"
    REDUCED = "reduced"
    REVOKED = "revoked"


class AppealRuling(BaseModel):
    """The answer to an appeal; measures and fine (yuan) belong to a reduced penalty alone."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    outcome: AppealOutcome
    measures: Measures | None = None
    fine: Amount = ZERO
    reason: Words


class Appeal(BaseModel):
    """申诉: what the person concerned says against a penalty, and what others made of it (STF-8)."""

    grounds: str
    appealed_by: str
    appealed_at: datetime
    outcome: AppealOutcome | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    measures_before: list[Measure] = []
    fine_before: Amount = ZERO


class Earlier(BaseModel):
    """An earlier penalty of the same person for the same violation (STF-6)."""

    number: str
    decided_at: datetime
    measures: list[Measure]
    fine: Amount


class Reasoning(BaseModel):
    """Why a penalty is proposed, in words (STF-8)."""

    zh: str
    en: str
