"""The first editions: the documents the product was built after, and what the company adds where they are silent."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.regulations.domain.content import Clause, Content, Statement, cited
from shared.domain.policy import Policy

FOLDER = Path(__file__).parent.parent / "first"
OWN = "XF"  # 公司政策: a clause for each group of parameters on which the documents are silent


@cache
def titles() -> dict[str, dict[str, str]]:
    """What parameters and their groups are called, by key."""
    return tomllib.loads((FOLDER / "titles.toml").read_text(encoding="utf-8"))


def title_of(key: str) -> str:
    """What a parameter is called; its key, if nobody has given it a name yet."""
    return titles()["parameters"].get(key, key)


def first_editions(policy: Policy) -> Iterator[tuple[str, Content]]:
    """Code and content of every first edition; together they state the whole of `policy` (REG-1, REG-2)."""
    documents = dict(sorted(_documents().items(), key=lambda item: int(item[0].removeprefix("D"))))
    stated: dict[str, list[Statement]] = {code: [] for code in (*documents, OWN)}
    for key, parameter in policy.parameters.items():
        place = cited(parameter.clause or "")
        code, number = place if place and place[0] in documents else (OWN, key.partition(".")[0])
        stated[code].append(
            Statement(
                key=key, value=parameter.value, unit=parameter.unit, clause=number, title=_named(key)
            )
        )  # fmt: skip
    review_every = policy.regulations.review_time.days or 1
    for code, document in documents.items():
        clauses = tuple(Clause.model_validate(clause) for clause in document["clauses"])
        yield (
            code,
            Content(
                title=document["title"], clauses=clauses, parameters=tuple(stated[code]), review_every=review_every
            ),
        )
    yield (
        OWN,
        Content(
            title=titles()["own"]["title"],
            clauses=tuple(_own_clauses(stated[OWN])),
            parameters=tuple(stated[OWN]),
            review_every=review_every,
        ),
    )


def _named(key: str) -> str:
    name: str = titles()["parameters"].get(key, "")
    return name


def _documents() -> Mapping[str, Any]:
    read = (tomllib.loads(file.read_text(encoding="utf-8")) for file in FOLDER.glob("d*.toml"))
    return {document["code"]: document for document in read}


def _own_clauses(statements: list[Statement]) -> Iterator[Clause]:
    for number in dict.fromkeys(statement.clause for statement in statements):
        named = [title_of(one.key) for one in statements if one.clause == number]
        text = f"{titles()['own']['text']}{'、'.join(named)}。"
        yield Clause(number=number, heading=titles()["groups"].get(number, number), text=text)
