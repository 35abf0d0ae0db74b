"""A reward, from proposal to payment."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from services.staff.domain.employee import Employee, EmployeeStatus
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import ZERO, Amount
from shared.domain.numbers import number, same_id
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.staff import RewardApproved, RewardPaid, RewardProposed, RewardRejected


class RewardKind(StrEnum):
    """表彰, 奖金, 提成 (STF-9)."""

    COMMENDATION = "commendation"
    BONUS = "bonus"
    COMMISSION = "commission"


class RewardStatus(StrEnum):
    NEW = "new"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAID = "paid"


NEW, PROPOSED, APPROVED, REJECTED, PAID = RewardStatus


class Reward(Aggregate):
    """奖励: proposed by one, approved by another, paid by finance; a commendation becomes a bulletin (STF-9).

    `cause_id` is what it is for, where that has an id: an order, or the report of a hazard that proved true
    (D11 §12); a person is rewarded once for it.
    """

    TABLE = "rewards"
    ENTITY = "reward"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        RewardProposed: Step({NEW}, PROPOSED),
        RewardApproved: Step({PROPOSED}, APPROVED),
        RewardRejected: Step({PROPOSED}, REJECTED),
        RewardPaid: Step({APPROVED}, PAID),
    }

    status: RewardStatus
    number: str
    employee: str
    branch: str
    store: str | None = None
    kind: RewardKind
    amount: Amount
    reason: str
    cause_id: UUID | None = None
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    rejected_because: str | None = None
    paid_by: str | None = None
    paid_at: datetime | None = None
    reference: str | None = None

    @classmethod
    def propose(
        cls,
        identity: UUID,
        employee: Employee,
        kind: RewardKind,
        amount: Decimal,
        reason: str,
        cause_id: UUID | None,
        by: Actor,
        at: datetime,
    ) -> Self:
        """Propose a reward; with a cause its id follows from cause, person and kind: once for each (STF-9)."""
        if employee.code in by.people:
            raise RuleBroken("STF-9", "nobody proposes a reward for themselves")
        if employee.status is not EmployeeStatus.EMPLOYED:
            raise RuleBroken("STF-9", "only who works here is rewarded")
        if kind is not RewardKind.COMMENDATION and not amount:
            raise RuleBroken("STF-9", "a bonus or commission has an amount")
        identity = same_id(cause_id, f"{kind} for {employee.code}") if cause_id else identity
        reward = cls.begin(
            identity,
            number=number("JL", identity, at),
            employee=employee.code,
            branch=employee.branch,
            store=employee.store,
            kind=kind,
            amount=amount,
            reason=reason,
            cause_id=cause_id,
            proposed_by=by.id,
            proposed_at=at,
        )
        reward.record(RewardProposed.model_validate(reward, from_attributes=True))
        return reward

    def approve(self, by: Actor, at: datetime) -> None:
        """Another person, who is not the one rewarded, agrees (STF-9)."""
        self._admit(by)
        self.decided_by, self.decided_at = by.id, at
        told = self.model_dump(include={"number", "employee", "kind", "amount", "reason"})
        self.record(RewardApproved(**told, approved_by=by.id))

    def reject(self, reason: str, by: Actor, at: datetime) -> None:
        """Another person does not agree (STF-9)."""
        self._admit(by)
        self.decided_by, self.decided_at, self.rejected_because = by.id, at, reason
        self.record(RewardRejected(number=self.number, employee=self.employee, reason=reason))

    def pay(self, reference: str, by: Actor, at: datetime) -> None:
        """The money has been paid, by neither who approved nor who gets it (STF-9)."""
        self.require(RewardPaid)
        if self.amount == ZERO:
            raise RuleBroken("STF-9", "there is no money to this reward")
        if not by.people.isdisjoint({self.employee, self.decided_by}):
            raise RuleBroken("STF-9", "whoever approved or gets a reward does not pay it")
        self.paid_by, self.paid_at, self.reference = by.id, at, reference
        self.record(RewardPaid.model_validate(self, from_attributes=True))

    def _admit(self, by: Actor) -> None:
        if self.proposed_by in by.people:
            raise RuleBroken("STF-9", "a reward is approved by another person than its proposer")
        if self.employee in by.people:
            raise RuleBroken("STF-9", "nobody decides on a reward of their own")
        elsewhere = by.branch and by.branch != self.branch
        if not by.holds(Post.HR, Post.GENERAL_MANAGER) and elsewhere:
            raise Forbidden("a branch general manager decides in their own branch", rule="STF-9")
