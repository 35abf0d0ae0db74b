"""Gauges are read when they are asked for, from the database and from the stream: nobody tells an old story."""

from uuid import uuid4

import httpx
from prometheus_client import Gauge
from prometheus_client.parser import text_string_to_metric_families

from shared.persistence.gauges import Census, measure
from shared.persistence.pool import Pool
from shared.web.gauges import read_gauges
from tests.house import Running, eventually

COUNTED = Gauge("tally_kinds", "For this test alone", ["kind"])

type Told = dict[tuple[str, str], float]


async def text_of(service: Running) -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://x") as client:
        return (await client.get("/metrics")).text


async def told(service: Running, label: str = "source") -> Told:
    families = list(text_string_to_metric_families(await text_of(service)))
    return {(one.name, one.labels.get(label, "")): one.value for family in families for one in family.samples}


async def test_how_far_a_consumer_is_behind_is_told_by_the_stream_and_not_by_the_consumer(
    tally: Running, echo: Running
) -> None:
    """Also a consumer that stands still, or tries a batch again and again, shows what waits for it."""

    async def caught_up() -> bool:
        return (await told(echo)).get(("xiaofu_consumer_lag_events", "tally")) == 0

    await eventually(caught_up)
    async with echo.app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK inbox")  # the consumer waits, as it would for a slow database
        await tally.post("/tallies", tally.headers("u1", "clerk"), {"name": f"gauges {uuid4()}"})

        async def behind() -> bool:
            return (await told(echo)).get(("xiaofu_consumer_lag_events", "tally"), 0) >= 1

        await eventually(behind)
    await eventually(caught_up)


async def test_a_lag_that_cannot_be_learned_is_not_told(echo: Running) -> None:
    async def connected() -> bool:
        return bool(echo.app.state.duties.connected)

    await eventually(connected)
    await told(echo)
    reached, echo.app.state.duties.bus = echo.app.state.duties.bus, Unreachable()
    try:
        await read_gauges(echo.app.state)
        known = {source for name, source in await told(echo) if name == "xiaofu_consumer_lag_events"}
        assert not known & set(echo.app.state.reactions.sources)
    finally:
        echo.app.state.duties.bus = reached


class Unreachable:
    is_connected = True

    async def request(self, *_: object, **__: object) -> None:
        raise TimeoutError


async def test_overdue_deadlines_parked_events_and_connections_are_counted(pool: Pool, tally: Running) -> None:
    await pool.execute(
        "INSERT INTO timers (owner, kind, entity, due_at, correlation_id)"
        " SELECT gen_random_uuid(), 'x', 'nobody', now() - interval '90 seconds' * n, gen_random_uuid()"
        " FROM generate_series(0, 2) AS n"
    )
    await measure(pool)
    found = await told(tally, "state")
    assert found["xiaofu_due_timers", ""] == 3
    assert 180 <= found["xiaofu_oldest_due_timer_seconds", ""] < 240
    assert found["xiaofu_parked_events", ""] == 0
    assert found["xiaofu_pool_connections", "idle"] + found["xiaofu_pool_connections", "busy"] >= 1
    assert found["xiaofu_pool_limit_connections", ""] >= found["xiaofu_pool_connections", "busy"]


async def test_a_census_is_taken_once_in_a_while_and_forgets_what_is_no_more(pool: Pool) -> None:
    await pool.execute("INSERT INTO timers SELECT gen_random_uuid(), 'a', 'nobody', 'infinity', gen_random_uuid()")
    census = Census(COUNTED, "SELECT kind, count(*) FROM timers WHERE entity = $1 GROUP BY kind", "nobody")

    async def taken(kept: float = 0) -> dict[str, float]:
        await census.take(pool, kept=kept)
        return {sample.labels["kind"]: sample.value for metric in COUNTED.collect() for sample in metric.samples}

    assert await taken() == {"a": 1}
    await pool.execute("UPDATE timers SET kind = 'b' WHERE entity = 'nobody'")
    assert await taken(kept=3600) == {"b": 1}
    await pool.execute("DELETE FROM timers WHERE entity = 'nobody'")
    assert await taken() == {"b": 1}, "counted a moment ago"
