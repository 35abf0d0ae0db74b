"""A list as a table over HTTP: all pages in one answer, at the reader's pace, whole or visibly broken."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, Self

import asyncpg
import httpx
import openpyxl
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from deploy.local.ports import free_port
from shared.persistence.pool import Reader
from shared.web.door import Door
from shared.web.paging import SCREENFUL, Page
from tests import tally as tally_module
from tests.house import Running, eventually

ZH = {"Accept-Language": "zh-CN,zh;q=0.9"}
MANY = 2_500  # three pages of a table

FILL = """
INSERT INTO tallies (id, version, document, digest)
SELECT id, 1, jsonb_build_object('id', id, 'version', 1, 'status', 'open', 'name', 'tally ' || n, 'total', n,
                                 'reminded_at', '[]'::jsonb), ''
FROM (SELECT gen_random_uuid() AS id, n FROM generate_series(1, $1) AS n) AS made
"""


@pytest.fixture
async def full(tally: Running) -> Running:
    """Tally with so many that no page holds them."""
    await tally.pool.execute(FILL, MANY)
    return tally


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How large the pages were that were read so far."""
    sizes: list[int] = []
    read = tally_module.tallies

    async def counted(reader: Reader, page: Page) -> list[asyncpg.Record]:
        rows = await read(reader, page)
        sizes.append(len(rows))
        return rows

    monkeypatch.setattr(tally_module, "tallies", counted)
    return sizes


# A process that is neither leaving nor set back, for a door without a service behind it.
AT_WORK = SimpleNamespace(state=SimpleNamespace(leaving=False, duties=SimpleNamespace(set_back=None)))


class Call:
    """One request, whose answer is sent only as fast as it is taken."""

    def __init__(self, app: Any, path: str, headers: dict[str, str]) -> None:
        self._sent: asyncio.Queue[Any] = asyncio.Queue(1)
        path, _, query = path.partition("?")
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._scope = {"type": "http", "asgi": {"spec_version": "2.4"}, "method": "GET", "path": path, "raw_path": b"",
                       "query_string": query.encode(), "headers": raw, "scheme": "http", "client": None,
                       "server": ("tally", 80), "http_version": "1.1", "root_path": "", "app": AT_WORK}  # fmt: skip
        self._app = app

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._app(self._scope, self._receive, self._sent.put))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self.task

    async def _receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def take(self) -> Any:
        return await self._sent.get()


def lines(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_a_table_has_the_whole_list_in_its_order(full: Running, reads: list[int]) -> None:
    reader = full.headers("u1", "clerk")
    heading, *rows = lines(await full.ask("GET", "/tallies?format=csv", reader))
    assert heading == ["id", "version", "status", "name", "total", "reminded_at"]
    assert reads == [1_001, 1_001, 500]
    ids = [row["id"] for row in await full.pool.fetch("SELECT id FROM tallies ORDER BY id DESC")]
    assert [row[0] for row in rows] == [str(identity) for identity in ids]


async def test_a_table_begins_after_the_key_as_a_page_does(full: Running) -> None:
    reader = full.headers("u1", "clerk")
    page = await full.get("/tallies?limit=100", reader)
    rows = lines(await full.ask("GET", f"/tallies?format=csv&after={page['next']}", reader))
    assert len(rows) == MANY - 100 + 1


async def test_a_table_is_a_file_with_chinese_headings_and_words(full: Running) -> None:
    reader = full.headers("u1", "clerk")
    answer = await full.ask("GET", "/tallies?format=xlsx", reader, headers=ZH)
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert answer.headers["content-language"] == "zh-CN"
    assert '; filename="tallies-20' in answer.headers["content-disposition"]
    [sheet] = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    heading, first, *_ = sheet.iter_rows(values_only=True)
    assert heading == ("系统编号", "版本", "状态", "名称", "总额", "reminded_at")
    assert first[2] == "进行中"
    assert sheet.max_row == MANY + 1


async def test_json_stays_one_page(full: Running) -> None:
    assert len((await full.get("/tallies?format=json", full.headers("u1", "clerk")))["items"]) == SCREENFUL


async def test_what_is_refused_is_refused_as_ever(tally: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = tally.headers("u1", "clerk")
    assert (await tally.ask("GET", "/tallies?format=csv")).status_code == 401
    assert (await tally.ask("GET", "/tallies?format=pdf", reader)).status_code == 422

    async def away(reader: Reader, page: Page) -> list[asyncpg.Record]:
        raise ConnectionRefusedError

    monkeypatch.setattr(tally_module, "tallies", away)
    answer = await tally.ask("GET", "/tallies?format=xlsx", reader)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_the_first_bytes_leave_before_the_last_page_is_read(full: Running, reads: list[int]) -> None:
    async with Call(full.app, "/v1/tallies?format=csv", full.headers("u1", "clerk")) as call:
        assert (await call.take())["status"] == 200
        pieces = [(await call.take())["body"] for _ in range(2)]
        assert b"tally" in pieces[1]
        assert len(reads) == 1


async def test_a_reader_who_pauses_holds_no_connection(full: Running, reads: list[int]) -> None:
    async with Call(full.app, "/v1/tallies?format=csv", full.headers("u1", "clerk")) as call:
        while len(reads) < 2:
            await call.take()

        async def all_idle() -> bool:
            pool = full.pool
            return bool(pool.get_size() == pool.get_idle_size())

        await eventually(all_idle)
        assert not call.task.done()
        assert len(reads) == 2


async def test_a_reader_who_has_stopped_reading_is_left(full: Running) -> None:
    async with Call(full.app, "/v1/tallies?format=csv", full.headers("u1", "clerk")) as call:
        await call.take()
        await call.take()
        with pytest.raises(TimeoutError):  # after the second that a request of tally may take
            await call.task


async def passing(seconds: float) -> None:
    """Time, which is what a time limit is about."""
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, over.set)
    await over.wait()


async def test_a_long_answer_may_take_long_as_long_as_it_goes_on() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(4):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await passing(0.4)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async with Call(Door(app, body_limit=10, seconds=1), "/long", {}) as call:
        taken = [await call.take() for _ in range(6)]
        await call.task
    assert [message.get("body") for message in taken] == [None, b"x", b"x", b"x", b"x", b""]


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The application behind the server that it has in a house, at this address."""
    port = free_port()
    server = Server(app, port=port, interface=Interfaces.ASGINL, websockets=False, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()  # type: ignore[no-untyped-call]  # granian has no annotation there
        await serving


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_a_table_that_cannot_be_finished_is_a_broken_transfer_and_never_a_short_file(
    full: Running, reads: list[int], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    read = tally_module.tallies

    async def dying(reader: Reader, page: Page) -> list[asyncpg.Record]:
        if len(reads) == 2:
            raise ConnectionResetError("the database is gone")
        return await read(reader, page)

    async with served(full.app) as address, httpx.AsyncClient(base_url=address) as client:
        ready = lambda: answers(client)  # noqa: E731
        await eventually(ready)
        headers = full.headers("u1", "clerk")
        whole = await client.get(f"/v1/tallies?format={form}", headers=headers)
        assert whole.status_code == 200
        reads.clear()
        monkeypatch.setattr(tally_module, "tallies", dying)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"/v1/tallies?format={form}", headers=headers)


async def answers(client: httpx.AsyncClient) -> bool:
    with suppress(httpx.TransportError):
        return (await client.get("/health/live")).status_code == 200
    return False
