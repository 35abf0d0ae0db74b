"""Lists in pages by key: stable while rows are added, and as fast on the last page as on the first.

The same list as a table, `?format=csv` or `xlsx`, is all of its pages in one streamed answer.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import asyncpg
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from shared.documents.exports import Format
from shared.web.downloads import Rows, download_list

FIRST = UUID(int=(1 << 128) - 1)


class Page[K = UUID](NamedTuple):
    """What part of a list is asked for: at most `limit` documents whose key follows `before`, in the list's order.

    The key is the id, newest first, or in a `Page[str]` a code.
    """

    limit: int
    before: K
    format: Format = Format.JSON

    @property
    def fetch(self) -> int:
        """One more than is shown, to know whether there is a next page."""
        return self.limit + 1


Limit = Annotated[int, Query(ge=1, le=200, description="At most so many; a table has all")]
AsFormat = Annotated[Format, Query(alias="format", description="A page as JSON, or all of it as a table")]


async def page(
    limit: Limit = 50,
    after: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
    form: AsFormat = Format.JSON,
) -> Page:
    return Page(limit, after or FIRST, form)


async def page_by_code(
    limit: Limit = 50,
    after: Annotated[str, Query(max_length=40, description="`next` of the page before")] = "",
    form: AsFormat = Format.JSON,
) -> Page[str]:
    return Page(limit, after, form)


Paged = Annotated[Page, Depends(page)]
PagedByCode = Annotated[Page[str], Depends(page_by_code)]


async def listed[K](
    request: Request,
    page: Page[K],
    read: Callable[[Page[K]], Awaitable[Rows]],
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
    return await download_list(request, page, read, model, without)


def listing(rows: Sequence[asyncpg.Record] | Rows, page: Page[Any]) -> Response:
    """`{"items": […], "next": key or null}` from rows with `id` and `document`, whose JSON is passed on as it is."""
    shown = rows[: page.limit]
    after = f'"{shown[-1]["id"]}"' if len(rows) > page.limit else "null"
    return Response(
        f'{{"items":[{",".join(row["document"] for row in shown)}],"next":{after}}}',
        media_type="application/json",
    )


def document(text: str, version: int | None = None) -> Response:
    """One document as it is kept; its version is its `ETag`."""
    headers = {} if version is None else {"ETag": f'"{version}"'}
    return Response(text, headers=headers, media_type="application/json")
