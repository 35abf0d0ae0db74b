"""Gauges are read when somebody asks for them: a process that stands by then tells no old story."""

import asyncio
import contextlib
from typing import Any

from shared.messaging.bus import UNREACHABLE, ApiError
from shared.messaging.streams import waiting
from shared.persistence.gauges import measure
from shared.settings import Role
from shared.telemetry import CONSUMER_LAG
from shared.web.duties import Duties


async def read_gauges(state: Any) -> None:
    """Set every gauge; the business is counted by processes that keep deadlines, so that N api processes do not."""
    await measure(state.pool)
    if Role.CONSUMER in state.roles and state.duties.connected:
        await asyncio.gather(*(_read_lag(state.duties, source) for source in state.reactions.sources))
    if Role.TIMERS in state.roles:
        for census in state.censuses:
            await census.take(state.pool)


async def _read_lag(duties: Duties, source: str) -> None:
    """A lag that cannot be learned, the stream not being there or the bus away, is not told."""
    try:
        CONSUMER_LAG.labels(source).set(await waiting(duties.bus, source, duties.name))
    except (*UNREACHABLE, ApiError):
        with contextlib.suppress(KeyError):
            CONSUMER_LAG.remove(source)
