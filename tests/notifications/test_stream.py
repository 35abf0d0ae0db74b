"""The live stream of the inbox, heard over ASGI as a server drives it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from deploy.local.ports import free_port
from deploy.local.tokens import issue
from services.notifications import feed as feeds
from services.notifications.app import create_app
from services.notifications.feed import Feed
from shared.domain.actor import Post
from shared.events.complaints import ResponseWarned
from tests.hearing import tell
from tests.house import House, Running, eventually, new_database, running

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
EVENT_STREAM = {"Accept": "text/event-stream"}


class Client:
    """What has come over one stream."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.text = ""
        self.ended = False
        self.asked = False
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.text += message.get("body", b"").decode()
        self.ended = not message.get("more_body", False)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [
            orjson.loads(line.removeprefix("data: ")) for line in self.text.splitlines() if line.startswith("data: ")
        ]

    @property
    def numbers(self) -> list[str]:
        return [message["params"]["number"] for message in self.messages]

    @property
    def last_id(self) -> str:
        return [line.removeprefix("id: ") for line in self.text.splitlines() if line.startswith("id: ")][-1]

    async def listening(self) -> bool:
        return ": listening" in self.text


@asynccontextmanager
async def stream(service: Running, who: dict[str, str], **headers: str) -> AsyncIterator[Client]:
    client = Client()
    sent = who | EVENT_STREAM | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": "/v1/inbox/stream", "raw_path": b"/v1/inbox/stream", "query_string": b"",
        "root_path": "", "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        "server": ("test", 80), "client": ("test", 1),
    }  # fmt: skip
    task = asyncio.create_task(service.app(scope, client.receive, client.send))  # type: ignore[arg-type] # an ASGI call
    try:
        await eventually(client.listening)
        yield client
    finally:
        client.gone.set()
        await asyncio.wait_for(task, 5)


def warned(number: str, post: Post) -> ResponseWarned:
    return ResponseWarned(number=number, post=post, respond_by=NOW)


def has_come(client: Client, *numbers: str) -> Any:
    async def look() -> bool:
        return client.numbers == list(numbers)

    return look


async def test_a_stream_brings_what_is_new_and_mine_in_my_language(notifications: Running) -> None:
    """NOT-2: what is in the inbox now is not repeated, another's inbox is not heard."""
    await tell(notifications, warned("before", Post.TRANSPORT))
    driver = notifications.headers("d1", "transport")
    async with (
        stream(notifications, driver, Accept_Language="zh-CN") as client,
        stream(notifications, notifications.headers("c1", "clerk")) as other,
    ):
        await tell(notifications, warned("one", Post.TRANSPORT))
        await eventually(has_come(client, "one"))
        await tell(notifications, warned("two", Post.TRANSPORT))
        await eventually(has_come(client, "one", "two"))
        assert client.messages[0]["title"] == "响应即将超时：one"
        assert other.numbers == []


async def test_an_acknowledgement_is_no_new_message(notifications: Running) -> None:
    """NOT-2"""
    hr = notifications.headers("h1", "hr")
    async with stream(notifications, hr) as client:
        await tell(notifications, warned("one", Post.HR))
        await eventually(has_come(client, "one"))
        await notifications.post(f"/messages/{client.messages[0]['id']}/acknowledge", hr)
        await tell(notifications, warned("two", Post.HR))
        await eventually(has_come(client, "one", "two"))


async def test_who_comes_again_gets_what_they_missed(notifications: Running) -> None:
    """NOT-2, NOT-3: exactly what came in between, and what comes then."""
    keeper = notifications.headers("s1", "seal_keeper")
    async with stream(notifications, keeper) as client:
        await tell(notifications, warned("one", Post.SEAL_KEEPER))
        await eventually(has_come(client, "one"))
    for number in ("two", "three"):
        await tell(notifications, warned(number, Post.SEAL_KEEPER))
        await tell(notifications, warned(number, Post.TRANSPORT))
    async with stream(notifications, keeper, Last_Event_ID=client.last_id) as again:
        await eventually(has_come(again, "two", "three"))
        await tell(notifications, warned("four", Post.SEAL_KEEPER))
        await eventually(has_come(again, "two", "three", "four"))


