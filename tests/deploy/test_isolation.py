"""Independence that is enforced: a service reaches its own database and its own subjects, no others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import nats as nats_client
import orjson
import pytest
from nats.aio.client import Client

from deploy.local.accounts import scratch
from deploy.local.credentials import Credentials
from deploy.local.databases import provide
from deploy.local.jetstream import NatsServer
from deploy.local.permissions import permissions
from deploy.local.postgresql import SUPERUSER, PostgreSQL
from shared.events.partitions import SHARES, WHOLE, Partitions
from shared.messaging.bus import read_stream
from shared.messaging.streams import durable, provide_consumer, provide_stream, waiting


@pytest.fixture
async def roles(postgres: PostgreSQL, known: Credentials) -> dict[str, str]:
    roles = {name: password for name, password in known.databases.items() if name != SUPERUSER}
    await provide(postgres.url(), roles)
    await provide(postgres.url(), roles)
    return roles


async def test_a_role_cannot_connect_to_another_service_s_database(postgres: PostgreSQL, roles: dict[str, str]) -> None:
    for database in ("staff", "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(postgres.url(database, "orders", roles["orders"]))


async def test_a_role_can_migrate_its_own_database_and_is_no_superuser(
    postgres: PostgreSQL, roles: dict[str, str]
) -> None:
    connection = await asyncpg.connect(postgres.url("orders", "orders", roles["orders"]))
    await connection.execute("CREATE TABLE orders (id uuid); DROP TABLE orders")
    assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    for setting in ("fsync", "synchronous_commit"):
        assert await connection.fetchval("SELECT current_setting($1)", setting) == "on"
    await connection.close()


async def test_a_wrong_password_is_refused(postgres: PostgreSQL, roles: dict[str, str]) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url("orders", "orders", roles["staff"]))


type Complaints = asyncio.Queue[str]
FORBIDDEN_TO_ALL = "nobody.may.say.this"


@asynccontextmanager
async def connected(nats: NatsServer, user: str) -> AsyncIterator[tuple[Client, Complaints]]:
    """A connection, and what the server complains about on it."""
    complaints: Complaints = asyncio.Queue()

    async def complain(error: Exception) -> None:
        complaints.put_nowait(str(error).lower())

    bus = await nats_client.connect(nats.url(user), error_cb=complain)
    try:
        yield bus, complaints
    finally:
        await bus.close()


async def refused(bus: Client, complaints: Complaints, *subjects: str) -> list[str]:
    """Those of the subjects the server refuses; a subject known to be refused marks the end of the answers."""
    for subject in (*subjects, FORBIDDEN_TO_ALL):
        await bus.publish(subject, b"")
    heard: list[str] = []
    async with asyncio.timeout(5):
        while not heard or FORBIDDEN_TO_ALL not in heard[-1]:
            heard.append(await complaints.get())
    return [subject for subject in subjects if any(f'"{subject.lower()}"' in complaint for complaint in heard)]


async def test_a_user_can_publish_only_its_own_service_s_subjects(nats: NatsServer) -> None:
    async with connected(nats, "orders") as (bus, complaints):
        own = ["orders.order.paid.v1.p01", "wake.orders", "replay.staff"]
        others = ["staff.penalty.imposed.v1.p01", "wake.staff"]
        assert await refused(bus, complaints, *own, *others) == others


async def test_a_user_can_neither_look_into_nor_change_what_is_not_its_own(nats: NatsServer) -> None:
    requests = [
        "$JS.API.STREAM.INFO.STAFF",
        "$JS.API.STREAM.UPDATE.STAFF",
        "$JS.API.STREAM.MSG.GET.STAFF",
        "$JS.API.DIRECT.GET.STAFF",
        "$JS.API.STREAM.PURGE.ORDERS",
        "$JS.API.STREAM.DELETE.ORDERS",
        "$JS.API.CONSUMER.CREATE.STAFF.quality",
        "$JS.API.CONSUMER.DELETE.ORDERS.staff",
        "$JS.API.CONSUMER.MSG.NEXT.STAFF.quality",
        "$JS.ACK.STAFF.quality.1.1.1.1.0",
    ]
    async with connected(nats, "orders") as (bus, complaints):
        assert await refused(bus, complaints, *requests) == requests


async def test_a_user_has_all_the_rights_that_relay_audit_and_consumer_need(nats: NatsServer) -> None:
    async with connected(nats, "orders") as (orders, refusals), connected(nats, "staff") as (staff, more):
        await provide_stream(orders, "orders")
        await orders.request("orders.order.paid.v1.p01", b"42", timeout=5)
        assert [message.data async for message in read_stream(orders, "ORDERS", 0)] == [b"42"]
        await provide_consumer(staff, "orders", "staff")
        inbox = await staff.subscribe(staff.new_inbox())
        await staff.publish("$JS.API.CONSUMER.MSG.NEXT.ORDERS.staff", orjson.dumps({"batch": 1}), reply=inbox.subject)
        message = await inbox.next_msg(timeout=5)
        await message.ack_sync()
        assert message.data == b"42"
        asked = await orders.subscribe("replay.orders")
        await orders.flush()
        await staff.publish("replay.orders", b"")
        await asyncio.wait_for(asked.next_msg(), 5)
        assert refusals.empty()
        assert more.empty()


async def test_a_user_touches_every_share_of_its_own_service_and_none_of_another_s(nats: NatsServer) -> None:
    """Nor a name that only looks like a share of its own, and nobody removes any."""
    verbs = ["CONSUMER.CREATE", "CONSUMER.INFO", "CONSUMER.RESET", "CONSUMER.MSG.NEXT"]

    def requests(*names: str) -> list[str]:
        return [f"$JS.API.{verb}.ORDERS.{name}" for verb in verbs for name in names] + [
            f"$JS.ACK.ORDERS.{name}.1.1.1.1.0" for name in names
        ]

    async with connected(nats, "staff") as (bus, complaints):
        own = [durable("staff", share) for share in SHARES]
        others = [durable("quality", share) for share in SHARES]
        forged = ["staff-p00-p06", "staff-", "staff-p00-p07-x"]
        denied = [*requests(*others, *forged), *(f"$JS.API.CONSUMER.DELETE.ORDERS.{name}" for name in own)]
        assert await refused(bus, complaints, *requests(*own), *denied) == denied


@pytest.mark.parametrize("share", [share for share in SHARES if share != WHOLE], ids=str)
async def test_a_user_has_all_the_rights_that_a_share_s_consumer_needs(nats: NatsServer, share: Partitions) -> None:
    async with connected(nats, "orders") as (orders, _), connected(nats, "staff") as (staff, refusals):
        await provide_stream(orders, "orders")
        await provide_consumer(staff, "orders", "staff", share)
        assert await waiting(staff, "orders", durable("staff", share)) >= 0
        assert refusals.empty()


async def test_a_service_goes_on_where_the_bus_has_not_been_told_of_shares_yet(
    monkeypatch: pytest.MonkeyPatch, known: Credentials
) -> None:
    """After an upgrade, until NATS reads its users again."""

    def older(service: str) -> dict[str, dict[str, list[str]]]:
        rights = permissions(service)
        rights["publish"]["allow"] = [it for it in rights["publish"]["allow"] if f"{service}-p" not in it]
        return rights

    monkeypatch.setattr("deploy.local.jetstream.permissions", older)
    monkeypatch.setattr("shared.messaging.streams.LEARN", 0.2)
    with scratch() as folder:
        server = NatsServer(folder / "nats", known.bus)
        server.start()
        try:
            async with connected(server, "orders") as (orders, _), connected(server, "staff") as (staff, refusals):
                await provide_stream(orders, "orders")
                await provide_consumer(staff, "orders", "staff")
                assert await waiting(staff, "orders", "staff") == 0
                assert not refusals.empty()
        finally:
            server.stop()


async def test_nobody_connects_without_a_password(nats: NatsServer) -> None:
    with pytest.raises(nats_client.errors.Error):
        await nats_client.connect(nats.url(), allow_reconnect=False, max_reconnect_attempts=0)
