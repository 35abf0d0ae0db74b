"""What complaints come to over a time, by one thing or another: figures, and the table of them (CMP-13, CMP-17)."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import asyncpg
from pydantic import BaseModel

from shared.documents.exports import Column


class By(StrEnum):
    """What complaints are counted by; one with several causes, departments or people counts for each."""

    PRODUCT = "product"
    CAUSE = "cause"
    DEPARTMENT = "department"
    PERSON = "person"
    STORE = "store"
    KIND = "kind"
    CHANNEL = "channel"
    HANDLER = "handler"


class Wanted(NamedTuple):
    """The complaints that came from `first` to `last`, days in Shanghai; only those of a branch, if one is named."""

    first: date
    last: date
    by: By
    branch: str | None


class Figures(BaseModel):
    """The complaints of one key. Times are in hours on the case's calendar, shares between 0 and 1.

    `in_time` is the share without a breach, of those that are settled or have one. A department has `hours` for which
    it had cases, `time_share` of all departments' time, and stays that were `overdue`.
    """

    key: str
    complaints: int
    open: int
    settled: int
    breached: int
    in_time: float | None
    response_median: float | None
    response_p90: float | None
    resolution_median: float | None
    resolution_p90: float | None
    reopened: int
    asked_again: int
    satisfied: float | None
    hours: float | None = None
    time_share: float | None = None
    overdue: int | None = None


OF_DEPARTMENTS = ("hours", "time_share", "overdue")


def figures(rows: list[asyncpg.Record]) -> list[Figures]:
    return [Figures.model_validate(dict(row)) for row in rows]


def columns(by: By, headings: Mapping[str, str]) -> list[Column]:
    """The columns of the table, headed as in `headings`."""
    return [Column(headings[name]) for name in _shown(by)]


def cells(by: By, row: Figures) -> list[Any]:
    found = row.model_dump()
    return [found[name] for name in _shown(by)]


def _shown(by: By) -> list[str]:
    return [name for name in Figures.model_fields if by is By.DEPARTMENT or name not in OF_DEPARTMENTS]
