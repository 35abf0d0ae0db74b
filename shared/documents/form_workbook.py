"""Office forms as an Excel workbook: one sheet, real numbers and dates, ready to print on A4."""

import io
import re
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shared.documents.form import Fields, Form, Grid, Kind, Prose, Section, Value, kind_of, shown
from shared.documents.form_layout import Layout, wrapped
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
LINE = 13.5  # points
TALLEST = 26  # lines; Excel's row ends at 409 points
FORMULA = ("=", "+", "-", "@")


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
        self.layout = Layout(form)
        self.width = len(self.layout.widths)
        self.last_grid = next((one for one in reversed(form.sections) if isinstance(one, Grid)), None)

    def said(self, chinese: str, english: str) -> str:
        """What the sheet itself says, in the form's language."""
        return english if self.form.language == "en" else chinese

    def write(self) -> None:
        self.write_title()
        for section in self.form.sections:
            self.write_section(section)
            self.row += 1
        self.write_signatures()
        self.set_widths()
        self.set_printing()

    def write_title(self) -> None:
        self.write_across(self.form.title, self.large, "center", size=1.8)
        if self.form.watermark:
            self.write_across(self.form.watermark, self.bold, "center")
        number = f"{self.said('编号：', 'No. ')}{self.form.number}" if self.form.number else ""
        if self.form.subtitle or number:
            (first, half), (then, last) = self.layout.spans([1, 1])
            about = [(first, half, self.form.subtitle, "left"), (then, last, number, "right")]
            for left, right, text, horizontal in about:
                put(self.merged(left, right, self.font, horizontal, ruled=False), text)
            self.end_row([(left, right, text) for left, right, text, _ in about])

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
        """Label and value in turn, as on the PDF."""
        for row in section.laid_out():
            spans = self.layout.field_spans(section, [placed.span for placed in row])
            texts = []
            for (field, _), label, value in zip(row, spans[::2], spans[1::2], strict=True):
                put(self.merged(*label, self.bold, "center", fill=True), field.label)
                put(self.merged(*value, self.font, "left"), field.value, field.kind)
                texts += [(*label, field.label), (*value, shown(field.value, field.kind))]
            self.end_row(texts)

    def write_grid(self, grid: Grid) -> None:
        self.write_heading(grid.title)
        spans = self.layout.grid_spans(grid)
        for span, column in zip(spans, grid.columns, strict=True):
            put(self.merged(*span, self.bold, "center", fill=True), column.title)
        if grid is self.last_grid:  # over the pages of a grid that follows, its head would tell lies
            self.sheet.print_title_rows = f"{self.row}:{self.row}"
        self.end_row([(*span, column.title) for span, column in zip(spans, grid.columns, strict=True)])
        for row in grid.rows:
            self.write_values(grid, spans, row)
        if not grid.rows:
            self.write_across(self.said("（无）", "(none)"), self.font, "center", ruled=True)
        if grid.totals:
            self.write_values(grid, spans, grid.totals, total=True)

    def write_values(self, grid: Grid, spans: list[tuple[int, int]], values: Any, total: bool = False) -> None:
        texts = []
        for span, column, value in zip(spans, grid.columns, values, strict=True):
            cell = self.merged(*span, self.bold if total else self.font, column.aligned, fill=total)
            put(cell, value, column.kind)
            if isinstance(value, str):
                texts.append((*span, value))
        self.end_row(texts)

    def write_heading(self, title: str) -> None:
        if title:
            self.write_across(title, self.bold, "left")

    def write_prose(self, text: str) -> None:
        """In as many merged rows as it takes: Excel ends a row at 409 points."""
        for part in _portions(text, self.layout.room(1, self.width)):
            put(self.merged(1, self.width, self.font, "left", top=True), part)
            self.end_row([(1, self.width, part)])

    def write_signatures(self) -> None:
        for texts in self.form.signature_lines:
            spans = self.layout.spans([1] * len(texts))
            for span, text in zip(spans, texts, strict=True):
                put(self.merged(*span, self.font, "left", ruled=False), text)
            self.end_row([(*span, text) for span, text in zip(spans, texts, strict=True)])
            for span in spans:
                put(self.merged(*span, self.font, "left", ruled=False), self.said("    年  月  日", "Date: ________"))
            self.end_row([])
            self.row += 1

    def write_across(self, text: str, font: Any, horizontal: str, *, ruled: bool = False, size: float = 1) -> None:
        put(self.merged(1, self.width, font, horizontal, ruled=ruled), text)
        self.end_row([(1, self.width, text)] if size == 1 else [], size)

    def end_row(self, texts: list[tuple[int, int, str]], size: float = 1) -> None:
        """The row is as high as its longest text: Excel fits no height to merged cells."""
        lines = max((self.layout.lines(text, first, last) for first, last, text in texts), default=1)
        self.sheet.row_dimensions[self.row].height = LINE * size * min(TALLEST, lines) + 5
        self.row += 1

    def merged(
        self, first: int, last: int, font: Any, horizontal: str, *, fill: bool = False, ruled: bool = True,
        top: bool = False,
    ) -> Any:  # fmt: skip
        for column in range(first, last + 1):
            self.styled(self.row, column, font, horizontal, fill=fill, ruled=ruled, top=top)
        if last > first:
            self.sheet.merge_cells(start_row=self.row, end_row=self.row, start_column=first, end_column=last)
        return self.sheet.cell(self.row, first)

    def styled(self, row: int, column: int, font: Any, horizontal: Any, *, fill: bool, ruled: bool, top: bool) -> None:
        """The cell in its dress; each dress is made once, since openpyxl takes its time over one."""
        cell: Any = self.sheet.cell(row, column)
        dress = (id(font), horizontal, fill, ruled, top)
        if dress in self.dresses:
            cell._style = copy(self.dresses[dress])
            return
        from openpyxl.styles import Alignment

        cell.font = font
        cell.alignment = Alignment(horizontal, "top" if top else "center", wrap_text=True)
        if ruled:
            cell.border = self.border
        if fill:
            cell.fill = self.faint
        self.dresses[dress] = copy(cell._style)

    def set_widths(self) -> None:
        from openpyxl.utils import get_column_letter

        for at, width in enumerate(self.layout.widths, start=1):
            self.sheet.column_dimensions[get_column_letter(at)].width = round(width, 2)

    def set_printing(self) -> None:
        """A4, one page wide, head and foot as on the PDF."""
        sheet, form = self.sheet, self.form
        sheet.sheet_view.showGridLines = False
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


def _portions(text: str, room: float) -> list[str]:
    """The text in parts of which each fits into one row of the sheet."""
    parts: list[str] = []
    taken, longest = TALLEST, int(room * (TALLEST - 4)) // 2
    for line in text.split("\n"):
        for start in range(0, max(1, len(line)), longest):
            piece = line[start : start + longest]
            need = wrapped(piece, room - 0.5)
            if taken + need > TALLEST:
                parts.append(piece)
                taken = need
            else:
                parts[-1] += "\n" + piece
                taken += need
    return parts
