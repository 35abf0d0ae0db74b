"""What may happen to a complaint when: its statuses, and the table that moves them."""

from enum import StrEnum

from shared.domain.aggregate import Lifecycle, Step
from shared.events.complaints import (
    AttemptLogged,
    ClaimOutcomeReceived,
    ComplaintAssigned,
    ComplaintClosed,
    ComplaintEscalated,
    ComplaintFiled,
    ComplaintReopened,
    ComplaintReported,
    ComplaintResolved,
    ComplaintResponded,
    ComplaintTaken,
    ComplaintTakenOver,
    CustomerConsented,
    EscalationAcknowledged,
    EvidenceNotFound,
    EvidenceReceived,
    InvestigationConcluded,
    InvestigationLinked,
    LiabilityReceived,
    MeasuresProposed,
    ResolutionMissed,
    ResolutionWarned,
    ResponseMissed,
    ResponseWarned,
    ResponsibilityEstablished,
)


class ComplaintStatus(StrEnum):
    NEW = "new"
    RECEIVED = "received"
    IN_HAND = "in_hand"
    PROPOSED = "proposed"
    AGREED = "agreed"
    RESOLVED = "resolved"
    CLOSED = "closed"


NEW, RECEIVED, IN_HAND, PROPOSED, AGREED, RESOLVED, CLOSED = ComplaintStatus
KEPT = set(ComplaintStatus) - {NEW}
TAKEN = KEPT - {RECEIVED}
RUNNING = KEPT - {RESOLVED, CLOSED}

LIFECYCLE: Lifecycle = {
    ComplaintFiled: Step({NEW}, RECEIVED),
    ComplaintAssigned: Step({RECEIVED}),
    ComplaintReported: Step({RECEIVED}),
    ComplaintTaken: Step({RECEIVED}, IN_HAND),
    ComplaintTakenOver: Step(RUNNING - {RECEIVED}),
    ResponseWarned: Step(RUNNING),
    ResponseMissed: Step(RUNNING),
    ResolutionWarned: Step(RUNNING),
    ResolutionMissed: Step(RUNNING),
    ComplaintEscalated: Step(RUNNING),
    EscalationAcknowledged: Step(RUNNING),
    ComplaintResponded: Step(RUNNING),
    ResponsibilityEstablished: Step(TAKEN),
    MeasuresProposed: Step({IN_HAND, PROPOSED, AGREED}, PROPOSED),
    CustomerConsented: Step({PROPOSED}, AGREED),
    ComplaintResolved: Step({IN_HAND, PROPOSED, AGREED}, RESOLVED),
    AttemptLogged: Step(KEPT - {CLOSED}),
    ComplaintClosed: Step({RESOLVED}, CLOSED),
    ComplaintReopened: Step({RESOLVED, CLOSED}, IN_HAND),
    EvidenceReceived: Step(KEPT),
    EvidenceNotFound: Step(KEPT),
    InvestigationLinked: Step(KEPT),
    LiabilityReceived: Step(KEPT),
    InvestigationConcluded: Step(KEPT),
    ClaimOutcomeReceived: Step(KEPT),
}
