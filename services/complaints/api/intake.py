"""Intake: recorded at once, and exactly once (CMP-1)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from services.complaints import views
from services.complaints.api.discretion import ComplaintChange, Discreet, refuse_readers
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Intake, WrittenSlip
from services.complaints.domain.personal_case import MANAGERS
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, RuleBroken
from shared.web.asking import Reason
from shared.web.identity import admit
from shared.web.paging import document
from shared.web.routes import Routes

router = Routes(tags=["intake"], route_class=Discreet)

FILERS = (Post.CLERK, Post.SERVICE_AGENT, Post.SALESPERSON)
Filer = Annotated[Actor, Depends(admit(*FILERS, Post.CUSTOMER, Post.PARTNER))]
Correcting = Annotated[Actor, Depends(admit(*FILERS, Post.OFFICE, *MANAGERS))]


class CorrectSlip(Reason):
    """The whole slip as it should have been entered, and why it was not."""

    slip: WrittenSlip


@router.post("/complaints", status_code=201, response_model=Complaint, responses={200: {"model": Complaint}})
async def file_complaint(body: Intake, by: Filer, change: ComplaintChange, request: Request) -> Response:
    """Take a complaint in (CMP-1 to CMP-7); a reference that was used before answers 200 with its case."""
    if not by.acts_for(body.customer_id, *FILERS):
        raise Forbidden("customers and partners complain for themselves")
    owner = await views.owner_of(request.app.state.pool, body.customer_id)
    filed = Complaint.file(change.new_id(), body, change.policy, by, change.at)
    if body.external_reference is None:
        return await change.save(filed)
    async with change.together() as both:
        known = await views.by_reference(both.work, body.channel, body.external_reference)
        if known is not None and known.customer_id != body.customer_id:
            raise RuleBroken("CMP-1", "this reference belongs to the complaint of another customer")
        both.main = known or filed
        refuse_readers(both.main, owner, by)
    return change.answer if known is None else document(known.model_dump_json(), known.version)


@router.post("/complaints/{complaint_id}/correct-slip", response_model=Complaint)
async def correct_slip(complaint_id: UUID, body: CorrectSlip, by: Correcting, change: ComplaintChange) -> Response:
    """Enter the slip anew, for a reason; what was entered before is kept and shown (CMP-3)."""
    async with change(complaint_id) as complaint:
        complaint.correct_slip(body.slip, body.reason, by, change.at)
    return change.answer
