"""The sections of an 8D report."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.quality.domain.liability import Severity

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Section(StrEnum):
    """D1 to D8: what an investigation has to say, in order (QUA-3)."""

    TEAM = "team"
    PROBLEM = "problem"
    CONTAINMENT = "containment"
    CAUSE = "cause"
    MEASURES = "measures"
    EFFECT = "effect"
    PREVENTION = "prevention"
    CLOSING = "closing"


class Entry(BaseModel):
    """What somebody writes into a section."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Team(Entry):
    """D1 小组: who leads the investigation and who takes part."""

    leader: Name
    members: Annotated[list[Name], Field(min_length=1, max_length=30)]


class Problem(Entry):
    """D2 问题描述: what is wrong, where and when it was found, and how much of it."""

    what: Text
    where: Text
    when: Text
    extent: Text


class Containment(Entry):
    """D3 临时措施: what keeps more of it from reaching anybody, beside the lots on hold."""

    measures: Text


class Step(Entry):
    """One step of an analysis: a question, or a branch, and what was found."""

    question: Text
    answer: Text


class Analysis(Entry):
    """D4 根本原因: the cause by its code, the method by its code, and its steps; how grave it is."""

    cause: Name
    method: Name
    steps: Annotated[list[Step], Field(min_length=1, max_length=30)]
    root_cause: Text
    severity: Severity
    article: Name | None = None


class Prevention(Entry):
    """D7 预防再发: which standards were changed and who was trained, so that it does not come back."""

    measures: Text
    standards: Annotated[list[Text], Field(max_length=30)] = []
    training: Annotated[list[Text], Field(max_length=30)] = []


class Recorded(BaseModel):
    """Who filled a section, and when; filled anew, the later entry holds, and the events keep both."""

    recorded_by: str
    recorded_at: datetime


class RecordedTeam(Team, Recorded):
    """D1 as it stands."""


class RecordedProblem(Problem, Recorded):
    """D2 as it stands."""


class RecordedContainment(Containment, Recorded):
    """D3 as it stands."""


class RecordedAnalysis(Analysis, Recorded):
    """D4 as it stands."""


class RecordedPrevention(Prevention, Recorded):
    """D7 as it stands."""


class Closing(BaseModel):
    """D8 总结: how the case ended, and whom we thank; a reopened case has several."""

    summary: str
    thanks: str = ""
    closed_by: str
    closed_at: datetime


class Reopening(BaseModel):
    """Why the case is open again: the customer is not satisfied, or the trouble is back in another case (QUA-4)."""

    reason: str
    recurred_in: UUID | None = None
    reopened_at: datetime
