"""A pull loop on JetStream that never stalls: batches as they come, heartbeats, nothing lost on the way."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.events.partitions import WHOLE, Partitions
from shared.messaging.streams import SECOND, durable, provide_consumer, stream_name

REQUEST = 500  # messages asked for at once
DRAIN = 200  # messages handed out at most at once
EXPIRES = 30.0
HEARTBEAT = 2.0
SILENCE = 5.0  # two heartbeats missed: begin again, and look whether the consumer still exists


class Pull:
    """Messages of one durable consumer, in order and without a gap. Needs a single active client.

    An acknowledgement covers everything delivered before it, so a message that was lost on its way would be
    acknowledged with its successor. Deliveries are counted therefore; at a break the consumer is set back to what
    was acknowledged, and whatever else was on its way is fetched again.
    """

    def __init__(self, bus: Client, source: str, service: str, share: Partitions = WHOLE) -> None:
        self._bus, self._source, self._service, self._share = bus, source, service, share
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream_name(source)}.{durable(service, share)}"
        self._numbers = itertools.count(1)
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._open: dict[str, int] = {}
        self._waiting: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self._delivered = 0
        self._lost = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Pull"]:
        """Listen for what is asked for; raises what the provisioner raises if the stream does not exist yet."""
        try:
            await self._begin()
            yield self
        finally:
            await self._leave()

    async def _begin(self) -> None:
        await self._leave()
        await provide_consumer(self._bus, self._source, self._service, self._share)
        self._inbox = self._bus.new_inbox()
        self._open.clear()
        self._waiting.clear()
        self._delivered, self._lost = 0, False
        self._subscription = await self._bus.subscribe(f"{self._inbox}.*", cb=self._receive)

    async def _leave(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None and not self._bus.is_closed:
            await subscription.unsubscribe()

    async def _receive(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status") if not message.reply else None
        if status is None:
            self._take_in(message)
        elif status != "100":
            # 408: the request ran out; anything else: the server let go of it, perhaps of the consumer as well.
            self._open.pop(message.subject, None)
            self._lost |= status not in ("404", "408")
        self._arrived.set()

    def _take_in(self, message: Msg) -> None:
        known = message.metadata
        if self._lost or known.num_delivered != 1 or known.sequence.consumer != self._delivered + 1:
            self._lost = True
            return
        self._delivered += 1
        self._waiting.append(message)
        # A message bears its own subject, not the request's; the server serves requests in the order they came.
        for inbox, left in self._open.items():
            if left > 0:
                self._open[inbox] = left - 1
                break

    async def batch(self) -> list[Msg]:
        """Wait for messages; whatever has arrived, at most 200, in stream order."""
        while not self._waiting:
            if self._lost:
                await self._begin()
            await self._ask()
            self._arrived.clear()
            try:
                async with asyncio.timeout(SILENCE):
                    await self._arrived.wait()
            except TimeoutError:
                self._lost = True
        if not self._lost:
            await self._ask()
        return [self._waiting.popleft() for _ in range(min(DRAIN, len(self._waiting)))]

    async def _ask(self) -> None:
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
