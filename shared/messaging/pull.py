"""A pull loop on JetStream that never stalls: batches as they come, heartbeats, and a consumer made again if lost."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.messaging.streams import SECOND, provide_consumer, stream_name

REQUEST = 500  # messages asked for at once
DRAIN = 200  # messages handed out at most at once
EXPIRES = 30.0
HEARTBEAT = 2.0
SILENCE = 5.0  # two heartbeats missed: ask again, and look whether the consumer still exists


class Pull:
    """Messages of one durable consumer, in order. Needs ack policy *all* and a single active client."""

    def __init__(self, bus: Client, source: str, consumer: str) -> None:
        self._bus, self._source, self._consumer = bus, source, consumer
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream_name(source)}.{consumer}"
        self._inbox = bus.new_inbox()
        self._numbers = itertools.count(1)
        self._open: dict[str, int] = {}
        self._waiting: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self._lost = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Pull"]:
        """Listen for what is asked for; raises what the provisioner raises if the stream does not exist yet."""
        await provide_consumer(self._bus, self._source, self._consumer)
        subscription = await self._bus.subscribe(f"{self._inbox}.*", cb=self._receive)
        try:
            yield self
        finally:
            await subscription.unsubscribe()

    async def _receive(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status") if not message.reply else None
        if status is None:
            self._waiting.append(message)
            # A message bears its own subject, not the request's; the server serves requests in the order they came.
            for inbox, left in self._open.items():
                if left > 0:
                    self._open[inbox] = left - 1
                    break
        elif status != "100":
            # 408: the request ran out; anything else: the server let go of it, perhaps of the consumer as well.
            self._open.pop(message.subject, None)
            self._lost |= status not in ("404", "408")
        self._arrived.set()

    async def batch(self) -> list[Msg]:
        """Wait for messages; whatever has arrived, at most 200, in stream order."""
        while not self._waiting:
            await self._ask()
            self._arrived.clear()
            try:
                async with asyncio.timeout(SILENCE):
                    await self._arrived.wait()
            except TimeoutError:
                self._lost = True
        await self._ask()
        return [self._waiting.popleft() for _ in range(min(DRAIN, len(self._waiting)))]

    async def _ask(self) -> None:
        if self._lost:
            await provide_consumer(self._bus, self._source, self._consumer)
            self._open.clear()
            self._lost = False
        self._open = {inbox: left for inbox, left in self._open.items() if left > 0}
        if sum(self._open.values()) + len(self._waiting) > REQUEST:
            return
        inbox = f"{self._inbox}.{next(self._numbers)}"
        self._open[inbox] = REQUEST
        request = {
            "batch": REQUEST,
            "expires": int(EXPIRES * SECOND),
            "idle_heartbeat": int(HEARTBEAT * SECOND),
        }
        await self._bus.publish(self._next, orjson.dumps(request), reply=inbox)
