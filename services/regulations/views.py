"""Every read of regulations, and the writes of what it keeps of others."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.regulations.domain.content import Clause, clause_text
from services.regulations.domain.regulation import Regulation
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.persistence.store import restore
from shared.web.paging import CodePage, Page

REGULATION = "SELECT version, document FROM regulations WHERE id = $1"

REGULATIONS = """
SELECT number AS id, document - 'clauses' AS document FROM regulations
WHERE number > $1 AND ($3::text IS NULL OR code = $3) AND ($4::text IS NULL OR status = $4)
  AND ($5::text IS NULL OR position(lower($5) IN lower(said)) > 0)
  AND ($6::timestamptz IS NULL OR (took_effect_at <= $6 AND (superseded_at IS NULL OR superseded_at > $6)))
ORDER BY number LIMIT $2
"""

NEXT_EDITION = "SELECT coalesce(max(edition), 0) + 1 FROM regulations WHERE code = $1"

IN_FORCE = "SELECT id FROM regulations WHERE code = $1 AND status = 'in_force' AND id <> $2"

# What will hold before an edition that takes effect at $2, or at once.
PENDING = """
SELECT id, document, digest FROM regulations
WHERE status IN ('approved', 'due') AND id <> $1
  AND coalesce(moment(document ->> 'effective_at'), '-infinity') <= coalesce($2, now())
ORDER BY moment(document ->> 'effective_at') NULLS FIRST
"""

EDITIONS_AT = """
SELECT DISTINCT ON (code) code, edition, id, document ->> 'title' AS title, document -> 'clauses' AS clauses
FROM regulations WHERE code = ANY($1::text[]) AND took_effect_at IS NOT NULL
ORDER BY code, took_effect_at <= $2 DESC, CASE WHEN took_effect_at <= $2 THEN took_effect_at END DESC, took_effect_at
"""

PARAMETERS = """
SELECT entry.key AS id, jsonb_build_object('key', entry.key) || entry.stated || jsonb_build_object('title', coalesce((
    SELECT one ->> 'title' FROM regulations, jsonb_array_elements(regulations.document -> 'parameters') AS said (one)
    WHERE code = entry.stated ->> 'regulation' AND edition = (entry.stated ->> 'edition')::integer
      AND one ->> 'key' = entry.key), '')) AS document
FROM rulebooks, jsonb_each(document -> 'parameters') AS entry (key, stated)
WHERE entry.key > $1 ORDER BY entry.key LIMIT $2
"""

TITLES = """
SELECT stated ->> 'key' AS key, stated ->> 'title' AS title
FROM regulations, jsonb_array_elements(document -> 'parameters') AS stated
WHERE took_effect_at IS NOT NULL AND stated ->> 'key' = ANY($1::text[]) ORDER BY took_effect_at
"""

POLICIES = """
SELECT seq AS id, jsonb_build_object('version', version, 'effective_at', effective_at) AS document FROM policies
WHERE effective_at IS NOT NULL AND ($1::text = '' OR seq < $1::bigint) ORDER BY seq DESC LIMIT $2
"""

POLICY = """
SELECT jsonb_build_object('version', version, 'effective_at', effective_at, 'parameters', document) FROM policies
WHERE version = $1 ORDER BY effective_at DESC NULLS LAST LIMIT 1
"""

JOINED = """
INSERT INTO employees (code, name, department, branch, posts, since) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, department = excluded.department, branch = excluded.branch,
    posts = excluded.posts, until = NULL
"""

POSTS_CHANGED = "UPDATE employees SET posts = $2 WHERE code = $1"

TRANSFERRED = "UPDATE employees SET department = $2, branch = $3 WHERE code = $1"

LEFT = "UPDATE employees SET until = $2 WHERE code = $1"

MISSING = """
SELECT code FROM employees
WHERE until IS NULL AND NOT EXISTS (SELECT FROM acknowledgements WHERE regulation_id = $1 AND employee = employees.code)
ORDER BY code
"""

ACKNOWLEDGEMENTS = """
WITH people AS (
    SELECT code, name, department, branch, posts FROM employees WHERE until IS NULL
    UNION ALL
    SELECT employee, NULL, NULL, NULL, '{}' FROM acknowledgements
    WHERE regulation_id = $3 AND NOT EXISTS (SELECT FROM employees WHERE code = employee AND until IS NULL)
)
SELECT people.code AS id, jsonb_build_object(
    'employee', people.code, 'name', name, 'department', department, 'branch', branch, 'posts', to_jsonb(posts),
    'state', CASE WHEN given.id IS NULL THEN 'missing' ELSE 'given' END, 'at', given.document -> 'at') AS document
