"""The connection to NATS and the JetStream API requests that the relay, the consumer and the provisioner make."""

import asyncio
import contextlib
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import nats
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic import BaseModel, Field

from shared.telemetry import log

API = "$JS.API"
SEQ, EVENT_ID = "Xiaofu-Seq", "Nats-Msg-Id"
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


class Wanted(BaseModel):
    """What is to be published again: the events of an entity after a version, or those with these log numbers."""

    entity_id: UUID | None = None
    after_version: Annotated[int, Field(ge=0, lt=1 << 31)] = 0
    seqs: list[Annotated[int, Field(ge=0, lt=1 << 63)]] = []


class Imprint(NamedTuple):
    """What a relay writes on the outside of a message: which event of its log is inside."""

    seq: int
    event_id: UUID


def imprint(message: Msg) -> Imprint | None:
    """`None`: no relay has published this."""
    return _imprint(message.headers or {})


def _imprint(headers: Mapping[str, str]) -> Imprint | None:
    try:
        return Imprint(int(headers[SEQ]), UUID(headers[EVENT_ID].partition(":")[0]))
    except (KeyError, ValueError):
        return None


async def read_message(bus: Client, stream: str, seq: int) -> Imprint | None:
    """Which event a stream holds at a sequence; `None` also if there is nothing.

    The leader says so. Another replica, which a direct read may reach, has perhaps not got it yet.
    """
    try:
        found = (await ask(bus, f"STREAM.MSG.GET.{stream}", {"seq": seq}))["message"]
    except ApiError as error:
        if error.code != MESSAGE_MISSING:
            raise
        return None
    _, _, lines = b64decode(found.get("hdrs", "")).decode().partition("\r\n")
    return _imprint({key: value.strip() for key, _, value in (line.partition(":") for line in lines.split("\r\n"))})


async def read_stream(bus: Client, stream: str, after: int, page: int = 1000) -> AsyncIterator[Msg]:
    """The stored messages of a stream after a sequence, in order; each has the header `Nats-Sequence`."""
    more = True
    while more:
        more = False  # a page may be cut short by its bytes: only an empty one is the end
        async for message in _page(bus, stream, after + 1, page):
            more = True
            after = int((message.headers or {})["Nats-Sequence"])
            yield message


async def _page(bus: Client, stream: str, first: int, page: int) -> AsyncIterator[Msg]:
    inbox = bus.new_inbox()
    subscription = await bus.subscribe(inbox)
    try:
        request = orjson.dumps({"seq": first, "batch": page})
        await bus.publish(f"{API}.DIRECT.GET.{stream}", request, reply=inbox)
        while True:
            message = await subscription.next_msg(timeout=5)
            if status := (message.headers or {}).get("Status"):
                if status not in ("204", "404"):  # end of batch; nothing there
                    raise ApiError(int(status), f"{stream} cannot be read")
                return
            yield message
    finally:
        await subscription.unsubscribe()
