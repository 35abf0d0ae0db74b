"""Office forms as PDF."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.documents.form import Column, Fields, Form, Grid, Prose, Section, Value, shown
from shared.documents.glyphs import breakable
from shared.documents.paper import print_paper

TEMPLATE = Path(__file__).with_name("form.typ")
LATIN = 0.57  # the width of a digit, in Chinese characters
CAPITAL = 0.6  # of a letter of such a number as DH20261124-9TZKHT0P
MARGIN = 1.0  # what a cell keeps free at its sides, in Chinese characters
STRETCH = 1.5  # how far a column may grow to keep a number of letters and digits in one line
ROOM = {False: 504.0, True: 751.0}  # of a page, upright or not, in points


async def form_pdf(form: Form) -> bytes:
    """The form as PDF. Raises `PressFault`."""
    return await print_paper(TEMPLATE, printed(form), form.at)


def printed(form: Form) -> dict[str, Any]:
    """The form as its template reads it: every value a text already."""
    return {
        "title": form.title,
        "number": form.number,
        "subtitle": form.subtitle,
        "company": form.company,
        "footer": form.footer,
        "watermark": form.watermark,
        "landscape": form.landscape,
        "language": form.language,
        "sections": [_section(section, form) for section in form.sections],
        "signatures": [signature._asdict() for signature in form.signed],
    }


def _section(section: Section, form: Form) -> Mapping[str, Any]:
    match section:
        case Fields():
            return {"kind": "fields", "title": "", "columns": section.columns, **_fields(section, form)}
        case Grid():
            return {"kind": "grid", "title": section.title, **_grid(section)}
        case Prose():
            return {"kind": "prose", "title": section.title, "text": section.text}


def _fields(section: Fields, form: Form) -> dict[str, Any]:
    """With three and more side by side the print is a little smaller, so that a number of ours stands in one line."""
    size = 9.5 if section.columns < 3 else 9.0
    label = size * (8.5 if form.language == "en" else 6.2)
    pair = ROOM[form.landscape] / section.columns

    def fitting(text: str, pairs: int) -> str:
        return breakable(text, int((pairs * pair - label - MARGIN * size) / (CAPITAL * size)))

    rows = [
        [
            {
                "label": placed.field.label,
                "value": fitting(shown(placed.field.value, placed.field.kind), placed.span // 2 + 1),
                "span": placed.span,
            }
            for placed in row
        ]
        for row in section.laid_out()
    ]
    return {"size": size, "label": label, "rows": rows}


def _grid(section: Grid) -> dict[str, Any]:
    """A text is wrapped; a number or a date never is, and its column grows.

    So does, within reason, the column of a long word; beyond that the word is broken where the column ends.
    """
    columns = section.columns
    rows = [_row(columns, row) for row in section.rows]
    totals = _row(columns, section.totals) if section.totals else []
    widths = [_width(column, [row[at] for row in (*rows, totals) if row]) for at, column in enumerate(columns)]
    for row in rows:
        for at, column in enumerate(columns):
            if column.kind == "text":
                row[at] = breakable(row[at], max(3, int((widths[at] - MARGIN) / LATIN)))
    return {
        "columns": [
            {"title": column.title, "width": width, "align": column.aligned}
            for column, width in zip(columns, widths, strict=True)
        ],
        "characters": sum(widths),
        "rows": rows,
        "totals": totals,
    }


def _row(columns: Sequence[Column], row: Sequence[Value]) -> list[str]:
    return [shown(value, column.kind) for column, value in zip(columns, row, strict=True)]


def _width(column: Column, texts: Sequence[str]) -> float:
    if column.kind == "text":
        longest = max((len(word) for text in texts for word in text.split() if word.isascii()), default=0)
        return max(column.width, min(MARGIN + CAPITAL * longest, STRETCH * column.width))
    return max(column.width, MARGIN + LATIN * max(map(len, texts), default=0))
