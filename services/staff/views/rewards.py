"""Reads of rewards, and the ledger of rewards and penalties."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.staff.domain.access import Access
from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader
from shared.web.paging import CodePage

REWARD = """
SELECT version, document FROM rewards
WHERE id = $1 AND ($2 OR ($3::text IS NOT NULL AND branch = $3) OR employee = $4 OR document ->> 'proposed_by' = $4
                   OR ($5 AND status IN ('approved', 'paid')))
"""

REWARDS = """
SELECT number AS id, document FROM rewards
WHERE ($1::text IS NULL OR number < $1)
  AND ($3 OR ($4::text IS NOT NULL AND branch = $4) OR employee = $5 OR document ->> 'proposed_by' = $5
       OR ($6 AND status IN ('approved', 'paid')))
  AND ($7::text IS NULL OR employee = $7) AND ($8::text IS NULL OR status = $8) AND ($9::text IS NULL OR kind = $9)
ORDER BY number DESC LIMIT $2
"""

# The key is day and letters of the number, then its kind. What was revoked stays, and counts nothing.
LEDGER = """
SELECT id, document FROM (
    (SELECT ledger_key AS id,
            jsonb_build_object(
               'id', id, 'entry', 'penalty', 'number', number, 'employee', employee, 'branch', branch, 'store', store,
               'decided_at', document -> 'decided_at', 'matter', violation, 'title', document -> 'title',
               'clause', document -> 'clause', 'reason', document -> 'reason', 'measures', document -> 'measures',
               'amount', (CASE WHEN status = 'revoked' OR fine = 0 THEN 0.00 ELSE -fine END)::text,
               'as_deduction', document -> 'as_deduction', 'status', status) AS document
     FROM penalties
     WHERE month IS NOT NULL AND ($1::text IS NULL OR ledger_key < $1)
       AND ($3 OR ($4::text IS NOT NULL AND branch = $4) OR employee = $5 OR employee = $6
            OR ($7 AND status IN ('final', 'executed')))
       AND ($8::text IS NULL OR employee = $8) AND ($9::text IS NULL OR store = $9)
       AND ($10::timestamptz IS NULL OR (document ->> 'decided_at')::timestamptz >= $10)
       AND ($11::timestamptz IS NULL OR (document ->> 'decided_at')::timestamptz < $11)
     ORDER BY ledger_key DESC LIMIT $2)
    UNION ALL
    (SELECT ledger_key,
            jsonb_build_object(
               'id', id, 'entry', 'reward', 'number', number, 'employee', employee, 'branch', branch, 'store', store,
               'decided_at', document -> 'decided_at', 'matter', kind, 'title', NULL, 'clause', NULL,
               'reason', document -> 'reason', 'measures', jsonb_build_array(), 'amount', document -> 'amount',
               'as_deduction', false, 'status', status)
     FROM rewards
     WHERE status IN ('approved', 'paid') AND ($1::text IS NULL OR ledger_key < $1)
       AND ($3 OR ($4::text IS NOT NULL AND branch = $4) OR employee = $5 OR $7)
       AND ($8::text IS NULL OR employee = $8) AND ($9::text IS NULL OR store = $9)
       AND ($10::timestamptz IS NULL OR (document ->> 'decided_at')::timestamptz >= $10)
       AND ($11::timestamptz IS NULL OR (document ->> 'decided_at')::timestamptz < $11)
     ORDER BY ledger_key DESC LIMIT $2)
) AS entries
ORDER BY id DESC LIMIT $2
"""


class Sought(NamedTuple):
    """What a list of rewards is narrowed to."""

    employee: str | None = None
    status: str | None = None
    kind: str | None = None


class Narrowed(NamedTuple):
    """What the ledger is narrowed to: `since` is within, `before` is not."""

    person: str | None = None
    store: str | None = None
    since: datetime | None = None
    before: datetime | None = None


async def reward(reader: Reader, reward_id: UUID, access: Access) -> tuple[str, int]:
    """A reward and its version; raises `NotFound`, also for one that is not this actor's business."""
    row = await reader.fetchrow(REWARD, reward_id, *_of_people(access))
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="reward", id=str(reward_id))
    return row["document"], row["version"]


async def rewards(reader: Reader, page: CodePage, access: Access, sought: Sought) -> list[asyncpg.Record]:
    """Rewards, newest day first, one more than is shown."""
    return await reader.fetch(REWARDS, page.after or None, page.fetch, *_of_people(access), *sought)


async def ledger(reader: Reader, page: CodePage, access: Access, narrowed: Narrowed) -> list[asyncpg.Record]:
    """奖惩台账: penalties decided and rewards approved, newest day first, one more than is shown (STF-8, STF-9)."""
    return await reader.fetch(LEDGER, page.after or None, page.fetch, *access, *narrowed)


def _of_people(access: Access) -> tuple[object, ...]:
    return (access.everybody, access.branch, access.person, access.executes)
