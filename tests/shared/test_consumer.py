"""The consumer: batches of events become deeds, each once and in order, whatever arrives and whatever breaks."""

import asyncio
import contextlib
import io
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from nats.aio.client import Client

from deploy.local.jetstream import NatsServer
from shared.domain.policy import Policy
from shared.domain.refusals import ChangedMeanwhile
from shared.events.envelope import new_id
from shared.hands import Hands
from shared.messaging import consumer as consumer_module
from shared.messaging.bus import ApiError, ask, open_bus
from shared.messaging.consumer import Consumer
from shared.messaging.inbox import Heard, read
from shared.messaging.pull import Pull
from shared.messaging.reactions import Reactions
from shared.messaging.streams import provide_stream
from shared.persistence.policies import Policies
from shared.persistence.pool import Pool
from shared.persistence.work import Work
from shared.telemetry import JsonLines, log
from tests.faults.ledger import complaints_about_effects, effects_of, log_of
from tests.house import eventually
from tests.shared.conftest import Consuming, Relaying
from tests.tally import POISON, REFUSED, UNLUCKY, Echo, Tally, TallyRaised, count, luck, reactions


class Hearing:
    """A consumer that is handed events by a test, from the log of tally, in whatever order."""

    def __init__(self, consumer: Consumer, tally_pool: Pool, echo_pool: Pool, requests: list[dict[str, Any]]) -> None:
        self.consumer, self.tally_pool, self.pool, self.requests = consumer, tally_pool, echo_pool, requests

    async def events(self, *tallies: Tally) -> list[Heard]:
        """What was logged of these tallies, all in log order."""
        rows = await self.tally_pool.fetch(
            "SELECT subject, data FROM events WHERE entity_id = ANY($1::uuid[]) ORDER BY seq", [t.id for t in tallies]
        )
        return [read("tally", row["subject"], row["data"]) for row in rows]

    async def hear(self, *events: Heard) -> None:
        await self.consumer.handle(list(events))

    async def versions(self, tally: Tally) -> list[int]:
        """The versions that had an effect, in the order of the effects."""
        rows = await self.pool.fetch("SELECT version FROM effects WHERE entity_id = $1 ORDER BY id", tally.id)
        return [row["version"] for row in rows]

    async def parked(self) -> list[tuple[int, str]]:
        rows = await self.pool.fetch("SELECT version, reason FROM dead_letters WHERE state = 'parked' ORDER BY version")
        return [tuple(row.values()) for row in rows]

    async def cursor(self, tally: Tally) -> int | None:
        version: int | None = await self.pool.fetchval("SELECT version FROM inbox WHERE entity_id = $1", tally.id)
        return version


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(consumer_module, "LONGEST_PAUSE", 0.05)


@pytest.fixture
async def hearing(bus: Client, pool: Pool, echo_pool: Pool, echo_url: str) -> Hearing:
    requests: list[dict[str, Any]] = []

    async def note(message: Any) -> None:
        requests.append(orjson.loads(message.data))

    await bus.subscribe("replay.tally", cb=note)
    consumer = Consumer(echo_url, echo_pool, bus, reactions, Policies(Policy.read()), asyncio.Event(), Hands())
    return Hearing(consumer, pool, echo_pool, requests)


async def all_handled(tally_url: str, echo_url: str) -> None:
    """Every event of the log comes to have its one effect, in order."""

    async def handled() -> bool:
        log, effects = await log_of(tally_url), await effects_of(echo_url)
        return {fact.event_id for fact in effects} == {fact.event_id for fact in log}

    await eventually(handled)
    assert complaints_about_effects(await log_of(tally_url), await effects_of(echo_url)) == []


async def holds(bus: Client, messages: int) -> bool:
    """Whether the stream, which its relay may not have made yet, holds so many."""
    try:
        return bool((await ask(bus, "STREAM.INFO.TALLY"))["state"]["messages"] == messages)
    except ApiError:
        return False


