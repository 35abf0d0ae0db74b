"""What quality does about what it hears."""

from uuid import UUID

from services.quality.domain.investigation import Investigation
from shared.domain.numbers import same_id
from shared.events.complaints import ComplaintFiled
from shared.events.orders import EvidenceCompiled
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("quality")

QUALITY = "quality"  # the kind of complaint that is investigated


@reactions.on(ComplaintFiled)
async def investigate_the_complaint(event: ComplaintFiled, work: Work) -> None:
    """A quality complaint opens an investigation, once, and its slip says which goods are suspected (QUA-1)."""
    if event.kind == QUALITY:
        article = event.slip.article if event.slip else None
        investigation = await investigation_of(event.entity_id, work, article)
        investigation.register_complaint(event.number, event.slip)


@reactions.on(EvidenceCompiled)
async def contain_the_goods(event: EvidenceCompiled, work: Work) -> None:
    """The lots the goods come from are held; the complaint itself may not have been heard of yet (QUA-1)."""
    if event.kind == QUALITY:
        investigation = await investigation_of(event.complaint_id, work)
        investigation.trace(event.number, event.goods)


async def investigation_of(complaint_id: UUID, work: Work, article: str | None = None) -> Investigation:
    """The complaint's one investigation, opened by whichever event comes first (QUA-1)."""
    known = await work.find(Investigation, same_id(complaint_id, "investigation"))
    return known or work.begin(Investigation.open(complaint_id, article, work.policy, work.at))
