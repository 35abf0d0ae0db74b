"""The two servers: fast to start, and nothing lost when they are killed."""

import time
from collections.abc import Callable

import asyncpg
import nats as nats_client

from deploy.local.accounts import scratch
from deploy.local.jetstream import NatsServer
from deploy.local.postgresql import PostgreSQL
from deploy.local.processes import gone


async def test_what_was_committed_survives_a_kill_of_postgresql(postgres: PostgreSQL) -> None:
    connection = await asyncpg.connect(postgres.url())
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    port = postgres.port
    postgres.kill()
    postgres.start()
    again = await asyncpg.connect(postgres.url())
    assert await again.fetchval("SELECT answer FROM kept") == 42
    assert postgres.port == port
    await again.execute("DROP TABLE kept")
    await again.close()
    connection.terminate()


async def test_postgresql_starts_again_after_only_its_postmaster_was_killed(
    postgres: PostgreSQL, eventually: Callable[..., None]
) -> None:
    family = postgres.family()
    family[0].kill()
    eventually(lambda: not postgres.alive)
    postgres.start()
    connection = await asyncpg.connect(postgres.url())
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


async def test_what_was_acknowledged_survives_a_kill_of_nats() -> None:
    with scratch() as folder:
        server = NatsServer(folder / "nats")
        server.start()
        bus = await nats_client.connect(server.url())
        stream = bus.jetstream()
        await stream.add_stream(name="ORDERS", subjects=["orders.>"])
        await stream.publish("orders.order.paid.v1.p01", b"42")
        await bus.close()
        server.kill()
        server.start()
        bus = await nats_client.connect(server.url())
        assert (await bus.jetstream().get_msg("ORDERS", seq=1)).data == b"42"
        await bus.close()
        server.stop()
        server.wipe()
        server.start()
        bus = await nats_client.connect(server.url())
        assert await bus.jetstream().streams_info() == []
        await bus.close()
        server.stop()


def test_both_servers_start_within_two_seconds(postgres: PostgreSQL, nats: NatsServer) -> None:
    postgres.stop()
    nats.stop()
    began = time.monotonic()
    for server in (postgres, nats):
        server.start()
    assert time.monotonic() - began < 2


def test_a_stopped_server_leaves_no_process_behind() -> None:
    with scratch() as folder:
        server = PostgreSQL(folder / "postgres")
        server.start()
        family = server.family()
        assert len(family) > 3
        server.stop()
        assert all(gone(member) for member in family)


def test_a_paused_server_is_silent_until_it_is_resumed(nats: NatsServer) -> None:
    nats.pause()
    silent = not nats.ready()
    nats.resume()
    assert silent
    nats.wait_ready(5)
