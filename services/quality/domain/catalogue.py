"""The catalogue of causes and of the methods they are found by: data, read once."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.refusals import RuleBroken

FILE = Path(__file__).with_name("causes.toml")

Category = Literal["material", "machine", "method", "people", "environment", "measurement", "customer"]


class Entry(BaseModel):
    """A line of the catalogue, with its title in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str


class Cause(Entry):
    """原因: where a defect comes from; a retired one is still read in old cases (QUA-3)."""

    category: Category
    retired: bool = False


class Method(Entry):
    """分析方法: how a root cause is found, in so many steps at least (QUA-3)."""

    steps: Annotated[int, Field(ge=1)]


class Catalogue(BaseModel):
    """Causes and methods by their codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    causes: dict[str, Cause]
    methods: dict[str, Method]

    def cause(self, code: str) -> Cause:
        """A cause that may be named today; raises `RuleBroken` (QUA-3)."""
        found = self.causes.get(code)
        if found is None or found.retired:
            raise RuleBroken("QUA-3", "there is no cause {code} in the catalogue", code=code)
        return found

    def method(self, code: str) -> Method:
        """A method of analysis; raises `RuleBroken` (QUA-3)."""
        if code not in self.methods:
            raise RuleBroken("QUA-3", "there is no method {code} in the catalogue", code=code)
        return self.methods[code]


@cache
def catalogue() -> Catalogue:
    """The catalogue as the file has it."""
    return Catalogue.model_validate(tomllib.loads(FILE.read_text("utf-8")))
