"""That somebody has read a bulletin."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.numbers import same_id
from shared.events.notifications import BulletinRead


class ReadReceiptStatus(StrEnum):
    NEW = "new"
    GIVEN = "given"


class ReadReceipt(Aggregate):
    """阅读回执: one per bulletin and reader (NOT-4).

    It is a thing of its own, so that a thousand readers neither let the bulletin grow nor wait for one another.
    """

    TABLE = "read_receipts"
    ENTITY = "read_receipt"
    START = ReadReceiptStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {BulletinRead: Step({ReadReceiptStatus.NEW}, ReadReceiptStatus.GIVEN)}

    status: ReadReceiptStatus
    bulletin_id: UUID
    reader: str
    read_at: datetime

    @staticmethod
    def identity(bulletin_id: UUID, reader: str) -> UUID:
        """The id of the one receipt that a reader gives for a bulletin."""
        return same_id(bulletin_id, f"read by {reader}")

    @classmethod
    def give(cls, bulletin_id: UUID, by: Actor, at: datetime) -> Self:
        """The reader has read it."""
        receipt = cls.begin(cls.identity(bulletin_id, by.id), bulletin_id=bulletin_id, reader=by.id, read_at=at)
        receipt.record(BulletinRead(bulletin_id=bulletin_id, by=by.id))
        return receipt
