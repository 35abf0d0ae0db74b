"""A violation of the rules of conduct, from report to finding."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Literal, Self
from uuid import UUID

from services.staff.domain.charge import Charge
from services.staff.domain.employee import REGISTER
from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.numbers import SHANGHAI, number, same_id
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.staff import ConductDismissed, ConductEstablished, ConductEvidenceAdded, ConductReported

type Severity = Literal["light", "ordinary", "grave"]


class Violation(StrEnum):
    """What the rules of conduct forbid (STF-11)."""

    FORCED_SELLING = "forced_selling"
    MISLEADING = "misleading"
    OWN_QUOTE = "own_quote"
    DISCLOSURE = "disclosure"
    STORE_VIOLATION = "store_violation"


class ConductStatus(StrEnum):
    NEW = "new"
    REPORTED = "reported"
    ESTABLISHED = "established"
    DISMISSED = "dismissed"


NEW, REPORTED, ESTABLISHED, DISMISSED = ConductStatus


class ConductCase(Aggregate):
    """违规案件: a report with evidence, which a second person establishes before anything is proposed (STF-11).

    `subject` is an employee code, or `store:` and its name. Whoever it is about does not see the case.
    """

    TABLE = "conduct_cases"
    ENTITY = "conduct_case"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        ConductReported: Step({NEW}, REPORTED),
        ConductEvidenceAdded: Step({REPORTED}),
        ConductEstablished: Step({REPORTED}, ESTABLISHED),
        ConductDismissed: Step({REPORTED}, DISMISSED),
    }

    status: ConductStatus
    number: str
    violation: Violation
    subject: str
    branch: str | None = None
    occurred_on: date
    description: str
    evidence: list[str]
    reported_by: str
    reported_at: datetime
    severity: Severity | None = None
    finding: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None

    @staticmethod
    def id_of_quotes(person: str, month: str) -> UUID:
        """One case for all the prices of their own that somebody named in a month (2026-05)."""
        return same_id(REGISTER, f"own quotes of {person} in {month}")

    @classmethod
    def report(
        cls,
        identity: UUID,
        violation: Violation,
        subject: str,
        branch: str | None,
        occurred_on: date,
        description: str,
        evidence: Sequence[str],
        by: Actor,
        at: datetime,
    ) -> Self:
        """Put a violation on record, with what shows it (STF-11)."""
        if occurred_on > at.astimezone(SHANGHAI).date():
            raise RuleBroken("STF-11", "a violation is reported after it happened")
        case = cls.begin(
            identity,
            number=number("WG", identity, at),
            violation=violation,
            subject=subject,
            branch=branch,
            occurred_on=occurred_on,
            description=description,
            evidence=list(evidence),
            reported_by=by.id,
            reported_at=at,
        )
        case.record(ConductReported(number=case.number, violation=violation, subject=subject, branch=branch))
        return case

    def add_evidence(self, evidence: str) -> None:
        """More has come to light (STF-11)."""
        self.evidence.append(evidence)
        self.record(ConductEvidenceAdded(number=self.number))

    def establish(self, severity: Severity, finding: str, by: Actor, at: datetime) -> None:
        """经查实: a second person says what happened and how grave it is; only this leads to a proposal (STF-11)."""
        self._admit(by)
        self.severity, self.finding, self.decided_by, self.decided_at = severity, finding, by.id, at
        told = self.model_dump(include={"number", "violation", "subject", "severity", "finding"})
        self.record(ConductEstablished(**told))

    def dismiss(self, finding: str, by: Actor, at: datetime) -> None:
        """A second person says that there was no violation (STF-11)."""
        self._admit(by)
        self.finding, self.decided_by, self.decided_at = finding, by.id, at
        self.record(ConductDismissed(number=self.number, violation=self.violation, subject=self.subject))

    @property
    def charge(self) -> Charge:
        """What the subject is charged with once it is established (STF-8)."""
        found = self.finding or self.description
        return Charge(self.id, self.violation, self.subject, self.severity or "ordinary", found, self.branch)

    def _admit(self, by: Actor) -> None:
        if self.reported_by in by.people:
            raise RuleBroken("STF-11", "a violation is established by another person than its reporter")
        if self.subject in by.people or self.subject == f"store:{by.store}":
            raise RuleBroken("STF-11", "nobody judges their own conduct")
        elsewhere = by.branch and self.branch and by.branch != self.branch
        if not by.holds(Post.HR, Post.GENERAL_MANAGER, Post.SALES_DIRECTOR) and elsewhere:
            raise Forbidden("a branch general manager decides in their own branch", rule="STF-11")
