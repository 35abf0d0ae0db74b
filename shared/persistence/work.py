"""The work of a batch: reactions and deadlines share one transaction, one identity map, one flush."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import asyncpg

from shared.domain.aggregate import Aggregate
from shared.domain.policy import Policy
from shared.events.envelope import Occasion, new_id
from shared.persistence.policies import Policies
from shared.persistence.pool import Connection
from shared.persistence.store import LOAD_MANY, Draft, Key, Row, load, restore, stamp, statement, write


class Work:
    """What a reaction has in hand. Everything it does takes effect with the batch's commit, or not at all."""

    def __init__(self, connection: Connection, policies: Policies) -> None:
        self.written = False
        self._policies = policies
        self._connection = connection
        self._occasion: Occasion | None = None
        self._held: dict[tuple[type[Aggregate], UUID], Aggregate] = {}
        self._taken: dict[tuple[type[Aggregate], UUID], Aggregate] = {}  # read ahead
        self._touched: dict[tuple[type[Aggregate], UUID], Aggregate] = {}  # on this occasion: of a batch, a few
        self._rows: dict[tuple[type[Aggregate], UUID], list[Row]] = {}
        self._stories: dict[tuple[type[Aggregate], UUID], UUID] = {}
        self._projected: list[tuple[str, list[tuple[Any, ...]]]] = []

    @contextmanager
    def on(self, occasion: Occasion) -> Iterator[None]:
        """What is recorded inside is recorded on this occasion."""
        if occasion is not self._occasion:
            self._occasion, self._touched = occasion, {}
        yield
        for place, aggregate in self._touched.items():
            rows = self._rows.setdefault(place, [])
            fresh = stamp(aggregate, occasion, rows)
            rows.extend(fresh)
            if fresh or aggregate.timers:
                self._stories[place] = occasion.correlation_id

    @property
    def occasion(self) -> Occasion:
        if self._occasion is None:
            raise LookupError("no occasion: work happens inside `on`")
        return self._occasion

    @property
    def at(self) -> datetime:
        """Now: what is recorded bears this time; when the cause happened is `event.time`."""
        return self.occasion.at

    @property
    def policy(self) -> Policy:
        """The policy in force: for what begins now (REG-2)."""
        return self._policies.at(self.at)

    async def policy_of(self, version: str | None, since: datetime) -> Policy:
        """The policy a case running since then is stamped with: a change never alters the case (REG-2)."""
        return await self._policies.of(version, since, self._connection)

    def id_for(self, purpose: str) -> UUID:
        """An id that follows from the cause, and is ordered by its time: the same event always opens the same thing."""
        cause = self.occasion.causation_id
        if cause is None:
            return new_id()
        tail = int.from_bytes(hashlib.sha256(cause.bytes + purpose.encode()).digest()[:10])
        return UUID(int=(cause.int >> 80 << 80 | tail) & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62)

    @asynccontextmanager
    async def open[A: Aggregate](self, kind: type[A], identity: UUID) -> AsyncIterator[A]:
        """An existing aggregate, to be changed; raises `NotFound`."""
        yield await self.get(kind, identity)

    async def get[A: Aggregate](self, kind: type[A], identity: UUID) -> A:
        """An existing aggregate, the same object throughout the batch; raises `NotFound`."""
        held = self._in_hand(kind, identity)
        return self._touch(await load(self._connection, kind, identity) if held is None else held)

    async def find[A: Aggregate](self, kind: type[A], identity: UUID) -> A | None:
        """Like `get`, but `None` where there is none."""
        if (held := self._in_hand(kind, identity)) is None:
            await self.take(kind, [identity])
            held = self._in_hand(kind, identity)
        return None if held is None else self._touch(held)

    async def take(self, kind: type[Aggregate], identities: Sequence[UUID]) -> None:
        """Read many that will be asked for, in one round trip; those that do not exist are passed over."""
        missing = [identity for identity in identities if self._in_hand(kind, identity) is None]
        if not missing:
            return
        for record in await self._connection.fetch(statement(LOAD_MANY, kind), missing):
            self._taken[kind, record["id"]] = restore(kind, record)

    def begin[A: Aggregate](self, aggregate: A) -> A:
        """Keep a new aggregate with this batch."""
        return self._touch(aggregate)

    def _in_hand[A: Aggregate](self, kind: type[A], identity: UUID) -> A | None:
        place = (kind, identity)
        return cast("A | None", self._held.get(place) or self._taken.get(place))

    def _touch[A: Aggregate](self, aggregate: A) -> A:
        place = (type(aggregate), aggregate.id)
        self._held[place] = self._touched[place] = aggregate
        return aggregate

    def project(self, query: str, *args: Any) -> None:
        """Run a write of a read model with the batch. Runs of one statement go to the database together, in order."""
        if not self._projected or self._projected[-1][0] != query:
            self._projected.append((query, []))
        self._projected[-1][1].append(args)

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Read, after everything done so far in this batch."""
        await self.flush()
        return await self._connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        await self.flush()
        return await self._connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        await self.flush()
        return await self._connection.fetchval(query, *args)

    async def flush(self, answered: Aggregate | None = None, key: Key | None = None) -> bytes | None:
        """Send everything done so far to the database, each kind of aggregate in one statement.

        With `answered`, returns that aggregate's document, and keeps it under the idempotency `key`.
        """
        if self._occasion is not None:
            with self.on(self._occasion):
                pass
        kinds: dict[type[Aggregate], list[Draft]] = {}
        for (kind, _), aggregate in self._held.items():
            rows = self._rows.get((kind, aggregate.id), [])
            if rows or aggregate.timers or (aggregate is answered and key):
                story = self._stories.get((kind, aggregate.id), self.occasion.correlation_id)
                draft = Draft(aggregate, aggregate.version - len(rows), rows, story)
                kinds.setdefault(kind, []).append(draft)
        answer: bytes | None = None
        for kind, drafts in kinds.items():
            drafts.sort(key=lambda draft: draft.aggregate is answered)  # the one answered with comes last
            mine = drafts[-1].aggregate is answered
            body = await write(self._connection, kind, drafts, key if mine else None)
            answer = body if mine else answer
            self.written = True
        self._rows.clear()
        self._stories.clear()
        projected, self._projected = self._projected, []
        for query, rows_ in projected:
            await self._connection.executemany(query, rows_)
        return answer
