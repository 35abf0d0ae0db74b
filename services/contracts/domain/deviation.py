"""A departure from a clause, and how it reads beside the clause."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Literal

from pydantic import BaseModel

# A run of Latin letters or digits is read as one word, a Chinese character is one by itself.
WORD = re.compile(r"[a-zA-Z0-9_]+|\s+|.", re.DOTALL)


class Passage(BaseModel):
    """A stretch of text that the clause and the deviation share, or that only one of them has."""

    change: Literal["kept", "removed", "added"]
    text: str


class Deviation(BaseModel):
    """偏离: what a contract says instead of its template's clause, with the difference (CON-2)."""

    clause: str
    text: str
    difference: list[Passage]
    by: str
    at: datetime

    @property
    def marked(self) -> str:
        return marked(self.difference)


def marked(passages: Iterable[Passage]) -> str:
    """A difference in one text: `交货期[-三-]{+四+}十日`."""
    marks = {"kept": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(marks[passage.change].format(passage.text) for passage in passages)


def difference(before: str, after: str) -> list[Passage]:
    """By words, in Chinese by characters: `before` is what was kept and removed, `after` what was kept and added."""
    old, new = WORD.findall(before), WORD.findall(after)
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    middle = (old[start : len(old) - end], new[start : len(new) - end])
    found = [("kept", old[:start]), *_changes(*middle), ("kept", old[len(old) - end :])]
    return [Passage.model_validate({"change": change, "text": "".join(words)}) for change, words in found if words]


def _shared(old: list[str], new: list[str]) -> int:
    """How many words both begin with; cut off first, for then the matcher has little to search."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[str, list[str]]]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            yield "kept", old[i1:i2]
        else:
            yield "removed", old[i1:i2]
            yield "added", new[j1:j2]
