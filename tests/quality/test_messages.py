"""Every sentence with which quality says no can be said in Chinese."""

import ast
import re
import tomllib
from pathlib import Path
from string import Formatter

SERVICE = Path("services/quality")
MESSAGES: dict[str, str] = tomllib.loads((SERVICE / "messages.zh.toml").read_text("utf-8"))["messages"]
SPINE = {"there is no {entity} {id}"}


def sentences() -> set[str]:
    """The templates of the refusals raised in code, and what the constraints named after a rule say."""
    said = set()
    for file in SERVICE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                texts = [str(part.value) for part in node.exc.args if isinstance(part, ast.Constant)]
                said |= {text for text in texts if " " in text}
    named = re.findall(r'"QUA-\d ([^"]+)"', (SERVICE / "migrations/0001_quality.sql").read_text("utf-8"))
    return said | set(named)


def test_every_refusal_has_a_chinese_sentence_and_no_sentence_is_left_over() -> None:
    assert sentences() - SPINE == set(MESSAGES)


def test_a_chinese_sentence_has_the_same_parameters() -> None:
    def parameters(template: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(template)}

    assert [english for english, chinese in MESSAGES.items() if parameters(english) != parameters(chinese)] == []
