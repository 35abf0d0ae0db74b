"""The store: a change is one statement — document, version check, events, timers, idempotency key."""

import asyncio
import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.domain.aggregate import Aggregate
from shared.domain.refusals import ChangedMeanwhile, NotFound, RuleBroken
from shared.events.envelope import Occasion, seal
from shared.events.event import subject
from shared.persistence.pool import Connection, Pool, Reader

LOAD = "SELECT document, digest FROM documents WHERE id = $1"

LOAD_MANY = "SELECT id, document, digest FROM documents WHERE id = ANY($1::uuid[])"

SAVE = """
WITH incoming AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::bytea[])
        AS incoming (id, expected, version, document, digest)
), created AS (
    INSERT INTO documents (id, version, document, digest)
    SELECT id, version, document::jsonb, digest FROM incoming WHERE expected = 0
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), updated AS (
    UPDATE documents AS kept
    SET version = incoming.version, document = incoming.document::jsonb, digest = incoming.digest, updated_at = now()
    FROM incoming
    WHERE kept.id = incoming.id AND kept.version = incoming.expected AND incoming.expected > 0
    RETURNING kept.id
), changed AS (
    SELECT id FROM created UNION ALL SELECT id FROM updated
), logged AS (
    INSERT INTO events (event_id, entity, entity_id, version, subject, data, actor, at, digest)
    SELECT event_id, $6, entity_id, version, subject, data, actor, at, digest
    FROM changed JOIN unnest($7::uuid[], $8::uuid[], $9::integer[], $10::text[], $11::bytea[], $12::text[],
                             $13::timestamptz[], $14::bytea[])
        WITH ORDINALITY AS event (event_id, entity_id, version, subject, data, actor, at, digest, position)
        ON event.entity_id = changed.id
    ORDER BY position
), cleared AS (
    DELETE FROM timers
    USING changed JOIN unnest($15::uuid[], $16::text[]) AS gone (owner, kind) ON gone.owner = changed.id
    WHERE timers.owner = gone.owner AND timers.kind = gone.kind
), scheduled AS (
    INSERT INTO timers (owner, kind, entity, due_at, correlation_id)
    SELECT timer.owner, timer.kind, $6, timer.due_at, timer.correlation_id
    FROM changed JOIN unnest($17::uuid[], $18::text[], $19::timestamptz[], $20::uuid[])
        AS timer (owner, kind, due_at, correlation_id) ON timer.owner = changed.id
    ON CONFLICT (owner, kind) DO UPDATE
    SET due_at = excluded.due_at, correlation_id = excluded.correlation_id, attempts = 0, error = NULL
), answered AS (
    INSERT INTO idempotency_keys (actor, key, request, status, answer, version)
    SELECT $21, $22, $23, $24, $25, $26 FROM changed WHERE $22::text IS NOT NULL LIMIT 1
)
SELECT id FROM changed
"""

ANSWERED = "SELECT request, status, answer, version FROM idempotency_keys WHERE actor = $1 AND key = $2"

RULE_NAME = re.compile(r"([A-Z]{3}-\d+) (.+)")


class Key(NamedTuple):
    """An idempotency key as it came in: whose, which, for what request, and the status its answer gets."""

    actor: str
    key: str
    request: bytes
    status: int


class Answer(NamedTuple):
    """What a command was answered with: the document's JSON after it, and the version it had."""

    body: bytes
    version: int | None
    status: int = 200
    request: bytes = b""


class KeyTaken(Exception):
    """The idempotency key was used before: whoever sent it should get that answer again."""


class Row(NamedTuple):
    """One event as it is logged."""

    event_id: UUID
    entity_id: UUID
    version: int
    subject: str
    data: bytes
    actor: str
    at: object
    digest: bytes


class Draft(NamedTuple):
    """A changed aggregate on its way into the store, its events already sealed."""

    aggregate: Aggregate
    expected: int
    rows: Sequence[Row]
    correlation_id: UUID

    @property
    def digest(self) -> bytes:
        return self.rows[-1].digest if self.rows else self.aggregate.digest


@cache
def statement(template: str, kind: type[Aggregate]) -> str:
    """`template` for the table of `kind`: a name declared in code, never one that came in."""
    if not re.fullmatch(r"[a-z_]+", kind.TABLE):
        raise ValueError(f"{kind.TABLE!r} is no table name")
    return template.replace("documents", kind.TABLE)


