"""Who is told what about what staff announces: one line of telling per event."""

from services.notifications.domain.bulletin import Bulletin, BulletinKind
from services.notifications.domain.recipient import the_person, the_post
from services.notifications.telling import reactions, tell
from shared.events.staff import PenaltyDecided, PenaltyProposed
from shared.persistence.work import Work


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
