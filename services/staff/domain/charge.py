"""What a person has been found responsible for."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from shared.events.complaints import ResponsibilityEstablished
from shared.events.quality import LiabilityEstablished, LiabilityRevised

QUALITY = "quality"
GRAVITY = ("light", "ordinary", "grave")
STORE = "store:"


class Charge(NamedTuple):
    """经查实: one person's established responsibility for one cause; only this leads to a penalty (STF-7, CMP-15).

    The cause is the complaint, whoever established it (case and investigation speak of the same thing), or the conduct
    case (STF-11). `employee` is `store:` and its name where a store is charged (STF-6).
    """

    cause_id: UUID
    kind: str
    employee: str
    severity: str
    finding: str = ""
    branch: str | None = None

    @property
    def store(self) -> str | None:
        """The store that is charged, if it is one."""
        return self.employee.removeprefix(STORE) if self.employee.startswith(STORE) else None

    def graver_than(self, severity: str) -> bool:
        """Whether this is worse than what was established before; a severity nobody knows is worse than none."""
        return gravity(self.severity) > gravity(severity)


def from_complaint(event: ResponsibilityEstablished) -> Iterator[Charge]:
    """A charge for each responsible person, if the complaint was verified; else none (STF-7)."""
    if event.verified:
        for person in event.responsible:
            yield Charge(event.entity_id, event.kind, person.employee, person.severity, person.finding)


def from_investigation(event: LiabilityEstablished | LiabilityRevised) -> Iterator[Charge]:
    """A charge for each person who bears a share; a department alone is not penalised (STF-7)."""
    for share in event.shares:
        if share.employee and share.percent > 0:
            yield Charge(event.complaint_id, QUALITY, share.employee, share.severity)


def gravity(severity: str) -> int:
    """0 for light, 1 for ordinary, 2 for grave; -1 for what the schedule does not know."""
    return GRAVITY.index(severity) if severity in GRAVITY else -1
