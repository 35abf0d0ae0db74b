"""What the clocks of a case run by, and what they have recorded: terms, breaches, calls (CMP-7)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from shared.domain.actor import Post
from shared.domain.policy import Policy
from shared.domain.working_time import Calendar


class ClockName(StrEnum):
    RESPONSE = "response"
    RESOLUTION = "resolution"


class CallReason(StrEnum):
    MAJOR = "major"
    RESPONSE_MISSED = "response_missed"
    RESOLUTION_MISSED = "resolution_missed"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    HOLDER_AWAY = "holder_away"


class Terms(BaseModel):
    """时限: the deadlines, and the numbers of the policy they follow from, as they were when the clocks started.

    `run` counts how often they were started. The values given here are those of the first policy: cases that were filed
    under it do not name them.
    """

    model_config = ConfigDict(frozen=True)

    run: int
    policy: str
    started_at: datetime
    warn_response_at: datetime
    respond_by: datetime
    warn_resolution_at: datetime
    resolve_by: datetime
    calendar: Calendar
    escalation_step: timedelta
    closing_attempts: int
    pause_cap: timedelta = timedelta(hours=24)
    pause_reasons: tuple[str, ...] = ("waiting_for_customer", "waiting_for_sample", "waiting_for_third_party")
    department_time: timedelta = timedelta(hours=12)
    follow_up_after: timedelta = timedelta(days=7)
    major_ladder: tuple[Post, ...] = (Post.BRANCH_GENERAL_MANAGER, Post.GENERAL_MANAGER)

    @classmethod
    def start(cls, policy: Policy, run: int, at: datetime) -> Self:
        """Both clocks start at `at`, on policy's calendar."""
        rules = policy.complaints
        response, resolution = rules.response_time, rules.resolution_time
        return cls(
            run=run,
            policy=policy.version,
            started_at=at,
            warn_response_at=rules.calendar.add(at, rules.warning_after(response)),
            respond_by=rules.calendar.add(at, response),
            warn_resolution_at=rules.calendar.add(at, rules.warning_after(resolution)),
            resolve_by=rules.calendar.add(at, resolution),
            calendar=rules.calendar,
            escalation_step=rules.escalation_step,
            closing_attempts=rules.closing_attempts,
            pause_cap=rules.pause_cap,
            pause_reasons=rules.pause_reasons,
            department_time=rules.department_time,
            follow_up_after=rules.follow_up_after,
            major_ladder=rules.major_ladder,
        )

    def paused(self, since: datetime, until: datetime, *, responded: bool) -> Self:
        """The same terms with what was still to come at `since` as far away at `until` as it was then (CMP-16)."""
        running = ["warn_resolution_at", "resolve_by"]
        running += [] if responded else ["warn_response_at", "respond_by"]
        moved = {
            name: self.calendar.add(until, self.calendar.elapsed(since, due_at))
            for name in running
            if (due_at := getattr(self, name)) >= since
        }
        return self.model_copy(update=moved)


class Breach(BaseModel):
    """超时: a deadline that passed; it stays on the case whatever follows (CMP-7)."""

    model_config = ConfigDict(frozen=True)

    clock: ClockName
    due_at: datetime
    at: datetime
    post: Post
    run: int


class Call(BaseModel):
    """上报: a post up the line was called, and has to acknowledge (CMP-7).

    `deputies` stand in for the holders of the post, who are all `away`.
    """

    level: int | None = None
    post: Post
    reason: CallReason
    at: datetime
    acknowledge_by: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    away: list[str] = []
    deputies: list[str] = []
