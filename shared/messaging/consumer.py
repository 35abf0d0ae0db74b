"""The consumer: batches of events become reactions, each batch one transaction, each event once and in order."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import orjson
from nats.aio.client import Client
from opentelemetry.trace import SpanKind

from shared.domain.refusals import ChangedMeanwhile, Refusal
from shared.events.envelope import Occasion, Undecodable, open_event
from shared.events.event import Entity, Provenance
from shared.events.partitions import WHOLE, Partitions
from shared.hands import Hands
from shared.messaging import inbox
from shared.messaging.bus import UNREACHABLE, ApiError
from shared.messaging.inbox import Cursor, Heard
from shared.messaging.leadership import ear, leadership
from shared.messaging.pull import Pull
from shared.messaging.reactions import Reactions
from shared.persistence.policies import Policies
from shared.persistence.pool import DATABASE, Connection, Pool, passing
from shared.persistence.work import Work
from shared.telemetry import HANDLED, log, span, traceparent, words_of

CONFLICTS = 10  # of a batch with somebody else's change, before its events are tried one by one
TRIES = 5  # of one event that fails by itself, before it is parked
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0


class Consumer:
    """A service's ear, or one of several, each with its share of the entities.

    Any number may run; of each share one is active, and the inbox, which all of them keep together, keeps a second
    one from doing harm: also one of another division, while the number of shares is being changed.
    """

    def __init__(
        self,
        url: str,
        pool: Pool,
        bus: Client,
        reactions: Reactions,
        policies: Policies,
        wake: asyncio.Event,
        hands: Hands,
        share: Partitions = WHOLE,
    ) -> None:
        self.name, self.share = reactions.service, share
        self.active = False
        self._url, self._pool, self._bus, self._reactions = url, pool, bus, reactions
        self._policies, self._wake, self._hands = policies, wake, hands

    async def run(self) -> None:
        """Follow every source for ever; losing the database connection ends the term of office."""
        while True:
            try:
                async with leadership(self._url, ear(self.name, self.share)) as connection:
                    self.active = True
                    await self._serve(connection)
            except (*DATABASE, ExceptionGroup) as error:
                log.warning("consumer: %s; standing for election again", words_of(error))
                await asyncio.sleep(FIRST_PAUSE)
            finally:
                self.active = False

    async def _serve(self, connection: Connection) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stay_in_office(connection))
            for source in self._reactions.sources:
                group.create_task(self.follow(source))

    @staticmethod
    async def _stay_in_office(connection: Connection) -> None:
        while True:
            await asyncio.sleep(5)
            await connection.fetchval("SELECT 1", timeout=10)

    async def follow(self, source: str) -> None:
        """Handle the stream of one source for ever; what is wrong with the bus is waited out here."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with Pull(self._bus, source, self.name, self.share).running() as pull:
                    pause = FIRST_PAUSE
                    while True:
                        await self._take(source, pull)
            except (*UNREACHABLE, ApiError) as error:
                # Its publisher may not have started yet: the stream appears with its first relay.
                log.info("consumer: %s is not to be had: %s", source, words_of(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2)

    async def _take(self, source: str, pull: Pull) -> None:
        messages = await pull.batch()
        last = messages[-1]
        async with self._hands.busy():
            await self.handle([inbox.read(source, message.subject, message.data) for message in messages])
            await self._bus.publish(last.reply, b"+ACK")

    async def handle(self, batch: Sequence[Heard]) -> None:
        """See to it that every event of the batch is handled or parked; returns when that is committed."""
        pause, tries = FIRST_PAUSE, 0
        while True:
            try:
                freed = await self._commit(batch)
                break
            except Exception as error:  # anything a reaction may raise: found by halving, then parked with its cause
                if passing(error) or isinstance(error, UNREACHABLE):
                    log.warning("consumer: %s; the batch is tried again", words_of(error))
                    pause = await self._wait_out(pause)
                    continue
                tries += 1
                if isinstance(error, ChangedMeanwhile) and tries < CONFLICTS:
                    # Another source of ours, or a person, was faster: what they did is there to be read now.
                    await self._wait_out(FIRST_PAUSE / 100 * 2**tries)
                    continue
                if len(batch) > 1:
                    middle = len(batch) // 2
                    await self.handle(batch[:middle])
                    await self.handle(batch[middle:])
                    return
                if isinstance(error, (Refusal, Undecodable)) or tries >= TRIES:
                    await self._park(batch[0], error, tries)
                    return
                log.warning("consumer: %s failed, try %d of %d", batch[0].subject, tries, TRIES, exc_info=error)
                pause = await self._wait_out(pause)
        for entity in dict.fromkeys(freed):
            await self.drain(entity)

    @staticmethod
    async def _wait_out(pause: float) -> float:
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
        return min(pause * 2, LONGEST_PAUSE)

    async def _park(self, heard: Heard, error: Exception, tries: int) -> None:
        reason = (
            "refused" if isinstance(error, Refusal) else "undecodable" if isinstance(error, Undecodable) else "fault"
        )
        text = (
            f"{error.rule}: {error}"
            if isinstance(error, Refusal) and error.rule
            else f"{type(error).__name__}: {error}"
        )
        # The reaction's span has ended with its failure; whoever follows the trace must find why it goes no further.
        with span(f"{self.name} parks", heard.known and heard.known.traceparent, SpanKind.CONSUMER):
            log.error("consumer: %s is parked: %s", heard.subject, text, exc_info=error)
        await inbox.park(self._pool, self.name, heard, reason, text, tries)

    async def _commit(self, batch: Sequence[Heard]) -> list[Entity]:
        """One transaction; returns entities whose missing events have come, so that parked ones can follow."""
        async with self._pool.acquire() as connection, connection.transaction():
            before = await inbox.cursors(connection, self.name, batch)
            after: dict[Entity, tuple[int, UUID]] = {}
            work = Work(connection, self._policies)
            freed = [entity for heard in batch for entity in await self._one(connection, work, heard, before, after)]
            await work.flush()
            await inbox.advance(connection, self.name, before, after)
        HANDLED.labels(batch[0].source).inc(len(batch))
        if work.written:
            self._wake.set()
        return freed

    async def _one(
        self,
        connection: Connection,
        work: Work,
        heard: Heard,
        before: dict[Entity, Cursor],
        after: dict[Entity, tuple[int, UUID]],
    ) -> list[Entity]:
        known = heard.known
        if known is None:
            raise Undecodable(heard.fault or "unreadable")
        cursor = before[known.entity]
        version, event_id = after.get(known.entity, (cursor.version, cursor.event_id))
        if known.version <= version:
            if known.version == version and known.id != event_id:
                await inbox.park(connection, self.name, heard, "diverged", "another event had this version before")
        elif known.version > version + 1 or known.version == cursor.parked:
            await self._wait(connection, heard, known, version, cursor)
            before[known.entity] = cursor._replace(parked=min(known.version, cursor.parked or known.version))
        else:
            await self.react(work, heard, known)
            version = known.version
            after[known.entity] = (version, known.id)
        # Whatever is parked next in line may have its turn: if it failed by itself, `drain` leaves it to an operator.
        return [known.entity] if before[known.entity].parked == version + 1 else []

    async def _wait(
        self, connection: Connection, heard: Heard, known: Provenance, version: int, cursor: Cursor
    ) -> None:
        """Park what cannot be handled yet; ask the publisher for what lies between, if that is what is missing."""
        if cursor.parked is not None and cursor.parked == version + 1:
            await inbox.park(connection, self.name, heard, "behind", f"waits behind version {cursor.parked}")
            return
        # What is parked already was asked for: an answer that does not fill the gap must not lead to another request.
        if await inbox.park(connection, self.name, heard, "gap", f"version {version + 1} has not come yet"):
            request = {"entity_id": str(known.entity_id), "after_version": version}
            await self._bus.publish(f"replay.{heard.source}", orjson.dumps(request))

    async def react(self, work: Work, heard: Heard, known: Provenance) -> None:
        """Do what follows from one event, as part of its trace."""
        reaction = self._reactions.to(heard.envelope.get("type"))
        if reaction is None:
            return
        event = open_event(heard.envelope, known)
        with span(f"{self.name} {reaction.__name__}", known.traceparent, SpanKind.CONSUMER) as current:
            trace = traceparent(current) or known.traceparent
            now = datetime.now(UTC)
            occasion = Occasion(f"service:{self.name}", now, known.correlation_id, known.id, trace)
            with work.on(occasion):
                await reaction(event, work)

    async def drain(self, entity: Entity, *, forced: bool = False) -> str | None:
        """Handle an entity's parked events in order, as far as they go; returns why it stopped short, if it did.

        Only `forced` (an operator's retry) tries again what was parked for its own sake.
        """
        tries = 0
        while True:
            row = await self._pool.fetchrow(FIRST_PARKED, self.name, *entity, forced)
            if row is None:
                return None
            if not forced and row["reason"] not in ("gap", "behind"):
                return str(row["error"])
            forced = False
            try:
                if not await self._release(row):
                    return str(row["error"])
            except Exception as error:  # whatever the reaction raised is what the operator needs to see
                if passing(error):
                    raise
                tries += 1
                if isinstance(error, ChangedMeanwhile) and tries < TRIES:
                    continue
                reason = "refused" if isinstance(error, Refusal) else "fault"
                text = f"{type(error).__name__}: {error}".replace("\0", "")[:2000]
                await self._pool.execute(FAILED_AGAIN, row["id"], reason, text)
                return str(error)

    async def _release(self, row: asyncpg.Record) -> bool:
        heard = inbox.from_row(row)
        if heard.known is None:
            raise Undecodable(heard.fault or "unreadable")
        async with self._pool.acquire() as connection, connection.transaction():
            before = await inbox.cursors(connection, self.name, [heard])
            version = before[heard.known.entity].version
            if heard.known.version > version + 1:
                return False
            work = Work(connection, self._policies)
            if heard.known.version == version + 1:
                await self.react(work, heard, heard.known)
                await work.flush()
                after = {heard.known.entity: (heard.known.version, heard.known.id)}
                await inbox.advance(connection, self.name, before, after)
            await connection.execute("DELETE FROM dead_letters WHERE id = $1", row["id"])
        if work.written:
            self._wake.set()
        return True


FIRST_PARKED = """
SELECT id, source, subject, data, reason, error FROM dead_letters
WHERE consumer = $1 AND entity = $2 AND entity_id = $3 AND state = 'parked' AND ($4 OR reason <> 'diverged')
ORDER BY version, id LIMIT 1
"""

FAILED_AGAIN = """
UPDATE dead_letters SET reason = $2, error = $3, attempts = attempts + 1, last_at = now() WHERE id = $1
"""
