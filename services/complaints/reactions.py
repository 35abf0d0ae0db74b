"""What complaints does about what it hears."""

from uuid import UUID

from services.complaints import views
from services.complaints.domain.complaint import Complaint
from shared.events.complaints import ComplaintEscalated
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered
from shared.events.orders import EvidenceCompiled, EvidenceMissing
from shared.events.quality import (
    ClaimSettled,
    CorrectiveActionOpened,
    DepartmentTaskAssigned,
    FindingRecorded,
    InvestigationClosed,
    InvestigationOpened,
    LiabilityEstablished,
    LiabilityRevised,
)
from shared.events.staff import AbsenceBegan, AbsenceCancelled, AbsenceEnded, EmployeeJoined, EmployeeLeft, PostsChanged
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("complaints")


@reactions.on(CustomerRegistered)
async def know_the_customer(event: CustomerRegistered, work: Work) -> None:
    """Registered customers may complain."""
    work.project(views.KNOW_CUSTOMER, event.entity_id, event.code, event.company, event.owner)


@reactions.on(CustomerOwnerChanged)
async def know_the_new_owner(event: CustomerOwnerChanged, work: Work) -> None:
    """Another salesperson sees the customer's complaints."""
    work.project(views.KNOW_OWNER, event.entity_id, event.owner)


@reactions.on(EvidenceCompiled)
async def keep_the_evidence(event: EvidenceCompiled, work: Work) -> None:
    """What orders knows of the goods is kept on the case (ORD-20)."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.keep_evidence(event.entity_id, event)


@reactions.on(EvidenceMissing)
async def note_the_missing_evidence(event: EvidenceMissing, work: Work) -> None:
    """No order fits the slip; whoever handles the case has to look at it again."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.note_missing_evidence(event.order_number)


@reactions.on(InvestigationOpened)
async def link_the_investigation(event: InvestigationOpened, work: Work) -> None:
    """The case shows who investigates it (CMP-5)."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.link_investigation(event.entity_id, event.number)


@reactions.on(DepartmentTaskAssigned)
async def note_the_task(event: DepartmentTaskAssigned, work: Work) -> None:
    """Each department concerned has its own deadline (CMP-5, CMP-17)."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.note_task(event.department, event.due_at, event.time)


@reactions.on(FindingRecorded)
async def note_the_finding(event: FindingRecorded, work: Work) -> None:
    """What a department found is its section of the form (CMP-12)."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.note_finding(event.department, event.cause, event.finding, event.provenance.actor, event.time)


@reactions.on(CorrectiveActionOpened)
async def note_the_action(event: CorrectiveActionOpened, work: Work) -> None:
    """What is put right is what the customer is told of (CMP-13)."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.note_action(event)


@reactions.on(LiabilityEstablished)
async def note_the_liability(event: LiabilityEstablished, work: Work) -> None:
    """Quality's split of the liability is what responsibility is established on (QUA-3, CMP-15)."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.note_liability(event.entity_id, event.number, event.shares)


@reactions.on(LiabilityRevised)
async def note_the_revised_liability(event: LiabilityRevised, work: Work) -> None:
    """Later findings have changed quality's split (QUA-3, CMP-15)."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.note_liability(event.entity_id, event.number, event.shares)


@reactions.on(InvestigationClosed)
async def note_the_conclusion(event: InvestigationClosed, work: Work) -> None:
    """The investigation's summary belongs to the case (CMP-13)."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.note_conclusion(event.entity_id, event.number, event.summary)


@reactions.on(ClaimSettled)
async def note_the_claim(event: ClaimSettled, work: Work) -> None:
    """What the customer got belongs to the case (QUA-5)."""
    async with work.open(Complaint, event.complaint_id) as complaint:
        complaint.note_claim(event.entity_id, event)


@reactions.on(EmployeeJoined)
async def know_the_employee(event: EmployeeJoined, work: Work) -> None:
    """Who holds which post, so that an absence is noticed when the post is called (CMP-7)."""
    work.project(views.KNOW_EMPLOYEE, event.entity_id, event.code, event.posts, event.branch)


@reactions.on(PostsChanged)
async def know_the_posts(event: PostsChanged, work: Work) -> None:
    """Somebody holds other posts from now on (CMP-7)."""
    work.project(views.KNOW_POSTS, event.entity_id, event.posts)


@reactions.on(EmployeeLeft)
async def forget_the_employee(event: EmployeeLeft, work: Work) -> None:
    """Whoever has left holds no post (CMP-7)."""
    work.project(views.KNOW_POSTS, event.entity_id, [])


@reactions.on(AbsenceBegan)
async def cover_the_absent(event: AbsenceBegan, work: Work) -> None:
    """Whoever is away is stood in for, also for what they were called to already (CMP-7)."""
    work.project(
        views.KNOW_ABSENCE, event.entity_id, event.employee, event.deputy, event.posts, event.branch, event.ends_at
    )
    for row in await work.fetch(views.CALLED, event.posts):
        await cover_the_call(row["id"], work)


@reactions.on(AbsenceEnded)
async def know_the_return(event: AbsenceEnded, work: Work) -> None:
    """Whoever is back is called themselves (CMP-7)."""
    work.project(views.FORGET_ABSENCE, event.entity_id)


@reactions.on(AbsenceCancelled)
async def forget_the_absence(event: AbsenceCancelled, work: Work) -> None:
    """Nobody goes away after all (CMP-7)."""
    work.project(views.FORGET_ABSENCE, event.entity_id)


@reactions.on(ComplaintEscalated)
async def cover_the_called(event: ComplaintEscalated, work: Work) -> None:
    """If all who hold the called post are away their deputies are called at once, else the next post (CMP-7)."""
    await cover_the_call(event.entity_id, work)


async def cover_the_call(complaint_id: UUID, work: Work) -> None:
    """See to it that somebody is there for the post a case has called last."""
    complaint = await work.get(Complaint, complaint_id)
    call = complaint.called
    if call is None:
        return
    holders = await work.fetch(views.HOLDERS, call.post, complaint.branch, work.at)
    if holders and all(holder["deputy"] for holder in holders):
        away = {holder["person"] for holder in holders}
        complaint.cover(complaint.level, away, {one["deputy"] for one in holders} - away - {complaint.about}, work.at)
