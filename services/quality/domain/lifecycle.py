"""What may happen to an investigation when: its statuses, and the table that moves them."""

from enum import StrEnum

from shared.domain.aggregate import Lifecycle, Step
from shared.events.quality import (
    ActionEffectChecked,
    CauseEstablished,
    ComplaintRegistered,
    CorrectiveActionDone,
    CorrectiveActionOpened,
    DepartmentTaskAssigned,
    DepartmentTaskExtended,
    DepartmentTaskMissed,
    EffectCheckDue,
    FindingRecorded,
    GoodsTraced,
    InvestigationClosed,
    InvestigationOpened,
    InvestigationReopened,
    LiabilityEstablished,
    LiabilityRevised,
    LotHoldOrdered,
    LotReleaseOrdered,
    SectionRecorded,
)


class InvestigationStatus(StrEnum):
    NEW = "new"
    OPEN = "open"
    ESTABLISHED = "established"
    CLOSED = "closed"
    REOPENED = "reopened"


NEW, OPEN, ESTABLISHED, CLOSED, REOPENED = InvestigationStatus
UNDER_WAY = {OPEN, ESTABLISHED, REOPENED}
OPENED = UNDER_WAY | {CLOSED}

INVESTIGATION: Lifecycle = {
    InvestigationOpened: Step({NEW}, OPEN),
    ComplaintRegistered: Step(OPENED),
    GoodsTraced: Step(OPENED),
    LotHoldOrdered: Step(OPENED),
    LotReleaseOrdered: Step(OPENED),
    DepartmentTaskAssigned: Step(UNDER_WAY),
    DepartmentTaskExtended: Step(UNDER_WAY),
    DepartmentTaskMissed: Step(UNDER_WAY),
    FindingRecorded: Step(UNDER_WAY),
    SectionRecorded: Step(UNDER_WAY),
    CauseEstablished: Step(UNDER_WAY),
    LiabilityEstablished: Step({OPEN, REOPENED}, ESTABLISHED),
    LiabilityRevised: Step({ESTABLISHED, REOPENED}),
    CorrectiveActionOpened: Step(UNDER_WAY),
    CorrectiveActionDone: Step(UNDER_WAY),
    EffectCheckDue: Step(UNDER_WAY),
    ActionEffectChecked: Step(UNDER_WAY),
    InvestigationClosed: Step(UNDER_WAY, CLOSED),
    InvestigationReopened: Step({CLOSED}, REOPENED),
}
