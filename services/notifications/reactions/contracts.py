"""Who is told what about what contracts announces: one line of telling per event."""

from services.notifications.domain.recipient import Recipient, the_person, the_post
from services.notifications.telling import reactions, tell
from shared.domain.actor import Post
from shared.events.contracts import (
    BreachRecorded,
    ContractAmended,
    ContractApprovalGiven,
    ContractApproved,
    ContractExpiring,
    ContractReviewed,
    ContractSubmitted,
    ContractTookEffect,
    MilestoneApproaching,
    MilestoneMissed,
    SealRequested,
)
from shared.persistence.work import Work

DEPARTMENTS = (Post.PRODUCTION, Post.WAREHOUSE, Post.FINANCE)


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
    await tell(work, event, "contract_took_effect", *map(the_post, DEPARTMENTS))


@reactions.on(SealRequested)
async def ask_the_custodian(event: SealRequested, work: Work) -> None:
    """The custodian seals what was approved, in so many copies (CON-5)."""
    await tell(work, event, "seal_requested", the_post(Post.SEAL_KEEPER))


@reactions.on(ContractAmended)
async def make_the_amendment_known(event: ContractAmended, work: Work) -> None:
    """The departments learn at once what has changed (CON-9, CON-11)."""
    await tell(work, event, "contract_amended", *map(the_post, DEPARTMENTS))


@reactions.on(MilestoneApproaching)
async def warn_of_the_milestone(event: MilestoneApproaching, work: Work) -> None:
    """Production and whoever looks after the customer still have time (CON-10)."""
    await tell(work, event, "milestone_approaching", the_post(Post.PRODUCTION), *looked_after(event.owner))


@reactions.on(MilestoneMissed)
async def report_the_missed_milestone(event: MilestoneMissed, work: Work) -> None:
    """A contracted day has passed (CON-10)."""
    posts = (Post.PRODUCTION, Post.SALES_MANAGER)
    await tell(work, event, "milestone_missed", *map(the_post, posts), *looked_after(event.owner))


@reactions.on(ContractExpiring)
async def remind_of_the_renewal(event: ContractExpiring, work: Work) -> None:
    """Whoever looks after the customer thinks of the renewal (CON-13)."""
    await tell(work, event, "contract_expiring", the_post(Post.SALES_MANAGER), *looked_after(event.owner))


@reactions.on(BreachRecorded)
async def report_the_breach(event: BreachRecorded, work: Work) -> None:
    """What a breach costs by the contract's clauses (CON-14)."""
    posts = (Post.SALES_DIRECTOR, Post.VICE_PRESIDENT_SALES, Post.FINANCE)
    await tell(work, event, "breach_recorded", *map(the_post, posts))


def looked_after(owner: str | None) -> list[Recipient]:
    """The salesperson who looks after the customer, if they are known."""
    return [the_person(owner)] if owner else []
