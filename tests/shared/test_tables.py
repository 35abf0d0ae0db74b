"""A table is taken in whole, or refused whole with every wrong cell named."""

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal, Self

import pytest
from pydantic import Field, model_validator

from shared.documents import tables
from shared.documents.tables import SENTENCES, Day, Row, like_registered, read_table
from tests.shared.tiles import Tile, csv_prices, in_chinese, places, refused, workbook


class Grade(StrEnum):
    SUPERIOR = "优等品"
    FIRST = "一级品"
    QUALIFIED = "合格品"


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


# Reading


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


def test_an_optional_column_may_be_absent_and_an_optional_cell_empty() -> None:
    assert csv_prices("article,price", "T1,1") == csv_prices("article,made,price", "T1,,1") == [1]


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


def test_a_long_value_is_cut_in_the_report() -> None:
    [error] = refused(f"article,price\n{'T' * 5000},1\n".encode(), filename="tiles.csv")
    assert error["value"] == "T" * 200


def test_a_cell_that_differs_from_what_is_registered_is_refused_an_empty_one_too() -> None:
    """ORD-1, CUS-1, STF-1"""
    known = {"T1": {"price": Decimal("58.50"), "made": date(2026, 1, 5)}, "T2": {"pieces": None}}
    checked = like_registered(Tile, known)
    content = workbook(["article", "price", "made", "pieces"], ["T1", 58.5, "2026-01-05", 3], ["T2", 7], ["T3", 1])
    assert [row.article for row in read_table(content, "tiles.xlsx", checked)] == ["T1", "T2", "T3"]
    errors = refused(workbook(["article", "price", "made", "pieces"], ["T1", 59], ["T2", 7, None, 3]), checked)
    assert places(errors) == [(2, "B", "registered_otherwise"), (2, "C", "registered_otherwise"),
                              (3, "D", "registered_otherwise")]  # fmt: skip
    assert in_chinese(errors[0]) == "与已登记的资料不符。"


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


def test_more_than_fifty_thousand_rows_are_refused() -> None:
    content = b"article,price\n" + b"".join(b"T%d,1\n" % number for number in range(50_000))
    assert len(read_table(content, "tiles.csv", Tile)) == 50_000
    assert refused(content + b"T,1\n", filename="tiles.csv")[0]["code"] == "too_many_rows"


def test_checking_stops_after_a_thousand_problems_and_says_so() -> None:
    errors = refused(b"article,price\n" + b"T,dear\n" * 2000, filename="tiles.csv")
    assert len(errors) == tables.PROBLEMS + 1
    assert (errors[-1]["code"], errors[-1]["row"], errors[-1]["column"]) == ("too_many_problems", 502, None)
