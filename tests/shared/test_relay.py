"""The relay: everything committed reaches the stream, in order, once — whatever happens to bus and database."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError

from deploy.local.jetstream import NatsServer
from shared.hands import Hands
from shared.messaging import audit
from shared.messaging import relay as relay_module
from shared.messaging.audit import BEGINNING, compare
from shared.messaging.bus import ApiError, ask, open_bus, read_stream
from shared.messaging.relay import Relay, StreamAhead
from shared.messaging.streams import ServerTooOld, provide_stream
from shared.persistence.pool import Connection, Pool
from tests.faults.ledger import complaints, log_of, stream_of
from tests.house import eventually
from tests.shared.conftest import Databases, Relaying
from tests.tally import Tally, count


def new_relay(url: str, bus: Client) -> Relay:
    return Relay(url, bus, "tally", asyncio.Event(), Hands())


async def settled(url: str, nats_url: str) -> bool:
    """Whether the stream holds the whole log; a server that has only just started may not say so yet."""
    try:
        return len(set(await stream_of(nats_url, "TALLY"))) == len(await log_of(url))
    except NatsError:
        return False


async def complete(url: str, nats_url: str, *, once: bool = True) -> None:
    """The stream comes to hold the log, and nothing is wrong with it."""
    await eventually(lambda: settled(url, nats_url))
    assert complaints(await log_of(url), await stream_of(nats_url, "TALLY"), once=once) == []


async def marked(pool: Pool) -> bool:
    """Whether the relay has noted that all is published."""
    query = "SELECT safe_seq = (SELECT max(seq) FROM events) FROM relay_state"
    return bool(await pool.fetchval(query))


@asynccontextmanager
async def open_transaction(url: str) -> AsyncIterator[Connection]:
    """A transaction that stays open until it is told otherwise."""
    connection = await asyncpg.connect(url)
    await connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.terminate()


async def log_an_event(connection: Connection, like: Tally) -> int:
    """Draw the next number for an event of a new entity, in whatever transaction the connection is in."""
    row = await connection.fetchrow(
        """
        INSERT INTO events (event_id, entity, entity_id, version, subject, data, actor, at, digest)
        SELECT e, entity, e, 1, subject,
               convert_to(replace(replace(convert_from(data, 'UTF8'), event_id::text, e::text),
                                  entity_id::text, e::text), 'UTF8'), actor, at, digest
        FROM events, (SELECT gen_random_uuid() AS e) AS new WHERE entity_id = $1 AND version = 1
        RETURNING seq
        """,
        like.id,
    )
    assert row
    return int(row["seq"])


async def test_events_of_an_entity_reach_the_stream_in_order_and_once(
    pool: Pool, tally_url: str, relaying: Relaying, nats_server: NatsServer
) -> None:
    async with relaying():
        await asyncio.gather(*(count(pool, 12) for _ in range(8)))
        await complete(tally_url, nats_server.url())


async def test_a_backlog_is_published_in_atomic_batches(
    pool: Pool, tally_url: str, bus: Client, connection: Connection, nats_server: NatsServer
) -> None:
    await count(pool, 60)
    relay = new_relay(tally_url, bus)
    await relay.resync(connection)
    assert await relay.step(connection) == 61
    assert await relay.step(connection) == 0
    messages = [message async for message in read_stream(bus, "TALLY", 0)]
    assert {(message.headers or {})["Nats-Batch-Id"] for message in messages}.__len__() == 1
    await complete(tally_url, nats_server.url())


async def test_a_single_event_needs_no_batch(pool: Pool, tally_url: str, bus: Client, connection: Connection) -> None:
    await count(pool, 0)
    relay = new_relay(tally_url, bus)
    await relay.resync(connection)
    await relay.step(connection)
    (message,) = [message async for message in read_stream(bus, "TALLY", 0)]
    headers = message.headers or {}
    assert "Nats-Batch-Id" not in headers
    assert headers["Nats-Expected-Last-Sequence"] == "0"


async def test_a_backlog_longer_than_a_page_and_a_batch_is_published_whole(
    pool: Pool, tally_url: str, relaying: Relaying, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "PAGE", 20)
    monkeypatch.setattr(relay_module, "BATCH", 7)
    await asyncio.gather(*(count(pool, 30) for _ in range(3)))
    async with relaying():
        await complete(tally_url, nats_server.url())
        await eventually(lambda: marked(pool))
    async with relaying():  # the next term reads the end of the stream and has nothing to add
        await eventually(lambda: marked(pool))
        await complete(tally_url, nats_server.url())


async def test_a_term_that_begins_in_the_middle_reads_the_stream_in_pages(
    pool: Pool, tally_url: str, relaying: Relaying, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash before the mark was noted: the stream is ahead of the mark, and nothing is published twice."""
    monkeypatch.setattr(relay_module, "PAGE", 20)
    await count(pool, 50)
    async with relaying():
        await complete(tally_url, nats_server.url())
        await eventually(lambda: marked(pool))
    await pool.execute(
        "UPDATE relay_state SET safe_seq = 10, stream_seq = 10, event_id = e.event_id FROM events AS e WHERE e.seq = 10"
    )
    await count(pool, 5)
    async with relaying():
        await complete(tally_url, nats_server.url())


