"""Reads of employees, the organisation and absences."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.staff.domain.employee import Employee
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.persistence.store import restore
from shared.web.paging import CodePage, Page

# The wage is shown where the first argument after the key says so.
EMPLOYEE = """
SELECT version, CASE WHEN $2 THEN document ELSE document - 'monthly_wage' END AS document FROM employees WHERE id = $1
"""

EMPLOYEES = """
SELECT code AS id, CASE WHEN $3 THEN document ELSE document - 'monthly_wage' END AS document FROM employees
WHERE code > $1 AND ($4::text IS NULL OR branch = $4) AND ($5::text IS NULL OR department = $5)
  AND ($6::text IS NULL OR posts ? $6) AND ($7::text IS NULL OR store = $7) AND ($8::text IS NULL OR superior = $8)
  AND ($9::text IS NULL OR status = $9)
  AND ($10::text IS NULL OR seats @> jsonb_build_array(jsonb_build_object('committee', $10::text, 'until', NULL)))
ORDER BY code LIMIT $2
"""

EMPLOYEE_CODE = "SELECT code FROM employees WHERE id = $1"

REGISTERED = "SELECT code, document, digest FROM employees WHERE code = ANY($1::text[])"

# Locked, so that what must not be done twice to one person is done one after the other.
LOCKED = "SELECT code, document, digest FROM employees WHERE code = ANY($1::text[]) ORDER BY code FOR UPDATE"

LINE = """
WITH RECURSIVE line AS (
    SELECT code, name, posts, superior, 0 AS step FROM (
        SELECT code, document ->> 'name' AS name, posts, superior FROM employees WHERE code = $1) AS first
    UNION ALL
    SELECT above.code, above.document ->> 'name', above.posts, above.superior, line.step + 1
    FROM employees AS above JOIN line ON above.code = line.superior WHERE line.step < 50
)
SELECT code, name, posts FROM line ORDER BY step
"""

ORGANISATION = """
SELECT branch, department, store, count(*) AS employees FROM employees WHERE status = 'employed'
GROUP BY branch, department, store ORDER BY branch, department, store NULLS FIRST
"""

# Whoever is away is no deputy, and a deputy is not away.
CLASHING = """
SELECT count(*) FROM absences
WHERE status IN ('planned', 'away') AND (employee = ANY($1::text[]) OR deputy = $4)
  AND (document ->> 'begins_at')::timestamptz < $3 AND $2 < (document ->> 'ends_at')::timestamptz
"""

ABSENCES = """
SELECT id, CASE WHEN $3 THEN document ELSE document - 'reason' END AS document FROM absences
WHERE id < $1 AND ($4::text IS NULL OR employee = $4) AND ($5::text IS NULL OR deputy = $5)
  AND ($6::text IS NULL OR status = $6)
ORDER BY id DESC LIMIT $2
"""


class Sought(NamedTuple):
    """What a list of employees is narrowed to."""

    branch: str | None = None
    department: str | None = None
    post: str | None = None
    store: str | None = None
    superior: str | None = None
    status: str | None = None
    committee: str | None = None


async def employee(reader: Reader, employee_id: UUID, *, with_wage: bool) -> tuple[str, int]:
    """An employee and their version; raises `NotFound`."""
    row = await reader.fetchrow(EMPLOYEE, employee_id, with_wage)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="employee", id=str(employee_id))
    return row["document"], row["version"]


async def employees(reader: Reader, page: CodePage, sought: Sought, *, with_wage: bool) -> list[asyncpg.Record]:
    """Employees by code, one more than is shown."""
    return await reader.fetch(EMPLOYEES, page.after, page.fetch, with_wage, *sought)


async def registered(reader: Reader, codes: Sequence[str]) -> dict[str, Employee]:
    """The employees of these codes that are registered."""
    return {row["code"]: restore(Employee, row) for row in await reader.fetch(REGISTERED, list(codes))}


async def locked(reader: Reader, *codes: str) -> dict[str, Employee]:
    """Like `registered`; nobody else gets hold of them this way until the transaction ends."""
    return {row["code"]: restore(Employee, row) for row in await reader.fetch(LOCKED, list(codes))}


async def known(reader: Reader, code: str) -> Employee:
    """The employee of a code; raises `NotFound`."""
    found = (await registered(reader, [code])).get(code)
    if found is None:
        raise NotFound("there is no {entity} {id}", entity="employee", id=code)
    return found


async def employee_code(reader: Reader, employee_id: UUID) -> str:
    """The code of an employee; raises `NotFound`."""
    code = await reader.fetchval(EMPLOYEE_CODE, employee_id)
    if code is None:
        raise NotFound("there is no {entity} {id}", entity="employee", id=str(employee_id))
    return str(code)


async def line(reader: Reader, code: str) -> list[asyncpg.Record]:
    """Somebody and all above them, from below (STF-1); empty for a code that is not registered."""
    return await reader.fetch(LINE, code)


async def organisation(reader: Reader) -> list[dict[str, Any]]:
    """Branches with their departments and stores, and how many people work in each (STF-1)."""
    branches: dict[str, dict[str, Any]] = {}
    for row in await reader.fetch(ORGANISATION):
        branch = branches.setdefault(row["branch"], {"branch": row["branch"], "employees": 0, "departments": {}})
        empty = {"department": row["department"], "employees": 0, "stores": []}
        department = branch["departments"].setdefault(row["department"], empty)
        branch["employees"] += row["employees"]
        department["employees"] += row["employees"]
        if row["store"] is not None:
            department["stores"].append({"store": row["store"], "employees": row["employees"]})
    return [branch | {"departments": list(branch["departments"].values())} for branch in branches.values()]


async def clashes(reader: Reader, absent: str, deputy: str, begins_at: datetime, ends_at: datetime) -> bool:
    """Whether either is away in that time already, or whoever is to be away stands in for somebody."""
    return bool(await reader.fetchval(CLASHING, [absent, deputy], begins_at, ends_at, absent))


async def absences(
    reader: Reader, page: Page, *, employee: str | None, deputy: str | None, status: str | None, with_reason: bool
) -> list[asyncpg.Record]:
    """Absences, the latest entered first, one more than is shown."""
    return await reader.fetch(ABSENCES, page.before, page.fetch, with_reason, employee, deputy, status)
