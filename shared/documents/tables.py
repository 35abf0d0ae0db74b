"""Tables that people bring in from Excel: taken in whole, or refused whole with every wrong cell named."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from pathlib import PurePath
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from shared.documents.sheets import Line, Unreadable, read_lines
from shared.domain.refusals import Invalid

ROWS = 50_000
LONGEST_VALUE = 200
PROBLEMS = 1_000  # a column that is wrong in every row is understood long before
EXCEL_ERRORS = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!"}
)

NOWHERE = dict.fromkeys(("sheet", "row", "column", "heading", "value"))

# What is wrong, by code, in English and Chinese. Below the blank line, pydantic's own codes.
SENTENCES: Mapping[str, tuple[str, str]] = {
    "refused": ("The table has errors; nothing was imported.", "表格有误,未导入任何数据。"),
    "too_large": ("The file is larger than {limit} MB.", "文件超过 {limit} MB。"),
    "unpacks_too_large": ("The workbook unpacks to more than {limit} MB.", "工作簿解压后超过 {limit} MB。"),
    "not_a_table": ("The file is neither an Excel workbook (.xlsx) nor CSV.", "文件既非 .xlsx 也非 CSV。"),
    "old_excel": ("Save the workbook as .xlsx without a password.", "请将工作簿另存为不带密码的 .xlsx。"),
    "damaged": ("The workbook is damaged and cannot be read.", "工作簿已损坏,无法读取。"),
    "row_unreadable": ("The row cannot be read: {reason}.", "该行无法读取:{reason}。"),
    "no_rows": ("The table has no rows.", "表中没有数据行。"),
    "too_many_rows": ("The table has more than {limit} rows.", "表格超过 {limit} 行。"),
    "too_many_problems": ("{limit} problems; the rest was not checked.", "已有 {limit} 个问题,其余未检查。"),
    "column_missing": ("The column {heading} is missing.", "缺少“{heading}”列。"),
    "column_unknown": ("The column {heading} is not known here.", "无法识别“{heading}”列。"),
    "column_twice": ("The column {heading} stands twice.", "“{heading}”列重复。"),
    "column_unnamed": ("The column holds values but has no heading.", "该列有数据但没有列名。"),
    "duplicate": ("Row {first_row} already has the same {heading}.", "{heading}与第 {first_row} 行重复。"),
    "formula": ("Is a formula; paste its value instead.", "是公式,请粘贴为数值。"),
    "excel_error": ("Is an error of Excel's.", "是 Excel 错误值。"),
    "registered_otherwise": ("Differs from what is registered.", "与已登记的资料不符。"),

    "missing": ("Must be filled in.", "不能为空。"),
    "decimal_parsing": ("Is not a number.", "不是数字。"),
    "finite_number": ("Is not a number.", "不是数字。"),
    "decimal_max_places": ("At most {decimal_places} decimal places.", "小数最多 {decimal_places} 位。"),
    "decimal_max_digits": ("At most {max_digits} digits.", "最多 {max_digits} 位数字。"),
    "decimal_whole_digits": ("At most {whole_digits} whole digits.", "整数至多 {whole_digits} 位。"),
    "int_parsing": ("Is not a whole number.", "不是整数。"),
    "greater_than": ("Must be greater than {gt}.", "必须大于 {gt}。"),
    "greater_than_equal": ("Must be at least {ge}.", "不能小于 {ge}。"),
    "less_than": ("Must be less than {lt}.", "必须小于 {lt}。"),
    "less_than_equal": ("Must be at most {le}.", "不能大于 {le}。"),
    "string_too_short": ("At least {min_length} characters.", "至少 {min_length} 个字符。"),
    "string_too_long": ("At most {max_length} characters.", "最多 {max_length} 个字符。"),
    "string_pattern_mismatch": ("Must look like {pattern}.", "格式应为 {pattern}。"),
    "enum": ("Must be one of {expected}.", "只能是 {expected} 之一。"),
    "literal_error": ("Must be one of {expected}.", "只能是 {expected} 之一。"),
    "bool_parsing": ("Must be yes or no.", "只能填“是”或“否”。"),
    "date_from_datetime_parsing": ("Is not a date, such as 2024-01-31.", "不是日期,例如 2024-01-31。"),
    "value_error": ("{error}", "{error}"),
}  # fmt: skip


class Row(BaseModel):
    """One row of a table; a subclass declares the columns.

    A column is found by the field's name or a heading in its title, `Field(title="单价/价格")`, in any case
    and spacing. `class ArticleRow(Row, key=("article",))` names the columns in which no two rows may agree.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    key: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, key: tuple[str, ...] = (), **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls.key = key or cls.key