async def test_a_batch_is_one_transaction(hearing: Hearing) -> None:
    tally = await count(hearing.tally_pool, 3)
    await hearing.hear(*await hearing.events(tally))
    transactions = await hearing.pool.fetch("SELECT DISTINCT xmin::text FROM effects")
    assert len(transactions) == 1
    assert await hearing.versions(tally) == [1, 2, 3, 4]
    assert await hearing.cursor(tally) == 4
    assert await hearing.pool.fetchval("SELECT (document ->> 'sum')::int FROM echoes") == 3
    assert await hearing.pool.fetchval("SELECT count(*) FROM events") == 3


async def test_what_a_reaction_records_tells_where_it_comes_from(hearing: Hearing) -> None:
    """The same story (correlation), the event as its cause, and the trace."""
    tally = await count(hearing.tally_pool, 1)
    events = await hearing.events(tally)
    await hearing.hear(*events)
    known = events[1].known
    assert known
    data = orjson.loads(await hearing.pool.fetchval("SELECT data FROM events"))
    assert data["correlationid"] == str(known.correlation_id)
    assert data["causationid"] == str(known.id)
    assert data["actor"] == "service:echo"


async def test_duplicates_are_skipped(hearing: Hearing) -> None:
    events = await hearing.events(tally := await count(hearing.tally_pool, 3))
    await hearing.hear(*events, *events)
    await hearing.hear(*events[1:3])
    assert await hearing.versions(tally) == [1, 2, 3, 4]
    assert await hearing.parked() == []


async def test_what_comes_after_a_gap_waits_and_the_gap_is_asked_for(hearing: Hearing) -> None:
    tally = await count(hearing.tally_pool, 4)
    one, two, three, four, five = await hearing.events(tally)
    other = await count(hearing.tally_pool, 1)
    await hearing.hear(one, four, *await hearing.events(other))
    assert await hearing.versions(tally) == [1]
    assert await hearing.versions(other) == [1, 2], "what is in order flows"
    assert await hearing.parked() == [(4, "gap")]

    async def asked() -> bool:
        return hearing.requests == [{"entity_id": str(tally.id), "after_version": 1}]

    await eventually(asked)
    await hearing.hear(five)
    await hearing.hear(two)
    assert await hearing.versions(tally) == [1, 2]
    await hearing.hear(three)
    assert await hearing.versions(tally) == [1, 2, 3, 4, 5]
    assert await hearing.parked() == []


@pytest.mark.parametrize(
    "order", [(1, 3, 2), (3, 2, 1), (1, 3, 4, 2, 3, 4), (4, 3, 1, 2), (2, 4, 1, 3), (4, 4, 2, 3, 3, 1, 2)]
)
async def test_a_gap_that_is_filled_within_the_batch_leaves_nothing_behind(
    hearing: Hearing, order: Sequence[int]
) -> None:
    tally = await count(hearing.tally_pool, 3)
    events = await hearing.events(tally)
    await hearing.hear(*(events[version - 1] for version in order))
    assert await hearing.versions(tally) == list(range(1, max(order) + 1))
    assert await hearing.parked() == []


async def test_what_is_parked_next_in_line_is_drained_though_a_crash_prevented_it_before(hearing: Hearing) -> None:
    """Killed between filling the gap and draining: the batch comes again, and everything in it is a duplicate."""
    tally = await count(hearing.tally_pool, 2)
    one, two, three = await hearing.events(tally)
    await hearing.hear(one, three)
    drain, hearing.consumer.drain = hearing.consumer.drain, nothing  # type: ignore[method-assign]  # the crash
    await hearing.hear(two)
    hearing.consumer.drain = drain  # type: ignore[method-assign]
    assert await hearing.versions(tally) == [1, 2]
    await hearing.hear(two)
    assert await hearing.versions(tally) == [1, 2, 3]


async def nothing(*_: Any, **__: Any) -> None:
    return None


