"""Tables that leave the house, streamed: CSV, XLSX and JSON from rows that come one by one, a million as ten.

A row is a sequence of cells, one for each column, of the kinds `Workbook` names. The work is done in threads, some
hundred rows at a time; between them nothing is held but the piece to be sent. What goes wrong in the rows is passed
on and breaks the transfer: nobody gets a short file that looks whole.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson

from shared.documents.sheets import FORMULA
from shared.documents.workbook import Column as Column
from shared.documents.workbook import Workbook, in_shanghai

BLOCK = 500


class Format(StrEnum):
    """What a list can be had as."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


def stream_table(
    form: Format, title: str, columns: Sequence[Column], rows: AsyncIterable[Sequence[object]]
) -> AsyncIterator[bytes]:
    """The table as CSV or XLSX; as JSON, each row an object by heading."""
    match form:
        case Format.CSV:
            return stream_csv(columns, rows)
        case Format.XLSX:
            return stream_xlsx(title, columns, rows)
        case Format.JSON:
            headings = [column.heading for column in columns]
            return stream_json(dict(zip(headings, row, strict=True)) async for row in rows)


async def stream_csv(columns: Sequence[Column], rows: AsyncIterable[Sequence[object]]) -> AsyncIterator[bytes]:
    """RFC 4180, UTF-8 with a byte order mark, by which Excel in China knows it; text is never taken for a formula."""
    yield b"\xef\xbb\xbf" + _lines([[column.heading for column in columns]])
    async for block in blocks(rows):
        yield await asyncio.to_thread(_lines, block)


async def stream_xlsx(
    title: str, columns: Sequence[Column], rows: AsyncIterable[Sequence[object]]
) -> AsyncIterator[bytes]:
    """A workbook; after 1,048,575 rows, or a gigabyte of them, the next sheet begins."""
    workbook = Workbook(title, columns)
    yield workbook.write([])
    async for block in blocks(rows):
        if ready := await asyncio.to_thread(workbook.write, block):
            yield ready
    yield await asyncio.to_thread(workbook.finish)


async def stream_json(rows: AsyncIterable[object], head: Mapping[str, Any] | None = None) -> AsyncIterator[bytes]:
    """`{…head, "items": […]}`; a row is whatever orjson can write, or `orjson.Fragment` of JSON that is ready.

    Decimals become text, as in every document.
    """
    before = orjson.dumps(head or {}, default=str)[:-1]
    yield before + (b"," if head else b"") + b'"items":['
    between = b""
    async for block in blocks(rows):
        yield between + await asyncio.to_thread(_objects, block)
        between = b","
    yield b"]}"


async def blocks[R](rows: AsyncIterable[R], size: int = BLOCK) -> AsyncIterator[list[R]]:
    """The rows by hundreds, as many as a thread is worth."""
    block: list[R] = []
    async for row in rows:
        block.append(row)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block


def _objects(rows: Sequence[object]) -> bytes:
    return b",".join(orjson.dumps(row, default=str) for row in rows)


def _lines(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue().encode(errors="replace")


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if value.startswith(FORMULA) else value
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case datetime():
            return f"{in_shanghai(value):%Y-%m-%d %H:%M:%S}"
        case date():
            return value.isoformat()
        case _:
            return str(value)