def _day(value: object) -> object:
    """As Excel in China writes it, `2024/1/5`; pydantic alone would take a bare number for a time of 1970."""
    if not isinstance(value, str):
        return value
    if parts := re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", value):
        return f"{parts[1]}-{parts[2]:0>2}-{parts[3]:0>2}"
    raise PydanticKnownError("date_from_datetime_parsing", {"error": "not a day"})


def _yes_or_no(value: object) -> object:
    return {"是": True, "否": False}.get(value, value) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_day)]
YesNo = Annotated[bool, BeforeValidator(_yes_or_no)]


def read_table[R: Row](content: bytes, filename: str, row_model: type[R]) -> list[R]:
    """The rows of an XLSX (every visible sheet) or CSV, in order; or `Invalid`, naming all that is wrong.

    Each error has `sheet`, `row` and `column` as Excel shows them (the heading is row 1, columns letters),
    `heading` and `value`, None where they do not apply; `code`; `detail`, and `template` and `params` that
    say it in another language. At the limits this takes seconds of CPU: call it in a thread.
    """
    reading = _Reading(row_model)
    try:
        for line in read_lines(content, PurePath(filename)):
            reading.take(line)
    except Unreadable as why:
        raise _refusal(why.code, {"sheet": why.sheet, "row": why.row}, **why.params) from why
    return reading.finish()


def like_registered[R: Row](row_model: type[R], registered: Mapping[str, Mapping[str, object]]) -> type[R]:
    """The rows that also refuse each cell, empty ones too, which differs from what is registered under the row's key.

    The key is the first column. `registered` has the values of fields by key; fields it does not name may differ.
    """
    (key,) = row_model.key

    def unchanged(value: object, info: ValidationInfo) -> object:
        known = registered.get(info.data.get(key, ""), {})
        if known.get(info.field_name or "", value) != value:
            raise PydanticCustomError("registered_otherwise", "Differs from what is registered.")
        return value

    validators = {"unchanged": field_validator("*")(unchanged)}
    settings = {"validate_default": True}
    return create_model(row_model.__name__, __base__=row_model, __validators__=validators, __cls_kwargs__=settings)


