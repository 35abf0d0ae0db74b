"""What a person has been found responsible for."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from shared.events.complaints import ResponsibilityEstablished
from shared.events.quality import LiabilityEstablished

QUALITY = "quality"


class Charge(NamedTuple):
    """经查实: one person's established responsibility in one complaint; only this leads to a penalty (STF-7, CMP-15).

    The cause is the complaint, whoever established it: case and investigation speak of the same thing.
    """

    cause_id: UUID
    kind: str
    employee: str
    severity: str
    finding: str = ""


def from_complaint(event: ResponsibilityEstablished) -> Iterator[Charge]:
    """A charge for each responsible person, if the complaint was verified; else none (STF-7)."""
    if event.verified:
        for person in event.responsible:
            yield Charge(event.entity_id, event.kind, person.employee, person.severity, person.finding)


def from_investigation(event: LiabilityEstablished) -> Iterator[Charge]:
    """A charge for each person who bears a share; a department alone is not penalised (STF-7)."""
    for share in event.shares:
        if share.employee and share.percent > 0:
            yield Charge(event.complaint_id, QUALITY, share.employee, share.severity)
