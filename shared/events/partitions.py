"""A share of the partitions: whose events one of several consumers of a service follows."""

import re
from typing import NamedTuple, Self

from shared.events.event import PARTITIONS

TEXT = re.compile(r"p(\d\d)-p(\d\d)")
PARTS = (1, 2, 4, 8, 16)  # so that permissions, which know no patterns within a word, can name every share


class Partitions(NamedTuple):
    """The partitions from `first` to `last`, written `p00-p07`: one of 1, 2, 4, 8 or 16 equal parts of all of them."""

    first: int
    last: int

    @classmethod
    def read(cls, text: object) -> Self:
        """A share from its text, or as it is; raises `ValueError` that says which shares there are."""
        if isinstance(text, cls):
            return text
        found = TEXT.fullmatch(str(text))
        share = cls(*map(int, found.groups())) if found else None
        if share is None or share not in SHARES:
            raise ValueError(
                f"{text} is no share of the partitions: they are p00-p15, or parts of 8, 4, 2 or 1, such as p00-p07,"
                " p04-p07, p14-p15 or p03-p03, counted off from p00"
            )
        return share

    def __str__(self) -> str:
        return f"p{self.first:02d}-p{self.last:02d}"

    @property
    def numbers(self) -> range:
        """The partitions it consists of."""
        return range(self.first, self.last + 1)

    @property
    def division(self) -> list["Partitions"]:
        """All shares of its size, itself among them: together they are the whole."""
        size = len(self.numbers)
        return [Partitions(first, first + size - 1) for first in range(0, PARTITIONS, size)]

    def overlaps(self, other: "Partitions") -> bool:
        return self.first <= other.last and other.first <= self.last

    def subjects(self, source: str) -> list[str]:
        """What it hears of the stream of `source`; none, which means everything, for the whole."""
        if self == WHOLE:
            return []
        return [f"{source}.*.*.*.p{number:02d}" for number in self.numbers]


WHOLE = Partitions(0, PARTITIONS - 1)
SHARES = [share for parts in PARTS for share in Partitions(0, PARTITIONS // parts - 1).division]
