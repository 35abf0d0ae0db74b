"""Streams and consumers as this service needs them: made if missing, changed if different, never narrowed."""

import asyncio
from collections.abc import Sequence
from typing import Any

from nats.aio.client import Client

from shared.events.partitions import SHARES, WHOLE, Partitions
from shared.messaging.bus import CONSUMER_MISSING, STREAM_MISSING, ApiError, ask

SECOND = 1_000_000_000  # JetStream speaks nanoseconds
ACK_WAIT = 30 * SECOND
MAX_ACK_PENDING = 10_000
OLDEST_SERVER = (2, 15)
LEARN = 2.0  # seconds; in a cluster that somebody is not there is said after half of one


class ServerTooOld(RuntimeError):
    """The server cannot group-commit atomic batches: every message would cost an fsync."""


def stream_name(service: str) -> str:
    """The stream a service publishes to."""
    return service.upper()


def stream_config(service: str, replicas: int = 1) -> dict[str, Any]:
    """Everything is kept: the stream is a cache of the log, and a new consumer starts from the beginning."""
    return {
        "name": stream_name(service),
        "subjects": [f"{service}.>"],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "num_replicas": replicas,
        "allow_direct": True,
        "allow_atomic": True,
        "duplicate_window": 120 * SECOND,
    }


def durable(service: str, share: Partitions = WHOLE) -> str:
    """The consumer of a service: `orders` follows everything, `orders-p00-p07` the entities of these partitions."""
    return service if share == WHOLE else f"{service}-{share}"


def consumer_config(consumer: str, subjects: Sequence[str] = ()) -> dict[str, Any]:
    """One durable pull consumer per service, share and stream; one acknowledgement per committed batch."""
    config = {
        "name": consumer,
        "durable_name": consumer,
        "ack_policy": "all",
        "deliver_policy": "all",
        "max_deliver": -1,
        "ack_wait": ACK_WAIT,
        "max_ack_pending": MAX_ACK_PENDING,
        "replay_policy": "instant",
    }
    return config | {"filter_subjects": subjects} if subjects else config


async def provide_stream(bus: Client, service: str, replicas: int = 1) -> dict[str, Any]:
    """The stream's state (`last_seq` …), after making sure it exists as configured."""
    version = bus.connected_server_version
    if (version.major, version.minor) < OLDEST_SERVER:
        raise ServerTooOld(f"nats-server {version} is too old: 2.15 is needed for durable atomic batches")
    wanted = stream_config(service, replicas)
    try:
        info = await ask(bus, f"STREAM.INFO.{wanted['name']}")
    except ApiError as error:
        if error.code != STREAM_MISSING:
            raise
        info = await ask(bus, f"STREAM.CREATE.{wanted['name']}", wanted)
    if any(info["config"].get(key) != value for key, value in wanted.items()):
        info = await ask(bus, f"STREAM.UPDATE.{wanted['name']}", {**info["config"], **wanted})
    state: dict[str, Any] = info["state"]
    return state


async def waiting(bus: Client, source: str, consumer: str) -> int:
    """How many events of `source` this consumer has not acknowledged; raises `ApiError` while there is none."""
    info = await ask(bus, f"CONSUMER.INFO.{stream_name(source)}.{consumer}", timeout=1)
    return int(info["num_pending"]) + int(info["num_ack_pending"])


async def provide_consumer(bus: Client, source: str, service: str, share: Partitions = WHOLE) -> None:
    """The durable consumer on the stream of `source`, about to deliver what comes after the last acknowledgement.

    Where another division of the service has come further, it begins after what that has acknowledged. It is made
    before anybody is asked how far that is: if the stream is lost in between, it is lost as well, and the request to
    begin so far on is refused. Raises `ApiError` 10059 while the stream does not exist.
    """
    stream, name = stream_name(source), durable(service, share)
    config = consumer_config(name, share.subjects(source))
    made = await ask(bus, f"CONSUMER.CREATE.{stream}.{name}", {"stream_name": stream, "config": config, "action": ""})
    known = await acknowledged(bus, source, service, share)
    further = known > made["ack_floor"]["stream_seq"]
    await ask(bus, f"CONSUMER.RESET.{stream}.{name}", {"seq": known + 1} if further else None)


async def acknowledged(bus: Client, source: str, service: str, share: Partitions) -> int:
    """Up to where in the stream each partition of the share was acknowledged by some consumer of the service."""
    others = [other for other in SHARES if other.overlaps(share)]
    floors = await asyncio.gather(*(_floor(bus, source, durable(service, other)) for other in others))
    found = list(zip(others, floors, strict=True))
    return min(max(floor for other, floor in found if number in other.numbers) for number in share.numbers)


async def _floor(bus: Client, source: str, consumer: str) -> int:
    """Nothing, where it cannot be learned: whoever then begins too early passes over what is known."""
    try:
        info = await ask(bus, f"CONSUMER.INFO.{stream_name(source)}.{consumer}", timeout=LEARN)
    except ApiError as error:
        if error.code != CONSUMER_MISSING:
            raise
        return 0
    except TimeoutError:  # a server whose permissions know no shares yet does not answer
        return 0
    return int(info["ack_floor"]["stream_seq"])
