"""What a process does besides answering HTTP: relay, consume, fire deadlines — each for ever, each apart."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from nats.aio.client import Client

from shared.domain.aggregate import Aggregate
from shared.domain.refusals import NotAllowedNow
from shared.hands import Hands
from shared.messaging import audit
from shared.messaging.bus import UNREACHABLE, ApiError, open_bus
from shared.messaging.consumer import Consumer
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.messaging.streams import stream_name
from shared.persistence.housekeeping import housekeeping
from shared.persistence.policies import Policies
from shared.persistence.pool import DATABASE, Pool
from shared.persistence.standstill import why_standing_still
from shared.persistence.timers import Timers
from shared.settings import Role, Settings
from shared.telemetry import log, words_of

GRACE = 10.0  # seconds to finish what is in hand
DAILY, HOURLY = 86_400.0, 3_600.0
LOOK_AGAIN = 1.0  # seconds between looks at whether the database was found set back
AT_ONCE = 10_000  # missing events in one request: NATS carries a megabyte
COALESCE = 0.002  # seconds over which wake-ups for a relay elsewhere are joined


class Duties:
    """The background work of one process. It needs the bus, and waits for it; HTTP does not."""

    consumer: Consumer
    bus: Client

    def __init__(
        self, settings: Settings, pool: Pool, reactions: Reactions, timed: Sequence[type[Aggregate]],
        policies: Policies, wake: asyncio.Event,
    ) -> None:  # fmt: skip
        self.name, self.share = reactions.service, settings.partitions
        self._settings, self._pool, self._reactions, self._wake = settings, pool, reactions, wake
        self._policies = policies
        self._timers = Timers(pool, timed, policies, wake)
        self.hands = Hands()
        self.set_back: str | None = None  # why this service stands still

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Duties"]:
        """Everything this process is for, until the block ends; then what is in hand is finished, for at most 10 s."""
        await self._look()
        for_ever = (self._at_work(), self._daily(), self._policies.follow(self._pool), self._stand_watch())
        tasks = [asyncio.create_task(duty) for duty in for_ever]
        if Role.TIMERS in self._settings.roles:
            tasks.append(asyncio.create_task(self._timers.run(self.hands)))
        try:
            yield self
        finally:
            await self.hands.rest(GRACE)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def connected(self) -> bool:
        return hasattr(self, "bus") and self.bus.is_connected

    def reached(self) -> "Duties":
        """Itself, with `bus` and `consumer`; raises `NotAllowedNow` before the bus was first reached."""
        if not hasattr(self, "consumer"):
            raise NotAllowedNow("the bus has not been reached yet; ask again later")
        return self

    async def _at_work(self) -> None:
        while True:
            try:
                await self._with_bus()
            except Exception as error:  # nobody foresaw it; a process without its duties would only look healthy
                log.critical("duties: %s; taking them up again", type(error).__name__, exc_info=error)
                await asyncio.sleep(1)

    async def _with_bus(self) -> None:
        settings = self._settings
        async with open_bus(settings.nats_url, name=self.name) as self.bus:
            self.consumer = Consumer(
                settings.database_url,
                self._pool,
                self.bus,
                self._reactions,
                self._policies,
                self._wake,
                self.hands,
                self.share,
            )
            duties: list[Coroutine[Any, Any, None]] = []
            if Role.CONSUMER in settings.roles and self._reactions.sources:
                duties.append(self.consumer.run())
            if Role.RELAY in settings.roles:
                relay = Relay(
                    settings.database_url,
                    self.bus,
                    self.name,
                    self._wake,
                    self.hands,
                    replicas=settings.stream_replicas,
                )
                duties += [relay.run(), self._hourly(relay)]
            else:
                duties.append(self._call_relay())
            async with asyncio.TaskGroup() as group:
                for duty in duties:
                    group.create_task(duty)

    async def _call_relay(self) -> None:
        """Tell the relay in another process that something was committed; many commits, one message."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            with contextlib.suppress(*UNREACHABLE):
                await self.bus.publish(f"wake.{self.name}", b"")
            await asyncio.sleep(COALESCE)

    async def audit(self, *, repair: bool, whole: bool = True) -> dict[str, Any]:
        """What an audit finds, and how many of the missing events were published again.

        One that is not `whole` goes on from where the last one found everything sound.
        """
        stream = stream_name(self.name)
        since = audit.BEGINNING if whole else await audit.audited(self._pool, stream)
        report, mark = await audit.compare(self._pool, self.reached().bus, self.name, since)
        if report.sound:
            await audit.keep(self._pool, stream, mark)
        republished = 0
        for first in range(0, len(report.missing) if repair else 0, AT_ONCE):
            republished += await self.ask_relay({"seqs": report.missing[first : first + AT_ONCE]})
        return {**report._asdict(), "republished": republished}

    async def ask_relay(self, wanted: dict[str, Any]) -> int:
        """Let whichever relay leads publish something again, and say how much; `NotAllowedNow` if none answers."""
        try:
            reply = await self.reached().bus.request(f"replay.{self.name}", orjson.dumps(wanted), timeout=25)
        except UNREACHABLE as error:
            raise NotAllowedNow("no relay of this service is at work") from error
        return int(orjson.loads(reply.data)["republished"])

    async def _look(self) -> None:
        self.set_back = await why_standing_still(self._pool)
        self.hands.hold(self.set_back is not None)

    async def _stand_watch(self) -> None:
        """Any process of the service may find the database set back, and an operator sets it right from outside."""
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            try:
                await self._look()
            except DATABASE as error:
                log.warning("duties: %s; looking again", words_of(error))

    async def _hourly(self, relay: Relay) -> None:
        """Whoever leads looks through what has come since the last audit, and lets what is missing be published."""
        while True:
            await asyncio.sleep(HOURLY)
            try:
                if relay.leading:
                    self._tell(await self.audit(repair=True, whole=False))
            except (*UNREACHABLE, *DATABASE, ApiError, NotAllowedNow) as error:
                log.warning("audit: %s", words_of(error))

    @staticmethod
    def _tell(report: dict[str, Any]) -> None:
        if report["missing"]:
            log.warning("audit: %d events were missing from %s", len(report["missing"]), report["stream"])
        if report["foreign"] or report["broken_chains"]:
            log.error(
                "audit: %s holds %d messages that this log does not, and its log was tampered with in %d places",
                report["stream"], len(report["foreign"]), len(report["broken_chains"]),
            )  # fmt: skip

    async def _daily(self) -> None:
        while True:
            try:
                await housekeeping(self._pool)
            except DATABASE as error:
                log.warning("housekeeping: %s", error)
            await asyncio.sleep(DAILY)
