"""Gauges are read when somebody asks for them: a process that stands by then tells no old story."""

import asyncio
import contextlib
from typing import Any

from shared.events.partitions import Partitions
from shared.messaging.bus import UNREACHABLE, ApiError
from shared.messaging.leadership import unfollowed
from shared.messaging.streams import durable, waiting
from shared.persistence.gauges import measure
from shared.settings import Role
from shared.telemetry import CONSUMER_LAG, UNFOLLOWED
from shared.web.duties import Duties


async def read_gauges(state: Any) -> None:
    """Set every gauge; the business is counted by processes that keep deadlines, so that N api processes do not.

    Whoever follows a share tells of its sisters' lag as well: one that nobody follows any more cannot.
    """
    await measure(state.pool)
    UNFOLLOWED.set(await unfollowed(state.pool, state.name))
    duties: Duties = state.duties
    if Role.CONSUMER in state.roles and duties.connected:
        pairs = [(source, share) for source in state.reactions.sources for share in duties.share.division]
        await asyncio.gather(*(_read_lag(duties, source, share) for source, share in pairs))
    if Role.TIMERS in state.roles:
        for census in state.censuses:
            await census.take(state.pool)


async def _read_lag(duties: Duties, source: str, share: Partitions) -> None:
    """A lag that cannot be learned, the stream not being there or the bus away, is not told."""
    try:
        CONSUMER_LAG.labels(source, share).set(await waiting(duties.bus, source, durable(duties.name, share)))
    except (*UNREACHABLE, ApiError):
        with contextlib.suppress(KeyError):
            CONSUMER_LAG.remove(source, share)
