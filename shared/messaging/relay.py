"""The relay: everything committed to the log reaches the stream, in order, fenced and fsynced."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.hands import Hands
from shared.messaging.bus import (
    EVENT_ID,
    SEQ,
    UNREACHABLE,
    ApiError,
    Imprint,
    Wanted,
    answer,
    ask,
    imprint,
    read_message,
    read_stream,
)
from shared.messaging.leadership import leadership
from shared.messaging.streams import provide_stream, stream_name
from shared.persistence.pool import DATABASE, Connection
from shared.persistence.standstill import comparing
from shared.telemetry import RELAYED, log, tell_of_relaying, words_of

READ = """
(SELECT seq, event_id, subject, data FROM events WHERE seq > $1 ORDER BY seq LIMIT $3)
UNION ALL
(SELECT seq, event_id, subject, data FROM events WHERE seq = ANY($2::bigint[]))
"""

BELONGS = """
SELECT seq FROM events JOIN unnest($1::bigint[], $2::uuid[]) AS found (number, id) ON seq = number AND event_id = id
"""

# An xid of our own: every transaction that has drawn a seq we have seen past had its xid before this one.
MARKER = "SELECT pg_current_xact_id()::text::bigint"

SETTLED = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest,
       ARRAY(SELECT seq FROM events WHERE seq = ANY($1::bigint[])) AS present
"""

STATE = "SELECT safe_seq, stream_seq, event_id, rounds FROM relay_state WHERE stream = $1"

REMEMBER = """
INSERT INTO relay_state (stream, safe_seq, stream_seq, event_id, rounds) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (stream) DO UPDATE
SET safe_seq = $2, stream_seq = $3, event_id = $4, rounds = $5, updated_at = now()
"""

AGAIN = "SELECT seq, event_id, subject, data FROM events WHERE entity_id = $1 AND version > $2 ORDER BY seq LIMIT 10000"

AGAIN_BY_SEQ = "SELECT seq, event_id, subject, data FROM events WHERE seq = ANY($1::bigint[]) ORDER BY seq"

PAGE = 1000  # rows per read
BATCH = 500  # messages per atomic batch; the server allows 1,000
POLL = 0.2  # seconds, should a wake-up be lost
LOOK = 5.0  # seconds between looks at a stream that nothing is published to: it may have been wiped or set back

WRONG_LAST = 10071

FAULTS = (*UNREACHABLE, ApiError, *DATABASE)


class StreamAhead(RuntimeError):
    """The stream holds events that the log does not know: the database was set back. An operator must choose."""


class Place(NamedTuple):
    """The end of the stream as we know it."""

    seq: int = 0
    event_id: UUID | None = None