async def test_a_gap_is_asked_for_once_and_again_only_with_something_new(hearing: Hearing) -> None:
    """An answer that does not fill the gap must not lead to the next request, and so on for ever."""
    tally = await count(hearing.tally_pool, 3)
    one, _, three, four = await hearing.events(tally)
    await hearing.hear(one, three)
    for _ in range(5):
        await hearing.hear(three)
    await hearing.hear(four)

    async def asked() -> int:
        return len(hearing.requests) == 2

    await eventually(asked)


async def test_poison_parks_itself_and_what_follows_of_its_entity_and_all_else_flows(hearing: Hearing) -> None:
    bad = await count(hearing.tally_pool, 1)
    await count(hearing.tally_pool, 1, bad, by=POISON)
    await count(hearing.tally_pool, 2, bad)
    good = [await count(hearing.tally_pool, 3) for _ in range(3)]
    await hearing.hear(*await hearing.events(bad, *good))
    assert await hearing.versions(bad) == [1, 2]
    assert await hearing.parked() == [(3, "fault"), (4, "behind"), (5, "behind")]
    for tally in good:
        assert await hearing.versions(tally) == [1, 2, 3, 4]
    row = await hearing.pool.fetchrow("SELECT error, attempts FROM dead_letters WHERE reason = 'fault'")
    assert row
    assert (row["error"], row["attempts"]) == ("ValueError: thirteen", 5)
    assert hearing.requests == []


async def test_a_refusal_parks_at_once_with_its_rule(hearing: Hearing) -> None:
    tally = await count(hearing.tally_pool, 1, by=REFUSED)
    await hearing.hear(*await hearing.events(tally))
    row = await hearing.pool.fetchrow("SELECT reason, error, attempts FROM dead_letters")
    assert row
    assert tuple(row.values()) == ("refused", "TST-4: not 15", 1)


async def test_the_log_says_what_was_parked_within_the_trace_it_belongs_to(
    hearing: Hearing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, log.name)
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(JsonLines("echo"))
    tally = await count(hearing.tally_pool, 1, by=REFUSED)
    log.addHandler(handler)
    try:
        for event in await hearing.events(tally):
            assert event.known
            told = event.known._replace(traceparent=f"00-{'ab' * 16}-{'cd' * 8}-01")
            await hearing.hear(event._replace(known=told))
    finally:
        log.removeHandler(handler)
    (line,) = [orjson.loads(line) for line in said.getvalue().splitlines()]
    assert (line["level"], line["trace_id"]) == ("error", "ab" * 16)
    assert line["message"].endswith("is parked: TST-4: not 15")


async def test_a_fault_is_retried_before_it_is_parked(hearing: Hearing) -> None:
    luck["needed"] = 4
    tally = await count(hearing.tally_pool, 1, by=UNLUCKY)
    await hearing.hear(*await hearing.events(tally))
    assert await hearing.versions(tally) == [1, 2]
    assert await hearing.parked() == []


async def test_a_fault_that_passes_is_retried_for_as_long_as_it_takes(hearing: Hearing) -> None:
    luck.update(needed=12, passing=1)
    tally = await count(hearing.tally_pool, 1, by=UNLUCKY)
    await hearing.hear(*await hearing.events(tally))
    assert await hearing.versions(tally) == [1, 2]
    assert luck["tries"] == 12


async def other_deed(hearing: Hearing, deed: Callable[[TallyRaised, Work], Awaitable[None]]) -> None:
    """Let echo do something else when a tally rises."""
    hear = Reactions("echo")
    hear.on(TallyRaised)(deed)
    hearing.consumer._reactions = hear


