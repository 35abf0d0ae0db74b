"""A small table of tiles, and the workbooks that tests write of it."""

import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook
from pydantic import Field

from shared.documents.tables import SENTENCES, Day, Row, YesNo, read_table
from shared.domain.refusals import Invalid


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
