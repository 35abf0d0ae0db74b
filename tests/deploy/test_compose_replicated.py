"""Three NATS nodes and three replicas of every stream (deploy/nats/cluster.env): one node may go at any time."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error

from deploy.docker.stack import ComposeStack
from deploy.local.catalogue import SERVICES
from deploy.local.demo import policy_file
from tests.deploy.books import balance
from tests.faults.selling import Sales
from tests.house import eventually

SETTINGS = Path("deploy/nats/cluster.env")
PATIENCE = 60.0
NODES = ("nats", "nats-2", "nats-3")


def settings() -> dict[str, str]:
    lines = (line for line in SETTINGS.read_text().splitlines() if not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ComposeStack]:
    folder = tmp_path_factory.mktemp("cluster")
    policy_file(folder)
    async with ComposeStack(folder, f"xiaofu-cluster-{os.getpid()}", **settings()) as running:
        yield running


@pytest.fixture
async def bus(stack: ComposeStack) -> AsyncIterator[Client]:
    """Of the three nodes the test itself reaches one, `nats`."""
    client = await nats.connect(stack.nats_url(), max_reconnect_attempts=-1, reconnect_time_wait=1)
    yield client
    await client.close()


async def test_every_stream_has_three_replicas(bus: Client) -> None:
    async def replicated() -> bool:
        found = await _copies(bus)
        return found.keys() >= {name.upper() for name in SERVICES} and set(found.values()) == {3}

    await eventually(replicated, PATIENCE)


async def _copies(bus: Client) -> dict[str, int]:
    """Copies of each stream that are up to date; while a new leader is chosen nobody can tell."""
    try:
        known = await bus.jetstream().streams_info()
    except (Error, TimeoutError):
        return {}
    return {
        str(one.config.name): 1 + sum(bool(peer.current) for peer in one.cluster.replicas or ())
        for one in known
        if one.cluster
    }


async def _leader(bus: Client, stream: str) -> str:
    """The node that leads a stream, once it is not the one the test is connected to."""

    async def another() -> str:
        try:
            info = await bus.jetstream().stream_info(stream)
            leader = str(info.cluster.leader) if info.cluster else NODES[0]
            if leader == NODES[0]:
                await bus.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{stream}")
        except (Error, TimeoutError):
            return ""
        return leader if leader in NODES[1:] else ""

    return await eventually(another, PATIENCE)


async def test_a_node_that_is_killed_while_orders_are_placed_takes_nothing_with_it(
    stack: ComposeStack, bus: Client
) -> None:
    """The node that leads the stream, so that another must take over; later it is back, and up to date."""
    sales = Sales(stack)
    await sales.furnish()
    async with sales.open():
        killed = await asyncio.to_thread(stack.compose.kill, await _leader(bus, "ORDERS"))
        sold, published = len(sales.promised), await _published(bus)

        async def without_it() -> bool:
            return len(sales.promised) > sold + 10 and await _published(bus) > published + 10

        await eventually(without_it, PATIENCE)
        await asyncio.to_thread(stack.compose.revive, killed)
    await sales.close()
    assert (sales.refused_connections, sales.closed_connections) == (0, 0)
    await balance(stack, "orders", "orders.order.placed.v1", sales.promised)

    async def whole() -> bool:
        return (await _copies(bus)).get("ORDERS") == 3

    await eventually(whole, PATIENCE)


async def _published(bus: Client) -> int:
    """Events in the stream of orders, as soon as somebody can tell."""

    async def told() -> int:
        try:
            return (await bus.jetstream().stream_info("ORDERS")).state.messages
        except (Error, TimeoutError):
            return 0

    return await eventually(told, PATIENCE)
