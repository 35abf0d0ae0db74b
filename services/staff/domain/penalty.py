"""A penalty, from proposal to notice."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.staff.domain.charge import Charge
from services.staff.domain.employee import Employee
from services.staff.domain.schedule import Dismissal, Entry, Measure
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import Approvals, Outcome, content_digest
from shared.domain.money import ZERO, Amount
from shared.domain.numbers import SHANGHAI, number, same_id
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.staff import PenaltyApproved, PenaltyDecided, PenaltyDropped, PenaltyNoticed, PenaltyProposed


class PenaltyStatus(StrEnum):
    NEW = "new"
    PROPOSED = "proposed"
    DECIDED = "decided"
    NOTICED = "noticed"
    DROPPED = "dropped"


NEW, PROPOSED, DECIDED, NOTICED, DROPPED = PenaltyStatus


class Ruling(BaseModel):
    """What a decider chooses of what the schedule proposes; the fine in yuan, zero without the measure fine."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    measures: Annotated[list[Measure], Field(min_length=1, max_length=len(Measure))]
    fine: Amount = ZERO
    unrepentant: bool = Field(default=False, description="The person does not repent (没有悔改表现), D19 §4.3b")
    reason: Annotated[str, Field(min_length=1, max_length=500)]

    @property
    def digest(self) -> str:
        """What has to agree between those who decide together; each gives a reason of their own."""
        content = {"measures": set(self.measures), "fine": self.fine, "unrepentant": self.unrepentant}
        return content_digest(content)


