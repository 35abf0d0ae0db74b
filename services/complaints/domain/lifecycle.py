"""What may happen to a complaint when: its statuses, and the table that moves them."""

from enum import StrEnum

from shared.domain.aggregate import Lifecycle, Step
from shared.events.complaints import (
    ActionNoted,
    AttemptLogged,
    CaseHandedOver,
    CauseFound,
    ClaimOutcomeReceived,
    ClockPaused,
    ClockResumed,
    ComplaintAssigned,
    ComplaintClosed,
    ComplaintEscalated,
    ComplaintFiled,
    ComplaintGraded,
    ComplaintReopened,
    ComplaintReported,
    ComplaintResolved,
    ComplaintResponded,
    ComplaintSummedUp,
    ComplaintTaken,
    ComplaintTakenOver,
    CustomerConsented,
    CustomerFollowedUp,
    DepartmentMissed,
    DepartmentReported,
    EscalationAcknowledged,
    EscalationCovered,
    EvidenceNotFound,
    EvidenceReceived,
    FollowUpDue,
    HandoverAccepted,
    HandoverReturned,
    InvestigationConcluded,
    InvestigationLinked,
    LiabilityReceived,
    MeasuresCarriedOut,
    MeasuresProposed,
    MeasuresTold,
    OpinionAnswered,
    PauseRefused,
    PauseRequested,
    ResolutionMissed,
    ResolutionWarned,
    ResponseMissed,
    ResponseWarned,
    ResponsibilityEstablished,
    SectionFilled,
    SlipCorrected,
    VisitCancelled,
    VisitPlanned,
    VisitRecorded,
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

SETTLED = {RESOLVED, CLOSED}

LIFECYCLE: Lifecycle = {
    ComplaintFiled: Step({NEW}, RECEIVED),
    ComplaintAssigned: Step(RUNNING),
    ComplaintReported: Step(RUNNING),
    ComplaintGraded: Step(RUNNING),
    SlipCorrected: Step(KEPT),
    ComplaintTaken: Step({RECEIVED}, IN_HAND),
    ComplaintTakenOver: Step(RUNNING - {RECEIVED}),
    ResponseWarned: Step(RUNNING),
    ResponseMissed: Step(RUNNING),
    ResolutionWarned: Step(RUNNING),
    ResolutionMissed: Step(RUNNING),
    ComplaintEscalated: Step(RUNNING),
    EscalationCovered: Step(RUNNING),
    EscalationAcknowledged: Step(RUNNING),
    PauseRequested: Step(RUNNING - {RECEIVED}),
    PauseRefused: Step(RUNNING - {RECEIVED}),
    ClockPaused: Step(RUNNING - {RECEIVED}),
    ClockResumed: Step(RUNNING - {RECEIVED}),
    CaseHandedOver: Step(RUNNING - {RECEIVED}),
    HandoverAccepted: Step(RUNNING - {RECEIVED}),
    HandoverReturned: Step(RUNNING - {RECEIVED}),
    DepartmentReported: Step(RUNNING - {RECEIVED}),
    DepartmentMissed: Step(RUNNING - {RECEIVED}),
    VisitPlanned: Step(KEPT - {CLOSED}),
    VisitRecorded: Step(KEPT - {CLOSED}),
    VisitCancelled: Step(KEPT),
    CauseFound: Step(TAKEN),
    ComplaintResponded: Step(RUNNING),
    ResponsibilityEstablished: Step(TAKEN),
    MeasuresProposed: Step({IN_HAND, PROPOSED, AGREED}, PROPOSED),
    CustomerConsented: Step({PROPOSED}, AGREED),
    MeasuresCarriedOut: Step({IN_HAND, PROPOSED, AGREED}),
    OpinionAnswered: Step({IN_HAND, PROPOSED, AGREED}),
    ComplaintResolved: Step({IN_HAND, PROPOSED, AGREED}, RESOLVED),
    MeasuresTold: Step(TAKEN),
    AttemptLogged: Step(KEPT - {CLOSED}),
    ComplaintClosed: Step({RESOLVED}, CLOSED),
    FollowUpDue: Step(SETTLED),
    CustomerFollowedUp: Step(SETTLED),
    ComplaintSummedUp: Step(SETTLED),
    ComplaintReopened: Step({RESOLVED, CLOSED}, IN_HAND),
    EvidenceReceived: Step(KEPT),
    EvidenceNotFound: Step(KEPT),
    InvestigationLinked: Step(KEPT),
    SectionFilled: Step(KEPT),
    ActionNoted: Step(KEPT),
    LiabilityReceived: Step(KEPT),
    InvestigationConcluded: Step(KEPT),
    ClaimOutcomeReceived: Step(KEPT),
}
