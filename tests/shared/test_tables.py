"""A table is taken in whole, or refused whole with every wrong cell named."""

import io
import re
import subprocess
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from pydantic import Field, model_validator

from shared.documents import tables
from shared.documents.tables import SENTENCES, Day, Row, YesNo, read_table
from shared.domain.actor import Post
from shared.domain.refusals import Invalid

DATA = Path(__file__).parents[2] / "deploy/local/data"


class Grade(StrEnum):
    SUPERIOR = "优等品"
    FIRST = "一级品"
    QUALIFIED = "合格品"


class ArticleRow(Row, key=("article",)):
    article: str = Field(title="货号")
    name: str = Field(title="品名")
    specification: str = Field(title="规格")
    model: str = Field(title="型号")
    grade: Grade = Field(title="等级")
    colour_number: str = Field(title="色号")
    unit: Literal["m²", "片"] = Field(title="单位")
    price: Decimal = Field(title="单价/价格", gt=0, decimal_places=2)
    standard: str = Field(title="标准")
    in_production: YesNo = Field(title="在产", default=True)


class LotRow(Row, key=("lot",)):
    lot: str = Field(title="批号")
    article: str = Field(title="货号")
    colour_number: str = Field(title="色号")
    grade: Grade = Field(title="等级")
    quantity: Decimal = Field(title="数量", gt=0)
    received: Day = Field(title="入库日期")
    expires: Day | None = Field(title="有效期至", default=None)

    @model_validator(mode="after")
    def expires_after_it_was_received(self) -> Self:
        if self.expires and self.expires <= self.received:
            raise ValueError("expires before it was received")
        return self


class DealerRow(Row, key=("code",)):
    code: str = Field(title="编号")
    company: str = Field(title="公司")
    kind: Literal["dealer", "project", "end_customer"] = Field(title="类型")
    region: str = Field(title="区域")
    level: str = Field(title="级别")
    contact: str = Field(title="联系人")
    phone: str = Field(title="电话")
    address: str = Field(title="地址")
    owner: str = Field(title="归属业务员")


class StaffRow(Row, key=("code",)):
    code: str = Field(title="工号")
    name: str = Field(title="姓名")
    post: Post = Field(title="职务")
    department: str = Field(title="部门")
    branch: str = Field(title="分公司")
    store: str | None = Field(title="门店", default=None)
    superior: str | None = Field(title="上级", default=None)
    monthly_wage: Decimal = Field(title="月薪", gt=0, decimal_places=2)
    joined: Day = Field(title="入职日期")


class Tile(Row, key=("article",)):
    """The small table most tests read."""

    article: str = Field(title="货号", max_length=8)
    price: Decimal = Field(title="单价/价格(元)", gt=0, decimal_places=2)
    made: Day | None = Field(title="生产日期", default=None)
    in_production: YesNo | None = Field(title="在产", default=None)
    pieces: int | None = None


