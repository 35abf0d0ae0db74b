"""What contracts announces."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import Post
from shared.domain.money import Amount
from shared.events.event import Event


class ContractLine(BaseModel):
    """What is contracted of one article: quantity in its unit, price per unit in yuan."""

    article: str
    specification: str
    quantity: Amount
    price: Amount
    deliver_by: date | None = None


class TemplateDrafted(Event, name="contracts.template.drafted.v1"):
    """Headquarters has drafted an edition; nothing is drawn up from it before it is activated (CON-1)."""

    code: str
    edition: int
    digest: str


class TemplateActivated(Event, name="contracts.template.activated.v1"):
    """A template version may be used from now on; `digest` pins its text (CON-1)."""

    code: str
    edition: int
    digest: str


class TemplateRetired(Event, name="contracts.template.retired.v1"):
    """A template version may be used no more; contracts drawn up from it stay."""

    code: str
    edition: int


class ContractDrafted(Event, name="contracts.contract.drafted.v1"):
    """A contract was drawn up from a template version (CON-1)."""

    number: str
    customer_id: UUID
    kind: str
    template_digest: str


class ContractChanged(Event, name="contracts.contract.changed.v1"):
    """The content was changed; decisions made before are void (CON-9)."""

    digest: str
    deviations: list[str] = []


class ContractSubmitted(Event, name="contracts.contract.submitted.v1"):
    """The content is frozen under `digest`; the departments review it line by line (CON-3, CON-9)."""

    number: str
    digest: str
    departments: list[Post]
    chain: list[Post]


class ContractLineReviewed(Event, name="contracts.contract.line_reviewed.v1"):
    """A department says whether it can meet a line: specification, quantity, date (CON-3)."""

    line: int
    department: Post
    can_meet: bool
    comment: str = ""


class ContractReviewRefused(Event, name="contracts.contract.review_refused.v1"):
    """A department cannot meet a line; the contract is blocked until it is changed (CON-3)."""

    number: str
    line: int
    department: Post
    reason: str


class ContractReviewed(Event, name="contracts.contract.reviewed.v1"):
    """Every department can meet every line; the chain of approvals begins with `next_post`."""

    number: str
    next_post: Post


class ContractApprovalGiven(Event, name="contracts.contract.approval_given.v1"):
    """One post of the chain has approved; `next_post` is asked next, or nobody (CON-4, CON-15)."""

    number: str
    post: Post
    on_behalf_of: str | None = None
    digest: str
    next_post: Post | None = None


class ContractApproved(Event, name="contracts.contract.approved.v1"):
    """The whole chain has approved this very content; it may be sealed (CON-4)."""

    number: str
    digest: str


class ContractRejected(Event, name="contracts.contract.rejected.v1"):
    """A post of the chain said no."""

    number: str
    post: Post
    comment: str


class ContractTookEffect(Event, name="contracts.contract.took_effect.v1"):
    """The contract seal was applied; orders may now refer to the contract (CON-5, CON-11)."""

    number: str
    customer_id: UUID
    kind: str
    digest: str
    copies: int
    sealed_by: str
    lines: list[ContractLine]
    valid_until: date


class ContractEnded(Event, name="contracts.contract.ended.v1"):
    """The contract's time is over, or it was terminated; no more orders under it."""

    number: str
    reason: str
