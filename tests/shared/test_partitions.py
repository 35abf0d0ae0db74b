"""One service's consumers with a share each: order per entity, nothing lost or doubled, however many they become."""

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest
from nats.aio.client import Client

from deploy.local.catalogue import SERVICES
from deploy.local.jetstream import NatsServer
from services.__main__ import read_settings
from shared.events.envelope import new_id
from shared.events.event import subject
from shared.events.partitions import PARTS, SHARES, WHOLE, Partitions
from shared.messaging import consumer as consumer_module
from shared.messaging.bus import ApiError, ask
from shared.messaging.leadership import ear, leadership, office, unfollowed
from shared.messaging.reactions import Reactions
from shared.messaging.streams import durable, waiting
from shared.persistence.pool import Pool
from shared.persistence.store import Store
from shared.persistence.work import Work
from shared.settings import Settings
from shared.telemetry import CONSUMER_LAG
from tests.faults.ledger import complaints_about_effects, effects_of, inbox_of, log_of, parked_in
from tests.house import Running, eventually, running
from tests.shared.conftest import Consuming, Relaying, settings
from tests.shared.test_consumer import holds
from tests.shared.test_gauges import text_of
from tests.tally import EFFECT, UNLUCKY, Tally, TallyOpened, count, create_app, luck, occasion

type AllHandled = Callable[[], Awaitable[None]]

LOWER, UPPER = Partitions.read("p00-p07"), Partitions.read("p08-p15")


def partition(entity_id: UUID) -> int:
    """As the bus tells it: the end of the entity's subjects."""
    return int(subject("tally.count.opened.v1", entity_id)[-2:])


async def count_in(share: Partitions, pool: Pool, rises: int, by: int = 1) -> Tally:
    """A tally whose events are in this share."""
    identity = next(fresh for fresh in iter(new_id, None) if partition(fresh) in share.numbers)
    tally = Tally.open(identity, f"tally {identity}")
    await Store(pool, asyncio.Event()).save(tally, occasion())
    return await count(pool, rises, tally, by)


async def told(bus: Client, name: str) -> int:
    """How many events the stream of tally has delivered to a consumer of this name since that last began."""
    delivered: dict[str, int] = (await ask(bus, f"CONSUMER.INFO.TALLY.{name}"))["delivered"]
    return delivered["consumer_seq"]


async def caught_up(bus: Client, *shares: Partitions) -> None:
    """Each of them is there and has acknowledged everything."""

    async def done() -> bool:
        try:
            return not any([await waiting(bus, "tally", durable("echo", share)) for share in shares])
        except ApiError:
            return False

    await eventually(done)


@pytest.fixture
def all_handled(tally_url: str, echo_url: str) -> AllHandled:
    """Every event of the log comes to have its one effect, in order, and none is parked."""

    async def handled() -> bool:
        wanted = {fact.event_id for fact in await log_of(tally_url)}
        return wanted == {fact.event_id for fact in await effects_of(echo_url)}

    async def all_handled() -> None:
        await eventually(handled, 30)
        assert complaints_about_effects(await log_of(tally_url), await effects_of(echo_url)) == []
        assert await parked_in(echo_url) == 0

    return all_handled


# What a share is


@pytest.mark.parametrize("share", SHARES, ids=str)
def test_a_share_is_written_as_it_is_read(share: Partitions) -> None:
    assert Partitions.read(str(share)) == share


@pytest.mark.parametrize(
    "text", ["", "p00", "p00-p06", "p04-p11", "p08-p07", "p00-p16", "p0-p7", "p00-p07 ", "p00-p07,p08-p15", "0-7"]
)
def test_what_is_no_equal_part_is_refused_and_the_refusal_says_what_there_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no share of the partitions: they are p00-p15, or parts of 8, 4, 2 or 1"):
        Partitions.read(text)
    with pytest.raises(ValueError, match="is no share of the partitions"):
        Settings.model_validate({"database_url": "x", "nats_url": "x", "jwks": "x", "partitions": text})