def workbook(*rows: list[Any], sheet: str = "Sheet") -> bytes:
    book = Workbook()
    book.worksheets[0].title = sheet
    for row in rows:
        book.worksheets[0].append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(content: bytes, **changes: tuple[bytes, bytes]) -> bytes:
    """The workbook with bytes of one part replaced, as another program might have written it."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as parts,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for part in parts.namelist():
            text = parts.read(part)
            for name, (old, new) in changes.items():
                if f"/{name}.xml" in part:
                    assert old in text
                    text = text.replace(old, new, 1)
            packed.writestr(part, text)
    return file.getvalue()


def refused(content: bytes, row_model: type[Row] = Tile, filename: str = "tiles.xlsx") -> list[dict[str, Any]]:
    with pytest.raises(Invalid) as refusal:
        read_table(content, filename, row_model)
    return refusal.value.errors


def places(errors: list[dict[str, Any]]) -> list[tuple[Any, Any, Any]]:
    return [(error["row"], error["column"], error["code"]) for error in errors]


def in_chinese(error: dict[str, Any]) -> str:
    """As the web layer says it: the Chinese of the English template, filled."""
    return dict(SENTENCES.values())[error["template"]].format_map(error["params"])


def csv_prices(*lines: str) -> list[Decimal]:
    return [row.price for row in read_table("\n".join(lines).encode(), "tiles.csv", Tile)]


# Reading


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


@pytest.mark.parametrize("heading", ["in_production", "In Production", " IN-PRODUCTION ", "在 产", "在产"])
def test_a_heading_is_known_in_chinese_or_english_whatever_its_case_and_spacing(heading: str) -> None:
    [row] = read_table(workbook(["Article", heading, "价格（元）"], ["T1", "是", 1]), "tiles.xlsx", Tile)
    assert row.in_production is True


@pytest.mark.parametrize(("text", "answer"), [("是", True), ("否", False), ("yes", True), ("No", False), (True, True)])
def test_yes_and_no_are_understood_in_both_languages(text: object, answer: bool) -> None:
    [row] = read_table(workbook(["article", "price", "在产"], ["T1", 1, text]), "tiles.xlsx", Tile)
    assert row.in_production is answer


@pytest.mark.parametrize(
    "day",
    ["2026-01-05", "2026/1/5", "2026.1.5", "2026年1月5日", date(2026, 1, 5), datetime(2026, 1, 5)],  # noqa: DTZ001
)
def test_a_day_is_understood_as_excel_and_people_write_it(day: object) -> None:
    [row] = read_table(workbook(["article", "price", "made"], ["T1", 1, day]), "tiles.xlsx", Tile)
    assert row.made == date(2026, 1, 5)


def test_a_row_can_also_be_made_from_values() -> None:
    row = Tile(article="T1", price=Decimal(1), made=date(2026, 1, 5), in_production=False)
    assert (row.made, row.in_production) == (date(2026, 1, 5), False)


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


def test_an_optional_column_may_be_absent_and_an_optional_cell_empty() -> None:
    assert csv_prices("article,price", "T1,1") == csv_prices("article,made,price", "T1,,1") == [1]


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


def test_a_process_that_reads_no_table_does_not_load_openpyxl() -> None:
    code = "import sys, shared.documents.tables; sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Refusing cells


def test_every_wrong_cell_is_reported_with_its_place_its_value_and_what_is_wrong() -> None:
    """ORD-1: nothing is imported when anything is wrong."""
    content = workbook(
        ["货号", "单价", "生产日期", "在产", "pieces"],
        ["T1", "面议", "2026-02-30", "perhaps", 1.5],
        ["T2", 1],
        ["T3-much-too-long", 58.505, 45296],
        [None, -1],
        sheet="产品",
    )
    errors = refused(content)
    assert places(errors) == [
        (2, "B", "decimal_parsing"), (2, "C", "date_from_datetime_parsing"), (2, "D", "bool_parsing"),
        (2, "E", "int_parsing"), (4, "A", "string_too_long"), (4, "B", "decimal_max_places"),
        (4, "C", "date_from_datetime_parsing"), (5, "A", "missing"), (5, "B", "greater_than"),
    ]  # fmt: skip
    assert errors[0] == {
        "sheet": "产品", "row": 2, "column": "B", "heading": "单价", "value": "面议",
        "code": "decimal_parsing", "template": "Is not a number.", "params": {}, "detail": "Is not a number.",
    }  # fmt: skip
    assert (errors[5]["value"], errors[5]["params"]) == ("58.505", {"decimal_places": 2})
    assert (errors[7]["value"], errors[7]["heading"]) == ("", "货号")


def test_what_is_wrong_is_said_in_chinese_and_in_english() -> None:
    errors = refused(workbook(["article", "price"], ["T1", -1], ["T1", 2]))
    assert [error["detail"] for error in errors] == [
        "Must be greater than 0.", "Row 2 already has the same 货号."
    ]  # fmt: skip
    assert [in_chinese(error) for error in errors] == ["必须大于 0。", "货号与第 2 行重复。"]


def test_the_chinese_sentence_asks_for_nothing_that_the_english_one_does_not() -> None:
    for english, chinese in SENTENCES.values():
        assert set(re.findall(r"{\w+}", chinese)) == set(re.findall(r"{\w+}", english))
    assert dict(SENTENCES.values()).items() == set(SENTENCES.values())


def test_the_choices_are_named_when_a_word_is_none_of_them() -> None:
    [error] = refused(b"kind\nshop\n", choice_row(), "kinds.csv")
    assert error["detail"] == "Must be one of 'dealer', 'project', 'end_customer'."
    assert in_chinese(error) == "只能是 'dealer', 'project', 'end_customer' 之一。"


def choice_row() -> type[Row]:
    class Choice(Row):
        kind: Literal["dealer", "project", "end_customer"]

    return Choice


def test_a_problem_nobody_foresaw_keeps_the_words_of_pydantic() -> None:
    class Link(Row):
        size: float = Field(multiple_of=2)

    [error] = refused(b"size\n3\n", Link, "links.csv")
    assert error["detail"] == error["template"] == "Input should be a multiple of 2"
    assert error["params"] == {}


def test_a_rule_between_cells_is_reported_for_the_row() -> None:
    content = "批号,货号,色号,等级,数量,入库日期,有效期至\nL1,T1,7,优等品,1,2026-02-01,2026-01-01\n".encode()
    [error] = refused(content, LotRow, "stock.csv")
    assert (error["row"], error["column"], error["value"]) == (2, None, None)
    assert error["detail"] == "expires before it was received"


def test_two_rows_cannot_share_the_declared_key() -> None:
    errors = refused(workbook(["price", "article"], [1, "T1"], [2, "T2"], ["dear", "T1"]))
    assert places(errors) == [(4, "A", "decimal_parsing"), (4, "B", "duplicate")]
    assert errors[1]["params"] == {"heading": "货号", "first_row": 2}


def test_a_key_of_two_columns_is_shared_only_when_both_agree() -> None:
    class Price(Row, key=("article", "grade")):
        article: str
        grade: str

    content = b"article,grade\nT1,a\nT1,b\nT1,\nT1,a\n"
    assert places(refused(content, Price, "p.csv")) == [(4, "B", "missing"), (5, "A", "duplicate")]


def test_without_a_declared_key_rows_may_agree() -> None:
    class Reading(Row):
        value: int

    assert len(read_table(b"value\n1\n1\n", "readings.csv", Reading)) == 2


def test_a_row_model_keeps_the_key_of_the_one_it_extends() -> None:
    class Mosaic(Tile):
        pass

    assert Mosaic.key == ("article",)


@pytest.mark.parametrize("formula", ["=1+1", ArrayFormula("B2", "=SUM(A1:A2)")])
def test_a_formula_that_was_never_calculated_is_refused(formula: object) -> None:
    [error] = refused(workbook(["article", "price", "made"], ["T1", formula]))
    assert (error["row"], error["column"], error["code"]) == (2, "B", "formula")


def test_a_text_that_starts_like_a_formula_is_refused() -> None:
    assert places(refused(b"article,price\n=cmd,1\n", filename="tiles.csv")) == [(2, "A", "formula")]


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!"])
def test_an_excel_error_is_refused(error: str) -> None:
    assert places(refused(workbook(["article", "price"], ["T1", error]))) == [(2, "B", "excel_error")]


def test_a_long_value_is_cut_in_the_report() -> None:
    [error] = refused(f"article,price\n{'T' * 5000},1\n".encode(), filename="tiles.csv")
    assert error["value"] == "T" * 200


# Refusing columns


def test_unknown_and_missing_columns_are_named_and_the_rest_is_still_checked() -> None:
    errors = refused(workbook(["article", "colour", "made"], ["T1", "red", "soon"]))
    assert places(errors) == [
        (1, "B", "column_unknown"), (1, None, "column_missing"), (2, "C", "date_from_datetime_parsing")
    ]  # fmt: skip
    assert [in_chinese(error) for error in errors[:2]] == [
        "无法识别“colour”列。",
        "缺少“单价”列。",
    ]
    assert [error["heading"] for error in errors[:2]] == ["colour", "单价"]


def test_a_column_that_stands_twice_is_named() -> None:
    assert places(refused(workbook(["article", "单价", "价格(元)"], ["T1", 1, 2]))) == [(1, "C", "column_twice")]


def test_values_under_no_heading_are_named_once() -> None:
    errors = refused(workbook(["article", "price"], ["T1", 1, "x"], ["T2", 1, "y"]))
    assert places(errors) == [(2, "C", "column_unnamed")]


def test_columns_past_z_are_named_as_excel_names_them() -> None:
    heading = ["article", "price", *[None] * 25, "over"]
    assert places(refused(workbook(heading, ["T1", 1]))) == [(1, "AB", "column_unknown")]


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


def test_more_than_fifty_thousand_rows_are_refused() -> None:
    content = b"article,price\n" + b"".join(b"T%d,1\n" % number for number in range(50_000))
    assert len(read_table(content, "tiles.csv", Tile)) == 50_000
    assert refused(content + b"T,1\n", filename="tiles.csv")[0]["code"] == "too_many_rows"


def test_checking_stops_after_a_thousand_problems_and_says_so() -> None:
    errors = refused(b"article,price\n" + b"T,dear\n" * 2000, filename="tiles.csv")
    assert len(errors) == tables.PROBLEMS + 1
    assert (errors[-1]["code"], errors[-1]["row"], errors[-1]["column"]) == ("too_many_problems", 502, None)


# The sample data


def sample[R: Row](name: str, row_model: type[R]) -> list[R]:
    return read_table((DATA / name).read_bytes(), name, row_model)


def test_the_sample_data_of_the_local_stack_is_complete_and_fits_together() -> None:
    """ORD-1, CUS-1, STF-1"""
    articles = {row.article: row for row in sample("articles.xlsx", ArticleRow)}
    lots = sample("stock.csv", LotRow)
    dealers, staff = (
        sample("dealers.csv", DealerRow),
        {row.code: row for row in sample("staff.csv", StaffRow)},
    )
    assert (len(articles) >= 220, len(lots) >= 250, len(dealers), len(staff)) == (True, True, 30, 40)
    assert 0 < sum(not row.in_production for row in articles.values()) < 10
    assert all(lot.grade == articles[lot.article].grade for lot in lots)
    assert all(articles[lot.article].in_production for lot in lots)
    assert {row.grade for row in articles.values()} == set(Grade)
    assert all(staff[row.owner].post is Post.SALESPERSON for row in dealers)
    assert {row.kind for row in dealers} == {"dealer", "project", "end_customer"}
    assert {row.superior for row in staff.values()} <= staff.keys() | {None}
    assert {row.post for row in staff.values()} == set(Post) - {Post.CUSTOMER, Post.PARTNER}


@pytest.mark.parametrize(
    ("name", "row_model", "expected"),
    [
        (
            "articles-with-errors.xlsx",
            ArticleRow,
            [(3, "H", "decimal_parsing"), (4, "C", "missing"), (6, "A", "duplicate"), (7, "E", "enum"),
             (7, "H", "decimal_max_places")],
        ),
        (
            "dealers-with-errors.csv",
            DealerRow,
            [(3, "C", "literal_error"), (4, "B", "missing"), (5, "A", "duplicate")],
        ),
        (
            "staff-with-errors.csv",
            StaffRow,
            [(3, "C", "enum"), (4, "H", "decimal_parsing"), (5, "B", "missing"),
             (5, "I", "date_from_datetime_parsing"), (6, "A", "duplicate")],
        ),
    ],
)  # fmt: skip
def test_the_sample_data_with_errors_is_refused_with_each_error_named(
    name: str, row_model: type[Row], expected: list[tuple[int, str, str]]
) -> None:
    assert places(refused((DATA / name).read_bytes(), row_model, name)) == expected
