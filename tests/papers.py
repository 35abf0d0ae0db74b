"""Reading papers in tests: the text of a PDF, the cells of a workbook."""

import io
import re
from typing import Any

import httpx
from openpyxl import load_workbook
from pypdf import PdfReader

BREAK_HERE = "\u200b"


def pages(pdf: bytes) -> list[str]:
    """The text of each page without white space: lines break where they will."""
    assert pdf.startswith(b"%PDF-1.7")
    return [re.sub(rf"[\s{BREAK_HERE}]", "", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def fonts(pdf: bytes) -> dict[str, bool]:
    """The fonts of the first page, and whether each is embedded."""
    found = {}
    page: Any = PdfReader(io.BytesIO(pdf)).pages[0]
    for font in page["/Resources"]["/Font"].values():
        inner = font["/DescendantFonts"][0].get_object()
        found[str(inner["/BaseFont"])] = any(key.startswith("/FontFile") for key in inner["/FontDescriptor"])
    return found


def sheet(xlsx: bytes) -> Any:
    """The only sheet of a workbook."""
    return load_workbook(io.BytesIO(xlsx)).active


def rows(xlsx: bytes) -> list[list[object]]:
    """Its filled rows, the empty cells left out."""
    return [
        filled
        for row in sheet(xlsx).iter_rows(values_only=True)
        if (filled := [value for value in row if value is not None])
    ]


def paper(answer: httpx.Response, kind: str) -> bytes:
    """The file of an answer that must be one, under its name."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/")
    assert f".{kind}" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.content
