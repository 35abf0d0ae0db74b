"""Who is told what of regulations, as it is expected to be."""

from datetime import UTC, datetime
from typing import Any

from shared.domain.actor import INSIDE, Post
from shared.events import regulations
from shared.events.event import Event

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
EDITION: dict[str, Any] = {"code": "D4", "edition": 2}
TITLED: dict[str, Any] = EDITION | {"title": "客户服务规定"}
REVIEW: dict[str, Any] = TITLED | {"last_reviewed_at": NOW, "due_at": NOW}
TOOK_EFFECT: dict[str, Any] = TITLED | {"digest": "d", "acknowledge_by": datetime(2199, 1, 1, tzinfo=UTC)}

WHO_IS_TOLD_OF_REGULATIONS: list[tuple[Event, set[tuple[str, str]]]] = [
    (
        regulations.RegulationSubmitted(
            **TITLED, digest="d", chain=[Post.VICE_PRESIDENT_SALES], next_post=Post.VICE_PRESIDENT_SALES
        ),
        {("regulation_submitted", "vice_president_sales")},
    ),
    (
        regulations.RegulationApprovalGiven(
            **EDITION, digest="d", post=Post.VICE_PRESIDENT_SALES, next_post=Post.GENERAL_MANAGER
        ),
        {("regulation_awaits_approval", "general_manager")},
    ),
    (regulations.RegulationApprovalGiven(**EDITION, digest="d", post=Post.GENERAL_MANAGER), set()),
    (
        regulations.RegulationTookEffect(**TOOK_EFFECT, effective_at=datetime(2199, 1, 1, tzinfo=UTC)),
        {("regulation_took_effect", post) for post in INSIDE},
    ),
    (regulations.RegulationTookEffect(**TOOK_EFFECT, effective_at=datetime(2016, 9, 10, tzinfo=UTC)), set()),
    (
        regulations.RegulationSetAside(**EDITION, reason="参数不符"),
        {("regulation_set_aside", "headquarters"), ("regulation_set_aside", "office")},
    ),
    (
        regulations.RegulationReviewDue(**REVIEW),
        {("regulation_review_due", "headquarters"), ("regulation_review_due", "office")},
    ),
    (
        regulations.RegulationReviewDue(**REVIEW, overdue=True),
        {("regulation_review_overdue", post) for post in
         ("headquarters", "office", "vice_president_sales", "general_manager")},
    ),
    (
        regulations.AcknowledgementsMissing(**TITLED, employees=["u12", "u13"], acknowledge_by=NOW),
        {("acknowledgement_missing", "u12"), ("acknowledgement_missing", "u13"), ("acknowledgements_missing", "hr")},
    ),
]  # fmt: skip
