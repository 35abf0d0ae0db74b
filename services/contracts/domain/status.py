"""How far a contract has come."""

from enum import StrEnum


class ContractStatus(StrEnum):
    NEW = "new"
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    REVIEW_REFUSED = "review_refused"
    AWAITING_APPROVAL = "awaiting_approval"
    REJECTED = "rejected"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    INCORPORATED = "incorporated"
