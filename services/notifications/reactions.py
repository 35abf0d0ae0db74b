"""Who is told what about what notifications hears: one line of telling per event."""

from services.notifications.domain.bulletin import Bulletin, BulletinKind
from services.notifications.domain.message import Message
from services.notifications.domain.recipient import Recipient, the_customer, the_person, the_post
from services.notifications.rendering import TEMPLATES
from shared.domain.actor import Post
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
from shared.events.contracts import (
    ContractApprovalGiven,
    ContractApproved,
    ContractReviewed,
    ContractSubmitted,
    ContractTookEffect,
)
from shared.events.event import Event
from shared.events.orders import LotHeld, OrderDispatched, OrderPaid, PriceRefused
from shared.events.quality import ClaimProposed, CorrectiveActionOpened, DepartmentTaskAssigned, DepartmentTaskMissed
from shared.events.staff import PenaltyDecided, PenaltyProposed
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("notifications")


async def tell(
    work: Work, event: Event, template: str, *recipients: Recipient, urgent: bool = False, **more: str
) -> None:
    """Put a message into each inbox, once per recipient and cause (NOT-3); it keeps what its template speaks of."""
    params = event.model_dump(mode="json", include=TEMPLATES[template].speaks_of) | more
    for recipient in dict.fromkeys(recipients):
        identity = work.id_for(f"message to {recipient.kind} {recipient.key}")
        if await work.find(Message, identity) is None:
            message = Message.deliver(
                identity,
                recipient,
                template,
                params,
                about=event.entity_id,
                cause_id=event.id,
                urgent=urgent,
                at=work.at,
            )
            work.begin(message)


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


@reactions.on(DepartmentTaskAssigned)
async def set_the_department_to_work(event: DepartmentTaskAssigned, work: Work) -> None:
    """The departments concerned are notified at once (CMP-5)."""
    await tell(work, event, "department_task_assigned", the_post(event.department))


@reactions.on(DepartmentTaskMissed)
async def report_the_late_department(event: DepartmentTaskMissed, work: Work) -> None:
    """The department, and the sales director who handles the case (QUA-2, CMP-4)."""
    await tell(work, event, "department_task_missed", the_post(event.department), the_post(Post.SALES_DIRECTOR))


@reactions.on(CorrectiveActionOpened)
async def set_the_owner_to_work(event: CorrectiveActionOpened, work: Work) -> None:
    """Whoever owns a corrective action (QUA-4)."""
    await tell(work, event, "corrective_action_opened", the_person(event.owner))


@reactions.on(ClaimProposed)
async def ask_for_the_claim(event: ClaimProposed, work: Work) -> None:
    """The post whose limit covers the claim (QUA-5)."""
    await tell(work, event, "claim_proposed", the_post(event.approver))


@reactions.on(OrderPaid)
async def tell_that_goods_may_leave(event: OrderPaid, work: Work) -> None:
    """The warehouse may release the goods (ORD-9)."""
    await tell(work, event, "order_paid", the_post(Post.WAREHOUSE))


@reactions.on(OrderDispatched)
async def tell_that_goods_are_coming(event: OrderDispatched, work: Work) -> None:
    """A dispatch informs the customer (ORD-11)."""
    await tell(work, event, "order_dispatched", the_customer(event.customer_id))


@reactions.on(PriceRefused)
async def report_the_own_price(event: PriceRefused, work: Work) -> None:
    """Each attempt at a price of one's own is reported (ORD-3)."""
    await tell(work, event, "price_refused", the_post(Post.SALES_MANAGER))


@reactions.on(LotHeld)
async def tell_of_the_held_lot(event: LotHeld, work: Work) -> None:
    """Nothing of the lot may leave the warehouse (ORD-12)."""
    await tell(work, event, "lot_held", the_post(Post.WAREHOUSE))


@reactions.on(ContractSubmitted)
async def ask_for_the_review(event: ContractSubmitted, work: Work) -> None:
    """The departments that review the contract line by line (CON-3)."""
    await tell(work, event, "contract_submitted", *map(the_post, event.departments))


@reactions.on(ContractReviewed)
async def ask_for_the_first_approval(event: ContractReviewed, work: Work) -> None:
    """The first post of the chain (CON-4)."""
    await tell(work, event, "contract_awaits_approval", the_post(event.next_post))


@reactions.on(ContractApprovalGiven)
async def ask_for_the_next_approval(event: ContractApprovalGiven, work: Work) -> None:
    """The next post of the chain, if there is one (CON-4)."""
    if event.next_post is not None:
        await tell(work, event, "contract_awaits_approval", the_post(event.next_post))


@reactions.on(ContractApproved)
async def ask_for_the_seal(event: ContractApproved, work: Work) -> None:
    """The keeper of the contract seal (CON-5)."""
    await tell(work, event, "contract_approved", the_post(Post.SEAL_KEEPER))


@reactions.on(ContractTookEffect)
async def make_the_contract_known(event: ContractTookEffect, work: Work) -> None:
    """The departments learn of a contract at once (CON-11)."""
    departments = (Post.PRODUCTION, Post.WAREHOUSE, Post.FINANCE)
    await tell(work, event, "contract_took_effect", *map(the_post, departments))


@reactions.on(PenaltyProposed)
async def ask_for_the_penalty(event: PenaltyProposed, work: Work) -> None:
    """The posts that decide (STF-8)."""
    await tell(work, event, "penalty_proposed", *map(the_post, event.deciders))


@reactions.on(PenaltyDecided)
async def give_notice_of_the_penalty(event: PenaltyDecided, work: Work) -> None:
    """The employee gets a notice, in person (STF-8); public criticism is published, once per penalty (NOT-4)."""
    amount_kind = "performance_deduction" if event.as_deduction else "fine"
    await tell(work, event, "penalty_notice", the_person(event.employee), amount_kind=amount_kind)
    if BulletinKind.PUBLIC_CRITICISM not in event.measures:
        return
    if await work.find(Bulletin, Bulletin.identity(event.entity_id)) is None:
        told = event.model_dump(include={"employee", "violation", "clause", "measures", "fine", "as_deduction"})
        work.begin(Bulletin.criticise(event.entity_id, **told, cause_id=event.id, at=work.at))
