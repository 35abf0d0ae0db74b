"""What contracts announces."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

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


class ServiceTerm(BaseModel):
    """What a service contract promises of one service: how soon it is begun and done, how often at most (CON-12)."""

    service: str
    response_hours: int
    resolution_hours: int
    times: int | None = None


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
    """A contract was drawn up from a template version (CON-1), or as a new edition of the one it `amends` (CON-9)."""

    number: str
    customer_id: UUID
    kind: str
    template_digest: str
    amends: UUID | None = None
    edition: int = 1


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
    policy: str | None = None


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
    services: list[ServiceTerm] = []


class ContractWithdrawn(Event, name="contracts.contract.withdrawn.v1"):
    """The draft was given up before it took effect; nothing of it is deleted."""

    number: str
    reason: str


class SealRequested(Event, name="contracts.contract.seal_requested.v1"):
    """Somebody asks the custodian to seal so many copies of what was approved (CON-5)."""

    number: str
    copies: int
    digest: str


class AmendmentTookEffect(Event, name="contracts.contract.amendment_took_effect.v1"):
    """An amendment (补充协议) went through the same chain and was sealed; what it amends says so itself (CON-9)."""

    number: str
    amends: UUID
    digest: str
    copies: int
    sealed_by: str


class ContractAmended(Event, name="contracts.contract.amended.v1"):
    """A contract in force has a new edition of its content: its lines and its validity from now on (CON-9)."""

    number: str
    customer_id: UUID
    amendment_id: UUID
    edition: int
    digest: str
    lines: list[ContractLine]
    valid_until: date
    services: list[ServiceTerm] = []


class PerformanceOpened(Event, name="contracts.performance.opened.v1"):
    """What is ordered, paid and delivered is counted against the contract from now on (CON-10, CON-13)."""

    contract_id: UUID
    number: str
    customer_id: UUID
    policy: str | None = None


class PerformanceAdjusted(Event, name="contracts.performance.adjusted.v1"):
    """An amendment has changed what is contracted; what was performed before still counts (CON-9, CON-13)."""

    contract_id: UUID
    edition: int


class PerformanceProgressed(Event, name="contracts.performance.progressed.v1"):
    """An order under the contract was placed, paid, delivered or given up (CON-13). In yuan over all lines."""

    contract_id: UUID
    order_id: UUID
    deed: str
    ordered: Amount
    paid: Amount
    delivered: Amount


class PerformanceHandedOver(Event, name="contracts.performance.handed_over.v1"):
    """Another salesperson looks after the customer, and is warned from now on (CON-13)."""

    contract_id: UUID
    owner: str


class MilestoneApproaching(Event, name="contracts.performance.milestone_approaching.v1"):
    """A delivery date is near, and not all of the line has been delivered (CON-10)."""

    contract_id: UUID
    number: str
    customer_id: UUID
    article: str
    due_on: date
    contracted: Amount
    delivered: Amount
    owner: str | None = None


class MilestoneMissed(Event, name="contracts.performance.milestone_missed.v1"):
    """A delivery date has passed and not all of the line was delivered; this stays so (CON-10)."""

    contract_id: UUID
    number: str
    customer_id: UUID
    article: str
    due_on: date
    contracted: Amount
    delivered: Amount
    owner: str | None = None


class MilestoneMet(Event, name="contracts.performance.milestone_met.v1"):
    """All of a line has been delivered, in time or late (CON-10)."""

    contract_id: UUID
    number: str
    article: str
    due_on: date
    in_time: bool


class ContractExpiring(Event, name="contracts.performance.expiring.v1"):
    """The contract ends soon; whoever looks after the customer thinks of its renewal (CON-13)."""

    contract_id: UUID
    number: str
    customer_id: UUID
    valid_until: date
    owner: str | None = None


class PerformanceClosed(Event, name="contracts.performance.closed.v1"):
    """The contract has ended; what was performed stays on record (CON-13)."""

    contract_id: UUID


class BreachRecorded(Event, name="contracts.performance.breach_recorded.v1"):
    """A confirmed quality failure or a missed date breaks the contract; so much is due by its clauses (CON-14)."""

    contract_id: UUID
    number: str
    customer_id: UUID
    breach_id: UUID
    kind: str
    cause_id: UUID
    clause: str | None = None
    value: Amount
    damages: Amount


class BreachSettled(Event, name="contracts.performance.breach_settled.v1"):
    """The damages were paid, or as much of them as was agreed on (CON-14)."""

    contract_id: UUID
    breach_id: UUID
    amount: Amount
    note: str


class BreachWaived(Event, name="contracts.performance.breach_waived.v1"):
    """Nothing is asked for the breach (CON-14)."""

    contract_id: UUID
    breach_id: UUID
    reason: str


class ServiceWorkMeasured(Event, name="contracts.performance.service_measured.v1"):
    """A service done under the contract was in its time limits, or not (CON-12)."""

    contract_id: UUID
    number: str
    service: str
    response_in_time: bool
    resolution_in_time: bool
    within_times: bool = True


class ContractEnded(Event, name="contracts.contract.ended.v1"):
    """The contract's time is over, or it was terminated; no more orders under it."""

    number: str
    reason: str


class DelegationGiven(Event, name="contracts.delegation.given.v1"):
    """While somebody is absent their posts are exercised by a delegate, from one moment until another (CON-15)."""

    absent: str
    delegate: str
    posts: list[Post]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    given_by: str


class DelegationRevoked(Event, name="contracts.delegation.revoked.v1"):
    """A delegation is taken back before its time was over; what was decided under it stays (CON-15)."""

    absent: str
    delegate: str
