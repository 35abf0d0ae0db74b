"""Office forms as an Excel workbook: one sheet, real numbers and dates, ready to print on A4."""

import io
import re
import unicodedata
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shared.documents.form import Fields, Form, Grid, Kind, Prose, Section, Signature, Value, kind_of, shown
from shared.domain.numbers import SHANGHAI

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

FORMATS: dict[Kind, str] = {
    "money": "#,##0.00",
    "quantity": "#,##0.00",
    "number": "#,##0",
    "share": "0.0%",
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm",
}
LONGEST_TEXT = 32_000  # Excel's cell holds 32,767 characters
LINE = 15.0  # points
TALLEST = 26  # lines; Excel's row ends at 409 points
FORMULA = ("=", "+", "-", "@")
SIGNATURES_A_ROW = 4


def form_workbook(form: Form) -> bytes:
    """The form as XLSX; takes up to a second of CPU for thousands of rows, so call it in a thread."""
    from openpyxl import Workbook  # only now: it takes memory that a service at rest does not need

    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one sheet
    sheet.title = re.sub(r"[\[\]:*?/\\]", " ", legible(form.title))[:31].strip("' ") or "表"
    book.properties.title, book.properties.creator = legible(form.title), legible(form.company)
    book.properties.created = book.properties.modified = form.at.astimezone(SHANGHAI).replace(tzinfo=None)
    writing = _Writing(sheet, form)
    writing.write()
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def legible(text: str) -> str:
    """Without the characters that XML, and so Excel, cannot hold."""
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "", text)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def put(cell: "Cell | Any", value: Value, kind: Kind | None = None) -> None:
    """The value as Excel knows it, with its number format; a text stays a text even if it looks like a formula."""
    kind = kind_of(value, kind)
    match value:
        case None | "":
            return
        case bool():
            cell.value = shown(value)
        case datetime():
            cell.value = value.astimezone(SHANGHAI).replace(tzinfo=None)
        case date() | int() | Decimal():
            cell.value = value
        case str():
            cell.value = legible(value)
            cell.data_type = "s"
            cell.quotePrefix = value.startswith(FORMULA)
            return
    cell.number_format = FORMATS.get(kind, "General")


