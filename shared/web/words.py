"""The same sentence in the reader's language: English templates in the code, Chinese ones in `messages.zh.toml`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from shared.documents.tables import SENTENCES

type Language = Literal["en", "zh"]

SPINE = Path(__file__).with_name("messages.zh.toml")


class Words:
    """Chinese from several files: for templates (`[messages]`), the words that fill them (`[words]`), the columns of
    tables (`[headings]`) and tables themselves (`[tables]`).
    """

    def __init__(self, *files: Path) -> None:
        self.messages: dict[str, str] = dict(SENTENCES.values())
        self.words: dict[str, str] = {}
        self.headings: dict[str, str] = {}
        self.tables: dict[str, str] = {}
        for file in (SPINE, *files):
            if file.exists():
                read = tomllib.loads(file.read_text(encoding="utf-8"))
                self.messages |= read.get("messages", {})
                self.words |= read.get("words", {})
                self.headings |= read.get("headings", {})
                self.tables |= read.get("tables", {})

    def say(self, template: str, params: Mapping[str, Any], language: Language) -> str:
        """The filled template; English where there is no Chinese."""
        if language == "zh" and template in self.messages:
            return self.messages[template].format_map({key: self._word(value) for key, value in params.items()})
        return template.format_map(params)

    def word(self, word: str, language: Language) -> str:
        """A status or another word of a document; itself where there is no Chinese."""
        return self.words.get(word, word) if language == "zh" else word

    def heading(self, name: str, language: Language) -> str:
        """The heading of a column, `seal.copies`: as a whole, else part by part."""
        if language == "en":
            return name
        return self.headings.get(name) or ".".join(self.headings.get(part, part) for part in name.split("."))

    def table(self, name: str, language: Language) -> str:
        """What a list is called as a table."""
        return self.tables.get(name, name) if language == "zh" else name

    def _word(self, value: Any) -> Any:
        """A word we know, or a list of them: posts that are admitted."""
        parts = str(value).split(", ")
        return "、".join(self.words[part] for part in parts) if all(part in self.words for part in parts) else value


def language_of(accept: str | None) -> Language:
    """The better of the two languages we speak, by `Accept-Language`; English if it names neither."""
    best: tuple[float, Language] = (0.0, "en")
    for part in (accept or "").replace(" ", "").split(","):
        tag, _, quality = part.partition(";q=")
        name = tag.lower()[:2]
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if (name == "zh" and weight > best[0]) or (name == "en" and weight > best[0]):
            best = (weight, "zh" if name == "zh" else "en")
    return best[1]
