"""Whatever contracts refuses, it can say in Chinese."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from services.contracts.domain.contract import Contract
from services.contracts.domain.slots import SlotType
from services.contracts.domain.status import ContractStatus
from services.contracts.domain.template import Template, TemplateStatus
from shared.domain import refusals
from shared.events.contracts import ContractDrafted, TemplateDrafted

FOLDER = Path("services/contracts")
SAID = tomllib.loads((FOLDER / "messages.zh.toml").read_text(encoding="utf-8"))
SAYING = {kind.__name__ for kind in vars(refusals).values() if isinstance(kind, type)} | {"_error", "_once"}
CONSTRAINT = re.compile(r'"[A-Z]{3}-[0-9]+ ([^"]+)"')
OF_THE_SPINE = {"the drafter and the last editor never approve"}


def sentences(code: str) -> Iterator[str]:
    """What is said in calls that refuse, and in what is named `template` for them."""
    for node in ast.walk(ast.parse(code)):
        named = isinstance(node, ast.Assign) and "template" in [getattr(target, "id", "") for target in node.targets]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
            yield from (str(arg.value) for arg in node.args if isinstance(arg, ast.Constant))
        elif isinstance(node, ast.Assign) and named and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def test_every_refusal_is_said_in_chinese() -> None:
    code = [file.read_text(encoding="utf-8") for file in FOLDER.rglob("*.py")]
    found = {sentence for text in code for sentence in sentences(text) if " " in sentence}
    found |= set(CONSTRAINT.findall((FOLDER / "migrations/0001_contracts.sql").read_text(encoding="utf-8")))
    assert len(found) > 30
    assert found - OF_THE_SPINE <= set(SAID["messages"])


def test_a_sentence_has_the_same_places_in_both_languages() -> None:
    for english, chinese in SAID["messages"].items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese)), english


def test_every_status_deed_and_type_has_a_chinese_word() -> None:
    deeds = {event.__name__ for event in (*Contract.LIFECYCLE, *Template.LIFECYCLE)}
    deeds -= {ContractDrafted.__name__, TemplateDrafted.__name__}  # nothing comes before them, so they always may
    words = {*ContractStatus, *TemplateStatus, *SlotType, Contract.ENTITY, Template.ENTITY} - {"new"}
    assert deeds | {str(word) for word in words} <= set(SAID["words"])
