"""Empty tables for people to fill: the headings that an import understands."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from shared.documents.exports import Column, Format, stream_table
from shared.documents.tables import Row
from shared.web.downloads import streamed
from shared.web.words import language_of

type TemplateFormat = Literal["xlsx", "csv"]

Wanted = Annotated[TemplateFormat, Query(alias="format")]


def import_template(request: Request, form: TemplateFormat, row_model: type[Row]) -> StreamingResponse:
    """The table that `read_table` takes for this row, without rows; headings in Chinese or as fields are named.

    A heading the importer knows by several names is written by its first.
    """
    language = language_of(request.headers.get("accept-language"))
    headings = [
        field.title.split("/")[0] if field.title and language == "zh" else name
        for name, field in row_model.model_fields.items()
    ]
    stem = "-".join(request.url.path.split("/")[-2:])  # articles-import-template
    columns = [Column(heading) for heading in headings]
    return streamed(request, stem, Format(form), stream_table(Format(form), stem, columns, _none()))


async def _none() -> AsyncIterator[Sequence[object]]:
    nothing: Sequence[Sequence[object]] = ()
    for row in nothing:
        yield row