@pytest.mark.parametrize(
    "evil",
    ["2 ** 70 as an integer", "an argument too many", "U+0000 in a text", "U+0000 in the refusal", "begun twice"],
)
async def test_whatever_a_reaction_gives_the_database_only_its_entity_waits(hearing: Hearing, evil: str) -> None:
    """Each of these looks like a fault of the database and is one of the reaction."""

    async def deed(event: TallyRaised, work: Work) -> None:
        if event.by != 2:
            return
        if evil.startswith("2"):
            await work.fetchval("SELECT $1::integer", 2**70)
        elif evil.endswith("many"):
            await work.fetchval("SELECT 1", 2)
        elif evil.endswith("text"):
            await work.fetchval("SELECT $1::text", "\0")
        elif evil.endswith("refusal"):
            raise ValueError("\0")
        else:
            echo = Echo.begin(UUID(int=7))
            echo.hear(event.by)
            work.begin(echo)

    if evil == "begun twice":
        await hearing.pool.execute("INSERT INTO echoes VALUES ($1, 1, '{}', '')", UUID(int=7))
    await other_deed(hearing, deed)
    bad = await count(hearing.tally_pool, 1, by=2)
    good = await count(hearing.tally_pool, 1, by=3)
    await asyncio.wait_for(hearing.hear(*await hearing.events(bad, good)), 5)
    assert [version for version, _ in await hearing.parked()] == [2]
    assert await hearing.cursor(good) == 2


async def test_an_unknown_event_only_moves_the_cursor(hearing: Hearing) -> None:
    tally = await count(hearing.tally_pool, 1)
    one, two = await hearing.events(tally)
    data = two.data.replace(b"tally.count.raised.v1", b"tally.count.sung.v1")
    await hearing.hear(one, read("tally", "tally.count.sung.v1.p00", data))
    assert await hearing.versions(tally) == [1]
    assert await hearing.cursor(tally) == 2
    assert await hearing.parked() == []


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\x00",
        b"[1]",
        b"{}",
        b'{"id": 1, "subject": 2, "sequence": "x"}',
        b'{"type": "tally.count.raised.v1", "id": "%s", "subject": "%s", "sequence": "99999999999", "actor": "a",'
        b' "time": "2026-01-01T00:00:00Z", "correlationid": "%s"}' % (3 * (str(new_id()).encode(),)),
        b'{"type": "tally.count.raised.v1", "id": "%s", "subject": "%s", "sequence": "0", "actor": "a",'
        b' "time": "2026-01-01T00:00:00Z", "correlationid": "%s"}' % (3 * (str(new_id()).encode(),)),
    ],
)
async def test_bytes_that_are_no_event_are_parked_once_and_hold_up_nothing(hearing: Hearing, data: bytes) -> None:
    tally = await count(hearing.tally_pool, 1)
    odd = read("tally", "tally.count.raised.v1.p00", data)
    await asyncio.wait_for(hearing.hear(odd, *await hearing.events(tally), odd), 5)
    assert await hearing.versions(tally) == [1, 2]
    rows = await hearing.pool.fetch("SELECT entity_id, reason, data FROM dead_letters")
    assert [tuple(row.values()) for row in rows] == [(None, "undecodable", data)]


async def test_an_event_whose_data_does_not_fit_waits_with_what_follows(hearing: Hearing) -> None:
    tally = await count(hearing.tally_pool, 2)
    one, two, three = await hearing.events(tally)
    odd = read("tally", two.subject, two.data.replace(b'"by":1', b'"by":"a lot"'))
    await hearing.hear(one, odd, three)
    assert await hearing.parked() == [(2, "undecodable"), (3, "behind")]


async def test_another_event_with_a_version_that_was_handled_is_reported(hearing: Hearing) -> None:
    """The publisher's database was set back: somebody has to look."""
    tally = await count(hearing.tally_pool, 2)
    one, two, three = await hearing.events(tally)
    assert two.known
    other = read("tally", two.subject, two.data.replace(str(two.known.id).encode(), str(new_id()).encode()))
    await hearing.hear(one, two, other)
    assert await hearing.parked() == [(2, "diverged")]
    await hearing.hear(three)
    assert await hearing.versions(tally) == [1, 2, 3], "which stops nothing"