@pytest.mark.parametrize("nonsense", ["x", "1:2", "9:1:", "1:99999999999999999999:"])
async def test_a_place_in_the_stream_that_never_was_is_refused(notifications: Running, nonsense: str) -> None:
    """NOT-2"""
    who = notifications.headers("d1", "transport") | EVENT_STREAM | {"Last-Event-ID": nonsense}
    answer = await notifications.ask("GET", "/inbox/stream", who)
    assert answer.status_code == 422, answer.text


async def test_one_look_serves_all_who_listen_and_none_looks_for_nobody(notifications: Running) -> None:
    """NOT-2: a client that goes away is forgotten."""
    feed: Feed = notifications.app.state.feed
    who = notifications.headers("d1", "transport")
    async with stream(notifications, who), stream(notifications, who):
        assert len(feed._listeners) == 2

    async def nobody() -> bool:
        return not feed._listeners and not feed._somebody.is_set()

    await eventually(nobody)


async def test_a_late_commit_is_not_lost(notifications: Running) -> None:
    """NOT-2: a transaction that began before others and commits after them is heard all the same."""
    auditor = notifications.headers("a1", "auditor")
    copy = """
        INSERT INTO messages (id, version, digest, document) SELECT gen_random_uuid(), 1, digest,
            jsonb_set(document || jsonb_build_object('cause_id', gen_random_uuid()), '{params,number}', '"late"')
        FROM messages WHERE recipient_kind = 'post' AND recipient_key = 'auditor' LIMIT 1
    """
    await tell(notifications, warned("before", Post.AUDITOR))
    async with stream(notifications, auditor) as client:
        async with notifications.pool.acquire() as connection, connection.transaction():
            await connection.execute(copy)
            await tell(notifications, warned("early", Post.AUDITOR))
            await eventually(has_come(client, "early"))
        await eventually(has_come(client, "early", "late"))


async def test_a_client_that_does_not_keep_up_is_let_go(
    notifications: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NOT-2: memory is bounded; it comes again and gets what it missed."""
    monkeypatch.setattr(feeds, "BACKLOG", 1)
    feed: Feed = notifications.app.state.feed
    mine = [feeds.Recipient(kind=feeds.RecipientKind.POST, key="technician")]
    async with feed.listen(mine) as listener:
        await tell(notifications, warned("one", Post.TECHNICIAN))
        await feed._look()
        await tell(notifications, warned("two", Post.TECHNICIAN))
        await feed._look()
        assert [arrival async for arrival in listener] == []
        assert listener not in feed._listeners


async def test_a_stream_ends_in_time_so_that_the_token_is_checked_again(
    notifications: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PLT-3: whoever loses a post does not listen on."""
    monkeypatch.setattr(feeds, "LONGEST", 0.0)
    async with stream(notifications, notifications.headers("d1", "transport")) as client:

        async def ended() -> bool:
            return client.ended

        await eventually(ended)


async def test_streams_end_when_the_service_stops(house: House) -> None:
    """NOT-2"""
    app = create_app(house.settings(await new_database(house.postgres_url)))
    client = None
    async with running("notifications", app, house.keys) as service:
        opened = stream(service, service.headers("d1", "transport"))
        client = await opened.__aenter__()
    assert client.ended

    await opened.__aexit__(None, None, None)


async def test_a_process_with_open_streams_stops_when_it_is_told_to(house: House) -> None:
    """NOT-2: the server waits for every answer to be complete, so the streams must not wait for the server."""
    port = free_port()
    settings = house.settings(await new_database(house.postgres_url))
    environment = {"DATABASE_URL": settings.database_url, "NATS_URL": settings.nats_url, "JWKS": settings.jwks}
    command = (sys.executable, "-m", "services", "notifications", "--port", str(port))
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | environment, stderr=subprocess.DEVNULL)
    headers = {"Authorization": f"Bearer {issue(house.keys, 'd1', ['transport'])}", "Accept": "text/event-stream"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:

            async def answers() -> bool:
                try:
                    return (await client.get("/health/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(answers)
            async with client.stream("GET", "/v1/inbox/stream", headers=headers) as open_stream:
                assert open_stream.status_code == 200
                process.terminate()
                assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()


async def test_a_stream_asked_for_while_stopping_ends_at_once(notifications: Running) -> None:
    """NOT-2"""
    async with Feed(notifications.pool).running() as feed:
        feed.stop()
        async with feed.listen([]) as listener:
            assert [arrival async for arrival in listener] == []
