"""Tables that leave the house: right in Excel, safe to open, streamed, and broken off rather than cut short."""

import asyncio
import csv
import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import PurePath
from typing import Any, Literal
from uuid import UUID, uuid4

import openpyxl
import orjson
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import BaseModel

from shared.documents import workbook
from shared.documents.columns import cells_of
from shared.documents.exports import Column, Format, stream_csv, stream_json, stream_table, stream_xlsx
from shared.documents.sheets import read_lines
from shared.documents.tables import Day, Row, YesNo, read_table

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x"]


async def some(*rows: Sequence[object]) -> AsyncIterator[Sequence[object]]:
    for row in rows:
        yield row


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def csv_of(*rows: Sequence[object]) -> list[list[str]]:
    content = await whole(stream_csv([Column(f"c{at}") for at, _ in enumerate(rows[0])], some(*rows)))
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]


async def sheet_of(*rows: Sequence[object], title: str = "t", **columns: Any) -> Worksheet:
    headings = [Column(f"c{at}", **columns) for at, _ in enumerate(rows[0])] if rows else [Column("c0")]
    content = await whole(stream_xlsx(title, headings, some(*rows)))
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


# CSV


async def test_csv_is_rfc_4180_with_a_byte_order_mark_for_excel() -> None:
    content = await whole(stream_csv([Column("品名"), Column("b")], some(['a "b", c', "1\n2"], [None, "x"])))
    assert content == '\ufeff品名,b\r\n"a ""b"", c","1\n2"\r\n,x\r\n'.encode()


@pytest.mark.parametrize("text", FORMULAS)
async def test_text_that_would_be_a_formula_is_marked_as_text_in_csv(text: str) -> None:
    assert await csv_of([text]) == [[f"'{text}"]]


async def test_numbers_and_times_stand_in_csv_as_they_are_and_in_shanghai() -> None:
    [row] = await csv_of([Decimal("-5.00"), -3, datetime(2026, 11, 24, 20, 0, 59, tzinfo=UTC), date(2026, 1, 2), True])
    assert row == ["-5.00", "-3", "2026-11-25 04:00:59", "2026-01-02", "true"]


# XLSX


async def test_a_workbook_has_real_numbers_days_and_moments_and_text_as_text() -> None:
    moment = datetime(2026, 11, 24, 20, 0, 59, tzinfo=UTC)
    sheet = await sheet_of([Decimal("1234.50"), 7, date(2026, 1, 2), moment, "00123", 2.5, True, None])
    cells = list(sheet.iter_rows())[1]
    assert [cell.value for cell in cells] == [
        1234.5, 7, datetime(2026, 1, 2), datetime(2026, 11, 25, 4, 0, 59), "00123", 2.5, True, None,  # noqa: DTZ001
    ]  # fmt: skip
    assert [cell.number_format for cell in cells][:5] == [
        "#,##0.00", "General", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "General",
    ]  # fmt: skip


async def test_the_heading_is_bold_and_stays_in_sight() -> None:
    sheet = await sheet_of(["x"])
    assert (sheet["A1"].value, sheet["A1"].font.b, sheet["A2"].font.b, sheet.freeze_panes) == ("c0", True, False, "A2")


async def test_a_column_shows_as_many_places_as_it_is_told() -> None:
    sheet = await sheet_of([Decimal("0.125")], places=3)
    assert (sheet["A2"].value, sheet["A2"].number_format) == (0.125, "#,##0.000")


@pytest.mark.parametrize("text", FORMULAS)
async def test_no_text_becomes_a_formula_in_a_workbook(text: str) -> None:
    sheet = await sheet_of([text])
    assert (sheet["A2"].value, sheet["A2"].data_type) == (text, "s")


async def test_what_excel_cannot_hold_exactly_is_written_as_text() -> None:
    large, early = Decimal("12345678901234.567"), date(1899, 5, 1)
    sheet = await sheet_of([large, 10**15, early, float("inf"), Decimal("NaN")])
    assert [cell.value for cell in list(sheet.iter_rows())[1]] == [
        "12345678901234.567", "1000000000000000", "1899-05-01", "inf", "NaN",
    ]  # fmt: skip


