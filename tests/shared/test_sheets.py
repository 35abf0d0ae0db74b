"""What stands in a workbook or a CSV is read as people see it; what is neither is refused in words."""

import io
import subprocess
import sys
import zipfile
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from shared.documents.tables import Row, read_table
from tests.shared.tiles import Tile, csv_prices, in_chinese, places, refused, repacked, saved, workbook


def test_a_workbook_is_read_into_rows_in_order() -> None:
    """ORD-1"""
    content = workbook(["货号", "单价"], ["T1", 58.5], ["T2", 60])
    assert read_table(content, "tiles.xlsx", Tile) == [
        Tile(article="T1", price=Decimal("58.5")),
        Tile(article="T2", price=Decimal(60)),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_is_read_in_the_encodings_and_separators_of_excel(encoding: str, separator: str) -> None:
    content = f"货号{separator}价格(元)\r\n抛光{separator}58.50\r\n".encode(encoding)
    assert read_table(content, "tiles.csv", Tile) == [Tile(article="抛光", price=Decimal("58.50"))]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.1 + 0.2, "0.3"), (58.50, "58.5"), (800.0, "800"), (10086, "10086"), (1e20, "100000000000000000000"),
     (1e-7, "0.0000001"), (4.35 * 100, "435"), (True, "true"), (time(8, 30), "08:30:00"),
     (timedelta(hours=30), "1 day, 6:00:00"), (datetime(2026, 1, 5, 8, 30), "2026-01-05T08:30:00")],  # noqa: DTZ001
)  # fmt: skip
def test_a_number_becomes_text_without_binary_noise(number: object, text: str) -> None:
    class Loose(Row):
        value: str

    assert read_table(workbook(["value"], [number]), "loose.xlsx", Loose) == [Loose(value=text)]


def test_empty_rows_are_skipped_and_the_row_numbers_stay_those_of_excel() -> None:
    content = workbook(["货号", "单价"], [], ["T1", 1], [None, "  "], [], ["T2", "dear"])
    assert places(refused(content)) == [(6, "B", "decimal_parsing")]
    assert csv_prices("article,price", "", "T1,1", " , ", "T2,2") == [1, 2]


def test_cells_of_several_lines_do_not_shift_the_row_numbers_of_a_csv() -> None:
    content = b'article,price\n"T\n1",1\nT2,dear\n'
    assert places(refused(content, filename="tiles.csv")) == [(3, "B", "decimal_parsing")]


def test_every_visible_sheet_is_read_and_hidden_ones_are_not() -> None:
    book = Workbook()
    for name, article in (("一月", "T1"), ("二月", "T2"), ("旧", "T3")):
        sheet = book.create_sheet(name)
        sheet.append(["article", "price"])
        sheet.append([article, 1])
    book["旧"].sheet_state = "hidden"
    assert [row.article for row in read_table(saved(book), "tiles.xlsx", Tile)] == ["T1", "T2"]


def test_cells_outside_a_wrongly_declared_size_are_not_lost() -> None:
    content = workbook(["article", "price"], ["T1", 1])
    assert len(read_table(repacked(content, sheet1=(b'ref="A1:B2"', b'ref="A1"')), "tiles.xlsx", Tile)) == 1


def test_a_calculated_formula_counts_as_its_value() -> None:
    content = workbook(["article", "price"], ["T1", "=29*2"])
    content = repacked(content, sheet1=(b"<v />", b"<v>58</v>"))
    assert [row.price for row in read_table(content, "tiles.xlsx", Tile)] == [58]


@pytest.mark.parametrize("formula", ["=1+1", ArrayFormula("B2", "=SUM(A1:A2)")])
def test_a_formula_that_was_never_calculated_is_refused(formula: object) -> None:
    [error] = refused(workbook(["article", "price", "made"], ["T1", formula]))
    assert (error["row"], error["column"], error["code"]) == (2, "B", "formula")


def test_a_text_that_starts_like_a_formula_is_refused() -> None:
    assert places(refused(b"article,price\n=cmd,1\n", filename="tiles.csv")) == [(2, "A", "formula")]


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!"])
def test_an_excel_error_is_refused(error: str) -> None:
    assert places(refused(workbook(["article", "price"], ["T1", error]))) == [(2, "B", "excel_error")]


def test_a_process_that_reads_no_table_does_not_load_openpyxl() -> None:
    code = "import sys, shared.documents.tables; sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Refusing files


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_rows"),
        (b"article,price\n", "no_rows"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not_a_table"),
        (b"\xff\xff\xff", "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"),
        (b"PK\x03\x04 but no archive", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, code: str) -> None:
    [error] = refused(content)
    assert error["code"] == code
    assert error["detail"] != in_chinese(error) != ""
    assert {error[name] for name in ("sheet", "row", "column", "heading", "value")} == {None}


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("letter.txt", "dear customer")
    assert places(refused(file.getvalue())) == [(None, None, "damaged")]


def test_a_workbook_cut_short_or_scrambled_is_refused_and_never_fails() -> None:
    content = workbook(["article", "price"], ["T1", 1])
    for cut in range(4, len(content), 97):
        assert refused(content[:cut])[0]["code"] in {"damaged", "not_a_table"}
    for old, new in ((b'r="B2"', b'r="??"'), (b"<v>1</v>", b"<v>NaN</v>"), (b"</row>", b"")):
        assert refused(repacked(content, sheet1=(old, new)))[0]["code"] == "damaged"


def test_a_quote_left_open_is_refused_with_its_row() -> None:
    [error] = refused(b'article,price\nT1,1\n"T2,2\nT3,3\n', filename="tiles.csv")
    assert (error["sheet"], error["row"], error["code"]) == ("tiles", 3, "row_unreadable")


def test_a_file_over_ten_megabytes_is_refused() -> None:
    [error] = refused(b"article,price\n" + b"T1,1\n" * (2 * 2**20 + 1), filename="tiles.csv")
    assert (error["code"], error["params"]) == ("too_large", {"limit": 10})


def test_an_archive_that_unpacks_to_a_flood_is_refused_before_it_is_unpacked() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (65 * 2**20))
    assert len(file.getvalue()) < 2**20
    assert refused(file.getvalue())[0]["code"] == "unpacks_too_large"


def test_entities_that_multiply_are_refused() -> None:
    bomb = b'<!DOCTYPE sheet [<!ENTITY a "aaaa">]><worksheet'
    content = repacked(workbook(["article", "price"], ["T1", 1]), sheet1=(b"<worksheet", bomb))
    assert refused(content)[0]["code"] == "damaged"


def test_a_row_number_beyond_excel_does_not_keep_the_reader_busy() -> None:
    content = repacked(workbook(["article", "price"], ["T1", 1]), sheet1=(b'<row r="2"', b'<row r="99999999999"'))
    assert places(refused(content)) == [(None, None, "no_rows")]
