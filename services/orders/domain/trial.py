"""A variety that was never produced, on trial for a customer."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.numbers import number
from shared.events.orders import TrialAccepted, TrialProduced, TrialRejected, TrialRequested


class TrialStatus(StrEnum):
    NEW = "new"
    REQUESTED = "requested"
    PRODUCED = "produced"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Trial(Aggregate):
    """试制: the customer's sample plate, the trial's result, the customer's acceptance (ORD-8)."""

    TABLE = "trials"
    ENTITY = "trial"
    START = TrialStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        TrialRequested: Step({TrialStatus.NEW}, TrialStatus.REQUESTED),
        TrialProduced: Step({TrialStatus.REQUESTED}, TrialStatus.PRODUCED),
        TrialAccepted: Step({TrialStatus.PRODUCED}, TrialStatus.ACCEPTED),
        TrialRejected: Step({TrialStatus.PRODUCED}, TrialStatus.REJECTED),
    }

    status: TrialStatus
    number: str
    customer_id: UUID
    salesperson: str
    article: str
    sample_plate: str
    requested_by: str
    requested_at: datetime
    result: str | None = None
    produced_by: str | None = None
    produced_at: datetime | None = None
    accepted_by: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    rejected_because: str | None = None

    @classmethod
    def request(
        cls, id: UUID, *, customer_id: UUID, salesperson: str, article: str, sample_plate: str, by: Actor, at: datetime
    ) -> Self:
        """The customer's sample plate (样板) goes to production."""
        trial = cls.begin(
            id, number=number("SZ", id, at), customer_id=customer_id, salesperson=salesperson, article=article,
            sample_plate=sample_plate, requested_by=by.id, requested_at=at,
        )  # fmt: skip
        trial.record(TrialRequested(number=trial.number, article=article, customer_id=customer_id))
        return trial

    def produce(self, succeeded: bool, result: str, by: Actor, at: datetime) -> None:
        """Production says what came of it; where it failed there is nothing to accept (ORD-8)."""
        self.result, self.produced_by, self.produced_at = result, by.id, at
        self.record(TrialProduced(number=self.number, customer_id=self.customer_id, succeeded=succeeded, result=result))
        if not succeeded:
            self._reject(result)

    def accept(self, accepted_by: str, by: Actor, at: datetime) -> None:
        """The customer takes the trial for good, as whoever asked them says or they themselves (ORD-8)."""
        self.accepted_by, self.answered_by, self.answered_at = accepted_by, by.id, at
        self.record(TrialAccepted(number=self.number, article=self.article, customer_id=self.customer_id))

    def reject(self, reason: str, by: Actor, at: datetime) -> None:
        """The customer does not take it: the variety cannot be ordered (ORD-8)."""
        self.answered_by, self.answered_at = by.id, at
        self._reject(reason)

    def _reject(self, reason: str) -> None:
        self.rejected_because = reason
        self.record(
            TrialRejected(number=self.number, article=self.article, customer_id=self.customer_id, reason=reason)
        )
