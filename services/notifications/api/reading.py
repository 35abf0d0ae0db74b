"""Documents as a reader sees them: with title and body in the language of the request."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from services.notifications.rendering import render
from shared.documents.exports import Format
from shared.web import paging
from shared.web.downloads import Row
from shared.web.paging import Page
from shared.web.words import Language, language_of


async def language(accept_language: Annotated[str | None, Header()] = None) -> Language:
    return language_of(accept_language)


Reading = Annotated[Language, Depends(language)]


def message(text: str, reading: Language) -> dict[str, Any]:
    """A message's document with its `title` and `body`."""
    document: dict[str, Any] = orjson.loads(text)
    return document | render(document["template"], document["params"], reading)._asdict()


def line(text: str, language: Language) -> str:
    """A message as one line of JSON, for the live stream."""
    return orjson.dumps(message(text, language)).decode()


def bulletin(row: Mapping[str, Any] | asyncpg.Record, reading: Language) -> dict[str, Any]:
    """A bulletin's document with `title`, `body`, and `read_at`: when this reader has read it."""
    document: dict[str, Any] = orjson.loads(row["document"])
    amount_kind = "performance_deduction" if document["as_deduction"] else "fine"
    text = render(document["kind"], document | {"amount_kind": amount_kind}, reading)
    return document | text._asdict() | {"read_at": row["read_at"]}


def answer(content: Any, reading: Language, version: int | None = None) -> Response:
    """JSON that differs with the reader's language."""
    headers = {"Content-Language": "zh-CN" if reading == "zh" else "en", "Vary": "Accept-Language"}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    return Response(orjson.dumps(content), headers=headers, media_type="application/json")


async def listed(
    request: Request,
    page: Page,
    read: Callable[[Page], Awaitable[Sequence[asyncpg.Record]]],
    render: Callable[[asyncpg.Record], dict[str, Any]],
    model: type[BaseModel],
    reading: Language,
) -> Response:
    """The list in the reader's language: one page of JSON, or all of it as a table."""
    if page.format is Format.JSON:
        items = [render(row) for row in await read(page)]
        shown = items[: page.limit]
        return answer({"items": shown, "next": shown[-1]["id"] if len(items) > page.limit else None}, reading)

    async def rendered(page: Page) -> Sequence[Row]:
        return [{"id": row["id"], "document": render(row)} for row in await read(page)]

    return await paging.listed(request, page, rendered, model, without=["params"])
