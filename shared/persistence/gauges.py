"""What can be counted in a service's database: parked events, what waits for the relay, deadlines, and the business."""

import time
from typing import Any

from prometheus_client import Gauge

from shared.persistence.pool import Pool
from shared.telemetry import DUE_TIMERS, OLDEST_DUE_TIMER, OLDEST_PARKED, PARKED, POOL, POOL_LIMIT, RELAY_LAG

MEASURE = """
SELECT parked, oldest_parked, due, oldest_due,
       coalesce((SELECT max(seq) FROM events), 0) - coalesce((SELECT max(safe_seq) FROM relay_state), 0) AS unrelayed
FROM (SELECT count(*) AS parked, coalesce(extract(epoch FROM now() - min(first_at)), 0)::float8 AS oldest_parked
      FROM dead_letters WHERE state = 'parked') AS letters,
     (SELECT count(*) AS due, coalesce(extract(epoch FROM now() - min(due_at)), 0)::float8 AS oldest_due
      FROM timers WHERE due_at <= now()) AS deadlines
"""

KEPT = 60.0  # seconds for which a census holds: a scrape every few seconds must not count a large table each time


class Census:
    """How many things there are in each state: a gauge, and the query whose rows are its labels and the number."""

    def __init__(self, gauge: Gauge, query: str, *args: Any) -> None:
        self._gauge, self._query, self._args = gauge, query, args
        self._due = 0.0

    async def take(self, pool: Pool, *, kept: float = KEPT) -> None:
        """Count, unless that was done in the last `kept` seconds; a state that has nothing any more goes."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + kept
        rows = await pool.fetch(self._query, *self._args)
        self._gauge.clear()
        for *labels, number in rows:
            self._gauge.labels(*labels).set(number)


async def measure(pool: Pool) -> None:
    """Set the gauges of the spine; one round trip."""
    (row,) = await pool.fetch(MEASURE)
    PARKED.set(row["parked"])
    OLDEST_PARKED.set(row["oldest_parked"])
    RELAY_LAG.set(row["unrelayed"])
    DUE_TIMERS.set(row["due"])
    OLDEST_DUE_TIMER.set(row["oldest_due"])
    idle = pool.get_idle_size()
    POOL.labels("idle").set(idle)
    POOL.labels("busy").set(pool.get_size() - idle)
    POOL_LIMIT.set(pool.get_max_size())