async def test_an_event_that_commits_late_is_not_skipped(
    pool: Pool, tally_url: str, bus: Client, connection: Connection, nats_server: NatsServer
) -> None:
    """An open transaction holds a lower number than events that were published long ago."""
    first = await count(pool, 0)
    relay = new_relay(tally_url, bus)
    await relay.resync(connection)
    async with open_transaction(tally_url) as late:
        number = await log_an_event(late, first)
        await count(pool, 3)
        for _ in range(5):
            await relay.step(connection)
        await relay.remember(connection)
        assert await pool.fetchval("SELECT safe_seq FROM relay_state") == number - 1
        assert len(await stream_of(nats_server.url(), "TALLY")) == 5
        await late.execute("COMMIT")
    for _ in range(3):
        await relay.step(connection)
    await complete(tally_url, nats_server.url())
    await relay.remember(connection)
    assert await marked(pool)


async def test_a_gap_that_is_first_seen_beside_a_late_event_is_not_skipped_either(
    pool: Pool, tally_url: str, bus: Client, connection: Connection, nats_server: NatsServer
) -> None:
    """One read brings a late number and, above the highest seen, a new gap: the one must not make up for the other."""
    first, second = await count(pool, 0), await count(pool, 0)
    relay = new_relay(tally_url, bus)
    await relay.resync(connection)
    async with open_transaction(tally_url) as later:
        async with open_transaction(tally_url) as late:
            await log_an_event(late, first)
            await count(pool, 1)
            await relay.step(connection)
            await log_an_event(later, second)
            await count(pool, 1)
            await late.execute("COMMIT")
        await relay.step(connection)
        await later.execute("COMMIT")
    await relay.step(connection)
    await complete(tally_url, nats_server.url())


async def test_a_late_event_survives_a_change_of_relay(
    pool: Pool, tally_url: str, bus: Client, connection: Connection, nats_server: NatsServer
) -> None:
    """The mark waits before the missing number, and what was published after it is not published again."""
    first = await count(pool, 0)
    async with open_transaction(tally_url) as late:
        await log_an_event(late, first)
        await count(pool, 3)
        old = new_relay(tally_url, bus)
        await old.resync(connection)
        await old.step(connection)
        new = new_relay(tally_url, bus)
        await new.resync(connection)
        for _ in range(3):
            await new.step(connection)
        await late.execute("COMMIT")
    for _ in range(3):
        await new.step(connection)
    await complete(tally_url, nats_server.url())


async def test_a_number_whose_transaction_was_rolled_back_is_forgotten(
    pool: Pool, tally_url: str, bus: Client, connection: Connection, nats_server: NatsServer
) -> None:
    first = await count(pool, 0)
    relay = new_relay(tally_url, bus)
    await relay.resync(connection)
    async with open_transaction(tally_url) as lost:
        await log_an_event(lost, first)
        await count(pool, 2)
        await relay.step(connection)
        await lost.execute("ROLLBACK")
    for _ in range(3):
        await relay.step(connection)
    await relay.remember(connection)
    assert await marked(pool)
    await complete(tally_url, nats_server.url())


