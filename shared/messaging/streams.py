"""Streams and consumers as this service needs them: made if missing, changed if different, never narrowed."""

from typing import Any

from nats.aio.client import Client

from shared.messaging.bus import STREAM_MISSING, ApiError, ask

SECOND = 1_000_000_000  # JetStream speaks nanoseconds
ACK_WAIT = 30 * SECOND
MAX_ACK_PENDING = 10_000
OLDEST_SERVER = (2, 15)


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


def consumer_config(consumer: str) -> dict[str, Any]:
    """One durable pull consumer per service and stream; one acknowledgement per committed batch."""
    return {
        "name": consumer,
        "durable_name": consumer,
        "ack_policy": "all",
        "deliver_policy": "all",
        "max_deliver": -1,
        "ack_wait": ACK_WAIT,
        "max_ack_pending": MAX_ACK_PENDING,
        "replay_policy": "instant",
    }


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


async def provide_consumer(bus: Client, source: str, consumer: str) -> None:
    """The durable consumer on the stream of `source`, about to deliver what comes after the last acknowledgement.

    Raises `ApiError` 10059 while that stream does not exist.
    """
    stream = stream_name(source)
    config = consumer_config(consumer)
    await ask(bus, f"CONSUMER.CREATE.{stream}.{consumer}", {"stream_name": stream, "config": config, "action": ""})
    await ask(bus, f"CONSUMER.RESET.{stream}.{consumer}")
