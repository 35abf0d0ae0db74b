"""Lists in pages by key: stable while rows are added, and as fast on the last page as on the first.

The same list as a table, `?format=csv` or `xlsx`, is all of its pages in one streamed answer.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated, Any, NamedTuple, Self
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from shared.documents.exports import Format
from shared.web.downloads import Row, download_documents

ROWS_AT_ONCE = 1_000  # of a table
SCREENFUL = 25  # what a page holds unless it is told otherwise: a page costs what its rows cost

FIRST = UUID(int=(1 << 128) - 1)


class Page(NamedTuple):
    """What part of a list is asked for: at most `limit` documents whose id lies before `before` (newest first)."""

    limit: int
    before: UUID
    format: Format = Format.JSON

    @property
    def fetch(self) -> int:
        """One more than is shown, to know whether there is a next page."""
        return self.limit + 1

    def beyond(self, key: Any) -> Self:
        """The page that begins where this key ends another."""
        return self._replace(before=key)


class CodePage(NamedTuple):
    """What part of a list by code is asked for: at most `limit` documents that follow the code `after`."""

    limit: int
    after: str
    format: Format = Format.JSON

    @property
    def fetch(self) -> int:
        """One more than is shown, to know whether there is a next page."""
        return self.limit + 1

    def beyond(self, key: Any) -> Self:
        """The page that begins where this key ends another."""
        return self._replace(after=key)


Limit = Annotated[int, Query(ge=1, le=200, description="At most so many; a table has all")]
AsFormat = Annotated[Format, Query(alias="format", description="A page as JSON, or all of it as a table")]


async def page(
    limit: Limit = SCREENFUL,
    after: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
    form: AsFormat = Format.JSON,
) -> Page:
    return Page(limit, after or FIRST, form)


async def page_by_code(
    limit: Limit = SCREENFUL,
    after: Annotated[str, Query(max_length=40, description="`next` of the page before")] = "",
    form: AsFormat = Format.JSON,
) -> CodePage:
    return CodePage(limit, after, form)


Paged = Annotated[Page, Depends(page)]
PagedByCode = Annotated[CodePage, Depends(page_by_code)]


async def listed[P: (Page, CodePage)](
    request: Request,
    page: P,
    read: Callable[[P], Awaitable[Sequence[Row]]],
    model: type[BaseModel],
    *,
    without: Sequence[str] = (),
) -> Response:
    """The list that `read` gives page by page, as it was asked for: one page of JSON, or all of it as a table.

    `read` answers rows with `id` (the key) and `document`, one more than the page's limit. `model` says what the
    documents hold, and with it the table's columns; `without` names the fields at its top that this list leaves out.
    """
    if page.format is Format.JSON:
        return listing(await read(page), page)
    page = page._replace(limit=ROWS_AT_ONCE)
    pages = _pages(page, read, await read(page))  # the first one now: until here, what goes wrong can be said
    return download_documents(request, page.format, pages, model, without)


async def _pages[P: (Page, CodePage)](
    page: P, read: Callable[[P], Awaitable[Sequence[Row]]], rows: Sequence[Row]
) -> AsyncIterator[Sequence[Row]]:
    """One page after the other; between them no connection is held."""
    while len(rows) > page.limit:
        yield rows[: page.limit]
        page = page.beyond(rows[page.limit - 1]["id"])
        rows = await read(page)
    yield rows


def listing(rows: Sequence[Row], page: Page | CodePage) -> Response:
    """`{"items": […], "next": key or null}` from rows with `id` and `document`, whose JSON is passed on as it is."""
    shown = rows[: page.limit]
    after = orjson.dumps(str(shown[-1]["id"])).decode() if len(rows) > page.limit else "null"
    return Response(
        f'{{"items":[{",".join(row["document"] for row in shown)}],"next":{after}}}',
        media_type="application/json",
    )


def document(text: str, version: int | None = None) -> Response:
    """One document as it is kept; its version is its `ETag`."""
    headers = {} if version is None else {"ETag": f'"{version}"'}
    return Response(text, headers=headers, media_type="application/json")
