"""Who is told what about what staff announces: one line of telling per event."""

from services.notifications.domain.bulletin import Bulletin, BulletinKind
from services.notifications.domain.recipient import Recipient, the_person, the_post
from services.notifications.rendering import NOTHING_KNOWN
from services.notifications.telling import reactions, tell
from shared.domain.actor import Post
from shared.events.staff import (
    AbsenceBegan,
    AppealDecided,
    ConductReported,
    PenaltyAppealed,
    PenaltyDecided,
    PenaltyFinal,
    PenaltyProposed,
    PenaltyRevoked,
    RewardApproved,
    RewardProposed,
    ScheduleDrafted,
)
from shared.persistence.work import Work

STORE = "store:"
STORE_MANAGERS = (the_post(Post.SALES_MANAGER), the_post(Post.BRANCH_GENERAL_MANAGER))


def concerned(employee: str) -> tuple[Recipient, ...]:
    """The person; whoever answers for it where it is a store."""
    return STORE_MANAGERS if employee.startswith(STORE) else (the_person(employee),)


@reactions.on(PenaltyProposed)
async def ask_for_the_penalty(event: PenaltyProposed, work: Work) -> None:
    """The posts that decide (STF-8)."""
    await tell(work, event, "penalty_proposed", *map(the_post, event.deciders))


@reactions.on(PenaltyDecided)
async def give_notice_of_the_penalty(event: PenaltyDecided, work: Work) -> None:
    """The employee gets a notice, in person; nobody else is told of what may still fall on appeal (STF-8)."""
    amount_kind = "performance_deduction" if event.as_deduction else "fine"
    notice = "store_penalty_notice" if event.employee.startswith(STORE) else "penalty_notice"
    await tell(work, event, notice, *concerned(event.employee), amount_kind=amount_kind)


@reactions.on(PenaltyAppealed)
async def ask_for_the_appeal(event: PenaltyAppealed, work: Work) -> None:
    """The posts of which somebody else decides (STF-8)."""
    await tell(work, event, "penalty_appealed", *map(the_post, event.deciders))


@reactions.on(AppealDecided)
async def answer_the_appeal(event: AppealDecided, work: Work) -> None:
    """Whoever appealed (STF-8)."""
    amount_kind = "performance_deduction" if event.as_deduction else "fine"
    await tell(work, event, "appeal_decided", *concerned(event.employee), amount_kind=amount_kind)


@reactions.on(PenaltyFinal)
async def have_the_penalty_carried_out(event: PenaltyFinal, work: Work) -> None:
    """Personnel, and finance where money is concerned (STF-8); public criticism is published now, once (NOT-4)."""
    posts = [Post.HR, Post.FINANCE] if event.fine else [Post.HR]
    await tell(work, event, "penalty_final", *map(the_post, posts))
    if BulletinKind.PUBLIC_CRITICISM not in event.measures:
        return
    if await work.find(Bulletin, Bulletin.identity(event.entity_id)) is None:
        told = event.model_dump(include={"employee", "violation", "measures", "fine", "as_deduction"})
        clause = event.clause or NOTHING_KNOWN  # of a release that published at the decision
        work.begin(Bulletin.criticise(event.entity_id, **told, clause=clause, cause_id=event.id, at=work.at))


@reactions.on(PenaltyRevoked)
async def tell_of_the_revoked_penalty(event: PenaltyRevoked, work: Work) -> None:
    """The person concerned; finance, where money has to go back; everybody, where everybody was told (STF-8, NOT-4)."""
    back = [the_post(Post.FINANCE)] if event.executed and event.fine else []
    await tell(work, event, "penalty_revoked", *concerned(event.employee), *back)
    if criticism := await work.find(Bulletin, Bulletin.identity(event.entity_id)):
        work.begin(criticism.correct(cause_id=event.id, at=work.at))


@reactions.on(RewardProposed)
async def ask_for_the_reward(event: RewardProposed, work: Work) -> None:
    """Personnel, of whom somebody else than the proposer approves (STF-9)."""
    await tell(work, event, "reward_proposed", the_post(Post.HR))


@reactions.on(RewardApproved)
async def tell_of_the_reward(event: RewardApproved, work: Work) -> None:
    """The person, finance where there is money to pay, and everybody of a commendation, once (STF-9, NOT-4)."""
    paying = [the_post(Post.FINANCE)] if event.amount else []
    await tell(work, event, "reward_approved", the_person(event.employee), *paying)
    published = event.kind == BulletinKind.COMMENDATION
    if published and await work.find(Bulletin, Bulletin.identity(event.entity_id)) is None:
        told = event.model_dump(include={"employee", "reason"})
        work.begin(Bulletin.commend(event.entity_id, **told, cause_id=event.id, at=work.at))


@reactions.on(ConductReported)
async def have_the_conduct_looked_into(event: ConductReported, work: Work) -> None:
    """Personnel; whoever it is about learns of it when it is established (STF-11)."""
    await tell(work, event, "conduct_reported", the_post(Post.HR))


@reactions.on(AbsenceBegan)
async def call_the_deputy(event: AbsenceBegan, work: Work) -> None:
    """Whoever stands in (STF-1)."""
    await tell(work, event, "absence_began", the_person(event.deputy))


@reactions.on(ScheduleDrafted)
async def ask_for_the_schedule(event: ScheduleDrafted, work: Work) -> None:
    """The general manager approves the penalty schedule (STF-6)."""
    await tell(work, event, "schedule_drafted", the_post(Post.GENERAL_MANAGER))