async def test_a_late_event_is_not_skipped_though_its_transaction_is_younger_than_one_that_committed_after_it(
    pool: Pool, tally_url: str, bus: Client, connection: Connection, nats_server: NatsServer
) -> None:
    """The older transaction draws the higher number and commits: the younger one lies past the snapshot's xmax.

    A mark taken from that snapshot would be passed at once, and the lower number forgotten.
    """
    first = await count(pool, 0)
    relay = new_relay(tally_url, bus)
    await relay.resync(connection)
    await relay.step(connection)
    async with open_transaction(tally_url) as older, open_transaction(tally_url) as younger:
        await older.fetchval("SELECT pg_current_xact_id()")
        lower = await log_an_event(younger, first)
        higher = await log_an_event(older, first)
        assert lower < higher
        await older.execute("COMMIT")
        for _ in range(5):
            await relay.step(connection)
        await younger.execute("COMMIT")
    await relay.step(connection)
    await complete(tally_url, nats_server.url())


@pytest.mark.usefixtures("everyone_leads")
async def test_two_relays_that_both_believe_to_lead_publish_each_event_once(
    pool: Pool, tally_url: str, relaying: Relaying, nats_server: NatsServer
) -> None:
    """The fence: the first message of a batch names the last one it follows."""
    async with open_bus(nats_server.url(), name="zombie") as other, relaying(), relaying(on=other):
        await asyncio.gather(*(count(pool, 25) for _ in range(6)))
        await complete(tally_url, nats_server.url())


@pytest.mark.parametrize("rises", [0, 4], ids=["one event", "a batch"])
async def test_a_zombie_relay_is_refused_by_the_fence(
    pool: Pool, tally_url: str, bus: Client, connection: Connection, nats_server: NatsServer, rises: int
) -> None:
    """Not by the server's memory of message ids, which is short: by the number of the last message it knew."""
    old, new = new_relay(tally_url, bus), new_relay(tally_url, bus)
    await old.resync(connection)
    await new.resync(connection)
    await count(pool, rises)
    await new.step(connection)
    old._rounds = 1  # its message ids are none the server has seen
    with pytest.raises(ApiError, match="wrong last sequence") as refused:
        await old.step(connection)
    assert refused.value.code == 10071
    await complete(tally_url, nats_server.url())


async def test_a_stream_that_holds_another_event_at_the_noted_place_was_set_back(
    pool: Pool, tally_url: str, relaying: Relaying, bus: Client, nats_server: NatsServer
) -> None:
    """Its numbers were used again: the noted number is there, and proves nothing."""
    async with relaying():
        await count(pool, 9)
        await complete(tally_url, nats_server.url())
        await eventually(lambda: marked(pool))
    await ask(bus, "STREAM.MSG.DELETE.TALLY", {"seq": 4})
    await pool.execute("UPDATE relay_state SET event_id = gen_random_uuid()")
    async with relaying():
        await eventually(lambda: settled(tally_url, nats_server.url()))
    assert complaints(sorted(await log_of(tally_url)), sorted(await stream_of(nats_server.url(), "TALLY"))) == []
    assert await pool.fetchval("SELECT rounds FROM relay_state") == 1


async def test_only_one_relay_leads_and_the_next_one_takes_over(
    pool: Pool, tally_url: str, relaying: Relaying, nats_server: NatsServer
) -> None:
    async with relaying() as first, relaying() as second:

        async def one_leads() -> bool:
            return first.leading != second.leading

        await eventually(one_leads)
        await count(pool, 1)
        await pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        await count(pool, 3)
        await complete(tally_url, nats_server.url())
        await eventually(one_leads)


async def test_a_deleted_stream_is_refilled_from_the_log(
    pool: Pool, tally_url: str, relaying: Relaying, bus: Client, nats_server: NatsServer
) -> None:
    async with relaying():
        tally = await count(pool, 10)
        await complete(tally_url, nats_server.url())
        await ask(bus, "STREAM.DELETE.TALLY")
        await count(pool, 5, tally)
        await complete(tally_url, nats_server.url())
    assert await pool.fetchval("SELECT rounds FROM relay_state") == 1


