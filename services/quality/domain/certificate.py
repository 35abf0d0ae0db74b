"""The quality certificate of a shipment."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.numbers import number
from shared.domain.refusals import RuleBroken
from shared.events.quality import CertificateIssued, CertificateShipped, CertificateWithdrawn

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class CertificateStatus(StrEnum):
    NEW = "new"
    ISSUED = "issued"
    SHIPPED = "shipped"
    WITHDRAWN = "withdrawn"


NEW, ISSUED, SHIPPED, WITHDRAWN = CertificateStatus


class CertifiedLot(BaseModel):
    """A lot as orders told of it when the certificate was issued."""

    lot_id: UUID
    lot: str
    article: str
    colour_number: str | None = None
    grade: str | None = None

    def named(self, name: str) -> bool:
        """Whether this is the lot of that number or id."""
        return name in {self.lot, str(self.lot_id)}


class Inspected(BaseModel):
    """One line of what was inspected: the item, what the standard asks for, what was found."""

    model_config = ConfigDict(extra="forbid")

    item: Words
    requirement: Words
    result: Words


class KnownOrder(BaseModel):
    """An order as far as orders has told of it."""

    order_id: UUID
    number: str
    customer_id: UUID


class Certificate(Aggregate):
    """质保书: vouches for the lots of one shipment of an order (QUA-6)."""

    TABLE = "certificates"
    ENTITY = "certificate"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        CertificateIssued: Step({NEW}, ISSUED),
        CertificateShipped: Step({ISSUED}, SHIPPED),
        CertificateWithdrawn: Step({ISSUED}, WITHDRAWN),
    }

    status: CertificateStatus
    number: str
    order_number: str
    order_id: UUID | None = None
    customer_id: UUID | None = None
    lots: list[str]
    goods: list[CertifiedLot] = []
    inspected: list[Inspected] = []
    issued_by: str
    issued_at: datetime
    shipment_id: UUID | None = None
    uncovered: list[str] = []
    withdrawn_by: str | None = None
    withdrawn_because: str | None = None

    @classmethod
    def issue(
        cls,
        id: UUID,
        order: KnownOrder,
        lots: Sequence[CertifiedLot],
        held: Collection[str],
        inspected: Sequence[Inspected],
        by: Actor,
        at: datetime,
    ) -> Self:
        """Vouch for these lots of an order that orders told of; none may be `held` by an investigation (QUA-6)."""
        for lot in lots:
            if lot.lot in held or str(lot.lot_id) in held:
                raise RuleBroken("QUA-6", "lot {lot} is on quality hold", lot=lot.lot)
        certificate = cls.begin(
            id,
            number=number("ZB", id, at),
            order_number=order.number,
            order_id=order.order_id,
            customer_id=order.customer_id,
            lots=[lot.lot for lot in lots],
            goods=list(lots),
            inspected=list(inspected),
            issued_by=by.id,
            issued_at=at,
        )
        certificate.record(CertificateIssued.model_validate(certificate, from_attributes=True))
        return certificate

    def ship(self, shipment_id: UUID, lot_ids: Iterable[UUID], lots: Iterable[str]) -> None:
        """The one shipment it went with has left; what of it the certificate does not cover is said (QUA-6)."""
        covered = {str(lot.lot_id) for lot in self.goods} | set(self.lots)
        left = dict(zip(lots, lot_ids, strict=True))
        uncovered = [lot for lot, lot_id in left.items() if lot not in covered and str(lot_id) not in covered]
        event = CertificateShipped(
            number=self.number, order_number=self.order_number, shipment_id=shipment_id, uncovered=uncovered
        )
        self.record(event)
        self.shipment_id, self.uncovered = shipment_id, uncovered

    def withdraw(self, reason: str, by: Actor) -> None:
        """It vouches for nothing any more, as long as nothing has left with it (QUA-6)."""
        self.record(CertificateWithdrawn(number=self.number, order_number=self.order_number, reason=reason))
        self.withdrawn_by, self.withdrawn_because = by.id, reason


def found_lots(wanted: Sequence[str], known: Sequence[CertifiedLot], rule: str = "QUA-6") -> list[CertifiedLot]:
    """The lots of these numbers or ids, each once, by number; `RuleBroken` for one that orders never told of."""
    found: dict[UUID, CertifiedLot] = {}
    for name in wanted:
        lots = [lot for lot in known if lot.named(name)]
        if not lots:
            raise RuleBroken(rule, "orders has not told of a lot {lot}", lot=name)
        found.update((lot.lot_id, lot) for lot in lots)
    return sorted(found.values(), key=lambda lot: (lot.lot, lot.lot_id))
