"""A ledger of the bus, kept outside the services: it reads every stream by itself and draws its own conclusions."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import nats
import orjson
from nats.js.api import ConsumerConfig, DeliverPolicy


class Entry(NamedTuple):
    """One message of a stream."""

    stream: str
    seq: int
    event_id: str
    name: str
    entity_id: str
    version: int
    cause_id: str | None
    data: dict[str, Any]

    @property
    def publisher(self) -> str:
        return self.name.partition(".")[0]

    @property
    def entity(self) -> tuple[str, str]:
        """Kind and id of what the event is about: one id may have several histories."""
        return ".".join(self.name.split(".")[:2]), self.entity_id


class Ledger:
    """Every event of every stream, in the order the stream has them."""

    def __init__(self, url: str, services: Iterable[str]) -> None:
        self._url, self._services = url, list(services)
        self.entries: list[Entry] = []

    async def read(self) -> None:
        """Read all streams from their beginning to their present end."""
        bus = await nats.connect(self._url)
        try:
            self.entries = []
            for service in self._services:
                await self._read(bus, service.upper())
        finally:
            await bus.close()

    async def _read(self, bus: Any, stream: str) -> None:
        js = bus.jetstream()
        last = (await js.stream_info(stream)).state.messages
        if not last:
            return
        config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
        subscription = await js.subscribe(f"{stream.lower()}.>", ordered_consumer=True, config=config)
        for _ in range(last):
            message = await subscription.next_msg(timeout=10)
            envelope = orjson.loads(message.data)
            self.entries.append(
                Entry(
                    stream,
                    message.metadata.sequence.stream,
                    envelope["id"],
                    envelope["type"],
                    envelope["subject"],
                    int(envelope["sequence"]),
                    envelope.get("causationid"),
                    envelope["data"],
                )
            )
        await subscription.unsubscribe()

    async def pending(self) -> dict[str, int]:
        """What each consumer has not yet acknowledged, by `service<-STREAM`, as the broker counts it."""
        bus = await nats.connect(self._url)
        try:
            js = bus.jetstream()
            found = {}
            for service in self._services:
                for info in await js.consumers_info(service.upper()):
                    if info.name in self._services:
                        found[f"{info.name}<-{service.upper()}"] = (info.num_pending or 0) + (info.num_ack_pending or 0)
            return found
        finally:
            await bus.close()

    async def settled(self, patience: float = 30.0) -> dict[str, int]:
        """Wait until every consumer has acknowledged everything twice in a row; what is left if it does not."""
        quiet = 0
        async with asyncio.timeout(patience):
            while quiet < 3:
                left = {name: count for name, count in (await self.pending()).items() if count}
                quiet = 0 if left else quiet + 1
                await asyncio.sleep(0.2)
        return left

    def twice(self) -> list[str]:
        """Events that stand more than once in a stream."""
        return [event_id for event_id, count in Counter(entry.event_id for entry in self.entries).items() if count > 1]

    def out_of_order(self) -> list[str]:
        """Entities whose versions are not 1, 2, 3 … in the stream."""
        versions: dict[tuple[str, str], list[int]] = defaultdict(list)
        for entry in self.entries:
            versions[entry.entity].append(entry.version)
        return [
            f"{kind} {entity}" for (kind, entity), seen in versions.items() if seen != list(range(1, len(seen) + 1))
        ]

    def last_versions(self, publishers: Iterable[str]) -> dict[tuple[str, str], int]:
        """The newest version of every entity of some publishers: how far whoever follows them must have come."""
        wanted = set(publishers)
        return {entry.entity: entry.version for entry in self.entries if entry.publisher in wanted}

    def repeated_effects(self) -> list[str]:
        """Effects that one cause had twice: the same event of the same service, of another thing of its kind.

        A cause may well have several effects of one kind, but then they differ in what they say.
        """
        effects = Counter(
            (entry.cause_id, entry.name, orjson.dumps(entry.data, option=orjson.OPT_SORT_KEYS))
            for entry in self.entries
            if entry.cause_id
        )
        return [f"{name} after {cause}" for (cause, name, _), count in effects.items() if count > 1]

    def effects_out_of_order(self) -> list[str]:
        """Services whose reactions to one entity's events stand in another order than those events."""
        causes = {entry.event_id: entry for entry in self.entries}
        seen: dict[tuple[str, tuple[str, str]], int] = {}
        wrong = []
        for entry in self.entries:
            cause = causes.get(entry.cause_id or "")
            if cause is None:
                continue
            place = (entry.stream, cause.entity)
            if cause.version < seen.get(place, 0):
                wrong.append(f"{entry.name} in {entry.stream}")
            seen[place] = cause.version
        return wrong
