"""A penalty until somebody has decided: proposed by the system, decided or dropped by people."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

from pydantic import Field

from services.staff.domain import reasoning
from services.staff.domain.charge import Charge
from services.staff.domain.employee import Employee
from services.staff.domain.ruling import Appeal, Earlier, PenaltyStatus, Reasoning, Ruling
from services.staff.domain.schedule import FIRST, Dismissal, Entry, Measure, Subject
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.approvals import Approvals, Outcome
from shared.domain.money import ZERO, Amount
from shared.domain.numbers import SHANGHAI, number, same_id
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.staff import (
    AppealDecided,
    PenaltyAppealed,
    PenaltyApproved,
    PenaltyDecided,
    PenaltyDropped,
    PenaltyExecuted,
    PenaltyFinal,
    PenaltyNoticed,
    PenaltyProposed,
    PenaltyRevoked,
    PenaltyWithdrawn,
)

NEW, PROPOSED, WITHDRAWN, DROPPED, DECIDED, NOTICED, APPEALED, FINAL, EXECUTED, REVOKED = PenaltyStatus


class Grounds(NamedTuple):
    """What a proposal rests on: the entry of an edition of the schedule, and what the person had before."""

    entry: Entry
    schedule: str = FIRST
    earlier: Sequence[Earlier] = ()


class ProposedPenalty(Aggregate):
    """处罚, first half: the schedule provides, a person decides inside it (STF-6 to STF-8).

    The monthly cap cuts: what goes beyond it is refused to the decider, and nothing is carried into the next month.
    """

    TABLE = "penalties"
    ENTITY = "penalty"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        PenaltyProposed: Step({NEW, WITHDRAWN}, PROPOSED),
        PenaltyWithdrawn: Step({PROPOSED}, WITHDRAWN),
        PenaltyApproved: Step({PROPOSED}),
        PenaltyDecided: Step({PROPOSED}, DECIDED),
        PenaltyDropped: Step({PROPOSED}, DROPPED),
        PenaltyNoticed: Step({DECIDED}, NOTICED),
        PenaltyAppealed: Step({DECIDED, NOTICED}, APPEALED),
        AppealDecided: Step({APPEALED}),
        PenaltyFinal: Step({NOTICED, APPEALED}, FINAL),
        PenaltyExecuted: Step({FINAL}, EXECUTED),
        PenaltyRevoked: Step({DECIDED, NOTICED, APPEALED, FINAL, EXECUTED}, REVOKED),
    }

    status: PenaltyStatus
    number: str
    employee: str = Field(description="Employee code; `store:` and its name for a penalty on a store")
    employee_known: bool
    branch: str | None = None
    store: str | None = None
    subject: Subject = Subject.PERSON
    cause_id: UUID
    supplement: int = Field(default=0, description="Counts penalties added to an earlier one for the same cause")
    kind: str
    severity: str
    finding: str = ""
    clause: str
    violation: str
    title: str = ""
    provided: list[Measure] = Field(description="What the schedule provides")
    measures: list[Measure] = Field(description="What is proposed and, once somebody has decided, what was decided")
    low: Amount | None = None
    high: Amount | None = None
    repeat: str
    repeats: list[Earlier] = []
    reasoning: Reasoning | None = None
    schedule_edition: str = FIRST
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
    appeal: Appeal | None = None
    final_at: datetime | None = None
    executed_by: str | None = None
    executed_at: datetime | None = None
    reference: str | None = None
    revoked_by: str | None = None
    revoked_at: datetime | None = None
    revoked_because: str | None = None
    dropped_by: str | None = None
    dropped_at: datetime | None = None
    dropped_because: str | None = None

    @staticmethod
    def id_of(charge: Charge, supplement: int = 0) -> UUID:
        """The id follows from cause and person, so that there is one proposal, whoever established it (STF-8)."""
        added = f" {supplement}" if supplement else ""
        return same_id(charge.cause_id, f"penalty of {charge.employee}{added}")

    @classmethod
    def propose(
        cls,
        charge: Charge,
        grounds: Grounds,
        employee: Employee | None,
        policy: Policy,
        at: datetime,
        *,
        beside: Self | None = None,
    ) -> Self:
        """What the schedule prescribes; `employee` is None for a code that is not in the register (STF-6, STF-8).

        `beside` is the decided penalty for the same cause that this one supplements, as something graver came out.
        """
        identity = cls.id_of(charge, supplement := beside.supplement + 1 if beside else 0)
        prescribed = _prescribed(charge, grounds, policy, beside.number if beside else None)
        penalty = cls.begin(
            identity,
            number=number("CF", identity, at),
            employee_known=employee is not None or charge.store is not None,
            branch=employee.branch if employee else charge.branch,
            store=employee.store if employee else charge.store,
            cause_id=charge.cause_id,
            employee=charge.employee,
            supplement=supplement,
            proposed_at=at,
            **prescribed,
        )
        penalty._announce()
        return penalty

    def withdraw(self, reason: str) -> None:
        """Nobody has decided yet, and what it rested on holds no longer (STF-8)."""
        event = PenaltyWithdrawn(number=self.number, employee=self.employee, cause_id=self.cause_id, reason=reason)
        self.record(event)

    def propose_anew(self, charge: Charge, grounds: Grounds, policy: Policy, at: datetime) -> None:
        """Under the same number, by what has been established since; who had agreed before has to agree again."""
        self.require(PenaltyProposed)
        for name, value in _prescribed(charge, grounds, policy, None).items():
            setattr(self, name, value)
        self.approvals.void(at, "something else was established")
        self.proposed_at = at
        self._announce()

    def decide(
        self, ruling: Ruling, employee: Employee | None, fined: Decimal, by: Actor, policy: Policy, at: datetime
    ) -> None:
        """A decider chooses measures and fine inside the schedule (STF-7, STF-8).

        `fined` is what other fines of this month took from the employee, in yuan; `policy` is the one the penalty is
        stamped with. A dismissal is decided only when different deciders have agreed on the same ruling; another
        ruling starts that anew.
        """
        if self.subject is Subject.PERSON:
            self.employee_known, self.branch = employee is not None, employee.branch if employee else self.branch
        self.admit(by)
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
        self.admit(by)
        self.dropped_by, self.dropped_at, self.dropped_because = by.id, at, reason
        event = PenaltyDropped(number=self.number, employee=self.employee, cause_id=self.cause_id, reason=reason)
        self.record(event)

    def admit(self, by: Actor) -> None:
        """Decided by a post the schedule names, in their own branch, and by nobody about themselves (STF-8)."""
        if self.is_own_of(by):
            raise RuleBroken("STF-8", "nobody decides on a penalty of their own")
        deciding = by.posts.intersection(self.deciders)
        if not deciding:
            raise Forbidden("this is for the posts {posts}", rule="STF-8", posts=", ".join(self.deciders))
        if deciding == {Post.BRANCH_GENERAL_MANAGER} and self.elsewhere(by):
            raise Forbidden("a branch general manager decides in their own branch", rule="STF-8")

    def is_own_of(self, by: Actor) -> bool:
        """Whether it is about the actor, whom they stand in for, or their store."""
        return self.employee in by.people or (self.subject is Subject.STORE and by.store == self.store)

    def elsewhere(self, by: Actor) -> bool:
        """Whether the actor belongs to another branch; who belongs to none belongs to the company."""
        return bool(by.branch and self.branch and by.branch != self.branch)

    def _announce(self) -> None:
        fields = self.model_dump(
            include={"number", "employee", "cause_id", "clause", "violation", "low", "high", "store", "severity",
                     "measures", "deciders", "policy", "supplement"}
        )  # fmt: skip
        self.record(PenaltyProposed(**fields, schedule=self.schedule_edition, repeats=len(self.repeats)))

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


def _prescribed(charge: Charge, grounds: Grounds, policy: Policy, beside: str | None) -> dict[str, object]:
    """What the schedule says about a charge, as fields of the penalty."""
    entry, fines = grounds.entry, grounds.entry.fines(policy)
    provided = entry.provided(len(grounds.earlier))
    return {
        "kind": charge.kind,
        "severity": charge.severity,
        "finding": charge.finding,
        "subject": entry.subject,
        "clause": entry.clause,
        "violation": entry.violation,
        "title": entry.title,
        "repeat": entry.repeat,
        "dismissal": entry.dismissal,
        "provided": provided,
        "measures": list(provided),
        "low": fines and fines.low,
        "high": fines and fines.high,
        "deciders": list(entry.deciders),
        "repeats": list(grounds.earlier),
        "schedule_edition": grounds.schedule,
        "reasoning": reasoning.of(charge, entry, fines, grounds.earlier, beside),
        "policy": policy.version,
    }


def month_of(at: datetime) -> str:
    """The calendar month in Shanghai whose cap a fine counts for, as 2026-05 (STF-8)."""
    return f"{at.astimezone(SHANGHAI):%Y-%m}"
