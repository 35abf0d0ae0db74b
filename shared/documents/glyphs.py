"""Which characters the font of our papers has, and what is printed where it has none."""

import re
import struct
import unicodedata
from bisect import bisect_right
from functools import cache
from pathlib import Path

FONT = Path(__file__).with_name("fonts") / "NotoSansCJKsc-Regular.otf"

LONG_RUN = 24  # letters that stand in a row in the narrowest field
INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
BREAK_HERE = "\u200b"


def printable(text: str) -> str:
    """The text as it can be printed: where the font has no glyph, the character's number stands instead, 〔U+1F600〕.

    Never a silent box: on a contract it would hide what was agreed. What shows nothing (controls, marks of direction,
    variants) is left out, and a run of letters that no column can hold may be broken anywhere.
    """
    text = INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\t", " "))
    if not text.isascii() or not text.isprintable():
        text = "".join(_glyph(character) for character in text)
    return breakable(text, LONG_RUN)


def breakable(text: str, longest: int) -> str:
    """The text in which a run of more than so many letters may be broken after each of them."""
    return re.sub(f"[!-~\u00a1-\u024f]{{{longest + 1},}}", lambda run: BREAK_HERE.join(run[0]), text)


@cache
def _glyph(character: str) -> str:
    if character in f"\n {BREAK_HERE}":
        return character
    if unicodedata.category(character) in ("Cc", "Cf"):
        return ""
    return character if has_glyph(character) else f"〔U+{ord(character):04X}〕"


def has_glyph(character: str) -> bool:
    """Whether the font draws this character."""
    starts, ends = _coverage()
    at = bisect_right(starts, ord(character)) - 1
    return at >= 0 and ord(character) <= ends[at]


@cache
def _coverage() -> tuple[list[int], list[int]]:
    """First and last characters of the ranges in the font's `cmap` table, format 12 (OpenType 1.9, "cmap")."""
    font = FONT.read_bytes()
    tables = (struct.unpack_from(">4s4xLL", font, 12 + 16 * index) for index in range(int.from_bytes(font[4:6])))
    start = next(offset for tag, offset, _ in tables if tag == b"cmap")
    for index in range(int.from_bytes(font[start + 2 : start + 4])):
        at = start + struct.unpack_from(">4xL", font, start + 4 + 8 * index)[0]
        if int.from_bytes(font[at : at + 2]) == 12:
            count = struct.unpack_from(">L", font, at + 12)[0]
            groups = [struct.unpack_from(">LL4x", font, at + 16 + 12 * group) for group in range(count)]
            return [first for first, _ in groups], [last for _, last in groups]
    raise LookupError(f"{FONT.name} has no cmap of format 12")
