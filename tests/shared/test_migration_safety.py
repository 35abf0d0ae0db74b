"""Migrations run while the old code is at work: expand first, contract later, and hold no lock for long."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

# `-- safe: reason` on a statement's line, or on the lines before it, says why it may stand all the same.
ALLOWED = re.compile(r"--[ \t]*safe:[ \t]*\S.{9,}")

# Written before the first release: no released code can be at work on their tables. Whoever filled such a database all
# the same reads in docs/operations.md what waits, and how long. Their text is fixed here (SHA-256); nothing joins them.
BEFORE_THE_FIRST_RELEASE = {
    "complaints/0002_complaints_in_full": "a9f0883a3a21ba09",
    "contracts/0002_contracts_in_full": "8450c8af719ccbd8",
    "notifications/0002_commendations": "8c87943b51d11ce1",
    "orders/0002_goods": "e203da9dcc97b760",
    "orders/0003_money": "335ec21de5fd256c",
    "orders/0004_offers": "979f485b212b7150",
    "orders/0005_reports": "c1d6ee26f96af1ce",
    "quality/0002_quality_in_full": "988ad98e3bca3dbc",
    "staff/0002_people": "3eb5613f92103ac6",
}
GUIDE = ROOT / "docs/operations.md"


class Danger(NamedTuple):
    """What a statement must not do to a table that is in use, and why."""

    pattern: str
    why: str


# Of one action of an ALTER TABLE.
DANGERS = (
    Danger(
        r"ADD COLUMN .*\bGENERATED ALWAYS AS\b.*\bSTORED\b",
        "a stored generated column rewrites the table under an exclusive lock",
    ),
    Danger(
        r"ADD COLUMN (?!.*\b(?:DEFAULT|GENERATED)\b).*\bNOT NULL\b",
        "a mandatory column without default fails where there are rows, and old code does not fill it",
    ),
    Danger(
        r"ADD COLUMN .*\bDEFAULT\s+(?:gen_random_uuid|clock_timestamp|random|nextval)",
        "a default that differs by row rewrites the table under an exclusive lock",
    ),
    Danger(
        r"ALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE\b",
        "changing a type rewrites the table, and old code expects the old one",
    ),
    Danger(r"DROP COLUMN\b", "old code may still read it: contract one release after the last reader has gone"),
    Danger(r"RENAME\b", "old code knows the old name only"),
    Danger(
        r"ALTER .*\bSET NOT NULL\b",
        "it reads the whole table under an exclusive lock; validate a CHECK … NOT VALID first",
    ),
    Danger(
        r"ADD (?:CONSTRAINT (?:\"[^\"]*\"|\S+) )?(?:CHECK|FOREIGN KEY)\b(?!.*\bNOT VALID$)",
        "it reads the whole table under a lock: add it NOT VALID, validate it in a migration of its own",
    ),
    Danger(
        r"ADD (?:CONSTRAINT (?:\"[^\"]*\"|\S+) )?(?:UNIQUE|PRIMARY KEY|EXCLUDE)\b(?!\s+USING INDEX)",
        "it builds an index under a lock: build it CONCURRENTLY, then add the constraint USING INDEX",
    ),
)


class Finding(NamedTuple):
    """A statement of a migration that would stop the service or break the code before it."""

    migration: str
    line: int
    statement: str
    why: str


def migrations() -> list[tuple[str, str]]:
    """Every migration after the first of its folder."""
    folders = [ROOT / "shared/persistence/migrations", *sorted(ROOT.glob("services/*/migrations"))]
    return [
        (f"{folder.parent.name}/{file.stem}", file.read_text(encoding="utf-8"))
        for folder in folders
        for file in sorted(folder.glob("*.sql"))
        if not file.name.startswith("0001")
    ]


def statements(text: str) -> Iterable[tuple[int, str]]:
    """Line and text of each statement, comments included; semicolons in quotes and function bodies end none."""
    token = re.compile(r"(--[^\n]*)|(\$\w*\$)|('(?:[^']|'')*')|(\"[^\"]*\")|(;)", re.DOTALL)
    begin, body = 0, ""
    for found in token.finditer(text):
        if found[2]:
            body = "" if found[2] == body else body or found[2]
        elif found[5] and not body:
            yield _placed(text, begin, found.end())
            begin = found.end()
    if text[begin:].strip():
        yield _placed(text, begin, len(text))


def _placed(text: str, begin: int, end: int) -> tuple[int, str]:
    raw = text[begin:end]
    start = begin + len(raw) - len(raw.lstrip())
    return text.count("\n", 0, start) + 1, raw.strip()


def bare(statement: str) -> str:
    """Without comments and function bodies, on one line."""
    without = re.sub(r"\$(\w*)\$.*?\$\1\$", "$body$", statement, flags=re.DOTALL)
    return " ".join(re.sub(r"--[^\n]*", " ", without).split())


def findings(name: str, text: str) -> list[Finding]:
    """What a migration does that it should not, unless a comment says why it may."""
    found = []
    made = {match[1] for match in re.finditer(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", text)}
    for line, statement in statements(text):
        words = bare(statement)
        if ALLOWED.search(statement):
            continue
        found += [Finding(name, line, words[:80], why) for why in dangers_in(words, made)]
    return found


def actions(words: str) -> list[str]:
    """Of an ALTER TABLE: what stands between commas outside of brackets and quotes."""
    found, depth = [""], 0
    for part in re.findall(r"'(?:[^']|'')*'|\"[^\"]*\"|[(),]|[^'\"(),]+", words.rstrip("; ")):
        depth += {"(": 1, ")": -1}.get(part, 0)
        if part == "," and not depth:
            found.append("")
        else:
            found[-1] += part
    return [action.strip() for action in found]


def dangers_in(words: str, made: set[str]) -> list[str]:
    """What is wrong with one statement; to a table that the migration itself made, anything may be done."""
    if match := re.match(
        r"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)(?:IF NOT EXISTS )?(?:\"[^\"]*\"|\w+)? ?ON (\w+)", words
    ):
        return (
            [] if match[1] in made else ["it stops all writing while it is built: CONCURRENTLY, in a file of its own"]
        )
    if match := re.match(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\w+) (.*)", words):
        if match[1] in made:
            return []
        return [
            danger.why
            for action in actions(match[2])
            for danger in DANGERS
            if re.match(danger.pattern, action, re.IGNORECASE)
        ]
    if match := re.match(r"(?:UPDATE|DELETE FROM) (\w+)", words):
        return (
            []
            if match[1] in made
            else ["it holds its row locks to the end: do it in batches, outside of the migration"]
        )
    if re.match(r"(?:TRUNCATE|LOCK|CLUSTER|VACUUM FULL|REINDEX(?! .*CONCURRENTLY))\b", words):
        return ["it takes an exclusive lock"]
    if match := re.match(r"DROP (?:TABLE|INDEX|VIEW|FUNCTION) (?!CONCURRENTLY)(?:IF EXISTS )?(\w+)", words):
        return [] if match[1] in made else ["old code may still need it: contract one release later"]
    return []


@pytest.mark.parametrize(("name", "text"), migrations(), ids=lambda value: value if "\n" not in value else "")
def test_a_migration_neither_stops_the_service_nor_breaks_the_code_before_it(name: str, text: str) -> None:
    """Expand, then contract: what is dangerous bears a comment `-- safe: reason`."""
    found = findings(name, text)
    if name in BEFORE_THE_FIRST_RELEASE:
        assert found, f"{name} is safe: take it off the list"
        assert hashlib.sha256(text.encode()).hexdigest().startswith(BEFORE_THE_FIRST_RELEASE[name]), (
            f"{name} was edited"
        )
        return
    assert not found, "\n".join(f"{one.migration}:{one.line} {one.statement} — {one.why}" for one in found)


def test_what_was_written_before_the_first_release_is_all_there_and_told_to_the_operator() -> None:
    """Of each, how long its lock lasts by the rows of the largest table it rewrites."""
    told = re.findall(r"^\| `(\w+/\w+)` \| .+ \| [<≈] ?[\d.]+ s \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(BEFORE_THE_FIRST_RELEASE)
    assert {name for name, _ in migrations()} >= BEFORE_THE_FIRST_RELEASE.keys()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE t ADD COLUMN a text GENERATED ALWAYS AS (document ->> 'a') STORED;",
        "ALTER TABLE t ADD COLUMN a text NOT NULL;",
        "ALTER TABLE t ADD COLUMN b text, ADD COLUMN a integer NOT NULL;",
        "ALTER TABLE t ADD COLUMN a uuid NOT NULL DEFAULT gen_random_uuid();",
        "ALTER TABLE t ALTER COLUMN a TYPE bigint;",
        "ALTER TABLE t ALTER a SET DATA TYPE bigint;",
        "ALTER TABLE t DROP COLUMN a;",
        "ALTER TABLE t RENAME COLUMN a TO b;",
        "ALTER TABLE t RENAME TO s;",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL;",
        'ALTER TABLE t ADD CONSTRAINT "ORD-1 so it is" CHECK (a > 0);',
        "ALTER TABLE t ADD CONSTRAINT a_of_s FOREIGN KEY (a) REFERENCES s (id);",
        "ALTER TABLE t ADD UNIQUE (a);",
        "CREATE INDEX t_by_a ON t (a);",
        'CREATE UNIQUE INDEX "ORD-1 one of each" ON t (a);',
        "UPDATE t SET a = 1;",
        "DELETE FROM t;",
        "TRUNCATE t;",
        "DROP INDEX t_by_a;",
        "DROP TABLE t;",
    ],
)
def test_what_would_lock_or_break_is_found_and_may_be_allowed_with_a_reason(statement: str) -> None:
    assert [one.line for one in findings("x", f"CREATE TABLE new (id uuid);\n{statement}")] == [2]
    assert findings("x", f"-- safe: the table has a dozen rows\n{statement}") == []
    assert findings("x", f"-- safe:\n{statement}") != []


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE t ADD COLUMN a text;",
        "ALTER TABLE t ADD COLUMN a integer NOT NULL DEFAULT 0;",
        "ALTER TABLE t ADD CONSTRAINT a_is_good CHECK (a > 0) NOT VALID;",
        "ALTER TABLE t VALIDATE CONSTRAINT a_is_good;",
        'ALTER TABLE t ADD CONSTRAINT "ORD-1 one" UNIQUE USING INDEX t_by_a;',
        "CREATE INDEX CONCURRENTLY t_by_a ON t (a);",
        "CREATE TABLE t (a text); CREATE INDEX t_by_a ON t (a); ALTER TABLE t ADD UNIQUE (a); UPDATE t SET a=1;",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ UPDATE t SET a = 1; DELETE FROM t; $$;",
        "-- DROP TABLE t;\nCREATE VIEW v AS SELECT ';' AS semicolon;",
    ],
)
def test_what_expands_without_a_lock_is_fine(text: str) -> None:
    assert findings("x", text) == []
