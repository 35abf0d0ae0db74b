"""Prints one paper: a job as JSON on standard input, the PDF on standard output.

A process of its own for each paper, and a script without imports of ours: typst keeps what it has ever laid out
(0.1 MB a table row) and gives it back only when its process ends; and whatever a text does to it, it does not do to the
service.
"""

import json
import sys
from typing import Any


def press(job: dict[str, Any], pictures: bool = False) -> list[bytes]:
    """The PDF, or a PNG of each page."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[job["fonts"]])
    compiler = typst.Compiler(font_paths=fonts, root=job["root"])
    inputs = {"data": json.dumps(job["data"], ensure_ascii=False)}
    if pictures:
        pages = compiler.compile(job["template"], sys_inputs=inputs, format="png", ppi=110)
        return pages if isinstance(pages, list) else [pages or b""]
    pdf = compiler.compile(
        job["template"],
        sys_inputs=inputs,
        timestamp=job["timestamp"],
        pdf_standards="a-2u",  # what is kept for years; it also refuses a glyph that is missing
        pdf_tags=False,  # tags make a table fifteen times as large
    )
    assert isinstance(pdf, bytes)  # noqa: S101 - one document, not several pages
    return [pdf]


if __name__ == "__main__":
    sys.stdout.buffer.write(press(json.load(sys.stdin))[0])