class _Reading[R: Row]:
    """One table under way: its columns, the good rows, and every problem so far."""

    def __init__(self, row_model: type[R]) -> None:
        self.model = row_model
        self.headings = {name: (f.title or name).split("/") for name, f in row_model.model_fields.items()}
        self.names = {_bare(text): name for name, texts in self.headings.items() for text in (name, *texts)}
        self.sheet = ""
        self.written: dict[int, str] = {}
        self.columns: dict[int, str | None] = {}
        self.positions: dict[str, int] = {}
        self.first_rows: dict[tuple[str, ...], int] = {}
        self.count = 0
        self.rows: list[R] = []
        self.problems: list[dict[str, Any]] = []

    def take(self, line: Line) -> None:
        """The first filled line of a sheet is its heading, the others are rows."""
        if line.sheet != self.sheet:
            self.take_heading(line)
        elif self.count == ROWS:
            raise _refusal("too_many_rows", limit=ROWS)
        else:
            self.count += 1
            self.take_row(line)

    def take_heading(self, line: Line) -> None:
        self.sheet, self.written, self.columns, self.positions = line.sheet, line.cells, {}, {}
        for position, heading in line.cells.items():
            name = self.columns[position] = self.names.get(_bare(heading))
            if name is None:
                self.report("column_unknown", line, position, heading=heading)
            elif name in self.positions:
                self.report("column_twice", line, position, heading=heading)
                self.columns[position] = None
            else:
                self.positions[name] = position
        for name, field in self.model.model_fields.items():
            if field.is_required() and name not in self.positions:
                self.report("column_missing", line, heading=self.headings[name][0])

    def take_row(self, line: Line) -> None:
        values: dict[str, str] = {}
        reported = set(self.headings) - self.positions.keys()
        for position, text in line.cells.items():
            if position not in self.columns:
                self.report("column_unnamed", line, position)
                self.columns[position] = None  # once is enough
            elif name := self.columns[position]:
                values[name] = text
                if text.startswith("=") or text in EXCEL_ERRORS:
                    self.report("formula" if text.startswith("=") else "excel_error", line, position)
                    reported.add(name)
        try:
            self.rows.append(self.model.model_validate(values))
        except ValidationError as wrong:
            for error in wrong.errors(include_url=False, include_input=False):
                field = str(error["loc"][0]) if error["loc"] else ""
                if field not in reported:
                    params = {name: _plain(value) for name, value in error.get("ctx", {}).items()}
                    self.report(error["type"], line, self.positions.get(field), error["msg"], **params)
        self.take_key(line, values)

    def take_key(self, line: Line, values: Mapping[str, str]) -> None:
        """Keys are compared as they are written, so that a row with another mistake still counts."""
        names = self.model.key
        key = tuple(values[name] for name in names if name in values)
        if not key or len(key) < len(names):
            return
        if key in self.first_rows:
            heading = "+".join(self.headings[name][0] for name in names)
            first_row = self.first_rows[key]
            self.report("duplicate", line, self.positions[names[0]], heading=heading, first_row=first_row)
        else:
            self.first_rows[key] = line.number

    def report(self, code: str, line: Line, at: int | None = None, detail: str = "", **params: Any) -> None:
        place: dict[str, Any] = {"sheet": line.sheet, "row": line.number, "heading": params.get("heading")}
        if len(self.problems) == PROBLEMS:
            self.problems.append(_problem("too_many_problems", place, limit=PROBLEMS))
            self.finish()
        if at is not None:
            value = line.cells.get(at, "")[:LONGEST_VALUE]
            place |= {"column": _letters(at), "heading": self.written.get(at), "value": value}
        self.problems.append(_problem(code, place, detail, **params))

    def finish(self) -> list[R]:
        if self.problems:
            raise Invalid(SENTENCES["refused"][0], self.problems)
        if not self.rows:
            raise _refusal("no_rows")
        return self.rows


def _problem(code: str, place: Mapping[str, Any], detail: str = "", **params: Any) -> dict[str, Any]:
    if code in SENTENCES:
        template = SENTENCES[code][0]
        said = {"template": template, "params": params, "detail": template.format_map(params)}
    else:  # an error of pydantic's that has no sentence here is said in pydantic's words
        said = {"template": detail, "params": {}, "detail": detail}
    return {"code": code, **said, **NOWHERE, **place}


def _refusal(code: str, place: Mapping[str, Any] = NOWHERE, **params: Any) -> Invalid:
    """The file as a whole is refused."""
    return Invalid(SENTENCES[code][0], [_problem(code, place, **params)], **params)


def _plain(value: object) -> int | str:
    """A parameter of pydantic's, fit for JSON and for either language."""
    return value if isinstance(value, int) else str(value).replace("' or '", "', '")


def _bare(heading: str) -> str:
    return re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", heading).casefold())


def _letters(position: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    return (_letters(position // 26 - 1) if position > 25 else "") + chr(ord("A") + position % 26)
