"""The catalogue of rules: what each says, the clauses it comes from, the numbers it uses, the decisions made by it."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter

FILE = Path(__file__).parent.parent / "rules.toml"


class Rule(BaseModel):
    """规则: `clauses` are citations such as D19 §10.5, `parameters` keys of the policy, `decisions` names of events."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str
    en: str
    clauses: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()


class Catalogue(NamedTuple):
    """Every rule by its id, and the rule of each event that is a decision."""

    rules: Mapping[str, Rule]
    deciding: Mapping[str, str]


@cache
def catalogue() -> Catalogue:
    """The rules as they are written in `rules.toml`."""
    read = TypeAdapter(dict[str, Rule]).validate_python(tomllib.loads(FILE.read_text(encoding="utf-8")))
    deciding = {name: rule_id for rule_id, rule in read.items() for name in rule.decisions}
    if len(deciding) != sum(len(rule.decisions) for rule in read.values()):
        raise ValueError(f"{FILE.name}: an event is a decision by one rule")
    return Catalogue(read, deciding)
