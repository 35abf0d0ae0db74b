"""A reading of a confidential standard."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from services.quality.domain.standard import Edition, Standard
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.events.quality import StandardRead


class ReadingStatus(StrEnum):
    NEW = "new"
    LOGGED = "logged"


class StandardReading(Aggregate):
    """查阅记录: who has read which edition, when and why; written once and never changed (QUA-8)."""

    TABLE = "standard_readings"
    ENTITY = "standard_reading"
    START = ReadingStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {StandardRead: Step({ReadingStatus.NEW}, ReadingStatus.LOGGED)}

    status: ReadingStatus
    standard_id: UUID
    code: str
    edition: int
    text_digest: str
    reader: str
    on_behalf_of: str | None
    posts: list[Post]
    why: str
    read_at: datetime

    @classmethod
    def log(cls, id: UUID, standard: Standard, edition: Edition, why: str, by: Actor, at: datetime) -> Self:
        """Somebody reads the edition, and says why (QUA-8)."""
        reading = cls.begin(
            id,
            standard_id=standard.id,
            code=standard.code,
            edition=edition.edition,
            text_digest=edition.digest,
            reader=by.id,
            on_behalf_of=by.on_behalf_of,
            posts=sorted(by.posts),
            why=why,
            read_at=at,
        )
        reading.record(StandardRead.model_validate(reading.model_dump()))
        return reading
