"""Confidential inspection standards: their editions, and the readings of them."""

from functools import partial
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends, Request, Response
from pydantic import Field, StringConstraints

from services.quality import views
from services.quality.api.asking import Approving, Auditor, Inspector
from services.quality.domain.standard import Standard
from services.quality.domain.standard_reading import ReadingStatus, StandardReading
from shared.domain.actor import Post
from shared.web.asking import Body, Insider, Name, Text
from shared.web.change import Change, change_of
from shared.web.identity import Anyone
from shared.web.paging import Paged, PagedByCode, document, listed
from shared.web.routes import Routes

router = Routes(prefix="/standards", tags=["standards"])

StandardChange = Annotated[Change[Standard], Depends(change_of(Standard))]
ReadingChange = Annotated[Change[StandardReading], Depends(change_of(StandardReading))]

Readers = Annotated[list[Post], Field(min_length=1, max_length=30)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=200_000)]


class Revise(Body):
    text: LongText


class Draft(Revise):
    """Code, title, the posts that may read it, and the text of the first edition."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{0,39}$")]
    title: Name
    readers: Readers


class NameReaders(Body):
    readers: Readers


class Read(Body):
    """Why somebody reads it, and which edition; none: the one in force."""

    why: Text
    edition: Annotated[int, Field(ge=1, le=10_000)] | None = None


class ReadText(StandardReading):
    """What was logged, and the text that was read."""

    text: str


@router.post("", status_code=201, response_model=Standard)
async def draft_standard(body: Draft, by: Inspector, change: StandardChange) -> Response:
    """The first edition of a standard (QUA-8)."""
    async with change.together() as both:
        both.main = Standard.draft(change.new_id(), body.code, body.title, body.readers, body.text, by, change.at)
        both.work.project(views.KEEP_TEXT, both.main.editions[-1].digest, body.text)
    return change.answer


@router.get("")
async def list_standards(request: Request, insider: Insider, page: PagedByCode) -> Response:
    """Codes, titles and editions; never a text (QUA-8)."""
    return await listed(request, page, partial(views.standards, request.app.state.pool), Standard)


@router.get("/{standard_id}", response_model=Standard)
async def show_standard(standard_id: UUID, request: Request, insider: Insider) -> Response:
    """One standard without its text (QUA-8)."""
    row = await views.one(request.app.state.pool, views.STANDARD, "standard", standard_id)
    return document(row["document"], row["version"])


@router.post("/{standard_id}/revise", response_model=Standard)
async def revise_standard(standard_id: UUID, body: Revise, by: Inspector, change: StandardChange) -> Response:
    """Another edition; the one before holds until this one is approved (QUA-8)."""
    async with change.together(standard_id) as both:
        both.main.revise(body.text, by, change.at)
        both.work.project(views.KEEP_TEXT, both.main.editions[-1].digest, body.text)
    return change.answer


@router.post("/{standard_id}/approve", response_model=Standard)
async def approve_standard(standard_id: UUID, by: Approving, change: StandardChange) -> Response:
    """Another person than its author puts the newest edition in force (QUA-8)."""
    async with change(standard_id) as standard:
        standard.approve(by, change.at)
    return change.answer


@router.post("/{standard_id}/readers", response_model=Standard)
async def name_readers(standard_id: UUID, body: NameReaders, by: Approving, change: StandardChange) -> Response:
    """Which posts may read it from now on (QUA-8)."""
    async with change(standard_id) as standard:
        standard.name_readers(body.readers)
    return change.answer


@router.post("/{standard_id}/readings", status_code=201, response_model=ReadText)
async def read_standard(standard_id: UUID, body: Read, by: Anyone, change: ReadingChange, request: Request) -> Response:
    """Read an edition: who, when, which and why is on record before the text is shown, or refused (QUA-8)."""
    pool = request.app.state.pool
    row = await views.one(pool, views.STANDARD, "standard", standard_id)
    standard = Standard.model_validate_json(row["document"])
    if refusal := standard.refusal(by):
        await change.aside(StandardReading.refuse(change.new_id(), standard, body.edition, body.why, by, change.at))
        raise refusal
    edition = standard.readable(body.edition, by)
    text = await pool.fetchval(views.TEXT, edition.digest)
    logged = await change.save(StandardReading.log(change.new_id(), standard, edition, body.why, by, change.at))
    shown = orjson.loads(logged.body) | {"text": text}
    return Response(orjson.dumps(shown), 201, {"Cache-Control": "private, no-store"}, "application/json")


@router.get("/{standard_id}/readings")
async def list_readings(
    standard_id: UUID, request: Request, auditor: Auditor, page: Paged, status: ReadingStatus | None = None
) -> Response:
    """Who has read it, and who was refused, newest first (QUA-8)."""
    pool = request.app.state.pool
    await views.one(pool, views.STANDARD, "standard", standard_id)
    readings = partial(views.readings, pool, standard_id=standard_id, status=status)
    return await listed(request, page, readings, StandardReading)
