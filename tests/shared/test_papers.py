"""Papers: what is printed, what is written for Excel, and that nothing a text says can harm either."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.documents.capitals import DIGITS, GROUPS, PLACES, in_capitals
from shared.documents.form import FORM_ROWS, PRINTED_ROWS, Column, Field, Fields, Form, Grid, Prose, Signature, shown
from shared.documents.form_workbook import form_workbook
from shared.documents.glyphs import BREAK_HERE, FONT, has_glyph, printable
from shared.documents.paper import PressFault, print_paper
from shared.documents.printed_form import form_pdf
from shared.domain.money import LIMIT
from shared.domain.refusals import Invalid
from shared.web.papers import file_headers, form_response
from tests.papers import fonts, pages, rows, sheet

AT = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)
HOSTILE = [
    '#import "/etc/passwd": *',
    "= 标题 *粗* _斜_ $x^2$ `#eval(1)` @ref <label> \\ // 注",
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "</w:t><script>alert(1)</script>&amp;{total}",
    "\u202etxt.exe\u0000\u0007",
]
COLUMNS = [Column("货号", 8), Column("数量", 5, "quantity"), Column("金额", 6, "money"), Column("日期", 6, "date")]


def form(**other: object) -> Form:
    facts = [("客户", "恒美建材"), ("总额", Decimal("1234.50"), "money"), Field("地址", "季华西路86", wide=True)]
    goods = [("A1", Decimal("12.5"), Decimal(1000), date(2026, 12, 1))]
    given: dict[str, object] = {
        "title": "订货单",
        "number": "DH20261124-7F3K9QX2",
        "at": AT,
        "company": "示范陶瓷有限公司",
        "sections": [
            Fields(facts),  # type: ignore[arg-type]  # tuples of several lengths
            Grid(COLUMNS, goods, ("合计", None, Decimal(9), None)),
            Prose("说明", "第一行\n第二行"),
        ],
        "signatures": ["制单", ("审核", "u17"), Signature("财务")],
        "footer": "第一联",
    }
    return Form(**given | other)  # type: ignore[arg-type]  # what a test changes


def long(count: int) -> Form:
    grid = Grid(COLUMNS, [(f"A{at}", Decimal(1), Decimal(2), date(2026, 1, 1)) for at in range(count)])
    return form(sections=[grid], watermark="草稿 DRAFT")


async def test_a_form_is_printed_with_all_its_parts() -> None:
    """ORD-18"""
    [page] = pages(await form_pdf(form()))
    for part in (
        "订货单", "编号：DH20261124-7F3K9QX2", "示范陶瓷有限公司", "恒美建材", "1,234.50", "季华西路86", "12.50",
        "1,000.00", "2026-12-01", "合计", "第一行第二行", "制单：", "审核：u17", "财务：", "年月日", "第一联",
        "第1页共1页",
    ):  # fmt: skip
        assert part in page, part


async def test_a_long_table_repeats_its_head_and_the_watermark_on_every_page() -> None:
    """CON-6"""
    found = pages(await form_pdf(long(200)))
    assert len(found) > 3
    for number, page in enumerate(found, start=1):
        assert "货号数量金额日期" in page
        assert "草稿DRAFT" in page
        assert f"第{number}页共{len(found)}页" in page
    assert "A199" in found[-1]


async def test_the_only_font_is_ours_and_is_embedded() -> None:
    """CON-6"""
    found = fonts(await form_pdf(form()))
    assert found
    assert all("NotoSansCJKsc" in name and embedded for name, embedded in found.items())


async def test_the_same_form_is_the_same_file() -> None:
    assert await form_pdf(form()) == await form_pdf(form())
    assert await form_pdf(form()) != await form_pdf(form(number="DH2"))


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_text_is_never_markup(text: str) -> None:
    """What it says stands on the paper as it is, wherever it stands."""
    everywhere = form(
        title=text, number=text, subtitle=text, company=text, footer=text, watermark=text, signatures=[(text, text)],
        sections=[Fields([(text, text)]), Grid([Column(text)], [[text]], [text], text), Prose(text, text)],
    )  # fmt: skip
    [page] = pages(await form_pdf(everywhere))
    plain = "".join(character for character in printable(text) if not character.isspace() and character != BREAK_HERE)
    assert page.count(plain) >= 10


async def test_five_thousand_letters_without_a_space_stay_on_the_paper() -> None:
    form_ = form(sections=[Fields([("备注", "W" * 5000)]), Grid(COLUMNS, [("长" * 3000, None, None, None)])])
    found = "".join(pages(await form_pdf(form_)))
    assert found.count("W") == 5000
    assert found.count("长") == 3000


def test_rare_names_have_their_glyphs() -> None:
    """Names that GBK or GB 18030 can write."""
    assert all(has_glyph(character) for character in "喆堃珺䶮𰻝㛃犇骉𠮷m²㎡①×÷“”…—￥℃Ф")


def test_a_glyph_that_is_missing_is_named_and_never_a_box() -> None:
    """CON-6"""
    assert not has_glyph("😀")
    assert printable("王😀") == "王〔U+1F600〕"
    assert printable("\U000323af") == "〔U+323AF〕"
    assert printable("a\u202eb\u0000\ufe0f\tc\r\nd") == "ab c\nd"


def test_every_hanzi_of_gbk_is_in_the_font() -> None:
    missing = [character for code in range(0x4E00, 0x9FA6) if not has_glyph(character := chr(code))]
    assert not missing


def test_the_font_is_small_enough_and_brings_its_license() -> None:
    assert FONT.stat().st_size < 10 * 2**20
    assert "SIL OPEN FONT LICENSE" in FONT.with_name("OFL.txt").read_text(encoding="utf-8")


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_what_is_printable_is_all_in_the_font(text: str) -> None:
    allowed = "\n \u200b"
    assert all(character in allowed or has_glyph(character) for character in printable(text))


async def test_a_template_that_is_wrong_is_a_fault_of_ours(tmp_path: Path) -> None:
    broken = tmp_path / "broken.typ"
    with pytest.raises(PressFault):
        await print_paper(broken, {}, AT)


def test_a_workbook_has_real_numbers_and_dates() -> None:
    """ORD-15"""
    found = rows(form_workbook(form()))
    assert ["A1", 12.5, 1000, datetime(2026, 12, 1)] in found  # noqa: DTZ001 - as Excel has it
    assert ["客户", "恒美建材", "总额", 1234.5] in found
    cell = next(cell for row in sheet(form_workbook(form())).iter_rows() for cell in row if cell.value == 1234.5)
    assert cell.number_format == "#,##0.00"


def test_a_workbook_is_ready_for_the_printer() -> None:
    found = sheet(form_workbook(form(landscape=True, company="甲&乙")))
    assert (int(found.page_setup.paperSize), found.page_setup.orientation) == (9, "landscape")
    assert (found.page_setup.fitToWidth, found.page_setup.fitToHeight) == (1, 0)
    head = next(row[0].row for row in found.iter_rows() if row[0].value == "货号")
    assert found.print_title_rows == f"${head}:${head}"
    assert found.oddFooter.right.text == "第 &P 页 共 &N 页"
    assert found.oddHeader.left.text == "甲&&乙"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_never_a_formula(text: str) -> None:
    """Whoever opens the file in Excel runs nothing."""
    everywhere = form(
        title=text, number=text, company=text, subtitle=text, footer=text, watermark=text, signatures=[(text, text)],
        sections=[Fields([(text, text)]), Grid([Column(text)], [[text]], [text], text), Prose(text, text)],
    )  # fmt: skip
    for row in sheet(form_workbook(everywhere)).iter_rows():
        for cell in row:
            assert cell.data_type in ("s", "n"), cell.coordinate
            if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                assert cell.quotePrefix, cell.coordinate


def test_a_text_that_excel_cannot_hold_is_cut_visibly() -> None:
    found = rows(form_workbook(form(sections=[Prose("说明", "长" * 50_000), Fields([("备注", "W" * 50_000)])])))
    assert sum(str(value).count("长") for row in found for value in row) == 50_000
    longest = max((str(value) for row in found for value in row), key=len)
    assert len(longest) <= 32_767
    assert longest.endswith("…")


async def test_what_is_too_long_for_paper_is_refused_and_told_so() -> None:
    """ORD-15"""
    with pytest.raises(Invalid, match="take the workbook"):
        await form_response(long(PRINTED_ROWS + 1), "pdf", "x")
    with pytest.raises(Invalid, match="shorter period"):
        await form_response(long(FORM_ROWS + 1), "xlsx", "x")


async def test_a_file_comes_under_its_chinese_name() -> None:
    answer = await form_response(form(), "xlsx", "订货单-DH1")
    disposition = answer.headers["content-disposition"]
    assert unquote(disposition).endswith("filename*=UTF-8''订货单-DH1.xlsx")
    assert 'filename="DH1.xlsx"' in disposition
    assert file_headers("pdf", 'a"b\r\nX: y/../z')["Content-Disposition"].isprintable()
    assert '"' not in file_headers("pdf", 'a"b')["Content-Disposition"].partition("filename*=")[2]


def test_fields_fill_their_rows() -> None:
    fields = Fields([("a", 1), ("b", 2), ("c", 3), Field("d", 4, wide=True), ("e", 5)], columns=2)
    assert [[(placed.field.label, placed.span) for placed in row] for row in fields.laid_out()] == [
        [("a", 1), ("b", 1)], [("c", 3)], [("d", 3)], [("e", 3)]
    ]  # fmt: skip


def test_a_row_that_does_not_fit_its_columns_is_a_mistake() -> None:
    wrong = dataclasses.replace(form(), sections=[Grid(COLUMNS, [("A1",)])])
    with pytest.raises(ValueError, match="zip"):
        form_workbook(wrong)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "money", ""), (Decimal("-1234567.5"), "money", "-1,234,567.50"), (Decimal("0.125"), "share", "12.5%"),
        (1234, None, "1,234"), (AT, None, "2026-11-24 11:05"), (AT, "date", "2026-11-24"), (True, None, "是"),
        (date(2026, 1, 5), None, "2026-01-05"), ("=1", "money", "=1"),
    ],
)  # fmt: skip
def test_a_value_is_shown_as_an_office_writes_it(value: object, kind: object, text: str) -> None:
    assert shown(value, kind) == text  # type: ignore[arg-type]  # any of them


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"), ("0.05", "伍分"), ("0.50", "伍角整"), ("1.05", "壹元零伍分"), ("10", "壹拾元整"),
        ("1409.50", "壹仟肆佰零玖元伍角整"), ("6007.14", "陆仟零柒元壹角肆分"), ("325.04", "叁佰贰拾伍元零肆分"),
        ("100000000", "壹亿元整"), ("100010000.01", "壹亿零壹万元零壹分"), ("10000000", "壹仟万元整"),
        ("1000000000000", "壹万亿元整"), ("-3", "负叁元整"),
    ],
)  # fmt: skip
def test_an_amount_in_capitals_is_written_as_banks_have_it(amount: str, words: str) -> None:
    assert in_capitals(Decimal(amount)) == f"人民币{words}"


@given(st.integers(0, int(LIMIT) - 1))
def test_no_two_amounts_are_the_same_in_capitals(yuan: int) -> None:
    said = in_capitals(Decimal(yuan)).removeprefix("人民币").removesuffix("元整")
    assert sum(_read(said)) == yuan
    assert "零零" not in said


def _read(said: str) -> Iterator[int]:
    """Back to the number, group by group."""
    for power, name in reversed(list(enumerate(GROUPS[:3]))):
        group, found, rest = said.partition(name) if name else (said, "", "")
        if name and not found:
            continue
        said = rest
        digit = 0
        total = 0
        for character in group:
            if character in DIGITS:
                digit = DIGITS.index(character)
            else:
                total += digit * 10 ** PLACES.index(character)
                digit = 0
        yield (total + digit) * 10_000**power
