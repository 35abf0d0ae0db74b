"""Tables as files to keep: named, streamed, with headings and words in the reader's language."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from shared.documents.columns import Cell, cells_of
from shared.documents.exports import Column, Format, stream_table
from shared.domain.numbers import SHANGHAI
from shared.web.papers import file_headers
from shared.web.words import Language, Words, language_of

type Row = asyncpg.Record | Mapping[str, Any]

MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def download(
    request: Request,
    form: Format,
    columns: Sequence[Column],
    rows: AsyncIterable[Sequence[object]],
    *,
    title: str | None = None,
) -> StreamingResponse:
    """The table as a file `orders-20261124.xlsx`, after the last word of the path, or as JSON.

    Read the first rows before: what is refused from here on breaks the transfer instead of being answered. `title`
    names the sheet.
    """
    stem = _list_name(request)
    return streamed(request, stem, form, stream_table(form, title or stem, columns, rows))


def streamed(request: Request, stem: str, form: Format, pieces: AsyncIterable[bytes]) -> StreamingResponse:
    """An answer that is written while it is made: the door's time limit is for each of its pieces.

    The file is `stem-20261124.xlsx`, in any language.
    """
    headers = {"Vary": "Accept-Language", "Content-Language": _tag(_language(request))}
    if form is not Format.JSON:
        headers |= file_headers(form, f"{stem}-{datetime.now(SHANGHAI):%Y%m%d}")
    return StreamingResponse(pieces, headers=headers, media_type=MEDIA_TYPES[form])


def download_documents(
    request: Request,
    form: Format,
    pages: AsyncIterable[Sequence[Row]],
    model: type[BaseModel],
    without: Sequence[str] = (),
) -> StreamingResponse:
    """The documents of a list as a table; the columns follow from their `model`."""
    words, language = _words(request), _language(request)
    cells = cells_of(model, without)
    columns = [Column(_heading(cell, words, language)) for cell in cells]
    title = words.table(_list_name(request), language)
    return download(request, form, columns, _rows(pages, cells, words, language), title=title)


async def _rows(
    pages: AsyncIterable[Sequence[Row]], cells: Sequence[Cell], words: Words, language: Language
) -> AsyncIterator[list[object]]:
    def read(page: Sequence[Row]) -> list[list[object]]:
        return [[cell.of(document, say) for cell in cells] for document in map(_document, page)]

    def say(word: str) -> str:
        return words.word(word, language)

    async for page in pages:
        for row in await asyncio.to_thread(read, page):
            yield row


def _list_name(request: Request) -> str:
    """The last word of the path: `receipts` of `/v1/bulletins/{bulletin_id}/receipts`."""
    path: str = request.scope["route"].path
    return next(part for part in reversed(path.split("/")) if not part.startswith("{"))


def _document(row: Row) -> Mapping[str, Any]:
    found: Any = row["document"]
    if isinstance(found, str):
        found = orjson.loads(found)
    return found  # type: ignore[no-any-return]  # a document is a JSON object


def _heading(cell: Cell, words: Words, language: Language) -> str:
    heading = words.heading(cell.name, language)
    return words.say("{heading} (Asia/Shanghai)", {"heading": heading}, language) if cell.kind == "moment" else heading


def _words(request: Request) -> Words:
    words: Words = request.app.state.words
    return words


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language"))


def _tag(language: Language) -> str:
    return "zh-CN" if language == "zh" else "en"
