"""The middle of an investigation: its sections, its cause, and who bears it."""

from collections.abc import Sequence
from datetime import datetime

from services.quality.domain.catalogue import catalogue
from services.quality.domain.contained_case import ContainedCase
from services.quality.domain.eight_disciplines import (
    Analysis,
    Containment,
    Entry,
    Prevention,
    Problem,
    RecordedAnalysis,
    RecordedContainment,
    RecordedPrevention,
    RecordedProblem,
    RecordedTeam,
    Section,
    Team,
)
from services.quality.domain.liability import Liability, LiabilityShare, graver_for
from shared.domain.actor import Actor
from shared.domain.refusals import NotAllowedNow, RuleBroken
from shared.events.quality import CauseEstablished, LiabilityEstablished, LiabilityRevised, SectionRecorded


class EstablishedCase(ContainedCase):
    """What was found, by whom, and whose it is (QUA-3)."""

    team: RecordedTeam | None = None
    problem: RecordedProblem | None = None
    containment: RecordedContainment | None = None
    analysis: RecordedAnalysis | None = None
    prevention: RecordedPrevention | None = None
    liability: Liability | None = None
    former_liabilities: list[Liability] = []

    def name_team(self, team: Team, by: Actor, at: datetime) -> None:
        """D1: who leads and who takes part (QUA-3)."""
        self._record_section(Section.TEAM, team)
        self.team = RecordedTeam(**dict(team), recorded_by=by.id, recorded_at=at)

    def describe(self, problem: Problem, by: Actor, at: datetime) -> None:
        """D2: what is wrong, where, when and how much (QUA-3)."""
        self._record_section(Section.PROBLEM, problem)
        self.problem = RecordedProblem(**dict(problem), recorded_by=by.id, recorded_at=at)

    def contain(self, containment: Containment, by: Actor, at: datetime) -> None:
        """D3: what was done at once, beside the lots on hold (QUA-3)."""
        self._record_section(Section.CONTAINMENT, containment)
        self.containment = RecordedContainment(**dict(containment), recorded_by=by.id, recorded_at=at)

    def prevent(self, prevention: Prevention, by: Actor, at: datetime) -> None:
        """D7: standards changed and people trained, so that it does not come back (QUA-3, QUA-4)."""
        self._record_section(Section.PREVENTION, prevention)
        self.prevention = RecordedPrevention(**dict(prevention), recorded_by=by.id, recorded_at=at)

    def _record_section(self, section: Section, entry: Entry) -> None:
        self.record(SectionRecorded(section=section, entry=entry.model_dump(mode="json")))
        self._filled(section)

    def _filled(self, *sections: Section) -> None:
        self.open_sections = [section for section in self.open_sections if section not in sections]

    def analyse(self, analysis: Analysis, by: Actor, at: datetime) -> None:
        """D4: the root cause, from the catalogue, by a method with its steps, and how grave it is (QUA-3)."""
        catalogue().cause(analysis.cause)
        least = catalogue().method(analysis.method).steps
        if not self.findings:
            raise RuleBroken("QUA-3", "a cause rests on findings, and no department has reported yet")
        if len(analysis.steps) < least:
            raise RuleBroken("QUA-3", "this method takes at least {least} steps", least=least)
        article = analysis.article or (self.slip.article if self.slip else None)
        event = CauseEstablished(
            number=self.number,
            complaint_id=self.complaint_id,
            article=article,
            cause=analysis.cause,
            method=analysis.method,
            severity=analysis.severity,
        )
        self.record(event)
        entry = dict(analysis) | {"article": article}
        self.analysis = RecordedAnalysis(**entry, recorded_by=by.id, recorded_at=at)
        self._filled(Section.CAUSE)

    def establish_liability(self, shares: Sequence[LiabilityShare], by: Actor, at: datetime) -> None:
        """Who bears what, on what was found, and only once; later it is revised (QUA-3)."""
        if not self.findings:
            raise RuleBroken("QUA-3", "liability rests on findings, and no department has reported yet")
        self.require(LiabilityEstablished)
        if self.liability is not None:
            raise NotAllowedNow("the liability is established; revise it")
        liability = Liability.establish(shares, by, at)
        self.record(
            LiabilityEstablished(number=self.number, complaint_id=self.complaint_id, shares=list(liability.shares))
        )
        self.liability = liability

    def revise_liability(self, shares: Sequence[LiabilityShare], reason: str, by: Actor, at: datetime) -> None:
        """Later findings change who bears what; whose share is graver now is said (QUA-3)."""
        self.require(LiabilityRevised)
        if self.liability is None:
            raise NotAllowedNow("no liability is established yet")
        liability = Liability.establish(shares, by, at)
        event = LiabilityRevised(
            number=self.number,
            complaint_id=self.complaint_id,
            shares=list(liability.shares),
            graver=graver_for(self.liability, liability),
            reason=reason,
        )
        self.record(event)
        self.former_liabilities.append(self.liability)
        self.liability = liability
