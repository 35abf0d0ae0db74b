"""Who is told what about what quality announces: one line of telling per event."""

from services.notifications.domain.recipient import the_person, the_post
from services.notifications.telling import reactions, tell
from shared.domain.actor import Post
from shared.events.quality import (
    ClaimProposed,
    CorrectiveActionOpened,
    DepartmentTaskAssigned,
    DepartmentTaskExtended,
    DepartmentTaskMissed,
    EffectCheckDue,
    InvestigationReopened,
)
from shared.persistence.work import Work


@reactions.on(DepartmentTaskAssigned)
async def set_the_department_to_work(event: DepartmentTaskAssigned, work: Work) -> None:
    """The departments concerned are notified at once (CMP-5)."""
    await tell(work, event, "department_task_assigned", the_post(event.department))


@reactions.on(DepartmentTaskMissed)
async def report_the_late_department(event: DepartmentTaskMissed, work: Work) -> None:
    """The department, and the sales director who handles the case (QUA-2, CMP-4)."""
    await tell(work, event, "department_task_missed", the_post(event.department), the_post(Post.SALES_DIRECTOR))


@reactions.on(DepartmentTaskExtended)
async def tell_of_more_time(event: DepartmentTaskExtended, work: Work) -> None:
    """The department that was given more time (QUA-2)."""
    await tell(work, event, "department_task_extended", the_post(event.department))


@reactions.on(CorrectiveActionOpened)
async def set_the_owner_to_work(event: CorrectiveActionOpened, work: Work) -> None:
    """Whoever owns a corrective action (QUA-4)."""
    await tell(work, event, "corrective_action_opened", the_person(event.owner))


@reactions.on(EffectCheckDue)
async def ask_for_the_effect_check(event: EffectCheckDue, work: Work) -> None:
    """Quality, who looks at the effect or has it looked at by another person than the owner (QUA-4)."""
    await tell(work, event, "effect_check_due", the_post(Post.QUALITY_INSPECTOR))


@reactions.on(InvestigationReopened)
async def tell_that_it_is_back(event: InvestigationReopened, work: Work) -> None:
    """Quality, and the sales director who handles the case (QUA-4, CMP-4)."""
    await tell(work, event, "investigation_reopened", the_post(Post.QUALITY_INSPECTOR), the_post(Post.SALES_DIRECTOR))


@reactions.on(ClaimProposed)
async def ask_for_the_claim(event: ClaimProposed, work: Work) -> None:
    """The post whose limit covers the claim (QUA-5)."""
    await tell(work, event, "claim_proposed", the_post(event.approver))