async def test_a_report_of_divergence_is_in_nobody_s_way(hearing: Hearing) -> None:
    """Neither a later gap nor later poison is mistaken for it."""
    tally = await count(hearing.tally_pool, 4)
    one, two, three, four, five = await hearing.events(tally)
    assert two.known
    other = read("tally", two.subject, two.data.replace(str(two.known.id).encode(), str(new_id()).encode()))
    await hearing.hear(one, two, other, four)
    await hearing.hear(three)
    assert await hearing.versions(tally) == [1, 2, 3, 4]
    await hearing.hear(five)
    assert await hearing.parked() == [(2, "diverged")]


async def test_a_letter_that_was_overtaken_is_cleared_away(hearing: Hearing) -> None:
    """Two consumers were active: one parked what the other handled."""
    tally = await count(hearing.tally_pool, 5)
    one, two, three, four, five, six = await hearing.events(tally)
    await hearing.hear(one, three)
    await hearing.pool.execute("UPDATE inbox SET version = 4, event_id = $1", four.known.id if four.known else None)
    await hearing.hear(six)
    await hearing.hear(five)
    assert await hearing.cursor(tally) == 6
    assert await hearing.parked() == []
    assert await hearing.versions(tally) == [1, 5, 6]
    assert two.known


async def test_the_second_of_two_active_consumers_changes_nothing(hearing: Hearing, echo_url: str, bus: Client) -> None:
    """Both handle the same batch at once: the inbox lets one through, and the other finds it done."""
    tallies = [await count(hearing.tally_pool, 5) for _ in range(5)]
    events = await hearing.events(*tallies)
    other = Consumer(echo_url, hearing.pool, bus, reactions, Policies(Policy.read()), asyncio.Event(), Hands())
    await asyncio.gather(hearing.hear(*events), other.handle(events))
    for tally in tallies:
        assert await hearing.versions(tally) == [1, 2, 3, 4, 5, 6]
    assert await hearing.parked() == []


