"""Services running inside the test process, on a real PostgreSQL and a real NATS, and ways to ask and to wait."""

import asyncio
import importlib
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI

from deploy.local.accounts import scratch
from deploy.local.jetstream import NatsServer
from deploy.local.postgresql import PostgreSQL
from deploy.local.tokens import issue
from shared.settings import Role, Settings

PATIENCE = 15.0


class Served(Protocol):
    """A server of the session, from a wheel or in a container: tests that share it know its address alone."""

    def url(self) -> str: ...


@contextmanager
def from_wheel[S: (PostgreSQL, NatsServer)](kind: type[S]) -> Iterator[S]:
    """A server that ends with the block, unless the test has ended it."""
    with scratch() as folder:
        server = kind(folder / "server")
        if isinstance(server, PostgreSQL):
            server.stop_signal = signal.SIGQUIT  # at once: writing everything out takes seconds, and it goes anyway
        server.start()
        try:
            yield server
        finally:
            if server.alive:
                server.stop()


async def eventually[T](look: Callable[[], Awaitable[T]], within: float = PATIENCE) -> T:
    """What `look` answers as soon as that is true; else the test fails with what it answered last."""
    deadline = time.monotonic() + within
    while not (seen := await look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still {seen!r} after {within} s: {look}")
        await asyncio.sleep(0.01)
    return seen


async def new_database(superuser_url: str) -> str:
    """An empty database of its own; tests leave theirs behind, and the whole server goes at the end."""
    name = f"test_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(superuser_url)
    try:
        await connection.execute(f"CREATE DATABASE {name} STRATEGY wal_log")
    finally:
        await connection.close()
    return f"{superuser_url.rpartition('/')[0]}/{name}"


class Running:
    """One service at work, and people who ask it things."""

    def __init__(self, name: str, app: FastAPI, keys: Path) -> None:
        self.name, self.app = name, app
        self._keys = keys
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=f"http://{name}/v1"
        )

    @property
    def pool(self) -> Any:
        return self.app.state.pool

    def headers(self, user: str, *posts: str, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {issue(self._keys, user, posts, **claims)}"}

    async def ask(self, method: str, path: str, who: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Whatever the answer is."""
        headers = (who or {}) | more.pop("headers", {})
        return await self._client.request(method, path, headers=headers, **more)

    async def get(self, path: str, who: dict[str, str] | None = None, **more: Any) -> Any:
        """The JSON of an answer that must be fine."""
        return fine(await self.ask("GET", path, who or self.headers("reader", "operator"), **more))

    async def post(self, path: str, who: dict[str, str], body: Any = None, **more: Any) -> Any:
        """The JSON of an answer that must be fine."""
        return fine(await self.ask("POST", path, who, json={} if body is None else body, **more))

    async def refused(self, path: str, who: dict[str, str], body: Any = None, **more: Any) -> dict[str, Any]:
        """The problem of an answer that must be a refusal."""
        answer = await self.ask("POST", path, who, json={} if body is None else body, **more)
        assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        return problem

    async def announced(self, entity_id: str | UUID) -> list[str]:
        """The names of the events that were logged of one entity, in order, without service and version."""
        rows = await self.pool.fetch(
            "SELECT subject FROM events WHERE entity_id = $1 ORDER BY version", UUID(str(entity_id))
        )
        return [row["subject"].split(".")[2] for row in rows]


def fine(answer: httpx.Response) -> Any:
    """The JSON of an answer that must not be a refusal or a fault."""
    assert answer.status_code < 300, f"{answer.status_code} {answer.text}"
    return answer.json()


class House:
    """Opens services and closes them again, the last one first."""

    def __init__(self, postgres_url: str, nats_url: str, keys: Path, policy: Path | None = None) -> None:
        self.postgres_url, self.nats_url, self.keys, self.policy = postgres_url, nats_url, keys, policy
        self._stack = AsyncExitStack()
        self._open: dict[str, Running] = {}

    async def __aenter__(self) -> "House":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settings(self, database_url: str, roles: frozenset[Role] = frozenset(Role)) -> Settings:
        return Settings(
            database_url=database_url,
            nats_url=self.nats_url,
            jwks=str(self.keys / "jwks.json"),
            policy_file=self.policy,
            roles=roles,
            pool_size=4,
            log_level="CRITICAL",
        )

    async def service(self, name: str) -> Running:
        """A service with all its roles; opened once."""
        if name not in self._open:
            url = await new_database(self.postgres_url)
            create_app = importlib.import_module(f"services.{name}.app").create_app
            app = create_app(self.settings(url))
            self._open[name] = await self._stack.enter_async_context(running(name, app, self.keys))
        return self._open[name]


@asynccontextmanager
async def running(name: str, app: FastAPI, keys: Path) -> AsyncIterator[Running]:
    """The application between start and graceful stop."""
    async with app.router.lifespan_context(app):
        yield Running(name, app, keys)
