"""Bulletins, and who has read them."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from services.notifications import views
from services.notifications.api import reading
from services.notifications.api.reading import Reading
from services.notifications.domain.bulletin import Bulletin
from services.notifications.domain.read_receipt import ReadReceipt
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["bulletins"])


async def colleague(anyone: Anyone) -> Actor:
    """Everybody on the staff, whatever their post."""
    if anyone.outside:
        raise Forbidden("bulletins are for the staff", rule="NOT-4")
    return anyone


Colleague = Annotated[Actor, Depends(colleague)]
Archivist = Annotated[Actor, Depends(admit(Post.OFFICE, Post.HR))]
ReceiptChange = Annotated[Change[ReadReceipt], Depends(change_of(ReadReceipt))]


class ReadBulletin(Bulletin):
    """A bulletin as one reader sees it."""

    title: str
    body: str
    read_at: datetime | None


@router.get("/bulletins")
async def list_bulletins(request: Request, reader: Colleague, page: Paged, language: Reading) -> Response:
    """Bulletins, newest first, each with when I have read it (NOT-4)."""
    bulletins = partial(views.bulletins, request.app.state.pool, by=reader.id)
    render = partial(reading.bulletin, reading=language)
    return await reading.listed(request, page, bulletins, render, ReadBulletin, language)


@router.get("/bulletins/{bulletin_id}")
async def show_bulletin(bulletin_id: UUID, request: Request, reader: Colleague, language: Reading) -> Response:
    """One bulletin; what was corrected is gone (NOT-4)."""
    row = await views.bulletin(request.app.state.pool, bulletin_id, reader.id)
    return reading.answer(reading.bulletin(row, language), language)


@router.post("/bulletins/{bulletin_id}/read", status_code=201, response_model=ReadReceipt)
async def read_bulletin(bulletin_id: UUID, request: Request, reader: Colleague, change: ReceiptChange) -> Response:
    """Say that I have read it; who has said so before gets the first receipt again (NOT-4)."""
    pool = request.app.state.pool
    await views.bulletin(pool, bulletin_id, reader.id)
    given = await pool.fetchrow(views.RECEIPT, ReadReceipt.identity(bulletin_id, reader.id))
    if given is not None:
        return document(given["document"], given["version"])
    return await change.save(ReadReceipt.give(bulletin_id, reader, change.at))


@router.get("/bulletins/{bulletin_id}/receipts")
async def list_receipts(bulletin_id: UUID, request: Request, archivist: Archivist, page: Paged) -> Response:
    """Who has read a bulletin, the latest first; also of one that was corrected since."""
    pool = request.app.state.pool
    await views.bulletin(pool, bulletin_id, archivist.id, corrected=True)
    return await listed(request, page, partial(views.receipts, pool, bulletin_id=bulletin_id), ReadReceipt)
