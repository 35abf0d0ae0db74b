"""Office forms as PDF."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.documents.form import Fields, Form, Grid, Prose, Section, shown
from shared.documents.paper import print_paper

TEMPLATE = Path(__file__).with_name("form.typ")


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
    kinds = [column.kind for column in section.columns]
    return {
        "columns": [
            {"title": column.title, "width": column.width, "align": column.aligned} for column in section.columns
        ],
        "rows": [[shown(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in section.rows],
        "totals": [shown(value, kind) for value, kind in zip(section.totals, kinds, strict=bool(section.totals))],
    }
