"""Who is told what about what complaints announces: one line of telling per event."""

from services.notifications.domain.recipient import the_customer, the_person, the_post
from services.notifications.telling import reactions, tell
from shared.events.complaints import (
    ComplaintAssigned,
    ComplaintClosed,
    ComplaintEscalated,
    ComplaintFiled,
    ComplaintReported,
    ComplaintResolved,
    ResolutionMissed,
    ResolutionWarned,
    ResponseMissed,
    ResponseWarned,
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
