"""Intake: recorded at once, and exactly once (CMP-1)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field

from services.complaints import views
from services.complaints.api.discretion import Body, ComplaintChange, Discreet, Text, own_customer
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Channel, Contact, Kind, Severity, WrittenSlip
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, RuleBroken
from shared.web.identity import admit
from shared.web.paging import document
from shared.web.routes import Routes

router = Routes(tags=["intake"], route_class=Discreet)

Filer = Annotated[Actor, Depends(admit(Post.CLERK, Post.SERVICE_AGENT, Post.SALESPERSON, Post.CUSTOMER, Post.PARTNER))]
Code = Annotated[str, Field(min_length=1, max_length=100)]


class FileComplaint(Body):
    """A complaint as it comes in; `external_reference` is the sender's own number for it, unique per channel."""

    kind: Kind
    channel: Channel
    customer_id: UUID
    description: Text
    contact: Contact
    external_reference: Code | None = None
    slip: WrittenSlip | None = None
    about: Code | None = Field(default=None, description="Employee code of the person complained about")
    severity: Severity = Severity.ORDINARY
    major: bool = False
    branch: Code | None = None


@router.post("/complaints", status_code=201, response_model=Complaint, responses={200: {"model": Complaint}})
async def file_complaint(body: FileComplaint, by: Filer, change: ComplaintChange, request: Request) -> Response:
    """Take a complaint in (CMP-1 to CMP-7); a reference that was used before answers 200 with its case."""
    if by.outside and own_customer(by) != body.customer_id:
        raise Forbidden("customers and partners complain for themselves")
    await views.require_customer(request.app.state.pool, body.customer_id)
    facts = {name: getattr(body, name) for name in body.model_fields_set}
    filed = Complaint.file(change.new_id(), **facts, policy=change.policy, by=by, at=change.at)
    if body.external_reference is None:
        return await change.save(filed)
    async with change.together() as both:
        known = await views.by_reference(both.work, body.channel, body.external_reference)
        if known is not None and known.customer_id != body.customer_id:
            raise RuleBroken("CMP-1", "this reference belongs to the complaint of another customer")
        both.main = known or filed
    return change.answer if known is None else document(known.model_dump_json(), known.version)
