"""What an edition in force goes by, and how it is looked after."""

from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from shared.domain.policy import Policy


class Terms(BaseModel):
    """The numbers of the policy an edition in force goes by, as they were when it took effect (REG-2)."""

    model_config = ConfigDict(frozen=True)

    policy: str
    review_reminder: timedelta
    acknowledgement_time: timedelta

    @classmethod
    def of(cls, policy: Policy) -> Self:
        rules = policy.regulations
        return cls(
            policy=policy.version,
            review_reminder=rules.review_reminder,
            acknowledgement_time=rules.acknowledgement_time,
        )


class Review(BaseModel):
    """复审: somebody has looked whether the regulation is still right (REG-1)."""

    model_config = ConfigDict(frozen=True)

    by: str
    at: datetime
    outcome: Literal["confirmed", "revise"]
    note: str = ""
