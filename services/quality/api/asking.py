"""Who may ask what of quality; from outside only a customer's own certificates are seen."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends

from services.quality.domain.department_task import DEPARTMENTS
from shared.domain.actor import Actor, Post
from shared.web.identity import admit

FAR = datetime(2100, 1, 1, tzinfo=UTC)  # a date that every reader of the event can still turn into its own time zone

LIMITS = (
    Post.SALES_MANAGER,
    Post.SALES_DIRECTOR,
    Post.VICE_PRESIDENT_SALES,
    Post.BRANCH_GENERAL_MANAGER,
    Post.GENERAL_MANAGER,
)

REQUESTERS = (Post.SALESPERSON, Post.CLERK, Post.SALES_MANAGER, Post.SERVICE_AGENT)
SEE_ALL_SAMPLES = (Post.QUALITY_INSPECTOR, Post.SALES_MANAGER, Post.SALES_DIRECTOR, Post.GENERAL_MANAGER, Post.AUDITOR)

Department = Annotated[Actor, Depends(admit(*DEPARTMENTS))]
Inspector = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR))]
Judge = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR, Post.SALES_DIRECTOR))]
Handler = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR, Post.SALES_MANAGER, Post.SALES_DIRECTOR))]
Proposer = Annotated[Actor, Depends(admit(Post.CLERK, Post.SERVICE_AGENT, Post.SALES_MANAGER))]
Approver = Annotated[Actor, Depends(admit(*LIMITS))]
Settler = Annotated[Actor, Depends(admit(Post.FINANCE, Post.WAREHOUSE, Post.TECHNICIAN))]
Requester = Annotated[Actor, Depends(admit(*REQUESTERS))]
SampleReader = Annotated[Actor, Depends(admit(*REQUESTERS, *SEE_ALL_SAMPLES))]
Approving = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR, Post.GENERAL_MANAGER, Post.BRANCH_GENERAL_MANAGER))]
Auditor = Annotated[Actor, Depends(admit(Post.AUDITOR, Post.GENERAL_MANAGER))]


def own_samples(by: Actor) -> list[str] | None:
    """Whose samples somebody may see: all of them (None), or those they asked for themselves (QUA-7)."""
    return None if by.holds(*SEE_ALL_SAMPLES) else sorted(by.people)
