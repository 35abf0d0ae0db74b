"""Office forms: one model of what stands on the sheet, which is printed as PDF and written as XLSX.

    form = Form(
        title="订货单", number=order.number, at=order.placed_at, company=company,
        sections=[
            Fields([("客户", name), ("总额", order.total, "money"), Field("要求", order.requirements, wide=True)]),
            Grid([Column("货号", 8), Column("数量", 6, "quantity")], [("A-1", line.quantity)], totals=("合计", all)),
            Prose("说明", text),
        ],
        signatures=["制单", ("审核", "u17")],
    )
    return await form_response(form, "pdf", "订货单-DH…")     # shared.web.papers

Values are what they are — str, Decimal, int, date, datetime, None — and not their text: the form knows how each kind is
printed, and Excel gets numbers and dates. A text is never read as markup or formula, whatever it says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from shared.domain.numbers import SHANGHAI

type Value = str | int | Decimal | date | datetime | None
type Kind = Literal["text", "number", "quantity", "money", "share", "date", "time"]
type Align = Literal["left", "center", "right"]

FORM_ROWS = 10_000  # of a workbook that is made in memory; lists and ledgers are streamed (shared.documents.exports)
SIGNATURES_A_LINE = 4
PRINTED_ROWS = 5_000  # what is longer belongs into a spreadsheet: it would take a minute and a gigabyte to print


class Field(NamedTuple):
    """A labelled value; a wide one takes a whole row, for addresses and remarks."""

    label: str
    value: Value
    kind: Kind | None = None
    wide: bool = False


class Column(NamedTuple):
    """A column of a grid; `width` is in Chinese characters.

    On paper the columns share the page in this proportion. Texts are wrapped, numbers and dates never: their columns
    grow as they need, and where all together are too wide the print becomes smaller. A share of 0.125 is shown as
    12.5%. Texts stand left, numbers right and dates in the middle unless `align` says otherwise.
    """

    title: str
    width: float = 6
    kind: Kind = "text"
    align: Align | None = None

    @property
    def aligned(self) -> Align:
        return self.align or _ALIGNED.get(self.kind, "right")


class Signature(NamedTuple):
    """Whoever signs: `name` is printed if it is known already, else there is room for it."""

    label: str
    name: str = ""


class Placed(NamedTuple):
    """A field in a row of the sheet; the value spans so many of the columns."""

    field: Field
    span: int


@dataclass(frozen=True)
class Fields:
    """Labelled values side by side: `(label, value)`, `(label, value, kind)` or `Field`s; an empty one leaves room."""

    items: Sequence[tuple[str, Value] | tuple[str, Value, Kind] | Field]
    columns: int = 2

    def laid_out(self) -> Iterator[list[Placed]]:
        """The rows of the sheet: `columns` pairs of label and value, the last of a row filling what is left."""
        row: list[Placed] = []
        for field in (Field(*item) for item in self.items):
            if row and (field.wide or len(row) == self.columns):
                yield self._filled(row)
                row = []
            row.append(Placed(field, 1))
            if field.wide:
                yield self._filled(row)
                row = []
        if row:
            yield self._filled(row)

    def _filled(self, row: list[Placed]) -> list[Placed]:
        return [*row[:-1], Placed(row[-1].field, 2 * (self.columns - len(row)) + 1)]


@dataclass(frozen=True)
class Grid:
    """A ruled table whose head is repeated on every page; each row has a value per column, `totals` likewise."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    totals: Sequence[Value] = ()
    title: str = ""


@dataclass(frozen=True)
class Prose:
    """Running text under a heading; its line breaks are kept."""

    title: str
    text: str


type Section = Fields | Grid | Prose


@dataclass(frozen=True, kw_only=True)
class Form:
    """One sheet of an office: title, sections, signatures, on A4.

    `at` is the moment its content is of: the same content gives the same bytes. `watermark` stands large across every
    page of the PDF and in the head of the workbook, such as 草稿. `footer` stands small at the foot of every page.
    `language` is that of what the sheet itself says: page numbers, "No.", room for a date.
    """

    title: str
    sections: Sequence[Section]
    at: datetime
    number: str = ""
    subtitle: str = ""
    company: str = ""
    signatures: Sequence[str | tuple[str, str] | Signature] = ()
    footer: str = ""
    watermark: str = ""
    landscape: bool = False
    language: Literal["zh", "en"] = "zh"

    @property
    def signed(self) -> list[Signature]:
        return [Signature(entry) if isinstance(entry, str) else Signature(*entry) for entry in self.signatures]

    @property
    def signature_lines(self) -> list[list[str]]:
        """Who signs, four beside one another, with room where the name is not known."""
        colon = ": " if self.language == "en" else "："
        texts = [f"{label}{colon}{name or '____________'}" for label, name in self.signed]
        return [texts[at : at + SIGNATURES_A_LINE] for at in range(0, len(texts), SIGNATURES_A_LINE)]

    @property
    def length(self) -> int:
        """The rows of all its grids."""
        return sum(len(section.rows) for section in self.sections if isinstance(section, Grid))


_ALIGNED: dict[Kind, Align] = {"text": "left", "date": "center", "time": "center"}


def kind_of(value: Value, kind: Kind | None) -> Kind:
    """The kind that is named, or the one that goes without saying for such a value."""
    if kind is not None:
        return kind
    match value:
        case datetime():
            return "time"
        case date():
            return "date"
        case Decimal():
            return "money"
        case int():
            return "number"
        case _:
            return "text"


def shown(value: Value, kind: Kind | None = None) -> str:
    """The value as it is printed; times are those of Shanghai, and nothing is an empty text."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case datetime():
            local = value.astimezone(SHANGHAI)
            return f"{local:%Y-%m-%d}" if kind == "date" else f"{local:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case str():
            return value
    match kind_of(value, kind):
        case "money" | "quantity":
            return f"{value:,.2f}"
        case "share":
            return f"{value * 100:,.1f}%"
        case _:
            return f"{value:,}"