class Relay:
    """The one writer of a service's stream. Any number may run; one leads, and the fence stops a zombie."""

    def __init__(
        self, url: str, bus: Client, service: str, wake: asyncio.Event, hands: Hands, *, replicas: int = 1
    ) -> None:
        self.leading = False
        self._url, self._bus, self._service, self._replicas = url, bus, service, replicas
        self._wake, self._hands = wake, hands
        self._stream = stream_name(service)
        self._end = Place()
        self._clean = Place()  # up to here the stream holds nothing later than the safe mark
        self._high, self._rounds, self._looked = 0, 0, 0.0
        self._missing, self._published = set[int](), set[int]()
        self._marker: tuple[int, frozenset[int]] | None = None
        self._remembered: tuple[int, Place] = (-1, Place())
        self._requests: asyncio.Queue[Msg] = asyncio.Queue(1000)

    async def run(self) -> None:
        """Relay for ever; a fault ends the term of office, and the next term looks first at what has arrived."""
        await self._bus.subscribe(f"wake.{self._service}", cb=self._called)
        await self._bus.subscribe(f"replay.{self._service}", cb=self._requested)
        pause = 0.1
        while True:
            try:
                async with leadership(self._url, f"relay {self._service}") as connection:
                    await self.lead(connection)
            except StreamAhead as error:
                log.error("relay: %s", error)
                await asyncio.sleep(5)
            except FAULTS as error:
                log.warning("relay: %s; looking again in %.1f s", words_of(error), pause)
                await asyncio.sleep(pause)
            finally:
                self.leading = False
            pause = 0.1 if self._end.seq else min(pause * 2, 5)

    async def _called(self, _: Msg) -> None:
        self._wake.set()

    async def _requested(self, request: Msg) -> None:
        if self.leading and not self._requests.full():  # whoever asked will ask again
            self._requests.put_nowait(request)
            self._wake.set()

    async def lead(self, connection: Connection) -> None:
        """One term of office on a connection that holds the lock; returns only by a fault."""
        self._end = Place()
        async with comparing(connection, self._stream, StreamAhead):
            await self.resync(connection)
        self.leading = True
        while True:
            self._wake.clear()
            async with self._hands.busy():
                sent = await self.step(connection)
                while not self._requests.empty():
                    await self._answer(connection, self._requests.get_nowait())
            if not sent:
                await self._pause(connection)

    async def _pause(self, connection: Connection) -> None:
        if time.monotonic() - self._looked > LOOK:
            await self._look()
        try:
            async with asyncio.timeout(POLL):
                await self._wake.wait()
        except TimeoutError:
            await self.remember(connection)

    async def _look(self) -> None:
        """A fault, if the stream is not as we left it: the next term will mend it."""
        state = (await ask(self._bus, f"STREAM.INFO.{self._stream}"))["state"]
        if state["last_seq"] != self._end.seq or not await self._still_there(self._end, state):
            raise ApiError(WRONG_LAST, f"{self._stream} is not as it was left")
        self._looked = time.monotonic()

    async def step(self, connection: Connection) -> int:
        """Read once, publish what is new, and move the safe mark; returns how many events were published."""
        rows = await connection.fetch(READ, self._high, list(self._missing), PAGE)
        if self._missing:
            rows.sort(key=lambda row: row["seq"])
        if rows:
            self._take_note([row["seq"] for row in rows])
        fresh = [row for row in rows if row["seq"] not in self._published] if self._published else rows
        for first in range(0, len(fresh), BATCH):
            await self._publish(fresh[first : first + BATCH])
        if self._published:
            self._published.difference_update(row["seq"] for row in rows)
        await self._settle(connection)
        if self._high - self._remembered[0] >= PAGE:
            await self.remember(connection)
        return len(rows)

    def _take_note(self, seqs: Sequence[int]) -> None:
        """Numbers that were drawn before the highest one seen, but are not there: late, or rolled back."""
        self._missing.difference_update(seqs)
        if seqs[-1] > self._high:
            self._missing.update(set(range(self._high + 1, seqs[-1])).difference(seqs))
            self._high = seqs[-1]

    async def _settle(self, connection: Connection) -> None:
        """Forget missing numbers once every transaction that could still bring them has ended."""
        if not self._missing:
            self._marker = None
        elif self._marker is None:
            self._marker = (await connection.fetchval(MARKER), frozenset(self._missing))
        else:
            marker, waiting = self._marker
            row = await connection.fetchrow(SETTLED, list(waiting))
            if row and row["oldest"] >= marker:
                self._missing -= waiting.difference(row["present"])
                self._marker = None

    async def remember(self, connection: Connection) -> None:
        """When idle, and once a page: a crash before it only means reading a longer tail of the stream."""
        safe = min(self._missing) - 1 if self._missing else self._high
        if not self._missing:
            self._clean = self._end
        if self._published or (safe, self._clean) == self._remembered:
            return
        await connection.execute(REMEMBER, self._stream, safe, *self._clean, self._rounds)
        self._remembered = (safe, self._clean)

    async def _publish(self, rows: Sequence[asyncpg.Record], *, suffix: str = "") -> None:
        """One atomic, fenced batch; any doubt about its fate is a fault, resolved by looking at the stream."""
        suffix = suffix or (f":{self._rounds}" if self._rounds else "")
        batch, started = str(uuid4()), time.time_ns()
        for position, row in enumerate(rows, 1):
            headers = {EVENT_ID: f"{row['event_id']}{suffix}", SEQ: str(row["seq"])}
            if position == 1:
                headers["Nats-Expected-Last-Sequence"] = str(self._end.seq)
            if len(rows) > 1:
                headers |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(position)}
            if position < len(rows):
                await self._bus.publish(row["subject"], row["data"], headers=headers)
                continue
            if len(rows) > 1:
                headers["Nats-Batch-Commit"] = "1"
            reply = answer(await self._bus.request(row["subject"], row["data"], timeout=10, headers=headers))
        self._end = Place(reply["seq"], rows[-1]["event_id"])
        RELAYED.inc(len(rows))
        tell_of_relaying(self._service, (row["data"] for row in rows), started)

    async def resync(self, connection: Connection) -> None:
        """Find out what the stream really holds; republish whatever of the log it does not hold.

        Raises `StreamAhead` if it holds what the log does not.
        """
        state = await provide_stream(self._bus, self._service, self._replicas)
        kept = await connection.fetchrow(STATE, self._stream)
        safe, place, rounds = 0, Place(), 0
        if kept:
            safe, place, rounds = kept["safe_seq"], Place(kept["stream_seq"], kept["event_id"]), kept["rounds"]
        self._rounds, self._looked = rounds, time.monotonic()
        if not await self._still_there(place, state):
            log.warning("relay: %s was wiped or set back; refilling it from the log", self._stream)
            self._rounds += 1
            safe, place = 0, Place()
        self._high, self._missing, self._marker, self._remembered = safe, set(), None, (-1, Place())
        self._clean = place
        present, end = await self._present(connection, place)
        # Where the last messages were deleted or purged, their numbers remain used.
        self._end = end if end.seq >= state["last_seq"] else Place(state["last_seq"])
        self._published = {seq for seq in present if seq > safe}
        if self._rounds != rounds:
            await connection.execute(REMEMBER, self._stream, 0, 0, None, self._rounds)

    async def _still_there(self, place: Place, state: dict[str, int]) -> bool:
        if place.event_id is None:
            return place.seq <= state["last_seq"]
        found = await read_message(self._bus, self._stream, place.seq)
        return found is not None and found.event_id == place.event_id

    async def _present(self, connection: Connection, place: Place) -> tuple[set[int], Place]:
        """The log numbers the stream holds after `place`, each checked against the log, and its end."""
        present: set[int] = set()
        page: list[Imprint] = []
        async for message in read_stream(self._bus, self._stream, place.seq):
            found = imprint(message)
            place = Place(int((message.headers or {})["Nats-Sequence"]), found and found.event_id)
            if found is None:
                log.error("relay: message %d of %s is none of ours", place.seq, self._stream)
                continue
            page.append(found)
            if len(page) == PAGE:
                present |= await self._checked(connection, page)
                page = []
        return present | await self._checked(connection, page), place

    async def _checked(self, connection: Connection, page: Sequence[Imprint]) -> set[int]:
        found = {row["seq"] for row in await connection.fetch(BELONGS, [n for n, _ in page], [i for _, i in page])}
        if len(found) < len({number for number, _ in page}):
            raise StreamAhead(
                f"{self._stream} holds events that this database does not: it was set back. Restore a newer one, take "
                "the events back (xiaofu restore --catch-up), or give them up (xiaofu restore --accept-loss)"
            )
        return found

    async def _answer(self, connection: Connection, request: Msg) -> None:
        """Publish again what a consumer or an audit misses."""
        try:
            wanted = Wanted.model_validate_json(request.data)
        except ValueError as error:
            log.error("relay: a request to publish again cannot be read: %s", error)
            return
        if wanted.entity_id is None:
            rows = await connection.fetch(AGAIN_BY_SEQ, wanted.seqs)
        else:
            rows = await connection.fetch(AGAIN, wanted.entity_id, wanted.after_version)
        rows = [row for row in rows if row["seq"] <= self._high and row["seq"] not in self._missing]
        again = f":again-{uuid4().hex[:8]}"  # the first id may still be in the server's duplicate window
        for first in range(0, len(rows), BATCH):
            await self._publish(rows[first : first + BATCH], suffix=again)
        if request.reply:
            await request.respond(orjson.dumps({"republished": len(rows)}))
