"""What a spreadsheet or CSV file holds, line by line: the cells as text, as Excel shows them."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import PurePath
from typing import Any, NamedTuple

MEGABYTES = 10
MEGABYTES_UNPACKED = 64  # 50,000 rows of 15 columns unpack to about half of it
COLUMNS = 256
# What Excel takes a text for a formula by, the wide signs too.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
EXCEL_ROWS = 1_048_576


class Unreadable(Exception):
    """The file as a whole cannot be read: `code` says why, `params` fill its sentence, sheet and row say where."""

    def __init__(self, code: str, sheet: str | None = None, row: int | None = None, **params: Any) -> None:
        super().__init__(code)
        self.code, self.sheet, self.row, self.params = code, sheet, row, params


class Line(NamedTuple):
    """A row that holds something: its filled cells by position, the first column being 0."""

    sheet: str
    number: int
    cells: dict[int, str]


def read_lines(content: bytes, file: PurePath) -> Iterator[Line]:
    """The filled lines of the file; what it is, its content says and not its name. Raises `Unreadable`."""
    if len(content) > MEGABYTES * 2**20:
        raise Unreadable("too_large", limit=MEGABYTES)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("old_excel")
    return _workbook_lines(content) if content.startswith(b"PK\3\4") else _text_lines(content, file.stem)


def _text_lines(content: bytes, sheet: str) -> Iterator[Line]:
    text = _decoded(content)
    heading = text.lstrip().partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=heading.count), strict=True)
    number = 0
    try:
        for number, values in enumerate(lines, start=1):
            if cells := _filled(map(_unmarked, values)):
                yield Line(sheet, number, cells)
    except csv.Error as fault:
        raise Unreadable("row_unreadable", sheet, number + 1, reason=str(fault)) from fault


def _unmarked(text: str) -> str:
    """Without the apostrophe that keeps Excel from taking `+86 139` for a formula; before `=` it stays."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA[1:]) else text


def _decoded(content: bytes) -> str:
    """UTF-8 or, as Excel in China writes it, GB18030; anything with control characters is no text."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text
    raise Unreadable("not_a_table")


def _workbook_lines(content: bytes) -> Iterator[Line]:
    try:
        yield from _sheet_lines(content, with_formulas=_inspect(content))
    except Unreadable:
        raise
    except Exception as fault:  # a damaged workbook makes openpyxl fail in dozens of ways, all meaning this
        raise Unreadable("damaged") from fault


def _inspect(content: bytes) -> bool:
    """Refuse what would blow up when unpacked, by size or by entities; answer whether there are formulas."""
    formulas = False
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MEGABYTES_UNPACKED * 2**20:
            raise Unreadable("unpacks_too_large", limit=MEGABYTES_UNPACKED)
        for part in archive.infolist():
            xml = archive.read(part)
            if b"<!DOCTYPE" in xml.replace(b"\0", b""):
                raise Unreadable("damaged")
            formulas = formulas or re.search(rb"<(\w+:)?f[\s/>]", xml) is not None
    return formulas


def _sheet_lines(content: bytes, with_formulas: bool) -> Iterator[Line]:
    """Every visible sheet; a formula that nobody has calculated comes as its text."""
    from openpyxl import load_workbook  # only now: it takes memory that a service at rest does not need

    shown = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    written = load_workbook(io.BytesIO(content), read_only=True) if with_formulas else None
    for sheet in shown.worksheets:
        if sheet.sheet_state != "visible":
            continue
        rows = _rows(sheet)
        if written:
            rows = map(_shown_or_written, rows, _rows(written[sheet.title]))
        for number, values in enumerate(rows, start=1):
            if values.count(None) < len(values) and (cells := _filled(values)):  # gaps may be a million rows
                yield Line(sheet.title, number, cells)


def _rows(sheet: Any) -> Iterator[tuple[object, ...]]:
    sheet.reset_dimensions()  # some programs write wrong ones, and cells would be lost
    yield from sheet.iter_rows(max_row=EXCEL_ROWS, max_col=COLUMNS, values_only=True)


def _shown_or_written(shown: tuple[object, ...], written: tuple[object, ...]) -> tuple[object, ...]:
    if shown == written:
        return shown
    formulas = (formula if isinstance(formula, str | None) else "=" for formula in written)
    return tuple(formula if value is None else value for value, formula in zip(shown, formulas, strict=True))


def _filled(values: Iterable[object]) -> dict[int, str]:
    return {at: text for at, value in enumerate(values) if value is not None and (text := _text(value))}


def _text(value: object) -> str:
    """What the cell shows; Excel itself keeps 15 digits, so what a float has beyond them is noise."""
    match value:
        case bool() | int():
            return str(value).lower()
        case float():
            return format(Decimal(f"{value:.15g}"), "f")
        case datetime() if value.time() == time.min:
            return value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case _:
            return str(value).strip()