async def test_signs_that_xml_cannot_hold_are_left_out_and_all_others_kept() -> None:
    sheet = await sheet_of(["a\x00\x0b\x1f\ud800\ufffeb", "<&>\"'  x ", "𠮷\n第二行", "_x000D_"])
    assert [cell.value for cell in list(sheet.iter_rows())[1]] == ["ab", "<&>\"'  x ", "𠮷\n第二行", "_x005F_x000D_"]


async def test_a_text_longer_than_a_cell_is_cut_and_says_how_long_it_was() -> None:
    sheet = await sheet_of(["𠮷" * 20_000, "x" * 32_767])
    cut, kept = str(sheet["A2"].value), str(sheet["B2"].value)
    assert cut.startswith("𠮷𠮷")
    assert cut.endswith("… (40000)")
    assert len(cut.encode("utf-16-le")) // 2 <= 32_767
    assert kept == "x" * 32_767


async def test_a_full_sheet_is_followed_by_another_with_the_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "ROWS_OF_A_SHEET", 300)
    content = await whole(stream_xlsx("订单", [Column("n")], some(*([n] for n in range(601)))))
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["订单", "订单 (2)", "订单 (3)"]
    values = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]
    assert values == [["n", *range(300)], ["n", *range(300, 600)], ["n", 600]]


async def test_a_sheet_ends_before_its_part_would_need_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "BYTES_OF_A_SHEET", 50_000)
    content = await whole(stream_xlsx("t", [Column("n")], some(*([f"{n:050}"] for n in range(2_000)))))
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert len(book.worksheets) > 1
    assert sum(sheet.max_row - 1 for sheet in book.worksheets) == 2_000


@pytest.mark.parametrize(
    ("title", "name"), [("a/b:c*[d]'", "a b c  d"), ("长" * 40, "长" * 31), ("", "Sheet"), ('"<&>"', '"<&>"')]
)
async def test_a_sheet_gets_a_name_that_excel_takes(title: str, name: str) -> None:
    assert (await sheet_of(["x"], title=title)).title == name


async def test_an_empty_table_is_a_heading() -> None:
    sheet = await sheet_of()
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["c0"]]
    assert await whole(stream_csv([Column("c0")], some())) == b"\xef\xbb\xbfc0\r\n"
    assert orjson.loads(await whole(stream_json(some()))) == {"items": []}


# JSON


async def test_json_has_a_head_and_its_items() -> None:
    async def rows() -> AsyncIterator[object]:
        for n in range(1_001):
            yield {"n": n, "amount": Decimal("1.50")}

    found = orjson.loads(await whole(stream_json(rows(), {"number": "R-1"})))
    assert found["number"] == "R-1"
    assert [item["n"] for item in found["items"]] == list(range(1_001))
    assert found["items"][0]["amount"] == "1.50"


# Streaming


@pytest.mark.parametrize("form", Format)
async def test_the_first_bytes_come_before_the_last_row_is_asked_for(form: Format) -> None:
    asked = 0

    async def rows() -> AsyncIterator[Sequence[object]]:
        nonlocal asked
        for asked in range(50_000):  # noqa: B007 - read outside
            yield [str(uuid4())]

    pieces = stream_table(form, "t", [Column("id")], rows())
    size = 0
    while size < 5_000:  # more than what stands before any row
        size += len(await anext(pieces))
    assert 0 < asked < 10_000


@pytest.mark.parametrize("form", Format)
async def test_twenty_thousand_rows_take_no_more_memory_than_a_few_hundred(form: Format) -> None:
    async def peak(count: int) -> int:
        async def rows() -> AsyncIterator[Sequence[object]]:
            for n in range(count):
                yield [f"DH{n}", Decimal(n), datetime(2026, 1, 1, tzinfo=UTC), "中文 " * 20]

        tracemalloc.start()
        try:
            async for _ in stream_table(form, "t", [Column(name) for name in "abcd"], rows()):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = await peak(1_000), await peak(20_000)
    assert many - few < 2_000_000  # the rows alone are more than five million bytes