class _Writing:
    """A form on its way onto a sheet, from top to bottom."""

    def __init__(self, sheet: "Worksheet", form: Form) -> None:
        from openpyxl.styles import Border, Font, PatternFill, Side

        side = Side(style="thin", color="808080")
        self.border, self.faint = Border(side, side, side, side), PatternFill("solid", fgColor="F3F3F3")
        self.font, self.bold, self.large = Font("宋体", 10), Font("宋体", 10, bold=True), Font("宋体", 18, bold=True)
        self.dresses: dict[tuple[int, str, bool, bool, bool], Any] = {}
        self.sheet, self.form, self.row = sheet, form, 1
        grids = [section for section in form.sections if isinstance(section, Grid)]
        pairs = [2 * section.columns for section in form.sections if isinstance(section, Fields)]
        self.width = max([len(grid.columns) for grid in grids] + pairs + [4])
        self.longest = max(grids, key=lambda grid: len(grid.rows), default=None)

    def said(self, chinese: str, english: str) -> str:
        """What the sheet itself says, in the form's language."""
        return english if self.form.language == "en" else chinese

    def write(self) -> None:
        self.write_title()
        for section in self.form.sections:
            self.write_section(section)
            self.row += 1
        self.write_signatures(self.form.signed)
        self.set_widths()
        self.set_printing()

    def write_title(self) -> None:
        self.write_across(self.form.title, self.large, "center").height = 30
        if self.form.watermark:
            self.write_across(self.form.watermark, self.bold, "center")
        about = [self.form.subtitle, f"{self.said('编号：', 'No. ')}{self.form.number}" if self.form.number else ""]
        if text := "　　".join(part for part in about if part):
            self.write_across(text, self.font, "right")

    def write_section(self, section: Section) -> None:
        match section:
            case Fields():
                self.write_fields(section)
            case Grid():
                self.write_grid(section)
            case Prose():
                self.write_heading(section.title)
                self.write_prose(section.text)

    def write_fields(self, section: Fields) -> None:
        """Each pair takes an equal part of the columns, the label one column of it."""
        bounds = [round(self.width * index / section.columns) + 1 for index in range(section.columns + 1)]
        for row in section.laid_out():
            lines = 1.0
            for index, (field, _) in enumerate(row):
                last = bounds[index + 1] if index < len(row) - 1 else self.width + 1
                label = self.styled(self.row, bounds[index], self.bold, "center", fill=True)
                put(label, field.label)
                aligned = "left"
                cell = self.merged(bounds[index] + 1, last - 1, self.font, aligned)
                put(cell, field.value, field.kind)
                lines = max(lines, _lines(shown(field.value, field.kind), 11 * (last - 1 - bounds[index])))
            self.sheet.row_dimensions[self.row].height = LINE * min(TALLEST, lines) + 5
            self.row += 1

    def write_grid(self, grid: Grid) -> None:
        self.write_heading(grid.title)
        for at, column in enumerate(grid.columns, start=1):
            put(self.styled(self.row, at, self.bold, "center", fill=True), column.title)
        if grid is self.longest:
            self.sheet.print_title_rows = f"{self.row}:{self.row}"
        self.row += 1
        for row in grid.rows:
            self.write_values(grid, row)
        if grid.totals:
            self.write_values(grid, grid.totals, total=True)

    def write_values(self, grid: Grid, values: Any, total: bool = False) -> None:
        for at, (column, value) in enumerate(zip(grid.columns, values, strict=True), start=1):
            cell = self.styled(self.row, at, self.bold if total else self.font, column.aligned, fill=total)
            put(cell, value, column.kind)
        self.row += 1

    def write_heading(self, title: str) -> None:
        if title:
            self.write_across(title, self.bold, "left")

    def write_prose(self, text: str) -> None:
        """In as many merged rows as it takes: Excel fits no height to merged cells, and ends a row at 409 points."""
        for part in _portions(text, 11 * self.width):
            cell = self.merged(1, self.width, self.font, "left", top=True)
            put(cell, part)
            self.sheet.row_dimensions[self.row].height = LINE * _lines(part, 11 * self.width) + 5
            self.row += 1

    def write_signatures(self, signed: list[Signature]) -> None:
        for start in range(0, len(signed), SIGNATURES_A_ROW):
            some = signed[start : start + SIGNATURES_A_ROW]
            bounds = [round(self.width * index / len(some)) + 1 for index in range(len(some) + 1)]
            for index, (label, name) in enumerate(some):
                self.sheet.cell(self.row, bounds[index]).font = self.font
                colon = self.said("：", ": ")
                put(self.sheet.cell(self.row, bounds[index]), f"{label}{colon}{name or '____________'}")
                put(self.sheet.cell(self.row + 1, bounds[index]), self.said("    年  月  日", "Date: ________"))
            self.row += 3

    def write_across(self, text: str, font: Any, horizontal: str) -> Any:
        cell = self.merged(1, self.width, font, horizontal, ruled=False)
        put(cell, text)
        self.row += 1
        return self.sheet.row_dimensions[self.row - 1]

    def merged(
        self, first: int, last: int, font: Any, horizontal: str, *, ruled: bool = True, top: bool = False
    ) -> Any:
        for column in range(first, last + 1):
            self.styled(self.row, column, font, horizontal, ruled=ruled, top=top)
        if last > first:
            self.sheet.merge_cells(start_row=self.row, end_row=self.row, start_column=first, end_column=last)
        return self.sheet.cell(self.row, first)

    def styled(
        self, row: int, column: int, font: Any, horizontal: Any, *, fill: bool = False, ruled: bool = True,
        top: bool = False,
    ) -> Any:  # fmt: skip
        """The cell in its dress; each dress is made once, since openpyxl takes its time over one."""
        cell: Any = self.sheet.cell(row, column)
        dress = (id(font), horizontal, fill, ruled, top)
        if dress in self.dresses:
            cell._style = copy(self.dresses[dress])
            return cell
        from openpyxl.styles import Alignment

        cell.font = font
        cell.alignment = Alignment(horizontal, "top" if top else "center", wrap_text=True)
        if ruled:
            cell.border = self.border
        if fill:
            cell.fill = self.faint
        self.dresses[dress] = copy(cell._style)
        return cell

    def set_widths(self) -> None:
        """As wide as the widest column at this place in any grid; a Chinese character takes two of Excel's units."""
        from openpyxl.utils import get_column_letter

        for at in range(self.width):
            widths = [
                section.columns[at].width
                for section in self.form.sections
                if isinstance(section, Grid) and at < len(section.columns)
            ]
            self.sheet.column_dimensions[get_column_letter(at + 1)].width = max([*widths, 5]) * 2 + 2

    def set_printing(self) -> None:
        """A4, one page wide, head and foot as on the PDF."""
        sheet, form = self.sheet, self.form
        sheet.page_setup.paperSize, sheet.page_setup.orientation = 9, "landscape" if form.landscape else "portrait"
        assert sheet.sheet_properties.pageSetUpPr is not None  # noqa: S101 - openpyxl makes it
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.print_options.horizontalCentered = True
        head, foot = sheet.oddHeader, sheet.oddFooter
        assert head is not None  # noqa: S101 - openpyxl makes them
        assert foot is not None  # noqa: S101
        head.left.text, head.center.text = _furniture(form.company), _furniture(form.watermark)
        head.right.text = _furniture(form.number)
        foot.left.text, foot.right.text = _furniture(form.footer), self.said("第 &P 页 共 &N 页", "Page &P of &N")
        sheet.page_margins.top = sheet.page_margins.bottom = 0.8
        sheet.page_margins.left = sheet.page_margins.right = 0.5


def _furniture(text: str) -> str:
    """A page head or foot: `&` begins a code there, and all of it holds 255 characters."""
    return legible(text)[:70].replace("&", "&&")


def _cells(text: str) -> int:
    """How many of Excel's units of width a line takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _lines(text: str, width: int) -> int:
    return sum(1 + max(0, _cells(line) - 1) // max(1, width) for line in text.split("\n"))


def _portions(text: str, width: int) -> list[str]:
    """The text in parts of which each fits into one row of the sheet."""
    parts: list[str] = []
    taken = TALLEST
    for line in text.split("\n"):
        for start in range(0, max(1, len(line)), width * TALLEST // 2):
            piece = line[start : start + width * TALLEST // 2]
            need = _lines(piece, width)
            if taken + need > TALLEST:
                parts.append(piece)
                taken = need
            else:
                parts[-1] += "\n" + piece
                taken += need
    return parts
