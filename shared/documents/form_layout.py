"""How the sections of a form share the columns of one sheet: what is wide enough, and how high a row must be.

Widths are Excel's: about one Latin letter; a Chinese character takes two. Fonts differ from one office to the next,
so a letter is given a little more than it has in 宋体.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from shared.documents.form import Fields, Form, Grid, Kind, Section, Value, kind_of, shown

PORTRAIT, LANDSCAPE = 92.0, 138.0  # what an A4 page holds at full size
CHARACTER = 1.85  # a Chinese character of a column's width, so that a sheet is printed about as large as the PDF
LABEL = 11.0
LETTER = 1.2
BETWEEN = 0.7  # what Excel adds to each column for its margins
UNBROKEN = 20  # letters that are kept in one line: the number of an order, a contract, a certificate
FEWEST_COLUMNS = 4
SIGNATURE = 30.0
WORDS = re.compile("[!-~\u00a1-\u024f]+ ?|.")


class Layout:
    """The columns of a sheet, those of the sections that have most of them; the others span several of them.

    So no cell of the longest lists is merged, and they can be sorted and filtered.
    """

    def __init__(self, form: Form) -> None:
        self.page = LANDSCAPE if form.landscape else PORTRAIT
        parted = [wanted for section in form.sections if (wanted := self._wanted(section))]
        most = max([FEWEST_COLUMNS, *map(len, parted)])
        widest = [wanted for wanted in parted if len(wanted) == most] or [[1.0] * most]
        columns = [max(widths) for widths in zip(*widest, strict=True)]
        self.widths: list[float] = [width * max(1, self.page / sum(columns)) for width in columns]
        self._ends = list(accumulate(self.widths))  # before they are widened: a section keeps its columns
        for section in form.sections:
            for bounds, needs in self._needed(section):
                self._widen(bounds, needs)
        for line in form.signature_lines:
            self._widen(self.spans([1] * len(line)), [min(units(text), SIGNATURE) + 1 for text in line])

    def spans(self, wanted: Sequence[float]) -> list[tuple[int, int]]:
        """First and last column (from 1) for cells of these proportions, at least one column for each."""
        ends = self._ends
        cells = [edge * ends[-1] / sum(wanted) for edge in accumulate(wanted)]
        bounds = [0]
        for left, edge in zip(reversed(range(len(cells))), cells, strict=True):
            free = range(bounds[-1] + 1, len(ends) - left + 1)
            bounds.append(min(free, key=lambda end: abs(ends[end - 1] - edge)) if left else len(ends))
        return [(first + 1, last) for first, last in pairwise(bounds)]

    def grid_spans(self, grid: Grid) -> list[tuple[int, int]]:
        """Where the columns of a grid stand."""
        return self.spans(_grid_widths(grid))

    def field_spans(self, section: Fields, row: Sequence[int]) -> list[tuple[int, int]]:
        """Where label, value, label, value … of a row of fields stand; `row` says how much each value spans."""
        cells = self.spans(self._field_widths(section))
        places, at = [], 0
        for span in row:
            places += [cells[at], (cells[at + 1][0], cells[at + span][1])]
            at += span + 1
        return places

    def room(self, first: int, last: int) -> float:
        """How wide these columns are together."""
        return sum(self.widths[first - 1 : last]) + BETWEEN * (last - first)

    def lines(self, text: str, first: int, last: int) -> int:
        """In how many lines a text stands in these columns."""
        return wrapped(text, self.room(first, last) - 0.5)

    def _wanted(self, section: Section) -> list[float]:
        match section:
            case Fields():
                return self._field_widths(section)
            case Grid():
                return _grid_widths(section)
            case _:
                return []

    def _field_widths(self, section: Fields) -> list[float]:
        return [LABEL, max(LABEL, self.page / section.columns - LABEL)] * section.columns

    def _needed(self, section: Section) -> Iterator[tuple[Sequence[tuple[int, int]], Sequence[float]]]:
        match section:
            case Fields():
                for row in section.laid_out():
                    needs = [
                        width
                        for field in (placed.field for placed in row)
                        for width in (units(field.label) + 1.5, need(field.value, field.kind))
                    ]
                    yield self.field_spans(section, [placed.span for placed in row]), needs
            case Grid():
                rows = [*section.rows, section.totals] if section.totals else section.rows
                values = list(zip(*rows, strict=True)) if rows else [()] * len(section.columns)
                needs = [
                    max([need(column.title), *(need(value, column.kind) for value in below)])
                    for column, below in zip(section.columns, values, strict=True)
                ]
                yield self.grid_spans(section), needs

    def _widen(self, bounds: Sequence[tuple[int, int]], needs: Sequence[float]) -> None:
        for (first, last), needed in zip(bounds, needs, strict=False):
            if (missing := needed - self.room(first, last)) > 0:
                for at in range(first - 1, last):
                    self.widths[at] += missing / (last - first + 1)


def need(value: Value, kind: Kind | None = None) -> float:
    """The room a value must have: Excel shows #### instead of a number or a date that does not fit."""
    text = shown(value, kind)
    if kind_of(value, kind) != "text" and not isinstance(value, str):
        return units(text) + 1.5
    return LETTER * min(max((len(word) for word in text.split() if word.isascii()), default=0), UNBROKEN) + 1


def units(text: str) -> float:
    """How wide a text is in one line."""
    if text.isascii():
        return LETTER * len(text)
    return sum(2.0 if unicodedata.east_asian_width(one) in "WFA" else LETTER for one in text)


def wrapped(text: str, width: float) -> int:
    """In how many lines Excel shows a text: between Chinese characters and words, else inside a word."""
    lines = 0
    for line in text.split("\n"):
        lines += 1
        if units(line) <= width:
            continue
        taken = 0.0
        for word in WORDS.findall(line):
            wide = units(word)
            if taken and taken + wide > width:
                lines, taken = lines + 1, 0.0
            lines += int((wide - LETTER) // max(width, 1))
            taken += wide % width if wide > width else wide
    return lines


def _grid_widths(grid: Grid) -> list[float]:
    return [CHARACTER * column.width for column in grid.columns]
