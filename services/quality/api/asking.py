"""Who may ask what of quality, and the shapes that several requests share; nobody from outside sees anything here."""

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.quality.domain.department_task import DEPARTMENTS
from shared.domain.actor import Actor, Post
from shared.web.identity import admit

OUTSIDE = (Post.CUSTOMER, Post.PARTNER)
LIMITS = (
    Post.SALES_MANAGER,
    Post.SALES_DIRECTOR,
    Post.VICE_PRESIDENT_SALES,
    Post.BRANCH_GENERAL_MANAGER,
    Post.GENERAL_MANAGER,
)

Insider = Annotated[Actor, Depends(admit(*(post for post in Post if post not in OUTSIDE)))]
Department = Annotated[Actor, Depends(admit(*DEPARTMENTS))]
Inspector = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR))]
Judge = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR, Post.SALES_DIRECTOR))]
Handler = Annotated[Actor, Depends(admit(Post.QUALITY_INSPECTOR, Post.SALES_MANAGER, Post.SALES_DIRECTOR))]
Proposer = Annotated[Actor, Depends(admit(Post.CLERK, Post.SERVICE_AGENT, Post.SALES_MANAGER))]
Approver = Annotated[Actor, Depends(admit(*LIMITS))]
Finance = Annotated[Actor, Depends(admit(Post.FINANCE))]

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reason(Body):
    reason: Text
