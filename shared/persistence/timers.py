"""Deadlines: set with the change that needs them, fired once each, by the database's clock."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from shared.domain.aggregate import Aggregate
from shared.domain.refusals import ChangedMeanwhile, NotAllowedNow
from shared.events.envelope import Occasion
from shared.hands import Hands
from shared.persistence.policies import Policies
from shared.persistence.pool import DATABASE, Pool, passing
from shared.persistence.work import Work
from shared.telemetry import FAILED_TIMERS, FIRED_TIMERS, log, span, thread_of, traceparent, words_of

CLAIM = """
WITH due AS (
    SELECT owner, kind FROM timers WHERE due_at <= now() AND entity = ANY($2) ORDER BY due_at
    LIMIT $1 FOR UPDATE SKIP LOCKED
)
DELETE FROM timers USING due WHERE timers.owner = due.owner AND timers.kind = due.kind
RETURNING timers.owner, timers.kind, timers.entity, timers.due_at, timers.correlation_id, now() AS at
"""

POSTPONE = """
UPDATE timers
SET attempts = attempts + 1, error = $3, due_at = now() + interval '1 second' * 2 ^ least(attempts, 12)
WHERE owner = $1 AND kind = $2
"""

NEXT = "SELECT extract(epoch FROM min(due_at) - now())::float8 FROM timers WHERE entity = ANY($1)"

CLAIMED = 500  # deadlines per transaction
LONGEST_WAIT = 1.0  # seconds between looks, so that a deadline set elsewhere is seen


class Timers:
    """Fires what falls due. Any number may run: each deadline is claimed by one, together with what it causes."""

    def __init__(self, pool: Pool, kinds: Sequence[type[Aggregate]], policies: Policies, wake: asyncio.Event) -> None:
        self._pool, self._policies, self._wake = pool, policies, wake
        self._kinds = {kind.ENTITY: kind for kind in kinds}
        self._claimed: list[asyncpg.Record] = []

    async def run(self, hands: Hands) -> None:
        """Fire for ever; overdue ones at once, in the order they fell due."""
        while True:
            try:
                async with hands.busy():
                    fired = await self.fire()
                if fired < CLAIMED:
                    await asyncio.sleep(await self._wait())
            except (ChangedMeanwhile, *DATABASE) as error:
                log.warning("timers: %s; looking again", words_of(error))
                await asyncio.sleep(LONGEST_WAIT)

    async def _wait(self) -> float:
        wait = await self._pool.fetchval(NEXT, list(self._kinds))
        return LONGEST_WAIT if wait is None else min(max(float(wait), 0.005), LONGEST_WAIT)

    async def fire(self, limit: int = CLAIMED) -> int:
        """Fire up to `limit` due deadlines in one transaction; returns how many were claimed.

        If one of them fails the rest must not wait for it: they are fired one at a time, and it is put off.
        """
        try:
            return await self._fire(limit)
        except Exception as error:  # whatever a deed may raise; the culprit is found below
            if passing(error) or not self._claimed:
                raise
            if limit > 1:
                while await self.fire(1):
                    pass
                return 0
            await self._postpone(error)
            return 1

    async def _fire(self, limit: int) -> int:
        self._claimed = []
        async with self._pool.acquire() as connection, connection.transaction():
            self._claimed = rows = await connection.fetch(CLAIM, limit, list(self._kinds))
            work = Work(connection, self._policies)
            for entity in dict.fromkeys(row["entity"] for row in rows):
                await work.take(self._kinds[entity], [row["owner"] for row in rows if row["entity"] == entity])
            for row in sorted(rows, key=lambda row: row["due_at"]):
                await self._one(work, row)
            await work.flush()
        for row in rows:
            FIRED_TIMERS.labels(row["entity"], row["kind"]).inc()
        if work.written:
            self._wake.set()
        return len(rows)

    async def _one(self, work: Work, row: asyncpg.Record) -> None:
        at: datetime = row["at"]
        with span(f"timer {row['kind']}", thread_of(row["correlation_id"])) as current:
            occasion = Occasion("service:timer", at, row["correlation_id"], None, traceparent(current))
            with work.on(occasion):
                aggregate = await work.get(self._kinds[row["entity"]], row["owner"])
                before = len(aggregate.recorded)
                try:
                    getattr(aggregate, row["kind"])(at)
                except NotAllowedNow:
                    if len(aggregate.recorded) > before:
                        raise  # half a deed is a fault
                    # The reason for the deadline has gone, and with it the deadline.
                    return

    async def _postpone(self, error: Exception) -> None:
        """Try the deadline that failed again later, and say why."""
        for row in self._claimed:
            log.error("timers: %s of %s failed", row["kind"], row["owner"], exc_info=error)
            FAILED_TIMERS.labels(row["entity"], row["kind"]).inc()
            text = f"{type(error).__name__}: {error}".replace("\0", "")[:2000]
            await self._pool.execute(POSTPONE, row["owner"], row["kind"], text)
