"""The quality certificate of a shipment."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.numbers import number
from shared.domain.refusals import RuleBroken
from shared.events.quality import CertificateIssued


class CertificateStatus(StrEnum):
    NEW = "new"
    ISSUED = "issued"


class Certificate(Aggregate):
    """质保书: vouches for the lots of one order's shipment (QUA-6)."""

    TABLE = "certificates"
    ENTITY = "certificate"
    START = CertificateStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {CertificateIssued: Step({CertificateStatus.NEW}, CertificateStatus.ISSUED)}

    status: CertificateStatus
    number: str
    order_number: str
    lots: list[str]
    issued_by: str
    issued_at: datetime

    @classmethod
    def issue(
        cls, id: UUID, order_number: str, lots: Sequence[str], held: Collection[str], by: Actor, at: datetime
    ) -> Self:
        """Vouch for these lots, by number; none of them may be `held` by an investigation (QUA-6)."""
        for lot in lots:
            if lot in held:
                raise RuleBroken("QUA-6", "lot {lot} is on quality hold", lot=lot)
        certificate = cls.begin(
            id,
            number=number("ZB", id, at),
            order_number=order_number,
            lots=list(dict.fromkeys(lots)),
            issued_by=by.id,
            issued_at=at,
        )
        certificate.record(CertificateIssued.model_validate(certificate, from_attributes=True))
        return certificate
