"""Documents as a reader sees them: with title and body in the language of the request."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import Depends, Header, Response

from services.notifications.rendering import render
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


def listing(items: Sequence[Mapping[str, Any]], page: Page, reading: Language) -> Response:
    """`{"items": […], "next": id or null}` of documents, one more than the page shows."""
    shown = items[: page.limit]
    return answer({"items": shown, "next": shown[-1]["id"] if len(items) > page.limit else None}, reading)
