"""Lists in pages by key: stable while rows are added, and as fast on the last page as on the first."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple
from uuid import UUID

import asyncpg
from fastapi import Depends, Query, Response

FIRST = UUID(int=(1 << 128) - 1)


class Page(NamedTuple):
    """What part of a list is asked for: at most `limit` documents whose id lies before `before` (newest first)."""

    limit: int
    before: UUID

    @property
    def fetch(self) -> int:
        """One more than is shown, to know whether there is a next page."""
        return self.limit + 1


async def page(
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many")] = 50,
    after: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
) -> Page:
    return Page(limit, after or FIRST)


Paged = Annotated[Page, Depends(page)]


def listing(rows: Sequence[asyncpg.Record], page: Page) -> Response:
    """`{"items": […], "next": id or null}` from rows with `id` and `document`, whose JSON is passed on as it is."""
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
