"""Every read of staff."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.staff.domain.access import Access
from services.staff.domain.employee import Employee
from services.staff.domain.penalty import Penalty
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.persistence.store import restore

# The wage is shown where the first argument after the key says so.
EMPLOYEE = """
SELECT version, CASE WHEN $2 THEN document ELSE document - 'monthly_wage' END AS document FROM employees WHERE id = $1
"""

EMPLOYEES = """
SELECT code AS id, CASE WHEN $3 THEN document ELSE document - 'monthly_wage' END AS document FROM employees
WHERE code > $1 AND ($4::text IS NULL OR branch = $4) AND ($5::text IS NULL OR department = $5)
  AND ($6::text IS NULL OR posts ? $6)
ORDER BY code LIMIT $2
"""

EMPLOYEE_CODE = "SELECT code FROM employees WHERE id = $1"

REGISTERED = "SELECT code, document, digest FROM employees WHERE code = ANY($1::text[])"

# Locked, so that two fines of one person are decided one after the other and the cap sees both (STF-8).
EMPLOYEE_TO_FINE = "SELECT document, digest FROM employees WHERE id = $1 FOR UPDATE"

FINED = "SELECT coalesce(sum(fine), 0) FROM penalties WHERE employee = $1 AND month = $2 AND id <> $3"

PENALTY = """
SELECT version, document FROM penalties
WHERE id = $1 AND ($2 OR ($3::text IS NOT NULL AND branch = $3) OR employee = $4)
"""

PENALTIES = """
SELECT number AS id, document FROM penalties
WHERE ($1::text IS NULL OR number < $1) AND ($3 OR ($4::text IS NOT NULL AND branch = $4) OR employee = $5)
  AND ($6::text IS NULL OR employee = $6) AND ($7::text IS NULL OR status = $7) AND ($8::uuid IS NULL OR cause_id = $8)
ORDER BY number DESC LIMIT $2
"""

LEDGER = """
SELECT number AS id, document FROM penalties
WHERE ($1::text IS NULL OR number < $1) AND ($3 OR ($4::text IS NOT NULL AND branch = $4) OR employee = $5)
  AND employee = $6 AND month IS NOT NULL
ORDER BY number DESC LIMIT $2
"""


class Wanted(NamedTuple):
    """What a list of penalties is narrowed to."""

    employee: str | None = None
    status: str | None = None
    cause_id: UUID | None = None


async def employee(reader: Reader, employee_id: UUID, *, with_wage: bool) -> tuple[str, int]:
    """An employee and their version; raises `NotFound`."""
    row = await reader.fetchrow(EMPLOYEE, employee_id, with_wage)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="employee", id=str(employee_id))
    return row["document"], row["version"]


async def employees(
    reader: Reader, after: str, limit: int, *, with_wage: bool, branch: str | None, department: str | None,
    post: str | None,
) -> list[asyncpg.Record]:  # fmt: skip
    """Employees by code, one more than is shown."""
    return await reader.fetch(EMPLOYEES, after, limit + 1, with_wage, branch, department, post)


async def registered(reader: Reader, codes: Sequence[str]) -> dict[str, Employee]:
    """The employees of these codes that are registered."""
    return {row["code"]: restore(Employee, row) for row in await reader.fetch(REGISTERED, list(codes))}


async def employee_code(reader: Reader, employee_id: UUID) -> str:
    """The code of an employee; raises `NotFound`."""
    code = await reader.fetchval(EMPLOYEE_CODE, employee_id)
    if code is None:
        raise NotFound("there is no {entity} {id}", entity="employee", id=str(employee_id))
    return str(code)


async def employee_to_fine(reader: Reader, code: str) -> Employee | None:
    """The employee, whose fines nobody else decides until this transaction ends; None if not registered (STF-8)."""
    row = await reader.fetchrow(EMPLOYEE_TO_FINE, Employee.id_of(code))
    return restore(Employee, row) if row else None


async def fined(reader: Reader, penalty: Penalty, month: str) -> Decimal:
    """What other penalties of a month (2026-05) took from the same employee, in yuan (STF-8)."""
    total: Decimal = await reader.fetchval(FINED, penalty.employee, month, penalty.id)
    return total


async def penalty(reader: Reader, penalty_id: UUID, access: Access) -> tuple[str, int]:
    """A penalty and its version; raises `NotFound`, also for one that is not this actor's business."""
    row = await reader.fetchrow(PENALTY, penalty_id, *access)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="penalty", id=str(penalty_id))
    return row["document"], row["version"]


async def penalties(
    reader: Reader, before: str | None, limit: int, access: Access, wanted: Wanted
) -> list[asyncpg.Record]:
    """Penalties, newest day first, one more than is shown."""
    return await reader.fetch(PENALTIES, before, limit + 1, *access, *wanted)


async def ledger(reader: Reader, before: str | None, limit: int, access: Access, employee: str) -> list[asyncpg.Record]:
    """Penalties decided on an employee, newest day first, one more than is shown (STF-8)."""
    return await reader.fetch(LEDGER, before, limit + 1, *access, employee)
