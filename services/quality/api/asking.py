"""Who may ask what of quality; nobody from outside sees anything here."""

from typing import Annotated

from fastapi import Depends

from services.quality.domain.department_task import DEPARTMENTS
from shared.domain.actor import Actor, Post
from shared.web.identity import admit

LIMITS = (
    Post.SALES_MANAGER,
    Post.SALES_DIRECTOR,
    Post.VICE_PRESIDENT_SALES,
    Post.BRANCH_GENERAL_MANAGER,
    Post.GENERAL_MANAGER,
)

Department = Annotated[Actor, Depends(admit(*DEPARTMENTS))]
Inspector = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR))]
Judge = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR, Post.SALES_DIRECTOR))]
Handler = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR, Post.SALES_MANAGER, Post.SALES_DIRECTOR))]
Proposer = Annotated[Actor, Depends(admit(Post.CLERK, Post.SERVICE_AGENT, Post.SALES_MANAGER))]
Approver = Annotated[Actor, Depends(admit(*LIMITS))]
Finance = Annotated[Actor, Depends(admit(Post.FINANCE))]