def stamp(aggregate: Aggregate, occasion: Occasion, already: Sequence[Row] = ()) -> list[Row]:
    """The events recorded since `already`, sealed and chained to the entity's earlier ones."""
    fresh = aggregate.recorded[len(already) :]
    version = aggregate.version - len(fresh)
    head = already[-1].digest if already else aggregate.digest
    rows = []
    for event in fresh:
        version += 1
        event_id, data = seal(event, aggregate.id, version, occasion)
        head = hashlib.sha256(head + data).digest()
        topic = subject(event.NAME, aggregate.id)
        rows.append(Row(event_id, aggregate.id, version, topic, data, occasion.actor, occasion.at, head))
    return rows


async def write(
    connection: Connection | Pool, kind: type[Aggregate], drafts: Sequence[Draft], key: Key | None = None
) -> bytes:
    """Write changed aggregates of one kind, or nothing; returns the document of the last.

    Raises `ChangedMeanwhile` if any has another version than it was read with, `RuleBroken` if a constraint that is
    named after a rule says no, `KeyTaken` if the idempotency key was used.
    """
    documents = [draft.aggregate.model_dump_json() for draft in drafts]
    answer = documents[-1].encode()
    rows = [row for draft in drafts for row in draft.rows]
    timers = [(d, kind_, due) for d in drafts for kind_, due in d.aggregate.timers.items()]
    cleared = [(d.aggregate.id, kind_) for d, kind_, due in timers if due is None]
    scheduled = [(d.aggregate.id, kind_, due, d.correlation_id) for d, kind_, due in timers if due is not None]
    try:
        changed = await connection.fetch(
            statement(SAVE, kind),
            [draft.aggregate.id for draft in drafts],
            [draft.expected for draft in drafts],
            [draft.aggregate.version for draft in drafts],
            documents,
            [draft.digest for draft in drafts],
            kind.ENTITY,
            *_columns(rows, 8),
            *_columns(cleared, 2),
            *_columns(scheduled, 4),
            *(key or (None, None, None, None)),
            answer if key else None,
            drafts[-1].aggregate.version if key else None,
        )
    except asyncpg.IntegrityConstraintViolationError as error:
        raise _meaning(error) from error
    if len(changed) != len(drafts):
        raise ChangedMeanwhile("the {entity} was changed by somebody else meanwhile; read it again", entity=kind.ENTITY)
    for draft in drafts:
        draft.aggregate.remember(draft.digest)
    return answer


def _columns(rows: Iterable[Sequence[object]], width: int) -> Iterable[Sequence[object]]:
    return list(zip(*rows, strict=True)) or [()] * width


def _meaning(error: asyncpg.IntegrityConstraintViolationError) -> Exception:
    """What a violated constraint means: constraints that carry a rule are named `ORD-9 what it says`."""
    name = error.constraint_name or ""
    if name == "idempotency_keys_once":
        return KeyTaken()
    if match := RULE_NAME.fullmatch(name):
        return RuleBroken(match[1], match[2])
    return error


def restore[A: Aggregate](kind: type[A], record: asyncpg.Record) -> A:
    """The aggregate in a row of its table."""
    aggregate = kind.model_validate_json(record["document"])
    aggregate.remember(record["digest"])
    return aggregate


async def load[A: Aggregate](reader: Reader, kind: type[A], identity: UUID) -> A:
    """Read one aggregate; raises `NotFound`."""
    record = await reader.fetchrow(statement(LOAD, kind), identity)
    if record is None:
        raise NotFound("there is no {entity} {id}", entity=kind.ENTITY, id=str(identity))
    return restore(kind, record)


class Store:
    """The service's documents, for commands that change one thing and are answered with it."""

    def __init__(self, pool: Pool, wake: asyncio.Event) -> None:
        self.pool = pool
        self._wake = wake

    def committed(self) -> None:
        """Tell the relay that there is something to publish."""
        self._wake.set()

    async def load[A: Aggregate](self, kind: type[A], identity: UUID) -> A:
        """Read one aggregate; raises `NotFound`."""
        return await load(self.pool, kind, identity)

    async def save(self, aggregate: Aggregate, occasion: Occasion, key: Key | None = None) -> Answer:
        """Keep a changed aggregate, in one round trip; see `write` for what it raises."""
        rows = stamp(aggregate, occasion)
        expected = aggregate.version - len(rows)
        draft = Draft(aggregate, expected, rows, occasion.correlation_id)
        body = await write(self.pool, type(aggregate), [draft], key)
        self.committed()
        return Answer(body, aggregate.version, key.status if key else 200)

    async def answered(self, actor: str, key: str) -> Answer | None:
        """What this actor's command with this key was answered, if it was."""
        record = await self.pool.fetchrow(ANSWERED, actor, key)
        if record is None:
            return None
        return Answer(record["answer"], record["version"], record["status"], record["request"])
