"""What is made known to everybody on the staff."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field

from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import ZERO, Amount
from shared.domain.numbers import number, same_id
from shared.events.notifications import BulletinPublished

REWARDS = "D12 §3.2"  # the clause that provides for commendations


class BulletinKind(StrEnum):
    PUBLIC_CRITICISM = "public_criticism"
    COMMENDATION = "commendation"
    CORRECTION = "correction"


class BulletinStatus(StrEnum):
    NEW = "new"
    PUBLISHED = "published"


class Bulletin(Aggregate):
    """通报: public criticism of an employee, once per final penalty, with nothing that leads to the complainant; or a
    commendation, once per reward; or the correction of a criticism whose penalty was revoked, which is shown instead
    (NOT-4, STF-8, STF-9).
    """

    TABLE = "bulletins"
    ENTITY = "bulletin"
    START = BulletinStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        BulletinPublished: Step({BulletinStatus.NEW}, BulletinStatus.PUBLISHED),
    }

    status: BulletinStatus
    number: str
    kind: BulletinKind
    employee: str
    violation: str | None = None
    clause: str
    measures: list[str] = []
    fine: Amount = ZERO
    as_deduction: bool = False
    penalty_id: UUID | None = None
    reward_id: UUID | None = None
    reason: str | None = None
    corrects: str | None = Field(default=None, description="Number of the bulletin that holds no longer")
    cause_id: UUID
    published_at: datetime

    @staticmethod
    def identity(origin_id: UUID) -> UUID:
        """The id of the one bulletin that may follow from a penalty or a reward."""
        return same_id(origin_id, "bulletin")

    @classmethod
    def criticise(
        cls,
        penalty_id: UUID,
        *,
        employee: str,
        violation: str | None,
        clause: str,
        measures: Sequence[str],
        fine: Decimal,
        as_deduction: bool,
        cause_id: UUID,
        at: datetime,
    ) -> Self:
        """Publish a penalty that includes public criticism (通报批评); `cause_id` is the event that made it final."""
        identity = cls.identity(penalty_id)
        bulletin = cls.begin(
            identity,
            number=number("TB", identity, at),
            kind=BulletinKind.PUBLIC_CRITICISM,
            employee=employee,
            violation=violation,
            clause=clause,
            measures=list(measures),
            fine=fine,
            as_deduction=as_deduction,
            penalty_id=penalty_id,
            cause_id=cause_id,
            published_at=at,
        )
        bulletin.record(BulletinPublished.model_validate(bulletin, from_attributes=True))
        return bulletin

    @classmethod
    def commend(cls, reward_id: UUID, *, employee: str, reason: str, cause_id: UUID, at: datetime) -> Self:
        """Publish a commendation (表彰); `cause_id` is the approval's event."""
        identity = cls.identity(reward_id)
        bulletin = cls.begin(
            identity,
            number=number("TB", identity, at),
            kind=BulletinKind.COMMENDATION,
            employee=employee,
            clause=REWARDS,
            reason=reason,
            reward_id=reward_id,
            cause_id=cause_id,
            published_at=at,
        )
        bulletin.record(BulletinPublished.model_validate(bulletin, from_attributes=True))
        return bulletin

    def correct(self, *, cause_id: UUID, at: datetime) -> "Bulletin":
        """Publish that this one holds no longer; `cause_id` is the event that revoked the penalty."""
        identity = same_id(self.id, "correction")
        bulletin = Bulletin.begin(
            identity,
            number=number("TB", identity, at),
            kind=BulletinKind.CORRECTION,
            employee=self.employee,
            clause=self.clause,
            corrects=self.number,
            cause_id=cause_id,
            published_at=at,
        )
        bulletin.record(BulletinPublished.model_validate(bulletin, from_attributes=True))
        return bulletin
