"""What is made known to everybody on the staff."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import Amount
from shared.domain.numbers import number, same_id
from shared.events.notifications import BulletinPublished


class BulletinKind(StrEnum):
    PUBLIC_CRITICISM = "public_criticism"


class BulletinStatus(StrEnum):
    NEW = "new"
    PUBLISHED = "published"


class Bulletin(Aggregate):
    """通报: public criticism of an employee, once per penalty, with nothing that leads to the complainant (NOT-4)."""

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
    violation: str
    clause: str
    measures: list[str]
    fine: Amount
    as_deduction: bool
    penalty_id: UUID
    cause_id: UUID
    published_at: datetime

    @staticmethod
    def identity(penalty_id: UUID) -> UUID:
        """The id of the one bulletin that may follow from a penalty."""
        return same_id(penalty_id, "bulletin")

    @classmethod
    def criticise(
        cls,
        penalty_id: UUID,
        *,
        employee: str,
        violation: str,
        clause: str,
        measures: Sequence[str],
        fine: Decimal,
        as_deduction: bool,
        cause_id: UUID,
        at: datetime,
    ) -> Self:
        """Publish a penalty that includes public criticism (通报批评); `cause_id` is the decision's event."""
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
