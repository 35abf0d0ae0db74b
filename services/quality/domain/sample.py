"""A sample for a customer."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from services.quality.domain.certificate import CertifiedLot
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import PositiveAmount
from shared.domain.numbers import number
from shared.domain.refusals import NotFound, RuleBroken
from shared.events.quality import SampleAnswered, SampleDeclined, SampleRequested, SampleSent, SampleTaken


class SampleStatus(StrEnum):
    NEW = "new"
    REQUESTED = "requested"
    TAKEN = "taken"
    SENT = "sent"
    ANSWERED = "answered"
    DECLINED = "declined"


NEW, REQUESTED, TAKEN, SENT, ANSWERED, DECLINED = SampleStatus


class Sample(Aggregate):
    """样品: asked for by sales, taken by quality from a sound lot, sent, and answered by the customer (QUA-7)."""

    TABLE = "samples"
    ENTITY = "sample"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        SampleRequested: Step({NEW}, REQUESTED),
        SampleTaken: Step({REQUESTED}, TAKEN),
        SampleSent: Step({TAKEN}, SENT),
        SampleAnswered: Step({SENT}, ANSWERED),
        SampleDeclined: Step({REQUESTED, TAKEN}, DECLINED),
    }

    status: SampleStatus
    number: str
    customer_id: UUID
    article: str
    quantity: PositiveAmount
    purpose: str
    requested_by: str
    requested_at: datetime
    lot_id: UUID | None = None
    lot: str | None = None
    inspection: str | None = None
    taken_by: str | None = None
    taken_at: datetime | None = None
    carrier: str | None = None
    waybill: str | None = None
    sent_by: str | None = None
    sent_at: datetime | None = None
    satisfied: bool | None = None
    opinion: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    declined_by: str | None = None
    declined_because: str | None = None

    @classmethod
    def request(
        cls, id: UUID, customer_id: UUID, article: str, quantity: PositiveAmount, purpose: str, by: Actor, at: datetime
    ) -> Self:
        """Ask for a sample of so much, in the article's unit (QUA-7)."""
        sample = cls.begin(
            id,
            number=number("YP", id, at),
            customer_id=customer_id,
            article=article,
            quantity=quantity,
            purpose=purpose,
            requested_by=by.id,
            requested_at=at,
        )
        sample.record(SampleRequested(number=sample.number, customer_id=customer_id, article=article))
        return sample

    def take(self, lot: CertifiedLot, held: bool, inspection: str, by: Actor, at: datetime) -> None:
        """An inspector takes it, from a lot of the article that no investigation holds; never the one who asked."""
        if lot.article != self.article:
            raise RuleBroken("QUA-7", "lot {lot} is of another article", lot=lot.lot)
        if held:
            raise RuleBroken("QUA-7", "no sample is taken from lot {lot}, which is on quality hold", lot=lot.lot)
        if self.requested_by in by.people:
            raise RuleBroken("QUA-7", "whoever asks for a sample does not take it")
        self.record(SampleTaken(number=self.number, lot=lot.lot))
        self.lot_id, self.lot, self.inspection = lot.lot_id, lot.lot, inspection
        self.taken_by, self.taken_at = by.id, at

    def send(self, carrier: str, waybill: str, by: Actor, at: datetime) -> None:
        """It is on its way (QUA-7)."""
        self.record(SampleSent(number=self.number, customer_id=self.customer_id, carrier=carrier))
        self.carrier, self.waybill, self.sent_by, self.sent_at = carrier, waybill, by.id, at

    def answer(
        self, satisfied: bool, opinion: str, by: Actor, at: datetime, own: Collection[str] | None = None
    ) -> None:
        """What the customer says of it; `own` are the people whose samples alone the speaker sees (QUA-7)."""
        if own is not None and self.requested_by not in own:
            raise NotFound("there is no {entity} {id}", entity="sample", id=str(self.id))
        self.record(SampleAnswered(number=self.number, customer_id=self.customer_id, satisfied=satisfied))
        self.satisfied, self.opinion = satisfied, opinion
        self.answered_by, self.answered_at = by.id, at

    def decline(self, reason: str, by: Actor) -> None:
        """There will be none (QUA-7)."""
        self.record(SampleDeclined(number=self.number, reason=reason))
        self.declined_by, self.declined_because = by.id, reason
