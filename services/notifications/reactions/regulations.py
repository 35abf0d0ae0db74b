"""Who is told what about what regulations announces: one line of telling per event."""

from services.notifications.domain.recipient import the_person, the_post
from services.notifications.telling import reactions, tell
from shared.domain.actor import INSIDE, Post
from shared.events.regulations import (
    AcknowledgementsMissing,
    RegulationApprovalGiven,
    RegulationReviewDue,
    RegulationSetAside,
    RegulationSubmitted,
    RegulationTookEffect,
)
from shared.persistence.work import Work

KEEPERS = (the_post(Post.HEADQUARTERS), the_post(Post.OFFICE))  # who draft regulations and look after them
LEADERS = (the_post(Post.VICE_PRESIDENT_SALES), the_post(Post.GENERAL_MANAGER))


@reactions.on(RegulationSubmitted)
async def ask_the_first_leader(event: RegulationSubmitted, work: Work) -> None:
    """The first of the company leaders who approve (REG-1)."""
    await tell(work, event, "regulation_submitted", the_post(event.next_post))


@reactions.on(RegulationApprovalGiven)
async def ask_the_next_leader(event: RegulationApprovalGiven, work: Work) -> None:
    """The next one, if there is one (REG-1)."""
    if event.next_post is not None:
        await tell(work, event, "regulation_awaits_approval", the_post(event.next_post))


@reactions.on(RegulationTookEffect)
async def make_the_regulation_known(event: RegulationTookEffect, work: Work) -> None:
    """Everybody inside acknowledges it in time (REG-3).

    Not what was entered as in force for long: that is known, and whoever has not acknowledged it is reminded.
    """
    if event.acknowledge_by is not None and event.effective_at >= event.time:
        await tell(work, event, "regulation_took_effect", *map(the_post, sorted(INSIDE)))


@reactions.on(RegulationSetAside)
async def report_the_regulation_set_aside(event: RegulationSetAside, work: Work) -> None:
    """Those who drafted it: what was approved does not hold (REG-2)."""
    await tell(work, event, "regulation_set_aside", *KEEPERS)


@reactions.on(RegulationReviewDue)
async def remind_of_the_review(event: RegulationReviewDue, work: Work) -> None:
    """Those who look after regulations; the company leaders as well, once it is overdue (REG-1)."""
    if event.overdue:
        await tell(work, event, "regulation_review_overdue", *KEEPERS, *LEADERS)
    else:
        await tell(work, event, "regulation_review_due", *KEEPERS)


@reactions.on(AcknowledgementsMissing)
async def remind_of_the_acknowledgement(event: AcknowledgementsMissing, work: Work) -> None:
    """Each who has not acknowledged, in person; personnel learns how many they are, the report says who (REG-3)."""
    await tell(work, event, "acknowledgement_missing", *map(the_person, event.employees))
    await tell(work, event, "acknowledgements_missing", the_post(Post.HR), count=str(len(event.employees)))
