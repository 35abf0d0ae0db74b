"""The live stream's source: one look at new messages for all who listen in this process."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from services.notifications import views
from services.notifications.domain.recipient import Recipient, RecipientKind
from shared.persistence.pool import Pool
from shared.telemetry import log, words_of
from shared.web.problems import OUT_OF_REACH

PAUSE = 0.5  # seconds between two looks, while anybody listens
LONGEST = 900.0  # seconds until a stream ends and the client comes again, so that its token is checked again
BACKLOG = 1000  # messages that wait for a slow client; one that is slower comes again and gets what it missed


class Arrival(NamedTuple):
    """A message's document; `seen` marks the last of one look, after which a client may come again."""

    document: str
    seen: str | None


class Listener:
    """One client of the live stream: what has come to its inboxes since `since`, a snapshot of the database."""

    def __init__(self, recipients: Iterable[Recipient], since: str, until: float) -> None:
        self.recipients, self.since, self.until = frozenset(recipients), since, until
        self._arrivals: asyncio.Queue[Arrival | None] = asyncio.Queue(BACKLOG)

    async def __aiter__(self) -> AsyncIterator[Arrival]:
        while (arrival := await self._arrivals.get()) is not None:
            yield arrival

    def hear(self, arrival: Arrival) -> None:
        """Raises `QueueFull` for a client that does not keep up."""
        self._arrivals.put_nowait(arrival)

    def end(self) -> None:
        """Let the stream end: what still waits is dropped, and will be told when the client comes again."""
        with suppress(asyncio.QueueEmpty):
            while True:
                self._arrivals.get_nowait()
        self._arrivals.put_nowait(None)


class Feed:
    """What has come since the last look goes to whoever listens for it (NOT-2)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._listeners: set[Listener] = set()
        self._somebody = asyncio.Event()
        self._looking = asyncio.Lock()
        self._seen: str | None = None
        self._stopping = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Feed"]:
        """Look until the block ends; then every stream ends."""
        task = asyncio.create_task(self._run())
        try:
            yield self
        finally:
            task.cancel()
            self.stop()

    def stop(self) -> None:
        """End every stream, and those that are asked for from now on at once."""
        self._stopping = True
        for listener in list(self._listeners):
            self._dismiss(listener)

    @asynccontextmanager
    async def listen(self, recipients: Iterable[Recipient]) -> AsyncIterator[Listener]:
        """Be told of what comes from now on; what lies in the inbox now is not repeated."""
        seen = await self._look()
        listener = Listener(recipients, seen, asyncio.get_running_loop().time() + LONGEST)
        self._listeners.add(listener)  # nothing was awaited since the look, so nothing falls between
        self._somebody.set()
        if self._stopping:
            self._dismiss(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def _run(self) -> None:
        while True:
            await self._somebody.wait()
            await asyncio.sleep(PAUSE)
            try:
                await self._look()
            except OUT_OF_REACH as error:
                log.warning("feed: %s; looking again", words_of(error))
            now = asyncio.get_running_loop().time()
            for listener in [listener for listener in self._listeners if listener.until < now]:
                self._dismiss(listener)
            if not self._listeners:
                self._somebody.clear()

    async def _look(self) -> str:
        async with self._looking:
            if not self._listeners:
                self._seen = None  # nobody waits for what came meanwhile
            rows = await self._pool.fetch(views.ARRIVED, self._seen)
            self._seen = seen = str(rows[0]["seen"])
            arrived = [
                (Recipient(kind=RecipientKind(row["recipient_kind"]), key=row["recipient_key"]), row["document"])
                for row in rows
                if row["id"] is not None
            ]
            for listener in list(self._listeners):
                self._tell(listener, [document for recipient, document in arrived if recipient in listener.recipients])
            return seen

    def _tell(self, listener: Listener, documents: list[str]) -> None:
        try:
            for place, document in enumerate(documents, 1):
                listener.hear(Arrival(document, self._seen if place == len(documents) else None))
        except asyncio.QueueFull:
            self._dismiss(listener)

    def _dismiss(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        listener.end()
