"""What departments and custodians put on a contract: reviews line by line, the submission they rest on, the seal."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden


class Asked(BaseModel):
    """Why a post is in the chain: the clauses whose conditions this contract meets (CON-2, CON-4, CON-7)."""

    post: Post
    clauses: list[str]


class Submission(BaseModel):
    """What was frozen, for whom to review and to approve (CON-3, CON-9)."""

    digest: str
    departments: list[Post]
    chain: list[Post]
    asked: list[Asked] = []
    by: str
    at: datetime
    policy: str | None = None

    def speaker(self, by: Actor, named: Post | None) -> Post:
        """The department somebody speaks for: their own (CON-3)."""
        own = [department for department in self.departments if by.holds(department)]
        if named is None and len(own) > 1:
            raise Forbidden("name the department you review for", rule="CON-3")
        if not own or named not in (None, *own):
            raise Forbidden("each department reviews for itself", rule="CON-3")
        return named or own[0]

    def outstanding(self, lines: int, reviews: Sequence["Review"]) -> list[Post]:
        """The departments that have not yet confirmed every line."""
        confirmed = Counter(review.department for review in reviews if review.can_meet)
        return [department for department in self.departments if confirmed[department] < lines]


class Review(BaseModel):
    """评审: a department says whether it can meet a line, counted from 1 (CON-3)."""

    line: int
    department: Post
    can_meet: bool
    comment: str
    by: str
    on_behalf_of: str | None = None
    digest: str
    at: datetime


class SealRequest(BaseModel):
    """用印申请: so many copies of what was approved are to be sealed, and what for (CON-5)."""

    requested_by: str
    on_behalf_of: str | None = None
    requested_at: datetime
    purpose: str
    copies: int
    digest: str

    @property
    def people(self) -> set[str]:
        return {self.requested_by, self.on_behalf_of or self.requested_by}


class Seal(BaseModel):
    """用印: one line of the seal register (CON-5)."""

    id: UUID
    requested_by: str
    requested_at: datetime | None = None
    purpose: str = ""
    custodian: str
    on_behalf_of: str | None = None
    copies: int
    digest: str
    at: datetime


class Deed(StrEnum):
    """What a contract waits for."""

    SUBMIT = "submit"
    REVIEW = "review"
    CHANGE = "change"
    APPROVE = "approve"
    REQUEST_SEAL = "request_seal"
    SEAL = "seal"


class NextStep(BaseModel):
    """What is to be done next, and by which posts."""

    deed: Deed
    posts: list[Post]