async def test_a_wiped_stream_is_refilled_though_nothing_new_is_said(
    pool: Pool,
    tally_url: str,
    relaying: Relaying,
    bus: Client,
    nats_server: NatsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A relay that has nothing to publish looks at the stream now and then."""
    monkeypatch.setattr(relay_module, "LOOK", 0.3)
    async with relaying():
        await count(pool, 10)
        await complete(tally_url, nats_server.url())
        await ask(bus, "STREAM.PURGE.TALLY")
        await complete(tally_url, nats_server.url())


async def test_a_server_that_lost_its_disk_is_refilled(
    pool: Pool, tally_url: str, relaying: Relaying, own_nats: NatsServer
) -> None:
    async with open_bus(own_nats.url(), name="relay") as bus, relaying(on=bus):
        tally = await count(pool, 10)
        await complete(tally_url, own_nats.url())
        own_nats.kill()
        own_nats.wipe()
        await count(pool, 3, tally)
        own_nats.start()
        await complete(tally_url, own_nats.url())


async def test_a_stream_set_back_to_an_older_copy_is_noticed_and_completed(
    pool: Pool, tally_url: str, relaying: Relaying, own_nats: NatsServer
) -> None:
    """A set-back stream uses its sequence numbers again, so that the number alone says nothing."""
    async with open_bus(own_nats.url(), name="relay") as bus, relaying(on=bus):
        tally = await count(pool, 10)
        await complete(tally_url, own_nats.url())
        await eventually(lambda: marked(pool))
        own_nats.stop()
        copy = own_nats.folder.with_name("older")
        shutil.copytree(own_nats.folder.resolve(), copy)
        own_nats.start()
        await count(pool, 10, tally)
        await complete(tally_url, own_nats.url())
        await eventually(lambda: marked(pool))
        own_nats.stop()
        own_nats.wipe()
        shutil.copytree(copy, own_nats.folder)
        own_nats.start()
        await count(pool, 2, tally)
        await complete(tally_url, own_nats.url())


async def test_a_stream_that_knows_more_than_the_log_stops_the_relay_and_says_so(
    pool: Pool, tally_url: str, relaying: Relaying, bus: Client, connection: Connection, databases: Databases,
    nats_server: NatsServer, spoken: list[str],
) -> None:  # fmt: skip
    """The database was set back: publishing on would give used versions a second meaning."""
    async with relaying():
        await count(pool, 5)
        await complete(tally_url, nats_server.url())
    before = await stream_of(nats_server.url(), "TALLY")
    set_back = await databases("tally")
    async with relaying(url=set_back):

        async def said() -> bool:
            return any("holds events that this database does not" in line for line in spoken)

        await eventually(said)
    fresh = await asyncpg.connect(set_back)
    with pytest.raises(StreamAhead):
        await new_relay(set_back, bus).resync(fresh)
    await fresh.close()
    assert await stream_of(nats_server.url(), "TALLY") == before


async def test_a_message_that_no_relay_wrote_stops_nothing(
    pool: Pool, tally_url: str, relaying: Relaying, bus: Client, nats_server: NatsServer
) -> None:
    await provide_stream(bus, "tally")
    await bus.request("tally.count.opened.v1.p00", b"scrawl")
    async with relaying():
        tally = await count(pool, 2)

        async def there() -> bool:
            return bool((await ask(bus, "STREAM.INFO.TALLY"))["state"]["messages"] == 4)

        await eventually(there)
        await bus.request("tally.count.opened.v1.p00", b"more scrawl", headers={"Nats-Msg-Id": "x", "Xiaofu-Seq": "y"})
        await count(pool, 2, tally)
        report = await eventually(lambda: none_missing(pool, bus))
    async with relaying():  # also when the stream ends with one
        await bus.request("tally.count.opened.v1.p00", b"the end")
        await count(pool, 1, tally)
        report = await eventually(lambda: none_missing(pool, bus))
    assert len(report.foreign) == 3


async def none_missing(pool: Pool, bus: Client) -> Any:
    report, _ = await compare(pool, bus, "tally")
    return (
        report if await marked(pool) and report.in_log == await pool.fetchval("SELECT count(*) FROM events") else None
    )


async def test_while_the_bus_is_away_events_wait_and_none_is_lost(
    pool: Pool, tally_url: str, relaying: Relaying, own_nats: NatsServer
) -> None:
    async with open_bus(own_nats.url(), name="relay") as bus, relaying(on=bus):
        tally = await count(pool, 3)
        await complete(tally_url, own_nats.url())
        own_nats.kill()
        await count(pool, 20, tally)
        own_nats.start()
        await complete(tally_url, own_nats.url())


@pytest.mark.parametrize("rises", [0, 4], ids=["one event", "a batch"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_publish_whose_fate_is_unknown_is_never_doubled(
    pool: Pool, tally_url: str, relaying: Relaying, own_nats: NatsServer, monkeypatch: pytest.MonkeyPatch,
    moment: str, rises: int,
) -> None:  # fmt: skip
    """The server dies just before or just after it has stored a batch: either way no answer comes."""
    async with open_bus(own_nats.url(), name="relay") as bus:
        request: Any = bus.request
        struck: list[str] = []

        async def strike(subject: str, *args: Any, **more: Any) -> Any:
            if not subject.startswith("tally.") or struck:
                return await request(subject, *args, **more)
            struck.append(subject)
            if moment == "after":
                await request(subject, *args, **more)
            await asyncio.to_thread(own_nats.kill)
            await asyncio.to_thread(own_nats.start)
            raise TimeoutError

        monkeypatch.setattr(bus, "request", strike)
        await count(pool, rises)
        async with relaying(on=bus):
            await complete(tally_url, own_nats.url())
        assert struck


async def test_a_request_brings_an_entity_again_from_a_version_on(
    pool: Pool, tally_url: str, relaying: Relaying, bus: Client, nats_server: NatsServer
) -> None:
    async with relaying():
        tally = await count(pool, 4)
        await count(pool, 4)
        await complete(tally_url, nats_server.url())
        wanted = orjson.dumps({"entity_id": str(tally.id), "after_version": 3})
        reply = await bus.request("replay.tally", wanted, timeout=5)
        assert orjson.loads(reply.data) == {"republished": 2}
        await complete(tally_url, nats_server.url(), once=False)
        again = (await stream_of(nats_server.url(), "TALLY"))[-2:]
        assert [(fact.entity_id, fact.version) for fact in again] == [(tally.id, 4), (tally.id, 5)]
    async with relaying():  # what was published again does not confuse the next term
        await count(pool, 1, tally)
        await complete(tally_url, nats_server.url(), once=False)


@pytest.mark.parametrize(
    "nonsense", [b"", b"{", b"[]", b'{"entity_id": 3}', b'{"seqs": ["x"]}', b'{"seqs": [%d]}' % 2**70,
                 b'{"entity_id": "%s", "after_version": -1}' % str(uuid4()).encode()]
)  # fmt: skip
async def test_a_request_that_makes_no_sense_disturbs_nobody(
    pool: Pool, tally_url: str, relaying: Relaying, bus: Client, nats_server: NatsServer, nonsense: bytes
) -> None:
    async with relaying() as relay:
        await count(pool, 1)
        await complete(tally_url, nats_server.url())
        assert relay.leading
        await bus.publish("replay.tally", nonsense)
        reply = await bus.request("replay.tally", orjson.dumps({"seqs": [1, 1 << 40]}), timeout=5)
        assert orjson.loads(reply.data) == {"republished": 1}


async def test_a_wake_up_from_another_process_is_heard(pool: Pool, bus: Client, relaying: Relaying) -> None:
    wake = asyncio.Event()
    async with relaying(wake=wake) as relay:

        async def leads() -> bool:
            return relay.leading

        await eventually(leads)
        waited = asyncio.create_task(wake.wait())
        await bus.publish("wake.tally", b"")
        await asyncio.wait_for(waited, 2)


async def test_an_audit_finds_a_hole_in_the_middle(
    pool: Pool, tally_url: str, relaying: Relaying, bus: Client, nats_server: NatsServer
) -> None:
    async with relaying():
        await count(pool, 9)
        await complete(tally_url, nats_server.url())
        await eventually(lambda: marked(pool))
        await ask(bus, "STREAM.MSG.DELETE.TALLY", {"seq": 4})
        report, _ = await compare(pool, bus, "tally")
        assert (report.in_log, report.in_stream, report.missing) == (10, 9, [4])
        assert (report.foreign, report.broken_chains) == ([], [])
        await bus.request("replay.tally", orjson.dumps({"seqs": report.missing}), timeout=5)
        assert (await compare(pool, bus, "tally"))[0].sound


async def test_an_audit_names_events_that_were_tampered_with(pool: Pool, relaying: Relaying, bus: Client) -> None:
    """A superuser who switches the trigger off can change an event, but not hide that (PLT-3)."""
    async with relaying():
        tally = await count(pool, 5)
        other = await count(pool, 3)
        await eventually(lambda: marked(pool))
        assert (await compare(pool, bus, "tally"))[0].broken_chains == []
        await pool.execute("ALTER TABLE events DISABLE TRIGGER events_are_never_changed")
        await pool.execute("UPDATE events SET data = 'nothing' WHERE entity_id = $1 AND version = 3", tally.id)
        await pool.execute("DELETE FROM events WHERE entity_id = $1 AND version = 2", other.id)
        broken = (await compare(pool, bus, "tally"))[0].broken_chains
    assert f"{tally.id} version 3" in broken
    assert f"{other.id} version 3" in broken


async def test_an_audit_calls_an_event_foreign_that_the_log_never_held(
    pool: Pool, relaying: Relaying, bus: Client
) -> None:
    async with relaying():
        await count(pool, 3)
        await eventually(lambda: marked(pool))
    forged = uuid4()
    await bus.request("tally.count.opened.v1.p00", b"{}", headers={"Nats-Msg-Id": str(forged), "Xiaofu-Seq": "2"})
    report, _ = await compare(pool, bus, "tally")
    assert report.foreign == [str(forged)]


async def test_an_audit_of_many_pages_finds_what_is_missing_and_broken_in_each(
    pool: Pool, relaying: Relaying, bus: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 3)
    async with relaying():
        tallies = [await count(pool, 4) for _ in range(8)]
        await eventually(lambda: marked(pool))
        for seq in (2, 17, 40):
            await ask(bus, "STREAM.MSG.DELETE.TALLY", {"seq": seq})
        await pool.execute("ALTER TABLE events DISABLE TRIGGER events_are_never_changed")
        for tally in (tallies[0], tallies[7]):
            await pool.execute("UPDATE events SET data = 'x' WHERE entity_id = $1 AND version = 2", tally.id)
        report, mark = await compare(pool, bus, "tally")
    assert (report.in_log, report.in_stream, report.missing) == (40, 37, [2, 17, 40])
    assert report.broken_chains == [f"{tally.id} version 2" for tally in (tallies[0], tallies[7])]
    assert (mark.seq, mark.place, report.sound) == (40, 40, False)


async def test_an_audit_goes_on_from_where_the_last_one_found_all_sound(
    pool: Pool, relaying: Relaying, bus: Client
) -> None:
    async with relaying():
        tally = await count(pool, 5)
        await eventually(lambda: marked(pool))
        report, mark = await compare(pool, bus, "tally")
        assert (report.sound, mark) == (True, (6, 6, 0))
        await audit.keep(pool, "TALLY", mark)
        assert await audit.audited(pool, "TALLY") == mark
        later = await count(pool, 3)
        await eventually(lambda: marked(pool))
        await ask(bus, "STREAM.MSG.DELETE.TALLY", {"seq": 8})
        await pool.execute("ALTER TABLE events DISABLE TRIGGER events_are_never_changed")
        for one in (tally, later):
            await pool.execute("UPDATE events SET data = 'x' WHERE entity_id = $1 AND version = 2", one.id)
        report, _ = await compare(pool, bus, "tally", mark)
        assert (report.in_log, report.in_stream, report.missing) == (4, 3, [8])
        assert report.broken_chains == [f"{later.id} version 2"]
        assert len((await compare(pool, bus, "tally"))[0].broken_chains) == 2


async def test_a_stream_that_was_refilled_is_audited_from_its_beginning(
    pool: Pool, relaying: Relaying, bus: Client
) -> None:
    async with relaying():
        await count(pool, 5)
        await eventually(lambda: marked(pool))
        _, before = await compare(pool, bus, "tally")
    await ask(bus, "STREAM.DELETE.TALLY")
    async with relaying():
        await count(pool, 1)
        await eventually(lambda: marked(pool))
        report, mark = await compare(pool, bus, "tally", before)
    assert (report.in_log, report.in_stream, report.sound) == (8, 8, True)
    assert (before.round, mark.round) == (0, 1)


async def test_nothing_was_audited_before_the_relay_has_come_anywhere(pool: Pool, bus: Client) -> None:
    await provide_stream(bus, "tally")
    assert await audit.audited(pool, "TALLY") == BEGINNING
    report, mark = await compare(pool, bus, "tally")
    assert (report.sound, report.in_log, mark) == (True, 0, BEGINNING)
    await ask(bus, "STREAM.DELETE.TALLY")


async def test_a_stream_of_large_messages_is_read_whole(bus: Client) -> None:
    """The server cuts a page short by its bytes; that is not the end of the stream."""
    await provide_stream(bus, "tally")
    for _ in range(90):
        await bus.request("tally.count.opened.v1.p00", b"x" * 900_000, timeout=10)
    assert len([0 async for _ in read_stream(bus, "TALLY", 0)]) == 90
    await ask(bus, "STREAM.DELETE.TALLY")


async def test_a_stream_that_cannot_be_read_is_not_taken_for_an_empty_one(bus: Client) -> None:
    with pytest.raises((ApiError, NatsError)):
        assert [0 async for _ in read_stream(bus, "NO_SUCH_STREAM", 0)] == []


async def test_a_stream_configured_otherwise_is_put_right(bus: Client) -> None:
    await ask(bus, "STREAM.CREATE.TALLY", {"name": "TALLY", "subjects": ["tally.>"], "allow_direct": False})
    await provide_stream(bus, "tally")
    config = (await ask(bus, "STREAM.INFO.TALLY"))["config"]
    assert config["allow_direct"]
    assert config["allow_atomic"]


async def test_a_server_too_old_for_atomic_batches_is_refused(bus: Client) -> None:
    class Old:
        class connected_server_version:  # noqa: N801 - stands for an attribute of the client
            major, minor = 2, 14

    with pytest.raises(ServerTooOld):
        await provide_stream(Old(), "tally")  # type: ignore[arg-type]  # only its version is asked


async def test_whatever_call_of_the_bus_or_database_fails_nothing_is_lost_or_doubled(
    pool: Pool, tally_url: str, bus: Client, connection: Connection, nats_server: NatsServer
) -> None:
    """The k-th call of a term fails, for every k; the term after it completes the work."""
    relay, k, survived = new_relay(tally_url, bus), 0, False
    tally = await count(pool, 2)
    while not survived:
        k += 1
        assert k < 60, "a term takes no end"
        tally = await count(pool, 3, tally)
        breaking = Breaking(k)
        relay._bus = breaking.around(bus, "publish", "request")
        with contextlib.suppress(Broken):
            broken_connection = breaking.around(connection, "fetch", "fetchrow", "fetchval", "execute")
            await relay.resync(broken_connection)
            while await relay.step(broken_connection):
                pass
            survived = not breaking.struck
        relay._bus = bus
        await relay.resync(connection)
        while await relay.step(connection):
            pass
        assert complaints(await log_of(tally_url), await stream_of(nats_server.url(), "TALLY")) == []
    assert k > 5


class Broken(Exception):
    """The fault that a test puts in."""


class Breaking:
    """Counts calls over several objects; the k-th one fails, before or after it took effect by turns."""

    def __init__(self, k: int) -> None:
        self.k, self.calls, self.struck = k, 0, False

    def around(self, thing: Any, *names: str) -> Any:
        outer = self

        class Around:
            def __getattr__(self, name: str) -> Any:
                real = getattr(thing, name)
                return outer._breaking(real) if name in names else real

        return Around()

    def _breaking(self, real: Any) -> Any:
        async def call(*args: Any, **more: Any) -> Any:
            self.calls += 1
            if self.calls != self.k:
                return await real(*args, **more)
            self.struck = True
            if self.k % 2:
                await real(*args, **more)
            raise Broken

        return call
