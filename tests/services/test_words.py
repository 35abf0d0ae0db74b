"""Whatever a service refuses, it can say in Chinese; and no sentence or word is left over."""

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from shared.documents.tables import SENTENCES
from shared.domain import refusals
from shared.domain.aggregate import Aggregate

SERVICES = sorted(Path("services").glob("*/app.py"))
REFUSALS = {kind.__name__ for kind in vars(refusals).values() if isinstance(kind, type)} | {"PydanticCustomError"}
RULE = re.compile(r"\"[A-Z]{3}-\d+ ([^\"]+)\"|'[A-Z]{3}-\d+ ([^']+)'")  # a constraint that is named after its rule
SPINE = tomllib.loads(Path("shared/web/messages.zh.toml").read_text(encoding="utf-8"))

of_each_service = pytest.mark.parametrize("folder", [file.parent for file in SERVICES], ids=lambda folder: folder.name)


def chinese(folder: Path) -> dict[str, dict[str, str]]:
    return tomllib.loads((folder / "messages.zh.toml").read_text(encoding="utf-8"))


def texts(folder: Path, calls_of: set[str] | None = None) -> Iterator[str]:
    """The texts in a service's code: all of them, or those in calls of these names."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if calls_of is None and isinstance(node, ast.Constant):
                yield str(node.value)
            if calls_of and isinstance(node, ast.Call) and getattr(node.func, "id", "") in calls_of:
                yield from (part.value for part in node.args if isinstance(part, ast.Constant) and part.value)


def rules(folder: Path) -> set[str]:
    """What the constraints say that guard a rule."""
    code = "".join(file.read_text(encoding="utf-8") for file in folder.glob("migrations/*.sql"))
    return {one or other for one, other in RULE.findall(code)}


def aggregates(folder: Path) -> list[type[Aggregate]]:
    prefix = f"services.{folder.name}.domain"
    for file in (folder / "domain").glob("*.py"):
        importlib.import_module(f"{prefix}.{file.stem}")
    found, seen = [Aggregate], []
    while found:
        kind = found.pop()
        found += kind.__subclasses__()
        seen += [kind] if kind.__module__.startswith(prefix) and hasattr(kind, "TABLE") else []
    return seen


@of_each_service
def test_every_refusal_is_said_in_chinese(folder: Path) -> None:
    said = {text for text in texts(folder, REFUSALS) if " " in text} | rules(folder)
    known = chinese(folder)["messages"].keys() | SPINE["messages"].keys() | dict(SENTENCES.values()).keys()
    assert said
    assert said <= known


@of_each_service
def test_no_sentence_is_left_over_or_says_again_what_the_spine_says(folder: Path) -> None:
    messages = chinese(folder)["messages"].keys()
    assert messages <= {*texts(folder), *rules(folder)}
    assert messages.isdisjoint(SPINE["messages"])


@of_each_service
def test_a_sentence_has_the_same_places_in_both_languages(folder: Path) -> None:
    def places(template: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(template) if name}

    assert [english for english, said in chinese(folder)["messages"].items() if places(english) != places(said)] == []


@of_each_service
def test_what_is_not_possible_now_has_a_chinese_word_and_so_have_thing_and_status(folder: Path) -> None:
    words = chinese(folder)["words"].keys() | SPINE["words"].keys()
    for kind in aggregates(folder):
        statuses = set(type(kind.START)) - {kind.START}
        deeds = {event.__name__ for event, step in kind.LIFECYCLE.items() if kind.START not in step.sources
                 and set(step.sources) < statuses}  # fmt: skip
        assert not deeds or {kind.ENTITY, *deeds, *statuses} <= words


@of_each_service
def test_no_word_is_left_over(folder: Path) -> None:
    files = [file for place in ("services", "shared") for file in Path(place).rglob("*.*")
             if file.suffix not in (".pyc", ".otf")]  # fmt: skip
    read = "\n".join(file.read_text(encoding="utf-8") for file in files if file.name != "messages.zh.toml")
    assert [word for word in chinese(folder)["words"] if not re.search(rf"\b{re.escape(word)}\b", read)] == []
