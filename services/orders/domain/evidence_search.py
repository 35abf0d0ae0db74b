"""A search for the goods of a complaint that found nothing."""

from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.events.orders import EvidenceMissing


class EvidenceSearchStatus(StrEnum):
    NEW = "new"
    FAILED = "failed"


class EvidenceSearch(Aggregate):
    """A complaint names a slip that no order fits; the case has to be told so (ORD-20)."""

    TABLE = "evidence_searches"
    ENTITY = "evidence_search"
    START = EvidenceSearchStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {EvidenceMissing: Step({EvidenceSearchStatus.NEW}, EvidenceSearchStatus.FAILED)}

    status: EvidenceSearchStatus
    complaint_id: UUID
    order_number: str

    @classmethod
    def fail(cls, id: UUID, complaint_id: UUID, order_number: str) -> Self:
        """Nothing fits the slip."""
        search = cls.begin(id, complaint_id=complaint_id, order_number=order_number)
        search.record(EvidenceMissing(complaint_id=complaint_id, order_number=order_number))
        return search
