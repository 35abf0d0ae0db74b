"""A reading of a confidential standard, or an attempt at one."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field

from services.quality.domain.standard import Edition, Standard
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.events.quality import StandardRead, StandardReadingRefused


class ReadingStatus(StrEnum):
    NEW = "new"
    LOGGED = "logged"
    REFUSED = "refused"


class StandardReading(Aggregate):
    """查阅记录: who has read which edition, when and why, or was refused; written once and never changed (QUA-8)."""

    TABLE = "standard_readings"
    ENTITY = "standard_reading"
    START = ReadingStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        StandardRead: Step({ReadingStatus.NEW}, ReadingStatus.LOGGED),
        StandardReadingRefused: Step({ReadingStatus.NEW}, ReadingStatus.REFUSED),
    }

    status: ReadingStatus
    standard_id: UUID
    code: str
    edition: int | None = Field(description="None where a refused reader named none")
    text_digest: str | None
    reader: str
    on_behalf_of: str | None
    posts: list[Post]
    why: str
    read_at: datetime

    @classmethod
    def log(cls, id: UUID, standard: Standard, edition: Edition, why: str, by: Actor, at: datetime) -> Self:
        """Somebody reads the edition, and says why (QUA-8)."""
        reading = cls._of(id, standard, edition.edition, edition.digest, why, by, at)
        reading.record(StandardRead.model_validate(reading.model_dump()))
        return reading

    @classmethod
    def refuse(cls, id: UUID, standard: Standard, edition: int | None, why: str, by: Actor, at: datetime) -> Self:
        """Somebody who may not read it has tried to (QUA-8)."""
        reading = cls._of(id, standard, edition, None, why, by, at)
        reading.record(StandardReadingRefused.model_validate(reading.model_dump()))
        return reading

    @classmethod
    def _of(
        cls, id: UUID, standard: Standard, edition: int | None, digest: str | None, why: str, by: Actor, at: datetime
    ) -> Self:
        return cls.begin(
            id,
            standard_id=standard.id,
            code=standard.code,
            edition=edition,
            text_digest=digest,
            reader=by.id,
            on_behalf_of=by.on_behalf_of,
            posts=sorted(by.posts),
            why=why,
            read_at=at,
        )
