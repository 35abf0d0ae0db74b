"""Papers as HTTP answers."""

import asyncio
import re
from typing import Literal
from urllib.parse import quote

from fastapi import Response

from shared.documents.form import FORM_ROWS as FORM_ROWS
from shared.documents.form import PRINTED_ROWS, Form
from shared.documents.form_workbook import form_workbook
from shared.documents.printed_form import form_pdf
from shared.domain.refusals import Invalid

type PaperFormat = Literal["pdf", "xlsx"]

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


async def form_response(form: Form, format: PaperFormat, filename: str) -> Response:
    """The form as a file; `filename` without its ending, in any language. `Invalid` for what is too long for a form."""
    if form.length > FORM_ROWS:
        raise Invalid("a form has at most {limit} rows; ask for a shorter period", [], limit=FORM_ROWS)
    if format == "xlsx":
        return file_response(await asyncio.to_thread(form_workbook, form), format, filename)
    if form.length > PRINTED_ROWS:
        raise Invalid("more than {limit} rows are not printed; take the workbook (format=xlsx)", [], limit=PRINTED_ROWS)
    return file_response(await form_pdf(form), format, filename)


def file_response(content: bytes, format: str, filename: str) -> Response:
    """A file to be kept under its name, and not by any cache: it is the business of whoever asked."""
    return Response(content, headers=file_headers(format, filename), media_type=MEDIA_TYPES[format])


def file_headers(format: str, filename: str) -> dict[str, str]:
    """`Content-Disposition` as RFC 6266 has it: a plain name for old clients, the true one as UTF-8."""
    name = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "_", filename)[:120] + f".{format}"
    plain = re.sub(r"[^A-Za-z0-9._-]", "", name).lstrip(".-") or "paper"
    if plain == format:
        plain = f"paper.{format}"
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "private, no-store",
    }
