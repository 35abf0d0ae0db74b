"""Who comes in through which door."""

from typing import Annotated

from fastapi import Depends

from shared.domain.actor import Actor, Post
from shared.web.identity import admit

# Which departments review and which posts approve is policy's: the domain asks for the very post.
INSIDE = sorted(set(Post) - {Post.CUSTOMER, Post.PARTNER})

Employee = Annotated[Actor, Depends(admit(*INSIDE))]
Writer = Annotated[Actor, Depends(admit(Post.SALESPERSON, Post.CLERK))]
