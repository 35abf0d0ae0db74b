"""Who is told what about what complaints announces: one line of telling per event."""

from services.notifications.domain.recipient import the_customer, the_person, the_post
from services.notifications.telling import reactions, tell
from shared.domain.actor import Post
from shared.events.complaints import (
    CaseHandedOver,
    ComplaintAssigned,
    ComplaintClosed,
    ComplaintEscalated,
    ComplaintFiled,
    ComplaintReopened,
    ComplaintReported,
    ComplaintResolved,
    DepartmentMissed,
    DepartmentReported,
    EscalationCovered,
    FollowUpDue,
    HandoverReturned,
    MeasuresTold,
    OpinionAnswered,
    PauseRefused,
    PauseRequested,
    ResolutionMissed,
    ResolutionWarned,
    ResponseMissed,
    ResponseWarned,
    SlipCorrected,
    VisitPlanned,
)
from shared.persistence.work import Work


@reactions.on(ComplaintFiled)
async def confirm_the_receipt(event: ComplaintFiled, work: Work) -> None:
    """The customer gets the number and the promised times (CMP-1, CMP-7)."""
    await tell(work, event, "complaint_received", the_customer(event.customer_id))


@reactions.on(ComplaintReported)
async def report_the_grave_case(event: ComplaintReported, work: Work) -> None:
    """A grave service complaint is put before the office as well (CMP-6)."""
    await tell(work, event, "grave_complaint_reported", the_post(event.post))


@reactions.on(ComplaintAssigned)
async def hand_over_the_case(event: ComplaintAssigned, work: Work) -> None:
    """The post that handles the case, and the person if one is named; a quality case in person (CMP-4)."""
    template = "quality_complaint_assigned" if event.kind == "quality" else "complaint_assigned"
    people = [the_person(event.person)] if event.person else []
    await tell(work, event, template, the_post(event.post), *people)


@reactions.on(SlipCorrected)
async def tell_of_the_corrected_slip(event: SlipCorrected, work: Work) -> None:
    """Quality, who investigates the goods: they are others than was entered first (CMP-3, CMP-5)."""
    if event.kind == "quality":
        await tell(work, event, "slip_corrected", the_post(Post.QUALITY_INSPECTOR), article=event.slip.article)


@reactions.on(ResponseWarned)
async def warn_of_the_response(event: ResponseWarned, work: Work) -> None:
    """The time for a first response is nearly over (CMP-7)."""
    await tell(work, event, "response_warned", the_post(event.post))


@reactions.on(ResponseMissed)
async def report_the_missed_response(event: ResponseMissed, work: Work) -> None:
    """There was no response in time (CMP-7)."""
    await tell(work, event, "response_missed", the_post(event.post))


@reactions.on(ResolutionWarned)
async def warn_of_the_resolution(event: ResolutionWarned, work: Work) -> None:
    """The time for a resolution is nearly over (CMP-7)."""
    await tell(work, event, "resolution_warned", the_post(event.post))


@reactions.on(ResolutionMissed)
async def report_the_missed_resolution(event: ResolutionMissed, work: Work) -> None:
    """There was no resolution in time (CMP-7)."""
    await tell(work, event, "resolution_missed", the_post(event.post))


@reactions.on(ComplaintEscalated)
async def call_the_next_post(event: ComplaintEscalated, work: Work) -> None:
    """Whoever is called must acknowledge, else complaints calls the next post (CMP-7, NOT-5)."""
    until = event.acknowledge_by or event.time + work.policy.messages.acknowledgement_time
    post = the_post(event.post)
    await tell(work, event, "complaint_escalated", post, urgent=True, acknowledge_by=until.isoformat())


@reactions.on(ComplaintResolved)
async def tell_the_outcome(event: ComplaintResolved, work: Work) -> None:
    """The outcome is told to the customer (CMP-10)."""
    await tell(work, event, "complaint_resolved", the_customer(event.customer_id))


@reactions.on(ComplaintClosed)
async def tell_of_the_end(event: ComplaintClosed, work: Work) -> None:
    """The customer knows that the case is closed (CMP-11)."""
    await tell(work, event, "complaint_closed", the_customer(event.customer_id))


@reactions.on(ComplaintReopened)
async def hand_over_the_case_again(event: ComplaintReopened, work: Work) -> None:
    """Whoever handled the case goes on with it, under clocks that start anew (CMP-11)."""
    posts = [the_post(event.post)] if event.post else []
    people = [the_person(event.person)] if event.person else []
    await tell(work, event, "complaint_reopened", *posts, *people)


@reactions.on(EscalationCovered)
async def call_the_deputies(event: EscalationCovered, work: Work) -> None:
    """Whoever holds the called post is away: their deputies are called at once (CMP-7)."""
    await tell(work, event, "escalation_covered", *map(the_person, event.deputies), urgent=True)


@reactions.on(PauseRequested)
async def ask_for_the_pause(event: PauseRequested, work: Work) -> None:
    """A second person grants a pause of the clock (CMP-16)."""
    await tell(work, event, "pause_requested", the_post(Post.SALES_MANAGER), the_post(Post.SALES_DIRECTOR))


@reactions.on(PauseRefused)
async def tell_that_the_clock_goes_on(event: PauseRefused, work: Work) -> None:
    """Whoever handles the case knows that there is no pause (CMP-16)."""
    await tell(work, event, "pause_refused", the_post(Post.SALES_MANAGER), the_post(Post.SALES_DIRECTOR))


@reactions.on(CaseHandedOver)
async def hand_the_case_over(event: CaseHandedOver, work: Work) -> None:
    """The department's own clock is running (CMP-17)."""
    await tell(work, event, "case_handed_over", the_post(event.department))


@reactions.on(HandoverReturned)
async def report_the_returned_case(event: HandoverReturned, work: Work) -> None:
    """The case is where it came from (CMP-17)."""
    await tell(work, event, "handover_returned", the_post(event.back_to))


@reactions.on(DepartmentReported)
async def tell_that_the_department_is_done(event: DepartmentReported, work: Work) -> None:
    """The case is back with what the department found (CMP-17)."""
    await tell(work, event, "department_reported", the_post(event.back_to))


@reactions.on(DepartmentMissed)
async def report_the_late_part(event: DepartmentMissed, work: Work) -> None:
    """The department, and the sales director (CMP-17)."""
    await tell(work, event, "department_missed", the_post(event.department), the_post(Post.SALES_DIRECTOR))


@reactions.on(VisitPlanned)
async def send_the_visitors(event: VisitPlanned, work: Work) -> None:
    """Whoever goes to the customer (CMP-9)."""
    await tell(work, event, "visit_planned", *map(the_person, event.people))


@reactions.on(OpinionAnswered)
async def pass_on_the_answer(event: OpinionAnswered, work: Work) -> None:
    """Every opinion is answered (CMP-14)."""
    await tell(work, event, "opinion_answered", the_customer(event.customer_id))


@reactions.on(MeasuresTold)
async def tell_the_measures(event: MeasuresTold, work: Work) -> None:
    """Corrective measures are told to the customer (CMP-13)."""
    await tell(work, event, "measures_told", the_customer(event.customer_id))


@reactions.on(FollowUpDue)
async def remind_of_the_follow_up(event: FollowUpDue, work: Work) -> None:
    """The customer is asked afterwards how it went (CMP-10)."""
    await tell(work, event, "follow_up_due", the_post(event.post))
