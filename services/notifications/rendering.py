"""Messages and bulletins in the reader's language: the templates of `templates.toml`, filled when somebody reads."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from shared.domain.numbers import SHANGHAI
from shared.web.words import Language, Words

FOLDER = Path(__file__).parent
NOTHING_KNOWN = "—"
NONE = {"zh": "无", "en": "none"}


class Text(NamedTuple):
    """What a reader sees."""

    title: str
    body: str


class Template(NamedTuple):
    zh: Text
    en: Text

    @property
    def speaks_of(self) -> set[str]:
        """The names of what fills it, in either language."""
        texts = (*self.zh, *self.en)
        return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


TEMPLATES = TypeAdapter(dict[str, Template]).validate_python(
    tomllib.loads((FOLDER / "templates.toml").read_text(encoding="utf-8"))
)
WORDS = Words(FOLDER / "messages.zh.toml").words


class Wording(Formatter):
    """Fills a template; `{respond_by:time}` says how a value is worded.

    `time` and `date` are ISO 8601, shown in Shanghai; `word` and `words` are codes such as posts and measures; `yuan`
    is an amount. An old message may lack what a newer template speaks of: it must still be readable.
    """

    def __init__(self, language: Language) -> None:
        self._language: Language = language

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None:
            return NOTHING_KNOWN
        match format_spec:
            case "time":
                zone = "" if self._language == "zh" else " (UTC+8)"
                return f"{datetime.fromisoformat(value).astimezone(SHANGHAI):%Y-%m-%d %H:%M}{zone}"
            case "date":
                return date.fromisoformat(value).isoformat()
            case "word":
                return self._word(value)
            case "words":
                return ("、" if self._language == "zh" else ", ").join(self._word(word) for word in value)
            case "yuan" if not Decimal(value):
                return NONE[self._language]
            case "yuan":
                return f"{value} 元" if self._language == "zh" else f"{value} yuan"
        return str(value)

    def _word(self, code: str) -> str:
        plain = code.replace("_", " ")
        return WORDS.get(code, plain) if self._language == "zh" else plain


WORDINGS: Mapping[Language, Wording] = {"zh": Wording("zh"), "en": Wording("en")}


def render(key: str, params: Mapping[str, Any], language: Language) -> Text:
    """Title and body of a template; its bare key where the template has been given up since."""
    template = TEMPLATES.get(key)
    if template is None:
        return Text(key, "")
    text = template.zh if language == "zh" else template.en
    wording = WORDINGS[language]
    return Text(wording.vformat(text.title, (), params), wording.vformat(text.body, (), params))