def test_a_share_is_refused_to_a_process_that_does_not_consume() -> None:
    given = {"database_url": "x", "nats_url": "x", "jwks": "x", "partitions": "p00-p07"}
    assert Settings.model_validate(given | {"roles": ["consumer"]}).partitions == LOWER
    with pytest.raises(ValueError, match="for a process that consumes; this one's roles are: api, relay"):
        Settings.model_validate(given | {"roles": ["relay", "api"]})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"partitions": "p00-p06"}, "PARTITIONS: p00-p06 is no share of the partitions: they are p00-p15, or parts of"),
        ({"partitions": ""}, "PARTITIONS:  is no share of the partitions"),
        ({"partitions": "p00-p07", "only": "api"}, "a share of the partitions is for a process that consumes"),
        ({"only": "api, consume"}, "ROLES: Input should be 'api', 'relay', 'consumer' or 'timers'"),
    ],
    ids=str,
)
def test_a_process_that_is_started_wrongly_says_so_in_a_sentence_and_ends(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    for name in ("DATABASE_URL", "NATS_URL", "JWKS"):
        monkeypatch.setenv(name, "x")
    with pytest.raises(SystemExit) as ended:
        read_settings(Namespace(**{"only": "consumer", "partitions": None} | given))
    assert said in str(ended.value.code)


@pytest.mark.parametrize("parts", PARTS)
def test_every_event_is_heard_by_exactly_one_share_of_a_division(parts: int) -> None:
    division = [share for share in SHARES if len(share.numbers) * parts == 16]
    assert all(share.division == division for share in division)
    for entity in (new_id() for _ in range(200)):
        end = subject("tally.count.opened.v1", entity).split(".")[-1]
        hearing = [share for share in division if share == WHOLE or f"tally.*.*.*.{end}" in share.subjects("tally")]
        assert len(hearing) == 1


def test_no_two_duties_of_a_service_share_a_lock() -> None:
    for service in SERVICES:
        duties = [f"relay {service}", *(ear(service, share) for share in SHARES)]
        assert len({office(duty) for duty in duties}) == len(duties) == 32


# Side by side


async def test_order_per_entity_holds_with_two_shares_while_many_publish(
    pool: Pool, relaying: Relaying, consuming: Consuming, bus: Client, all_handled: AllHandled
) -> None:
    async with consuming(share=LOWER), consuming(share=UPPER), relaying():
        tallies = await asyncio.gather(*(count(pool, 10) for _ in range(12)))
        await all_handled()
        await caught_up(bus, LOWER, UPPER)
        for share in (LOWER, UPPER):
            whose = [tally for tally in tallies if partition(tally.id) in share.numbers]
            assert await told(bus, durable("echo", share)) == 11 * len(whose), "its own entities' and no others'"


async def test_a_gap_in_the_stream_heals_by_itself_in_whichever_share(
    pool: Pool, relaying: Relaying, consuming: Consuming, bus: Client, all_handled: AllHandled
) -> None:
    """The publisher tells the entity again on the same subject: whoever asked hears it."""
    async with relaying():
        await count_in(UPPER, pool, 3)
        await count_in(LOWER, pool, 3)
        await eventually(lambda: holds(bus, 8))
        for lost in (2, 6):
            await ask(bus, "STREAM.MSG.DELETE.TALLY", {"seq": lost})
        async with consuming(share=LOWER), consuming(share=UPPER):
            await all_handled()


# From one division to another


async def test_from_the_whole_to_halves_and_back_in_mid_stream_nothing_is_lost_or_doubled(
    pool: Pool, relaying: Relaying, consuming: Consuming, echo_url: str, all_handled: AllHandled
) -> None:
    """As a roll-out does it: the new ones begin while the old ones are still at work."""
    stop = asyncio.Event()

    async def publish() -> None:
        while not stop.is_set():
            await count(pool, 4)

    async def goes_on() -> None:
        before = len(await effects_of(echo_url))

        async def more() -> bool:
            return len(await effects_of(echo_url)) > before + 20

        await eventually(more)

    publishing = [asyncio.create_task(publish()) for _ in range(3)]
    async with relaying(), AsyncExitStack() as last:
        async with AsyncExitStack() as halves:
            async with consuming():
                await goes_on()
                for share in (LOWER, UPPER):
                    await halves.enter_async_context(consuming(share=share))
                await goes_on()
            await goes_on()
            await last.enter_async_context(consuming())
            await goes_on()
        await goes_on()
        stop.set()
        await asyncio.gather(*publishing)
        await all_handled()


async def _has_effects(echo_url: str, wanted: int) -> bool:
    return len(await effects_of(echo_url)) == wanted


async def test_of_an_old_and_a_new_consumer_in_the_middle_of_the_same_event_one_finds_it_done(
    pool: Pool, relaying: Relaying, consuming: Consuming, bus: Client, echo_url: str
) -> None:
    """Both have read that it is new before either has committed; the inbox makes the second try again, and skip it."""
    meeting, times = asyncio.Barrier(2), 0
    hear = Reactions("echo")

    @hear.on(TallyOpened)
    async def meet(event: TallyOpened, work: Work) -> None:
        nonlocal times
        times += 1
        if times <= meeting.parties:
            await asyncio.wait_for(meeting.wait(), 10)
        work.project(EFFECT, event.entity_id, event.provenance.version, event.id, 0)

    async with relaying(), consuming(hear=hear), consuming(hear=hear, share=UPPER):
        tally = await count_in(UPPER, pool, 0)
        await eventually(lambda: _has_effects(echo_url, 1))
        await caught_up(bus, WHOLE, UPPER)
    assert times == 2, "both were in the middle of it"
    assert [(fact.entity_id, fact.version) for fact in await effects_of(echo_url)] == [(tally.id, 1)]
    assert await parked_in(echo_url) == 0


async def test_whoever_begins_begins_after_what_the_service_has_acknowledged(
    pool: Pool, relaying: Relaying, consuming: Consuming, bus: Client, all_handled: AllHandled
) -> None:
    """Whole to quarters, to halves, and back to the whole, whose own acknowledgement is the oldest of all."""
    quarters = Partitions.read("p00-p03").division
    async with relaying():
        for division in ([WHOLE], quarters, [LOWER, UPPER], [WHOLE]):
            async with AsyncExitStack() as at_work:
                for share in division:
                    await at_work.enter_async_context(consuming(share=share))
                await caught_up(bus, *division)
                # Of the last four events, one a quarter, those are told again that came after its least far share.
                again = sum([await told(bus, durable("echo", share)) for share in division])
                assert again <= 3, f"{again} events were told again to {division}"
                for _ in range(5):
                    for quarter in quarters:
                        await count_in(quarter, pool, 0)
                await all_handled()
                await caught_up(bus, *division)


async def test_who_takes_over_from_a_share_that_is_behind_begins_where_that_one_stopped(
    pool: Pool, relaying: Relaying, consuming: Consuming, bus: Client, all_handled: AllHandled, echo_url: str
) -> None:
    """One half has come to the end and the other has not begun: the whole must not begin where the first one is."""
    async with relaying():
        await count_in(UPPER, pool, 3)
        await count_in(LOWER, pool, 3)
        await eventually(lambda: holds(bus, 8))
        async with consuming(share=LOWER):
            await caught_up(bus, LOWER)
        assert await _has_effects(echo_url, 4)
        async with consuming():
            await all_handled()


# What an operator sees and does


@pytest.fixture
async def lower(echo_url: str, bus: Client, nats_server: NatsServer, keys: Path) -> AsyncIterator[Running]:
    """The echo service as a process that follows the lower half."""
    app = create_app("echo", settings(echo_url, nats_server.url(), keys, partitions="p00-p07"))
    async with running("echo", app, keys) as opened:
        yield opened
    CONSUMER_LAG.clear()  # the gauges are those of the whole test process: the next service has other shares


async def test_a_share_that_nobody_follows_is_seen_and_holds_nobody_up(
    pool: Pool, echo_pool: Pool, lower: Running, relaying: Relaying, consuming: Consuming, bus: Client, echo_url: str
) -> None:
    async def figures() -> dict[str, str]:
        return dict(line.rsplit(" ", 1) for line in (await text_of(lower)).splitlines() if not line.startswith("#"))

    async def seen(lag: int, alone: int) -> bool:
        of = await figures()
        lags = [of.get(f'xiaofu_consumer_lag_events{{share="{share}",source="tally"}}') for share in (LOWER, UPPER)]
        return [*lags, of["xiaofu_unfollowed_partitions"]] == ["0.0", f"{lag}.0", f"{alone}.0"]

    async with relaying():
        async with consuming(share=UPPER):
            await count_in(UPPER, pool, 3)
            await eventually(lambda: _has_effects(echo_url, 4))
            await eventually(lambda: seen(0, 0))
        await count_in(UPPER, pool, 4)
        tally = await count_in(LOWER, pool, 2)
        await eventually(lambda: seen(5, 8))
        assert (await inbox_of(echo_url))[tally.id] == 3


async def test_a_partition_is_followed_whichever_the_division_of_who_follows_it(echo_pool: Pool, echo_url: str) -> None:
    assert await unfollowed(echo_pool, "echo") == 16
    async with leadership(echo_url, ear("echo", Partitions.read("p00-p03"))):
        assert await unfollowed(echo_pool, "echo") == 12
        async with leadership(echo_url, ear("echo", LOWER)):
            assert await unfollowed(echo_pool, "echo") == 8
        async with leadership(echo_url, ear("echo")):
            assert await unfollowed(echo_pool, "echo") == 0


async def test_a_dead_letter_is_retried_by_whichever_process_is_asked(
    pool: Pool, lower: Running, relaying: Relaying, consuming: Consuming, monkeypatch: pytest.MonkeyPatch,
    all_handled: AllHandled,
) -> None:  # fmt: skip
    """What the upper half parked, with what waits behind it, is handled by the process of the lower half."""
    monkeypatch.setattr(consumer_module, "FIRST_PAUSE", 0.001)
    luck["needed"] = 1_000
    async with relaying(), consuming(share=UPPER):
        tally = await count_in(UPPER, pool, 1, by=UNLUCKY)
        await count(pool, 2, tally)
        operator = lower.headers("o1", "operator")

        async def parked() -> list[int]:
            letters = (await lower.get("/dead-letters", operator))["items"]
            return [letter["id"] for letter in letters if len(letters) == 3]

        first, *_ = await eventually(parked)
        luck["needed"] = 0
        answer = await lower.post(f"/dead-letters/{first}/retry", operator)
        assert answer == {"handled": True, "stopped_by": None}
        await all_handled()
