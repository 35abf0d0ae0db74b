"""Rewards, and the ledger of rewards and penalties."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from services.staff.domain.access import Access
from services.staff.domain.reward import Reward, RewardKind, RewardStatus
from services.staff.views import rewards as views
from services.staff.views.employees import known
from shared.domain.actor import Actor, Post
from shared.domain.money import ZERO, Amount
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import RuleBroken
from shared.web.asking import Body, Name, Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import PagedByCode, document, listed
from shared.web.routes import Routes

router = Routes(tags=["rewards"])

PROPOSERS = (
    *(Post.SALES_MANAGER, Post.SALES_DIRECTOR, Post.VICE_PRESIDENT_SALES, Post.BRANCH_GENERAL_MANAGER),
    *(Post.GENERAL_MANAGER, Post.HR, Post.OFFICE, Post.TRAINER, Post.SAFETY_OFFICER),
)
Proposer = Annotated[Actor, Depends(admit(*PROPOSERS))]
Approver = Annotated[Actor, Depends(admit(Post.HR, Post.BRANCH_GENERAL_MANAGER, Post.GENERAL_MANAGER))]
Payer = Annotated[Actor, Depends(admit(Post.FINANCE))]
RewardChange = Annotated[Change[Reward], Depends(change_of(Reward))]
Text = Annotated[str | None, Query(max_length=60)]


class Proposed(Body):
    """A reward for an employee (code), in yuan; `cause_id` is what it is for, such as the report of a hazard."""

    employee: Name
    kind: RewardKind
    amount: Amount = ZERO
    reason: Annotated[str, *Reason.model_fields["reason"].metadata]
    cause_id: UUID | None = None


class Paid(Body):
    reference: Name


class EntryKind(StrEnum):
    PENALTY = "penalty"
    REWARD = "reward"


class EntryStatus(StrEnum):
    """What has become of a decided penalty or an approved reward."""

    DECIDED = "decided"
    NOTICED = "noticed"
    APPEALED = "appealed"
    FINAL = "final"
    EXECUTED = "executed"
    REVOKED = "revoked"
    APPROVED = "approved"
    PAID = "paid"


class LedgerEntry(BaseModel):
    """A line of the 奖惩台账; the amount in yuan is what the person gets, negative for a fine."""

    id: UUID
    entry: EntryKind
    number: str
    employee: str
    branch: str | None
    store: str | None
    decided_at: datetime
    matter: str
    title: str | None
    clause: str | None
    reason: str
    measures: list[str]
    amount: Decimal
    as_deduction: bool
    status: EntryStatus


@router.post("/rewards", status_code=201, response_model=Reward)
async def propose_reward(body: Proposed, by: Proposer, change: RewardChange) -> Response:
    """Propose a commendation, a bonus or a commission (STF-9)."""
    async with change.together() as both:
        employee = await known(both.work, body.employee)
        asked = (body.kind, body.amount, body.reason, body.cause_id)
        reward = Reward.propose(change.new_id(), employee, *asked, by, change.at)
        if await both.work.find(Reward, reward.id):
            raise RuleBroken("STF-9", "a person is rewarded once for one cause")
        both.main = reward
    return change.answer


@router.get("/rewards")
async def list_rewards(
    request: Request,
    anyone: Anyone,
    page: PagedByCode,
    employee: Text = None,
    status: RewardStatus | None = None,
    kind: RewardKind | None = None,
) -> Response:
    """Rewards, newest day first; employees see their own and what they proposed (STF-9)."""
    sought = views.Sought(employee, status, kind)
    rewards = partial(views.rewards, request.app.state.pool, access=Access.of(anyone), sought=sought)
    return await listed(request, page, rewards, Reward)


@router.get("/rewards/{reward_id}", response_model=Reward)
async def show_reward(reward_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One reward (STF-9)."""
    return document(*await views.reward(request.app.state.pool, reward_id, Access.of(anyone)))


@router.post("/rewards/{reward_id}/approve", response_model=Reward)
async def approve_reward(reward_id: UUID, by: Approver, change: RewardChange) -> Response:
    """Another person agrees; a commendation is published (STF-9)."""
    async with change(reward_id) as reward:
        reward.approve(by, change.at)
    return change.answer


@router.post("/rewards/{reward_id}/reject", response_model=Reward)
async def reject_reward(reward_id: UUID, body: Reason, by: Approver, change: RewardChange) -> Response:
    """Another person does not agree (STF-9)."""
    async with change(reward_id) as reward:
        reward.reject(body.reason, by, change.at)
    return change.answer


@router.post("/rewards/{reward_id}/pay", response_model=Reward)
async def pay_reward(reward_id: UUID, body: Paid, by: Payer, change: RewardChange) -> Response:
    """The money has been paid (STF-9)."""
    async with change(reward_id) as reward:
        reward.pay(body.reference, by, change.at)
    return change.answer


@router.get("/ledger")
async def show_whole_ledger(
    request: Request,
    anyone: Anyone,
    page: PagedByCode,
    person: Text = None,
    store: Text = None,
    since: Annotated[date | None, Query(alias="from")] = None,
    until: Annotated[date | None, Query(alias="to", description="This day included")] = None,
) -> Response:
    """奖惩台账: what was decided for and against people and stores, newest day first (STF-8, STF-9)."""
    before = _midnight(until, 1)
    narrowed = views.Narrowed(person, store, _midnight(since, 0), before)
    ledger = partial(views.ledger, request.app.state.pool, access=Access.of(anyone), narrowed=narrowed)
    return await listed(request, page, ledger, LedgerEntry)


def _midnight(day: date | None, later: int) -> datetime | None:
    """When a day, or one so many days later, begins in Shanghai; the last day there is has no day after it."""
    if day is None or day > date.max - timedelta(days=later + 1):
        return None
    return datetime.combine(day + timedelta(days=later), time(), SHANGHAI)
