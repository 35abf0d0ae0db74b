"""What the company learns from complaints: statistics, and the lessons drawn (CMP-13, CMP-17)."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from services.complaints import statistics, views
from services.complaints.domain.intake import Kind
from services.complaints.domain.personal_case import MANAGERS
from services.complaints.statistics import By, Figures, Wanted
from shared.documents.exports import Format
from shared.domain.actor import Actor, Post
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import Forbidden, Invalid
from shared.web.asking import Insider
from shared.web.downloads import download
from shared.web.identity import admit
from shared.web.paging import AsFormat, Paged, listed
from shared.web.routes import Routes
from shared.web.words import Words, language_of

router = Routes(tags=["learning"])

READERS = (Post.OFFICE, Post.AUDITOR, Post.HEADQUARTERS, Post.HR, Post.QUALITY_INSPECTOR, *MANAGERS)
EVERYWHERE = frozenset(READERS) - {Post.BRANCH_GENERAL_MANAGER}
ABOUT_PEOPLE = (Post.OFFICE, Post.HR, *MANAGERS)
Reader = Annotated[Actor, Depends(admit(*READERS))]

Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2999, 12, 31))]
Word = Annotated[str | None, Query(min_length=1, max_length=100)]


class Lesson(BaseModel):
    """What was learned from a case (CMP-13)."""

    id: UUID
    number: str
    kind: Kind
    article: str | None
    cause: str
    lesson: str
    prevention: str
    at: datetime
    by: str


class Statistics(BaseModel):
    """What complaints came to from one day to another, the key with most of them first."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    by: By
    branch: str | None
    items: list[Figures]


async def asked_for(
    reader: Reader,
    by: By,
    first: Annotated[Day, Query(alias="from", description="The first of the month, if not named")] = None,
    last: Annotated[Day, Query(alias="to", description="Today, if not named")] = None,
    branch: Word = None,
) -> Wanted:
    """The complaints that are asked for; a branch's general manager asks for those of the branch."""
    last = last or max(first or date.min, datetime.now(UTC).astimezone(SHANGHAI).date())
    first = first or last.replace(day=1)
    if first > last:
        raise Invalid("a period ends after it begins", [], field="to")
    if by in (By.PERSON, By.HANDLER) and not reader.holds(*ABOUT_PEOPLE):
        raise Forbidden("figures about people are for the posts {posts}", posts=", ".join(ABOUT_PEOPLE))
    if not reader.holds(*EVERYWHERE):
        if reader.branch is None or branch not in (None, reader.branch):
            raise Forbidden("these complaints are not those of your branch")
        branch = reader.branch
    return Wanted(first, last, by, branch)


@router.get("/statistics", response_model=Statistics)
async def show_statistics(
    request: Request, wanted: Annotated[Wanted, Depends(asked_for)], form: AsFormat = Format.JSON
) -> Response:
    """Counts, times and satisfaction, by product, cause, department, person, store and others (CMP-17)."""
    rows = await views.statistics(request.app.state.pool, wanted)
    if form is Format.JSON:
        asked = {"from": str(wanted.first), "to": str(wanted.last), "by": wanted.by, "branch": wanted.branch}
        return JSONResponse(asked | {"items": [row.model_dump(mode="json") for row in rows]})
    words: Words = request.app.state.words
    language = language_of(request.headers.get("accept-language"))
    headings = {name: words.heading(name, language) for name in statistics.Figures.model_fields}
    headings["key"] = words.heading(wanted.by, language)

    async def lines() -> AsyncIterator[list[Any]]:
        for row in rows:
            said = row.model_copy(update={"key": words.word(row.key, language)})
            yield statistics.cells(wanted.by, said)

    title = words.table("statistics", language)
    return download(request, form, statistics.columns(wanted.by, headings), lines(), title=title)


@router.get("/lessons")
async def list_lessons(
    request: Request,
    _: Insider,
    page: Paged,
    kind: Kind | None = None,
    cause: Word = None,
    article: Word = None,
    text: Word = None,
) -> Response:
    """What was learned from complaints, newest first, for everybody inside (CMP-13)."""
    lessons = partial(views.lessons, request.app.state.pool, kind=kind, cause=cause, article=article, text=text)
    return await listed(request, page, lessons, Lesson)
