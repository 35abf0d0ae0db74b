"""What complaints does about what it hears."""

from services.complaints import views
from services.complaints.domain.complaint import Complaint
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered
from shared.events.orders import EvidenceCompiled, EvidenceMissing
from shared.events.quality import ClaimSettled, InvestigationClosed, InvestigationOpened, LiabilityEstablished
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


@reactions.on(LiabilityEstablished)
async def note_the_liability(event: LiabilityEstablished, work: Work) -> None:
    """Quality's split of the liability is what responsibility is established on (QUA-3, CMP-15)."""
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
