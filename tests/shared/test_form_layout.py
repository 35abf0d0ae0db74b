"""How forms stand on the page: nothing is cut off, nothing shows as ####, and each table fills the sheet."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from openpyxl.utils import get_column_letter

from shared.documents.form import Column, Field, Fields, Form, Grid, Prose, Section
from shared.documents.form_layout import Layout, units, wrapped
from shared.documents.form_workbook import form_workbook
from shared.documents.glyphs import BREAK_HERE
from shared.documents.printed_form import form_pdf, printed
from tests.papers import pages, sheet

AT = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)
CERTIFICATE = "ZB20261124-9GG6CJAH"
COMPANY = "广东省佛山市南海区西樵镇国际陶瓷建材博览城恒美伟业装饰材料工程安装（集团）有限责任公司"
AMOUNT = Decimal("123456789012.34")
WIDE = Grid(
    [
        Column("列0", 4, "number"),
        Column("列1", 4),
        Column("列2", 4, "quantity"),
        Column("列3", 4, "money"),
        Column("列4", 4, "date"),
        Column("列5", 4, "time"),
    ],
    [(1, COMPANY, Decimal(5), AMOUNT, date(2026, 12, 1), AT)] * 3,
    ("合计", None, None, AMOUNT * 3, None, None),
)
NARROW = Grid([Column("批号", 10), Column("金额", 2, "money")], [("L1", AMOUNT)], title="批次")


def form(*sections: Section, **other: Any) -> Form:
    given: dict[str, Any] = {"title": "出货单", "at": AT, "sections": sections, "signatures": ["责任人所在部门"] * 4}
    return Form(**given | other)


def three(value: object, **other: Any) -> Form:
    """Three fields side by side, in the narrowest of which stands this."""
    return form(Fields([Field("质保书", value), ("车号", "粤E·12345"), ("承运", AT)], columns=3), **other)  # type: ignore[arg-type]  # any value


class Shown(NamedTuple):
    """A filled cell of a workbook, with the room it has: its own, or that of the cells it is merged with."""

    value: object
    number_format: str
    room: float
    height: float
    last: int


def cells(workbook: bytes) -> Iterator[Shown]:
    found = sheet(workbook)
    ends = {merged.start_cell.coordinate: merged.max_col for merged in found.merged_cells.ranges}
    for row in found.iter_rows():
        for cell in row:
            if cell.value is not None:
                last = ends.get(cell.coordinate, cell.column)
                widths = [found.column_dimensions[get_column_letter(at)].width for at in range(cell.column, last + 1)]
                height = found.row_dimensions[cell.row].height
                yield Shown(cell.value, cell.number_format, sum(widths), height, last)


def as_shown(cell: Shown) -> str:
    if isinstance(cell.value, datetime):
        return cell.number_format
    places = 2 if cell.number_format.endswith(".00") else 0
    return f"{cell.value:,.{places}f}"


FORMS = [
    form(WIDE, NARROW), form(NARROW), form(NARROW, WIDE, landscape=True), three(AMOUNT), three(AMOUNT, landscape=True),
    form(Fields([("订货金额", AMOUNT), ("收款", AMOUNT), ("制表时间", AT), ("分录数", 10**9)], columns=4), WIDE),
    form(Fields([("决定时间", AT), ("申诉截止", AT)]), Prose("申诉权利", COMPANY)),
]  # fmt: skip


@pytest.mark.parametrize("given", FORMS, ids=range(len(FORMS)))
def test_every_number_and_date_has_room(given: Form) -> None:
    """ORD-15: what has none is shown as ####."""
    numbers = [cell for cell in cells(form_workbook(given)) if not isinstance(cell.value, str)]
    assert numbers
    for cell in numbers:
        assert len(as_shown(cell)) + 1 <= cell.room, cell


@pytest.mark.parametrize("given", FORMS, ids=range(len(FORMS)))
def test_every_row_is_as_high_as_its_texts(given: Form) -> None:
    """Merged cells are fitted by nobody; 13 points are a line."""
    for cell in cells(form_workbook(given)):
        if isinstance(cell.value, str):
            assert cell.height >= 13 * wrapped(cell.value, cell.room), cell


def test_every_table_is_as_wide_as_the_sheet() -> None:
    """CMP-12: a short table below a long one ends where that one ends."""
    found = list(cells(form_workbook(form(WIDE, NARROW, Fields([("客户", COMPANY)])))))
    columns = len(WIDE.columns)
    assert next(cell for cell in found if cell.value == "金额").last == columns
    assert next(cell for cell in found if cell.value == COMPANY and cell.room > 60).last == columns
    assert sum(Layout(form(NARROW)).widths) >= 92


def test_the_longest_list_can_be_sorted() -> None:
    """ORD-15: merged cells cannot."""
    found = sheet(form_workbook(form(Fields([("客户", COMPANY)]), WIDE, NARROW)))
    [head] = [row[0].row for row in found.iter_rows() if row[0].value == "列0"]
    assert not [merged for merged in found.merged_cells.ranges if head <= merged.min_row <= head + len(WIDE.rows)]


def test_signatures_do_not_run_into_each_other() -> None:
    for cell in cells(form_workbook(form(NARROW))):
        if isinstance(cell.value, str) and cell.value.startswith("责任人"):
            assert units(cell.value) <= cell.room + 0.01


def test_only_the_last_table_has_its_head_on_every_page() -> None:
    """The head of one table above the figures of the next would be wrong."""
    found = sheet(form_workbook(form(WIDE, NARROW)))
    [head] = [row[0].row for row in found.iter_rows() if row[0].value == "批号"]
    assert found.print_title_rows == f"${head}:${head}"


async def test_an_empty_table_says_so_above_its_totals() -> None:
    empty = form(Grid(WIDE.columns, [], ("合计", None, None, Decimal(0), None, None)))
    assert "（无）合计0.00" in pages(await form_pdf(empty))[0]
    words = [cell.value for cell in cells(form_workbook(empty)) if isinstance(cell.value, str)]
    assert words.index("（无）") == words.index("合计") - 1


def value(given: Form) -> str:
    return str(printed(given)["sections"][0]["rows"][0][0]["value"])


def test_a_number_of_ours_stands_in_one_line_and_a_longer_word_stays_in_its_field() -> None:
    """ORD-11"""
    assert value(three(CERTIFICATE)) == CERTIFICATE
    assert BREAK_HERE in value(three("FP-bd1e4e15b6d5aa00112233"))
    assert BREAK_HERE not in value(three("FP-bd1e4e15b6d5aa00112233", landscape=True))


def test_a_column_grows_for_a_word_but_not_for_any() -> None:
    """QUA-3: `quality inspector` was broken before its last letter."""
    [short] = printed(form(Grid([Column("Department", 6), Column("金额", 9)], [("inspector", "1")])))["sections"]
    assert short["rows"] == [["inspector", "1"]]
    [long] = printed(form(Grid([Column("Department", 6)], [("x" * 60,)])))["sections"]
    assert BREAK_HERE in long["rows"][0][0]
    assert long["columns"][0]["width"] == 9


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [("", 5, 1), ("长长长", 6, 1), ("长长长", 5, 2), ("a\nb", 9, 2), ("word word", 6.5, 2), ("x" * 30, 12, 3)],
)
def test_lines_are_counted_as_excel_breaks_them(text: str, width: float, lines: int) -> None:
    assert wrapped(text, width) == lines
