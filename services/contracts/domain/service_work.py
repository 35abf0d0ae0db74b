"""Work done under a service contract, measured against what the contract promises."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel

from shared.domain.actor import Actor
from shared.domain.refusals import RuleBroken
from shared.events.contracts import ServiceTerm


class Job(BaseModel):
    """A piece of after-sales work as it was asked for, begun and done; `reference` is its own number (CON-12)."""

    service: str
    reference: str
    requested_at: AwareDatetime
    responded_at: AwareDatetime
    done_at: AwareDatetime
    by_whom: str

    def must_be_done(self, at: datetime) -> None:
        """Work is begun after it is asked for, done after it is begun, and told after it is done (CON-12)."""
        moments = [self.requested_at, self.responded_at, self.done_at, at]
        if moments != sorted(moments):
            raise RuleBroken("CON-12", "work is asked for, begun and done in this order, and not in the future")


class ServiceWork(Job):
    """售后服务: a job, and whether it kept the contract's term (CON-12).

    `within_times`: it is one of as many as the contract promises; further ones are done, measured and marked.
    """

    response_in_time: bool
    resolution_in_time: bool
    within_times: bool
    recorded_by: str
    recorded_at: datetime


class ServiceFigures(ServiceTerm):
    """A term of a service contract, and how it was kept so far (CON-12)."""

    done: int = 0
    responses_in_time: int = 0
    resolutions_in_time: int = 0

    @classmethod
    def of(cls, term: ServiceTerm, works: Sequence[ServiceWork]) -> "ServiceFigures":
        """A term as an edition of the contract states it; work done before still counts."""
        figures = cls(**term.model_dump())
        for work in works:
            figures.add(work)
        return figures

    def add(self, work: ServiceWork) -> None:
        """Count a work, if it falls under this term."""
        if work.service == self.service:
            self.done += 1
            self.responses_in_time += work.response_in_time
            self.resolutions_in_time += work.resolution_in_time

    def measure(self, job: Job, by: Actor, at: datetime) -> ServiceWork:
        """Whether a job keeps the term; its hours run day and night."""
        work = ServiceWork(
            **job.model_dump(include=set(Job.model_fields)),
            response_in_time=job.responded_at - job.requested_at <= timedelta(hours=self.response_hours),
            resolution_in_time=job.done_at - job.requested_at <= timedelta(hours=self.resolution_hours),
            within_times=self.times is None or self.done < self.times,
            recorded_by=by.id,
            recorded_at=at,
        )
        self.add(work)
        return work