class Penalty(Aggregate):
    """处罚: the system proposes, once per cause and person; a person decides; the employee is told (STF-6 to STF-8)."""

    TABLE = "penalties"
    ENTITY = "penalty"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        PenaltyProposed: Step({NEW}, PROPOSED),
        PenaltyApproved: Step({PROPOSED}),
        PenaltyDecided: Step({PROPOSED}, DECIDED),
        PenaltyNoticed: Step({DECIDED}, NOTICED),
        PenaltyDropped: Step({PROPOSED}, DROPPED),
    }

    status: PenaltyStatus
    number: str
    employee: str
    employee_known: bool
    branch: str | None = None
    cause_id: UUID
    kind: str
    severity: str
    finding: str = ""
    clause: str
    violation: str
    provided: list[Measure] = Field(description="What the schedule provides")
    measures: list[Measure] = Field(description="What is proposed and, once somebody has decided, what was decided")
    low: Amount | None = None
    high: Amount | None = None
    repeat: str
    deciders: list[Post]
    dismissal: Dismissal | None = None
    policy: str
    proposed_at: datetime

    approvals: Approvals = Approvals(rule="STF-8", digest_rule="STF-8")
    fine: Amount = ZERO
    as_deduction: bool = False
    unrepentant: bool = False
    reason: str | None = None
    decided_by: list[str] = []
    decided_at: datetime | None = None
    month: str | None = Field(default=None, description="Month in Shanghai whose cap the fine counts for, as 2026-05")
    appeal_by: datetime | None = None
    noticed_at: datetime | None = None
    dropped_by: str | None = None
    dropped_at: datetime | None = None
    dropped_because: str | None = None

    @staticmethod
    def id_of(charge: Charge) -> UUID:
        """The id follows from cause and person, so that there is one proposal, whoever established it (STF-8)."""
        return same_id(charge.cause_id, f"penalty of {charge.employee}")

    @classmethod
    def propose(cls, charge: Charge, entry: Entry, employee: Employee | None, policy: Policy, at: datetime) -> Self:
        """What the schedule prescribes; `employee` is None for a code that is not in the register (STF-6, STF-8)."""
        identity = cls.id_of(charge)
        fines = entry.fines(policy)
        penalty = cls.begin(
            identity,
            number=number("CF", identity, at),
            employee_known=employee is not None,
            branch=employee and employee.branch,
            **charge._asdict(),
            **entry.model_dump(include={"clause", "violation", "repeat", "dismissal"}),
            provided=list(entry.measures),
            measures=list(entry.measures),
            low=fines and fines.low,
            high=fines and fines.high,
            deciders=list(entry.deciders),
            policy=policy.version,
            proposed_at=at,
        )
        fields = penalty.model_dump(include={"number", "employee", "cause_id", "clause", "violation", "low", "high"})
        penalty.record(PenaltyProposed(measures=penalty.measures, deciders=penalty.deciders, **fields))
        return penalty

    def decide(
        self, ruling: Ruling, employee: Employee | None, fined: Decimal, by: Actor, policy: Policy, at: datetime
    ) -> None:
        """A decider chooses measures and fine inside the schedule (STF-7, STF-8).

        `fined` is what other fines of this month took from the employee, in yuan. A dismissal is decided only when
        different deciders have agreed on the same ruling; another ruling starts that anew.
        """
        self.employee_known, self.branch = employee is not None, employee.branch if employee else self.branch
        self._admit(by)
        self._check_measures(ruling)
        self._check_fine(ruling)
        self._check_cap(ruling.fine, fined, employee, policy)
        chosen = [measure for measure in self.provided if measure in ruling.measures]
        if not self._approve(ruling, by, at):
            event = PenaltyApproved(number=self.number, employee=self.employee, measures=chosen, approved_by=by.id)
            self.record(event)
            return
        self.measures = chosen
        self.fine, self.unrepentant, self.reason = ruling.fine, ruling.unrepentant, ruling.reason
        switched = policy.penalties.fines_as_deductions.get(self.branch or "", False)
        self.as_deduction = switched and Measure.FINE in self.measures
        self.decided_by = [decision.decided_by for decision in self.approvals.decisions]
        self.decided_at, self.month = at, month_of(at)
        self.appeal_by = at + policy.penalties.appeal_time
        self.record(PenaltyDecided.model_validate(self, from_attributes=True))

    def drop(self, reason: str, by: Actor, at: datetime) -> None:
        """A decider finds that there is to be no penalty (STF-8)."""
        self._admit(by)
        self.dropped_by, self.dropped_at, self.dropped_because = by.id, at, reason
        event = PenaltyDropped(number=self.number, employee=self.employee, cause_id=self.cause_id, reason=reason)
        self.record(event)

    def notice(self, message_id: UUID, at: datetime) -> None:
        """The notice lies before the employee (STF-8)."""
        self.noticed_at = at
        self.record(PenaltyNoticed(number=self.number, employee=self.employee, message_id=message_id))

    def _admit(self, by: Actor) -> None:
        """Decided by a post the schedule names, in their own branch, and by nobody about themselves (STF-8)."""
        if self.employee in by.people:
            raise RuleBroken("STF-8", "nobody decides on a penalty of their own")
        deciding = by.posts.intersection(self.deciders)
        if not deciding:
            raise Forbidden("this is for the posts {posts}", rule="STF-8", posts=", ".join(self.deciders))
        elsewhere = by.branch and self.branch and by.branch != self.branch
        if deciding == {Post.BRANCH_GENERAL_MANAGER} and elsewhere:
            raise Forbidden("a branch general manager decides in their own branch", rule="STF-8")

    def _check_measures(self, ruling: Ruling) -> None:
        for measure in ruling.measures:
            if measure not in self.provided:
                raise RuleBroken("STF-6", "the schedule does not provide {measure} here", measure=measure)
        dismissed = Measure.DISMISSAL in ruling.measures and self.dismissal
        if dismissed and dismissed.only_unrepentant and not ruling.unrepentant:
            raise RuleBroken("STF-7", "only who does not repent is dismissed for this")

    def _check_fine(self, ruling: Ruling) -> None:
        if Measure.FINE not in ruling.measures:
            if ruling.fine:
                raise RuleBroken("STF-7", "a fine needs the measure fine")
        elif self.low is None or self.high is None or not self.low <= ruling.fine <= self.high:
            raise RuleBroken("STF-7", "a fine lies between {low} and {high} yuan", low=self.low, high=self.high)

    @staticmethod
    def _check_cap(fine: Decimal, fined: Decimal, employee: Employee | None, policy: Policy) -> None:
        """Whose wage nobody knows has no cap; what takes no money needs none (STF-8)."""
        if fine and employee and fine + fined > employee.fines_of_a_month(policy.penalties.monthly_cap_share):
            message = "a fine of {fine} yuan and the {fined} yuan of this month exceed the monthly cap"
            raise RuleBroken("STF-8", message, fine=fine, fined=fined)

    def _approve(self, ruling: Ruling, by: Actor, at: datetime) -> bool:
        """Whether the ruling has all the approvals it needs, this one included."""
        post = next(post for post in self.deciders if by.holds(post))
        if self.approvals.digest not in (None, ruling.digest):
            self.approvals.void(at, "another ruling was made")
        needed = self.dismissal.approvals if self.dismissal and Measure.DISMISSAL in ruling.measures else 1
        if not self.approvals.submitted:
            self.approvals.submit([post] * needed, ruling.digest, ())
        # Any decider may take any step, while a chain names the post of each: the steps left are for this one's.
        taken = tuple(decision.post for decision in self.approvals.decisions)
        self.approvals.chain = taken + (post,) * (needed - len(taken))
        self.approvals.decide(by, ruling.digest, Outcome.APPROVED, at, ruling.reason)
        return self.approvals.complete


def month_of(at: datetime) -> str:
    """The calendar month in Shanghai whose cap a fine counts for, as 2026-05 (STF-8)."""
    return f"{at.astimezone(SHANGHAI):%Y-%m}"
