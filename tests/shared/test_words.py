"""Every sentence a service can refuse with is also there in Chinese, with the same gaps to fill."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.actor import Post
from shared.domain.refusals import Refusal
from shared.web.problems import AGAIN, TITLES
from shared.web.words import SPINE, Words

ROOT = Path(__file__).parents[2]
SERVICES = sorted(file.parent for file in ROOT.glob("services/*/messages.zh.toml"))
RULE = re.compile(r"[A-Z]{3}-\d+")
CONSTRAINT = re.compile(r'"([A-Z]{3}-\d+) ([^"]+)"')


def refusals() -> set[str]:
    """The names of every kind of refusal, those of the web door included."""
    found, new = {Refusal}, {Refusal}
    while new:
        new = {kind for parent in new for kind in parent.__subclasses__()} - found
        found |= new
    return {kind.__name__ for kind in found}


def templates(code: str) -> set[str]:
    """The English sentences of every refusal that the code makes; one that is put together cannot be translated."""
    found: set[str] = set()
    for call in ast.walk(ast.parse(code)):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name not in refusals():
            continue
        position = 1 if name == "RuleBroken" else 0
        if len(call.args) > position:
            found |= set(_sentences(call.args[position], name))
    return found


def _sentences(argument: ast.expr, name: str) -> Iterator[str]:
    match argument:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from _sentences(argument.body, name)
            yield from _sentences(argument.orelse, name)
        case ast.JoinedStr() | ast.BinOp():
            raise AssertionError(f"{name}({ast.unparse(argument)}): a sentence is a template, not put together")


def gaps(template: str) -> set[str]:
    """The names a template leaves to be filled."""
    return {field for _, field, _, _ in string.Formatter().parse(template) if field}


def sentences_of(folder: Path) -> set[str]:
    """Every refusal of a folder: in its code and in its migrations, where a constraint is named after a rule."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        found |= templates(file.read_text(encoding="utf-8"))
    for file in folder.rglob("*.sql"):
        found |= {sentence for _, sentence in CONSTRAINT.findall(file.read_text(encoding="utf-8"))}
    return found


def untranslated(sentences: set[str], words: Words) -> list[str]:
    """Those without Chinese, or whose Chinese asks for what the English does not give."""
    missing = [sentence for sentence in sentences if sentence not in words.messages]
    missing += [
        f"{sentence} → {words.messages[sentence]}"
        for sentence in sentences & words.messages.keys()
        if not gaps(words.messages[sentence]) <= gaps(sentence)
    ]
    return sorted(missing)


@pytest.mark.parametrize("service", SERVICES, ids=lambda folder: folder.name)
def test_every_refusal_of_a_service_has_its_chinese(service: Path) -> None:
    assert untranslated(sentences_of(service), Words(service / "messages.zh.toml")) == []


def test_every_refusal_of_the_spine_has_its_chinese() -> None:
    spoken = sentences_of(ROOT / "shared") | set(TITLES.values()) | {AGAIN}
    assert untranslated(spoken, Words()) == []


def test_every_post_has_its_chinese() -> None:
    assert [post for post in Post if post not in Words().words] == []


@pytest.mark.parametrize(
    "file", [SPINE, *(folder / "messages.zh.toml" for folder in SERVICES)], ids=lambda f: f.parent.name
)
def test_chinese_is_chinese_and_files_hold_nothing_else(file: Path) -> None:
    read = tomllib.loads(file.read_text(encoding="utf-8"))
    assert read.keys() <= {"messages", "words", "headings", "tables"}
    for kind in read.values():
        for english, chinese in kind.items():
            assert re.search(r"[一-鿿]", chinese) or not english[:1].isalpha() or english == chinese, (english, chinese)


def test_the_scan_sees_what_it_should() -> None:
    code = """
raise NotFound("one {a}", a=1)
raise refusals.RuleBroken("TST-1", "two" if x else "three")
raise Stale("four")
print("five")
raise Refusal
raise RuleBroken(rule, sentence)
"""
    assert templates(code) == {"one {a}", "two", "three", "four"}
    with pytest.raises(AssertionError, match="a sentence is a template"):
        templates('raise Forbidden(f"not {you}")')
    words = Words()
    words.messages = {"one {a}": "一 {b}", "two": "二"}
    assert untranslated({"one {a}", "two", "three"}, words) == ["one {a} → 一 {b}", "three"]


def test_words_that_fill_a_sentence_are_translated_and_lists_of_them() -> None:
    words = Words()
    said = words.say("this is for the posts {posts}", {"posts": "clerk, finance"}, "zh")
    assert said == "仅限岗位：内勤、财务"
    assert words.say("there is no {entity} {id}", {"entity": "customer", "id": "A, B"}, "zh") == "没有客户 A, B"
    assert words.say("there is no {entity} {id}", {"entity": "customer", "id": 7}, "en") == "there is no customer 7"
    assert words.say("never heard {of}", {"of": "it"}, "zh") == "never heard it"