@pytest.mark.parametrize("form", Format)
async def test_what_goes_wrong_in_the_rows_is_not_taken_for_their_end(form: Format) -> None:
    async def rows() -> AsyncIterator[Sequence[object]]:
        for n in range(2_000):
            yield [n]
        raise ConnectionResetError("the database is gone")

    with pytest.raises(ConnectionResetError):
        await whole(stream_table(form, "t", [Column("n")], rows()))


# Columns of documents


class Grade(StrEnum):
    FIRST = "first"


class Inner(BaseModel):
    copies: int
    at: datetime
    deeper: dict[str, int]


type Price = Decimal


class Thing(BaseModel):
    id: UUID
    grade: Grade
    price: Price | None
    day: date | None
    ready: bool
    kind: Literal["a", "b"]
    inner: Inner | None
    lines: list[Inner]
    either: int | str
    secret: str


def say(word: str) -> str:
    return {"first": "一级", "yes": "是"}.get(word, word)


def shown(document: dict[str, Any], without: Sequence[str] = ()) -> dict[str, object]:
    return {cell.name: cell.of(document, say) for cell in cells_of(Thing, without)}


def test_columns_follow_the_model_one_level_deep_and_the_rest_is_json() -> None:
    document = {
        "id": "6f1d6a0e-6d0b-5b0e-9d27-3f0c5d0a1e01", "grade": "first", "price": "12.30", "day": "2026-01-02",
        "ready": True, "kind": "a", "inner": {"copies": 3, "at": "2026-01-02T03:04:05Z", "deeper": {"x": 1}},
        "lines": [{"copies": 1}], "either": "7", "secret": "s",
    }  # fmt: skip
    assert list(shown(document, ["secret"]).items()) == [
        ("id", "6f1d6a0e-6d0b-5b0e-9d27-3f0c5d0a1e01"),
        ("grade", "一级"),
        ("price", Decimal("12.30")),
        ("day", date(2026, 1, 2)),
        ("ready", "是"),
        ("kind", "a"),
        ("inner.copies", 3),
        ("inner.at", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("inner.deeper", '{"x":1}'),
        ("lines", '[{"copies":1}]'),
        ("either", "7"),
    ]


def test_a_document_that_lacks_a_field_or_holds_an_older_kind_of_value_is_shown_as_it_stands() -> None:
    found = shown({"price": "on request", "day": "soon", "inner": None, "lines": None, "ready": "perhaps"})
    assert (found["price"], found["day"], found["ready"]) == ("on request", "soon", "perhaps")
    assert [name for name, value in found.items() if value is not None] == ["price", "day", "ready"]


# There and back


class GoodsRow(Row, key=("code",)):
    code: str
    price: Decimal
    on: Day
    ready: YesNo


@pytest.mark.parametrize("stream", [stream_csv, lambda columns, rows: stream_xlsx("t", columns, rows)])
async def test_what_was_written_is_read_again_as_it_was(stream: Callable[..., AsyncIterator[bytes]]) -> None:
    columns = [Column(name) for name in GoodsRow.model_fields]
    content = await whole(stream(columns, some(["007", Decimal("1234567.89"), date(2026, 1, 2), "是"])))
    [row] = await asyncio.to_thread(read_table, content, "goods", GoodsRow)
    assert row == GoodsRow(code="007", price=Decimal("1234567.89"), on=date(2026, 1, 2), ready=True)


async def test_a_phone_number_comes_back_from_csv_without_the_mark_that_kept_it_text() -> None:
    content = await whole(stream_csv([Column("phone")], some(["+86 139"], ["'quoted'"])))
    assert [line.cells[0] for line in read_lines(content, PurePath("x.csv"))] == ["phone", "+86 139", "'quoted'"]
