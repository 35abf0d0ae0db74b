"""An XLSX workbook written row by row: no temporary file, and for a million rows no more memory than for a thousand."""

import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

from shared.documents.sheets import EXCEL_ROWS
from shared.domain.numbers import SHANGHAI

ROWS_OF_A_SHEET = EXCEL_ROWS - 1  # the first is the heading
BYTES_OF_A_SHEET = 1 << 30  # a part of 2 GB would need ZIP64, at which many programs balk
LONGEST_TEXT = 32_767  # of a cell, in UTF-16 units: Excel calls a file with a longer one damaged
EXACT_DIGITS = 15
DAY_ZERO = datetime.combine(date(1899, 12, 30), time())  # without a zone, as a spreadsheet's times are
FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a day that never was

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LIKE_AN_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

HEADING, DAY, MOMENT, NUMBERS = 1, 2, 3, 4  # places in `cellXfs`; from NUMBERS on, by decimal places


class Column(NamedTuple):
    """A column of a table that leaves the house: its heading, and how many decimal places its `Decimal`s show."""

    heading: str
    places: int = 2


class Workbook:
    """The parts of the package, as bytes that are ready to be sent.

    Cells are `None`, `str`, `int`, `float`, `Decimal`, `date`, `datetime` (one with a time zone is shown in Shanghai
    time) or `bool`; text is always written as text, never as a formula. `write` takes milliseconds of CPU for a
    thousand rows: call it in a thread.
    """

    def __init__(self, title: str, columns: Sequence[Column]) -> None:
        self._title, self._columns = title, columns
        self._places = sorted({column.places for column in columns})
        self._cells = [(_letters(at), NUMBERS + self._places.index(column.places)) for at, column in enumerate(columns)]
        self._sink = _Sink()
        self._package = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self._sheets = 0
        self._part: Any = None
        self._row = self._size = 0
        self._package.writestr("_rels/.rels", _relations(("officeDocument", "xl/workbook.xml")))
        self._package.writestr("xl/styles.xml", _styles(self._places))

    def write(self, rows: Iterable[Sequence[object]]) -> bytes:
        """What is ready after these rows; a new sheet begins by itself when one is full."""
        rows = list(rows)
        done = 0
        while done < len(rows):
            if self._part is None or self._row > ROWS_OF_A_SHEET or self._size > BYTES_OF_A_SHEET:
                self._open_sheet(rows[done : done + 200])
            fitting = rows[done : done + ROWS_OF_A_SHEET + 1 - self._row]
            self._add("".join(self._xml(number, row) for number, row in enumerate(fitting, self._row + 1)))
            self._row += len(fitting)
            done += len(fitting)
        return self._sink.take()

    def finish(self) -> bytes:
        """The rest of the file; without rows there is a sheet with the heading alone."""
        if self._part is None:
            self._open_sheet([])
        self._close_sheet()
        numbers = range(1, self._sheets + 1)
        names = [_sheet_name(self._title, number) for number in numbers]
        self._package.writestr("xl/workbook.xml", _book(names))
        parts = [("styles", "styles.xml"), *(("worksheet", f"worksheets/sheet{number}.xml") for number in numbers)]
        self._package.writestr("xl/_rels/workbook.xml.rels", _relations(*parts))
        self._package.writestr("[Content_Types].xml", _content_types(numbers))
        self._package.close()
        return self._sink.take()

    def _open_sheet(self, first: Sequence[Sequence[object]]) -> None:
        self._close_sheet()
        self._sheets += 1
        self._part = self._package.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        self._row, self._size = 1, 0
        widths = [_width([column.heading, *(row[at] for row in first)]) for at, column in enumerate(self._columns)]
        columns = "".join(f'<col min="{at}" max="{at}" width="{w}" customWidth="1"/>' for at, w in enumerate(widths, 1))
        headings = "".join(
            _text(f"{letters}1", column.heading, HEADING)
            for (letters, _), column in zip(self._cells, self._columns, strict=True)
        )
        self._add(
            f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1"'
            ' topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f'<cols>{columns}</cols><sheetData><row r="1">{headings}</row>'
        )

    def _close_sheet(self) -> None:
        if self._part is not None:
            self._add("</sheetData></worksheet>")
            self._part.close()

    def _add(self, xml: str) -> None:
        content = xml.encode()
        self._size += len(content)
        self._part.write(content)

    def _xml(self, number: int, row: Sequence[object]) -> str:
        cells = "".join(
            _cell(f"{letters}{number}", value, style)
            for (letters, style), value in zip(self._cells, row, strict=True)
            if value is not None
        )
        return f'<row r="{number}">{cells}</row>'


