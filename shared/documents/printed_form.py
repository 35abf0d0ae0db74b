"""Office forms as PDF."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.documents.form import Column, Fields, Form, Grid, Prose, Section, Value, shown
from shared.documents.glyphs import breakable
from shared.documents.paper import print_paper

TEMPLATE = Path(__file__).with_name("form.typ")
LATIN = 0.57  # the width of a digit, in Chinese characters
MARGIN = 1.0  # what a cell keeps free at its sides, in Chinese characters


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
        "sections": [_section(section) for section in form.sections],
        "signatures": [signature._asdict() for signature in form.signed],
    }


def _section(section: Section) -> Mapping[str, Any]:
    match section:
        case Fields():
            return {"kind": "fields", "title": "", "columns": section.columns, "rows": _fields(section)}
        case Grid():
            return {"kind": "grid", "title": section.title, **_grid(section)}
        case Prose():
            return {"kind": "prose", "title": section.title, "text": section.text}


def _fields(section: Fields) -> list[list[dict[str, Any]]]:
    return [
        [
            {"label": placed.field.label, "value": shown(placed.field.value, placed.field.kind), "span": placed.span}
            for placed in row
        ]
        for row in section.laid_out()
    ]


def _grid(section: Grid) -> dict[str, Any]:
    """A text is wrapped, and broken where its column is narrower than a word; a number or a date never is."""
    columns = section.columns
    rows = [_row(columns, row) for row in section.rows]
    totals = _row(columns, section.totals) if section.totals else []
    widths = [
        column.width if column.kind == "text" else max(column.width, _widest(at, [*rows, totals]))
        for at, column in enumerate(columns)
    ]
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


def _widest(at: int, rows: Sequence[Sequence[str]]) -> float:
    return MARGIN + LATIN * max((len(row[at]) for row in rows if row), default=0)
