"""The connection to NATS and the JetStream API requests that the relay, the consumer and the provisioner make."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import nats
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from shared.telemetry import log

API = "$JS.API"
NOT_FOUND = 404
STREAM_MISSING, CONSUMER_MISSING, MESSAGE_MISSING = 10059, 10014, 10037

# What a connection that is down, slow or refused raises; the caller waits and asks again.
UNREACHABLE = (NatsError, TimeoutError, OSError)


class ApiError(Exception):
    """JetStream understood the request and said no; `code` is its error code (10071: wrong last sequence …)."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code


@asynccontextmanager
async def open_bus(url: str, *, name: str) -> AsyncIterator[Client]:
    """A connection that never gives up: it reconnects for ever and notices a dead link within ten seconds."""

    async def report(error: Exception) -> None:
        log.warning("bus: %s", error, extra={"kind": type(error).__name__})

    client = await nats.connect(
        url,
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        ping_interval=5,
        max_outstanding_pings=2,
        connect_timeout=5,
        error_cb=report,
        skip_subject_validation=True,  # subjects are built by `shared.events`, and checking each costs a tenth
    )
    try:
        yield client
    finally:
        with contextlib.suppress(*UNREACHABLE):
            await asyncio.wait_for(client.flush(2), 3)
        await client.close()


async def ask(bus: Client, subject: str, body: Any = None, *, timeout: float = 5) -> dict[str, Any]:
    """One JetStream API request; raises `ApiError`, or what `UNREACHABLE` names."""
    payload = b"" if body is None else orjson.dumps(body)
    reply = await bus.request(f"{API}.{subject}", payload, timeout=timeout)
    return answer(reply)


def answer(reply: Msg) -> dict[str, Any]:
    """The JSON of a JetStream answer; raises `ApiError`."""
    found: dict[str, Any] = orjson.loads(reply.data)
    if error := found.get("error"):
        raise ApiError(error.get("err_code", error["code"]), error["description"])
    return found


async def read_stream(bus: Client, stream: str, after: int, page: int = 1000) -> AsyncIterator[Msg]:
    """The stored messages of a stream after a sequence, in order; each has the header `Nats-Sequence`."""
    while True:
        count = 0
        async for message in _page(bus, stream, after + 1, page):
            count += 1
            after = int((message.headers or {})["Nats-Sequence"])
            yield message
        if count < page:
            return


async def _page(bus: Client, stream: str, first: int, page: int) -> AsyncIterator[Msg]:
    inbox = bus.new_inbox()
    subscription = await bus.subscribe(inbox)
    try:
        request = orjson.dumps({"seq": first, "batch": page})
        await bus.publish(f"{API}.DIRECT.GET.{stream}", request, reply=inbox)
        while True:
            message = await subscription.next_msg(timeout=5)
            if (message.headers or {}).get("Status"):
                return
            yield message
    finally:
        await subscription.unsubscribe()