FROM people LEFT JOIN acknowledgements AS given ON given.regulation_id = $3 AND given.employee = people.code
WHERE people.code > $1 AND ($4::boolean IS NULL OR (given.id IS NOT NULL) = $4)
  AND ($5::text IS NULL OR branch = $5) AND ($6::text IS NULL OR department = $6)
ORDER BY people.code LIMIT $2
"""

DECIDED = """
INSERT INTO decisions (event_id, entity, entity_id, version, name, rule, policy, actor, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
"""

# A case is decided under the version it was begun under: the last one that an event of it, or this one, has named.
DECISIONS = """
SELECT event_id, entity, entity_id, version, name, rule, actor, at, coalesce(policy, (
    SELECT policy FROM decisions AS begun
    WHERE begun.entity_id = decisions.entity_id AND begun.entity = decisions.entity
      AND begun.version <= decisions.version AND begun.policy IS NOT NULL
    ORDER BY begun.version DESC LIMIT 1)) AS policy
FROM decisions
"""

DECISION = DECISIONS + "WHERE event_id = $1"

DECISIONS_OF = DECISIONS + "WHERE entity_id = $1 AND event_id < $2 ORDER BY event_id DESC LIMIT $3"


class Wanted(NamedTuple):
    """What a list of regulations is narrowed to."""

    code: str | None = None
    status: str | None = None
    text: str | None = None
    at: datetime | None = None


class Edition(NamedTuple):
    """An edition as far as decisions are read out of it."""

    id: UUID
    edition: int
    title: str
    clauses: list[Clause]

    def says(self, number: str) -> str | None:
        """What its clause of this number says."""
        return clause_text(self.clauses, number)


async def regulation(reader: Reader, regulation_id: UUID) -> tuple[str, int]:
    """An edition and its version; raises `NotFound`."""
    row = await reader.fetchrow(REGULATION, regulation_id)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="regulation", id=str(regulation_id))
    return row["document"], row["version"]


async def regulations(reader: Reader, page: CodePage, wanted: Wanted) -> list[asyncpg.Record]:
    """Editions by code and number, without their clauses, one more than is shown."""
    return await reader.fetch(REGULATIONS, page.after, page.fetch, *wanted)


async def pending(reader: Reader, before: Regulation) -> list[Regulation]:
    """The approved editions that will take effect before this one does, in order."""
    return [restore(Regulation, row) for row in await reader.fetch(PENDING, before.id, before.effective_at)]


async def editions_at(reader: Reader, codes: Iterable[str], at: datetime) -> dict[str, Edition]:
    """The edition of each code in force at a moment; before the first one, the first."""
    rows = await reader.fetch(EDITIONS_AT, list(codes), at)
    return {
        row["code"]: Edition(
            row["id"], row["edition"], row["title"], [Clause(**clause) for clause in orjson.loads(row["clauses"])]
        )
        for row in rows
    }


async def titles(reader: Reader, keys: Iterable[str]) -> dict[str, str]:
    """What parameters are called, by key."""
    return {row["key"]: row["title"] for row in await reader.fetch(TITLES, list(keys))}


async def parameters(reader: Reader, page: CodePage) -> list[asyncpg.Record]:
    """The numbers in force by key, one more than is shown."""
    return await reader.fetch(PARAMETERS, page.after, page.fetch)


async def policies(reader: Reader, page: CodePage) -> list[asyncpg.Record]:
    """The versions that held, newest first, one more than is shown."""
    return await reader.fetch(POLICIES, page.after if page.after.isdigit() else "", page.fetch)


async def policy(reader: Reader, version: str) -> str:
    """All numbers of one version; raises `NotFound`."""
    found: str | None = await reader.fetchval(POLICY, version)
    if found is None:
        raise NotFound("there is no {entity} {id}", entity="policy", id=version)
    return found


async def acknowledgements(
    reader: Reader,
    page: CodePage,
    *,
    regulation_id: UUID,
    given: bool | None,
    branch: str | None,
    department: str | None,
) -> list[asyncpg.Record]:
    """Employees by code with what they have acknowledged, one more than is shown (REG-3)."""
    return await reader.fetch(ACKNOWLEDGEMENTS, page.after, page.fetch, regulation_id, given, branch, department)


async def decision(reader: Reader, event_id: UUID) -> asyncpg.Record | None:
    """One decision, by its event."""
    return await reader.fetchrow(DECISION, event_id)


async def decisions_of(reader: Reader, entity_id: UUID, page: Page) -> list[asyncpg.Record]:
    """What was decided on one thing, newest first, one more than is shown."""
    found: list[Any] = await reader.fetch(DECISIONS_OF, entity_id, page.before, page.fetch)
    return found