async def test_a_collision_while_draining_is_tried_again(hearing: Hearing, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = await count(hearing.tally_pool, 2)
    one, two, three = await hearing.events(tally)
    await hearing.hear(one, three)
    react, collisions = hearing.consumer.react, 2

    async def colliding(work: Work, heard: Heard, known: Any) -> None:
        nonlocal collisions
        if known.version == 3 and collisions:
            collisions -= 1
            raise ChangedMeanwhile("changed")
        await react(work, heard, known)

    monkeypatch.setattr(hearing.consumer, "react", colliding)
    await hearing.hear(two)
    assert await hearing.versions(tally) == [1, 2, 3]


async def test_what_fails_while_it_is_drained_waits_for_an_operator(hearing: Hearing) -> None:
    """Whatever it says about itself: PostgreSQL holds no U+0000."""

    async def deed(event: TallyRaised, work: Work) -> None:
        if event.by == 2:
            raise ValueError("thus: \0")

    await other_deed(hearing, deed)
    tally = await count(hearing.tally_pool, 1)
    await count(hearing.tally_pool, 1, tally, by=2)
    one, two, three = await hearing.events(tally)
    await hearing.hear(one, three)
    await hearing.hear(two)
    assert await hearing.parked() == [(3, "fault")]
    assert await hearing.pool.fetchval("SELECT error FROM dead_letters") == "ValueError: thus: "


async def test_whatever_call_of_the_database_fails_each_event_has_its_effect_once(
    hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The k-th call fails with a lost connection, before or after it took effect, for every k."""
    k = calls = 0
    struck = True
    for name in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
        real = getattr(asyncpg.Connection, name)

        async def call(connection: Any, *args: Any, real: Any = real, **more: Any) -> Any:
            nonlocal calls, struck
            calls += 1
            if calls != k:
                return await real(connection, *args, **more)
            struck = True
            if k % 2:
                await real(connection, *args, **more)
            raise asyncpg.ConnectionDoesNotExistError("cut")

        monkeypatch.setattr(asyncpg.Connection, name, call)
    while struck:
        k += 1
        calls, struck = -10_000, False
        tally = await count(hearing.tally_pool, 3)
        one, two, three, four = await hearing.events(tally)
        calls = 0
        for batch in ([one, three], [two, four]):
            done = False
            while not done:
                with contextlib.suppress(asyncpg.PostgresConnectionError):  # raised by `drain`: the batch comes again
                    await hearing.hear(*batch)
                    done = True
        calls = -10_000
        assert await hearing.versions(tally) == [1, 2, 3, 4], k
        assert await hearing.parked() == []
    assert k > 10


# With a real relay on the other side


async def test_events_flow_from_commit_to_effect(
    pool: Pool, tally_url: str, echo_url: str, relaying: Relaying, consuming: Consuming
) -> None:
    async with consuming() as consumer, relaying():  # the ear before the mouth: the stream does not exist yet
        await asyncio.gather(*(count(pool, 20) for _ in range(5)))
        await all_handled(tally_url, echo_url)
        assert consumer.active


async def test_a_gap_in_the_stream_heals_by_itself(
    pool: Pool, tally_url: str, echo_url: str, relaying: Relaying, consuming: Consuming, bus: Client
) -> None:
    async with relaying():
        await count(pool, 6)

        await eventually(lambda: holds(bus, 7))
        await ask(bus, "STREAM.MSG.DELETE.TALLY", {"seq": 3})
        async with consuming():
            await all_handled(tally_url, echo_url)


async def test_a_consumer_that_was_deleted_is_made_again_and_nothing_is_doubled(
    pool: Pool, tally_url: str, echo_url: str, relaying: Relaying, consuming: Consuming, bus: Client
) -> None:
    async with relaying(), consuming():
        tally = await count(pool, 5)
        await all_handled(tally_url, echo_url)
        await ask(bus, "CONSUMER.DELETE.TALLY.echo")
        await count(pool, 5, tally)
        await all_handled(tally_url, echo_url)


async def test_a_stream_that_was_deleted_and_refilled_doubles_nothing(
    pool: Pool, tally_url: str, echo_url: str, relaying: Relaying, consuming: Consuming, bus: Client
) -> None:
    async with relaying(), consuming():
        tally = await count(pool, 5)
        await all_handled(tally_url, echo_url)
        await ask(bus, "STREAM.DELETE.TALLY")
        await count(pool, 5, tally)
        await all_handled(tally_url, echo_url)


@pytest.mark.usefixtures("everyone_leads")
async def test_two_consumers_that_both_believe_to_be_the_one_handle_each_event_once(
    pool: Pool, tally_url: str, echo_url: str, relaying: Relaying, consuming: Consuming, nats_server: NatsServer
) -> None:
    async with open_bus(nats_server.url(), name="other") as other, relaying(), consuming(), consuming(on=other):
        await asyncio.gather(*(count(pool, 15) for _ in range(5)))
        await all_handled(tally_url, echo_url)


async def test_a_database_that_restarts_in_the_middle_of_a_batch_costs_nothing(
    pool: Pool, echo_pool: Pool, tally_url: str, echo_url: str, relaying: Relaying, consuming: Consuming
) -> None:
    """Every connection of echo is cut, the one that holds the office too; twice."""
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
    async with relaying(), consuming():
        tallies = [await count(pool, 10) for _ in range(4)]
        for _ in range(2):
            await pool.fetch(cut, echo_url.rpartition("/")[2])
            await asyncio.gather(*(count(pool, 10, tally) for tally in tallies))
        await all_handled(tally_url, echo_url)


async def test_what_was_on_its_way_to_a_consumer_that_died_is_delivered_to_the_next(
    pool: Pool, tally_url: str, echo_url: str, relaying: Relaying, consuming: Consuming, bus: Client
) -> None:
    """Delivered and never handled: the acknowledgement of what comes later must not cover it."""
    async with relaying():
        await count(pool, 9)

        await eventually(lambda: holds(bus, 10))
        async with Pull(bus, "tally", "echo").running() as dying:
            assert len(await dying.batch()) > 0
        async with consuming():
            await count(pool, 1)
            await all_handled(tally_url, echo_url)


async def test_what_is_lost_on_its_way_is_fetched_again(
    pool: Pool, tally_url: str, echo_url: str, relaying: Relaying, consuming: Consuming,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A message vanishes between server and client, as when a connection breaks: the last of its entity."""
    receive, n = Pull._receive, 0

    async def losing(pull: Pull, message: Any) -> None:
        nonlocal n
        n += bool(message.reply)
        if message.reply and n % 5 == 0 and n < 40:
            return
        await receive(pull, message)

    monkeypatch.setattr(Pull, "_receive", losing)
    async with relaying(), consuming():
        for _ in range(20):
            await count(pool, 0)
        await all_handled(tally_url, echo_url)


async def test_a_consumer_that_stops_finishes_what_it_has_in_hand(
    pool: Pool, echo_pool: Pool, echo_url: str, tally_url: str, relaying: Relaying, consuming: Consuming, bus: Client
) -> None:
    """The batch is committed and acknowledged; the next one is not begun."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    slow = Reactions("echo")

    @slow.on(TallyRaised)
    async def take_time(event: TallyRaised, work: Work) -> None:
        begun.set()
        await go_on.wait()

    async with relaying():
        async with consuming(hear=slow):
            tally = await count(pool, 1)
            await asyncio.wait_for(begun.wait(), 10)
            asyncio.get_running_loop().call_later(0.2, go_on.set)
        assert await echo_pool.fetchval("SELECT version FROM inbox WHERE entity_id = $1", tally.id) == 2

        async def acknowledged() -> bool:
            return bool((await ask(bus, "CONSUMER.INFO.TALLY.echo"))["num_ack_pending"] == 0)

        await eventually(acknowledged)


async def test_a_bus_that_restarts_is_listened_to_again(
    pool: Pool, echo_pool: Pool, tally_url: str, echo_url: str, relaying: Relaying, consuming: Consuming,
    own_nats: NatsServer,
) -> None:  # fmt: skip
    async with open_bus(own_nats.url(), name="both") as bus, relaying(on=bus), consuming(on=bus):
        tally = await count(pool, 5)
        await all_handled(tally_url, echo_url)
        own_nats.kill()
        await count(pool, 5, tally)
        own_nats.start()
        await all_handled(tally_url, echo_url)


async def test_a_server_that_falls_silent_is_asked_again(bus: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No heartbeat: whatever was asked for is no longer known there."""
    monkeypatch.setattr("shared.messaging.pull.SILENCE", 0.2)
    await provide_stream(bus, "tally")
    async with Pull(bus, "tally", "echo").running() as pull:
        subscription, pull._next = pull._inbox, "nowhere"
        waiting = asyncio.create_task(pull.batch())

        async def begun_again() -> bool:
            return pull._inbox != subscription

        await eventually(begun_again)
        pull._next = "$JS.API.CONSUMER.MSG.NEXT.TALLY.echo"
        await bus.request("tally.count.opened.v1.p00", b"x")
        assert [message.data for message in await asyncio.wait_for(waiting, 5)] == [b"x"]


def test_a_service_reacts_to_an_event_in_one_place() -> None:
    hear = Reactions("echo")
    hear.on(TallyRaised)(nothing)
    with pytest.raises(TypeError, match="echo already reacts to"):
        hear.on(TallyRaised)(nothing)
    assert hear.sources == ["tally"]
    assert hear.to("tally.count.raised.v1") is nothing
    assert hear.to("tally.count.opened.v1") is hear.to(7) is None
