"""A penalty, from proposal to execution."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.staff.domain.proposed_penalty import Grounds as Grounds
from services.staff.domain.proposed_penalty import ProposedPenalty
from services.staff.domain.proposed_penalty import month_of as month_of
from services.staff.domain.ruling import Appeal, AppealOutcome, AppealRuling
from services.staff.domain.ruling import PenaltyStatus as PenaltyStatus
from services.staff.domain.ruling import Ruling as Ruling
from services.staff.domain.schedule import Measure, Subject
from shared.domain.actor import Actor, Post
from shared.domain.money import ZERO
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.staff import (
    AppealDecided,
    PenaltyAppealed,
    PenaltyExecuted,
    PenaltyFinal,
    PenaltyNoticed,
    PenaltyRevoked,
)

RANKS = (Post.HR, Post.SALES_DIRECTOR, Post.BRANCH_GENERAL_MANAGER, Post.GENERAL_MANAGER)  # who decides, rising
STORE_SPEAKERS = (Post.SALES_MANAGER, Post.BRANCH_GENERAL_MANAGER)  # who may appeal for a store


class Penalty(ProposedPenalty):
    """处罚: the system proposes, once per cause and person; a person decides; the employee is told and may appeal to
    others; only then is it carried out (STF-6 to STF-8).
    """

    TIMERS: ClassVar[frozenset[str]] = frozenset({"close_the_appeal"})

    def notice(self, message_id: UUID, policy: Policy, at: datetime) -> None:
        """The notice lies before the employee, whose time to appeal runs from now on (STF-8)."""
        self.noticed_at = at
        self.appeal_by = at + policy.penalties.appeal_time
        self.schedule(self.close_the_appeal, self.appeal_by)
        event = PenaltyNoticed(
            number=self.number, employee=self.employee, message_id=message_id, appeal_by=self.appeal_by
        )
        self.record(event)

    def close_the_appeal(self, at: datetime) -> None:
        """Nobody has appealed in time: what was decided may be carried out (STF-8)."""
        if self.may(PenaltyFinal) and self.appeal is None:
            self._become_final(at)

    def appeal_against(self, grounds: str, by: Actor, at: datetime) -> None:
        """The person concerned, in person, says what speaks against it, once and in time (STF-8)."""
        if not self._speaks(by):
            raise Forbidden("only the person concerned appeals", rule="STF-8")
        self.require(PenaltyAppealed)
        if self.appeal_by is not None and at > self.appeal_by:
            raise RuleBroken("STF-8", "the time to appeal was over at {appeal_by}", appeal_by=self.appeal_by)
        self.unschedule(self.close_the_appeal)
        self.appeal = Appeal(grounds=grounds, appealed_by=by.id, appealed_at=at)
        self.record(PenaltyAppealed(number=self.number, employee=self.employee, deciders=self.deciders))

    def decide_appeal(self, ruling: AppealRuling, by: Actor, at: datetime) -> None:
        """Somebody who had no part in the decision upholds it, makes it milder or revokes it (STF-8)."""
        self.require(AppealDecided)
        self.admit(by)
        decisions = (*self.approvals.decisions, *self.approvals.voided)
        if any(decision.people & by.people for decision in decisions):
            raise RuleBroken("STF-8", "an appeal is decided by somebody who has not decided before")
        appeal = self._appealed()
        appeal.measures_before, appeal.fine_before = self.measures, self.fine
        self._apply(ruling)
        appeal.outcome, appeal.reason = ruling.outcome, ruling.reason
        appeal.decided_by, appeal.decided_at = by.id, at
        told = self.model_dump(include={"number", "employee", "measures", "fine", "as_deduction", "clause", "policy"})
        self.record(AppealDecided(**told, outcome=ruling.outcome, decided_by=by.id))
        if ruling.outcome is AppealOutcome.REVOKED:
            self._take_back(ruling.reason, by, at)
        else:
            self._become_final(at)

    def execute(self, reference: str, by: Actor, at: datetime) -> None:
        """Carried out, as a payroll or personnel document shows: never before it is final (STF-8)."""
        if self.is_own_of(by):
            raise RuleBroken("STF-8", "nobody carries out a penalty of their own")
        self.executed_by, self.executed_at, self.reference = by.id, at, reference
        self.record(PenaltyExecuted.model_validate(self, from_attributes=True))

    def revoke(self, reason: str, by: Actor, at: datetime) -> None:
        """A post above those that decided takes it back; above the general manager there is nobody (STF-8)."""
        self.require(PenaltyRevoked)
        if self.is_own_of(by):
            raise RuleBroken("STF-8", "nobody decides on a penalty of their own")
        highest = max((RANKS.index(decision.post) for decision in self.approvals.decisions), default=-1)
        above = RANKS[highest + 1 :] or RANKS[-1:]
        if not by.holds(*above):
            raise Forbidden("this is for the posts {posts}", rule="STF-8", posts=", ".join(above))
        if by.posts.intersection(above) == {Post.BRANCH_GENERAL_MANAGER} and self.elsewhere(by):
            raise Forbidden("a branch general manager decides in their own branch", rule="STF-8")
        self._take_back(reason, by, at)

    def _apply(self, ruling: AppealRuling) -> None:
        """A reduced penalty is milder than it was, and inside the schedule's range still."""
        if ruling.outcome is not AppealOutcome.REDUCED:
            if ruling.measures is not None or ruling.fine:
                raise RuleBroken("STF-8", "measures and fine are stated for a reduced penalty alone")
            return
        wanted = set(ruling.measures or ())
        if not wanted or not wanted <= set(self.measures) or ruling.fine > self.fine:
            raise RuleBroken("STF-8", "a reduced penalty keeps some of the measures and fines no more")
        if wanted == set(self.measures) and ruling.fine == self.fine:
            raise RuleBroken("STF-8", "a reduced penalty is milder than it was")
        self._check_fine(Ruling(measures=sorted(wanted), fine=ruling.fine, reason=ruling.reason))
        self.measures = [measure for measure in self.measures if measure in wanted]
        self.fine, self.as_deduction = ruling.fine, self.as_deduction and Measure.FINE in wanted

    def _appealed(self) -> Appeal:
        if self.appeal is None:
            raise LookupError(f"{self.number} is appealed against without an appeal")
        return self.appeal

    def _become_final(self, at: datetime) -> None:
        self.final_at = at
        self.record(PenaltyFinal.model_validate(self, from_attributes=True))

    def _take_back(self, reason: str, by: Actor, at: datetime) -> None:
        self.unschedule(self.close_the_appeal)
        executed = self.executed_at is not None
        self.revoked_by, self.revoked_at, self.revoked_because = by.id, at, reason
        told = {"number": self.number, "employee": self.employee, "fine": self.fine or ZERO}
        self.record(PenaltyRevoked(**told, executed=executed, reason=reason))

    def _speaks(self, by: Actor) -> bool:
        """The person concerned, and nobody for them; for a store whoever manages it."""
        if self.subject is Subject.PERSON:
            return by.people == {self.employee}
        return by.holds(*STORE_SPEAKERS) and not self.elsewhere(by)