class _Sink:
    """What `zipfile` writes to when nothing can be sought: it keeps what has not been sent yet."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, content: bytes) -> int:
        self._waiting += content
        return len(content)

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """Nothing is open here."""

    def take(self) -> bytes:
        ready, self._waiting = bytes(self._waiting), bytearray()
        return ready


def _cell(place: str, value: object, number_style: int) -> str:
    match value:
        case str():
            return _text(place, value)
        case bool():
            return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
        case int() if abs(value) < 10**EXACT_DIGITS:
            return f'<c r="{place}"><v>{value}</v></c>'
        case Decimal() if value.is_finite() and len(value.as_tuple().digits) <= EXACT_DIGITS:
            return f'<c r="{place}" s="{number_style}"><v>{value:f}</v></c>'
        case float() if value - value == 0:  # neither infinite nor no number at all
            return f'<c r="{place}"><v>{value!r}</v></c>'
        case datetime() if value.date() > FIRST_DAY:
            days = (in_shanghai(value) - DAY_ZERO).total_seconds() / 86_400
            return f'<c r="{place}" s="{MOMENT}"><v>{days:.9f}</v></c>'
        case date() if not isinstance(value, datetime) and value >= FIRST_DAY:
            return f'<c r="{place}" s="{DAY}"><v>{(value - DAY_ZERO.date()).days}</v></c>'
        case _:  # what Excel cannot hold exactly stands there as text
            return _text(place, str(value))


def in_shanghai(moment: datetime) -> datetime:
    """The wall clock in Shanghai, without a zone, as a spreadsheet shows times."""
    return moment.astimezone(SHANGHAI).replace(tzinfo=None) if moment.tzinfo else moment


def _text(place: str, text: str, style: int = 0) -> str:
    text = LIKE_AN_ESCAPE.sub("_x005F_", UNWRITABLE.sub("", text))
    if len(text) * 2 > LONGEST_TEXT and (length := len(text.encode("utf-16-le")) // 2) > LONGEST_TEXT:
        kept = text.encode("utf-16-le")[: (LONGEST_TEXT - 40) * 2].decode("utf-16-le", "ignore")
        text = f"{kept}… ({length})"  # how long it was; CSV has it whole
    said = escape(text, {"\r": "&#13;"})
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{said}</t></is></c>'


def _width(values: Iterable[object]) -> int:
    """Room for the widest of these, within reason; a Chinese character takes two places."""
    shown = ("0000-00-00 00:00:00" if isinstance(value, datetime) else str(value)[:60] for value in values if value)
    wide = max(sum(1 + (east_asian_width(sign) in "WF") for sign in text) for text in (*shown, ""))
    return min(max(wide + 2, 8), 48)


def _letters(position: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    return (_letters(position // 26 - 1) if position > 25 else "") + chr(ord("A") + position % 26)


def _sheet_name(title: str, number: int) -> str:
    tail = f" ({number})" if number > 1 else ""
    name = re.sub(r"[\[\]:*?/\\\x00-\x1f']", " ", title).strip() or "Sheet"
    return name[: 31 - len(tail)] + tail


def _book(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name="{escape(name, {'"': "&quot;"})}" sheetId="{number}" r:id="r{number + 1}"/>'
        for number, name in enumerate(names, 1)
    )
    return f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _relations(*parts: tuple[str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="r{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(parts, 1)
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{lines}</Relationships>'


def _content_types(numbers: Iterable[int]) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{TYPE}.worksheet+xml"/>'
        for number in numbers
    )
    return (
        f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>{sheets}</Types>'
    )


def _styles(places: Sequence[int]) -> str:
    """Text, bold heading, day, moment, and numbers by their decimal places."""
    formats = ["yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", *("#,##0" + "." * bool(p) + "0" * p for p in places)]
    named = "".join(f'<numFmt numFmtId="{164 + at}" formatCode="{code}"/>' for at, code in enumerate(formats))
    cells = "".join(
        f'<xf numFmtId="{164 + at}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for at, _ in enumerate(formats)
    )
    font = '<sz val="11"/><name val="Calibri"/>'
    return (
        f'{XML}<styleSheet xmlns="{MAIN}"><numFmts count="{len(formats)}">{named}</numFmts>'
        f'<fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{2 + len(formats)}"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        f'<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>{cells}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
