"""Two services as real processes under load, and whatever may happen to them."""

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import psutil

from deploy.local.jetstream import NatsServer
from deploy.local.ports import free_port
from deploy.local.postgresql import PostgreSQL
from deploy.local.processes import Managed
from deploy.local.tokens import issue
from tests.faults.ledger import complaints, complaints_about_effects, effects_of, log_of, parked_in, stream_of
from tests.house import eventually, new_database

WORKERS = 6

HOLDERS = """
SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND datname = current_database() AND application_name = $1
"""

END_HOLDERS = """
SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND datname = current_database()
"""


class Service(Managed):
    """One replica of tally or echo, as `python -m services` would run it."""

    def __init__(self, name: str, surroundings: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        self._surroundings = surroundings
        super().__init__(name, folder / f"{name}-{self.port}.log", folder)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.tally", self.name, "--port", str(self.port)]

    def environment(self) -> dict[str, str]:
        return self._surroundings


class Stage:
    """The processes, their servers, and the load; `check` is what must be true in the end."""

    def __init__(self, postgres: PostgreSQL, nats: NatsServer, keys: Path, folder: Path, seed: int) -> None:
        self.postgres, self.nats = postgres, nats
        self.chance = random.Random(seed)
        self.urls: dict[str, str] = {}
        self.services: list[Service] = []
        self.accepted: dict[str, int] = {}
        self.asked = 0
        self._keys, self._folder = keys, folder
        self._loading = True
        self._client = httpx.AsyncClient(timeout=2)
        self._token = {"Authorization": f"Bearer {issue(keys, 'u1', ['clerk'])}"}

    async def start(self, *names: str) -> None:
        """Replicas of these services; each service has one database."""
        for name in names:
            if name not in self.urls:
                self.urls[name] = await new_database(self.postgres.url())
            surroundings = {
                "DATABASE_URL": self.urls[name],
                "NATS_URL": self.nats.url(),
                "JWKS": str(self._keys / "jwks.json"),
                "POOL_SIZE": "6",
            }
            service = Service(name, surroundings, self._folder)
            service.launch()
            self.services.append(service)
        await asyncio.gather(*map(self.ready, self.services))

    async def ready(self, service: Service) -> None:
        """The replica answers."""

        async def answers() -> bool:
            assert service.alive, service.log.read_text()[-3000:]
            with contextlib.suppress(httpx.TransportError):
                return (await self._client.get(f"http://127.0.0.1:{service.port}/health/ready")).status_code == 200
            return False

        await eventually(answers)

    def replicas(self, name: str) -> list[Service]:
        return [service for service in self.services if service.name == name]

    async def leader(self, name: str) -> Service:
        """The replica that holds the lock of the relay (tally) or of the consumer (echo)."""
        duty = {"tally": "relay tally", "echo": "consumer echo"}[name]

        async def found() -> Service | None:
            ports = await self._ask_database(name, HOLDERS, f"xiaofu {duty}")
            for service in self.replicas(name):
                known = psutil.Process(service.pid).net_connections("tcp") if service.pid else []
                if any(connection.laddr.port in ports for connection in known):
                    return service
            return None

        holder = await eventually(found)
        assert holder
        return holder

    async def take_office_away(self, name: str) -> None:
        """What PostgreSQL does with a client that has fallen silent: its sessions end, and its lock is free."""
        await self._ask_database(name, END_HOLDERS)

    async def _ask_database(self, name: str, query: str, *args: object) -> list[Any]:
        connection = await asyncpg.connect(self.urls[name])
        try:
            return [row[0] for row in await connection.fetch(query, *args)]
        finally:
            await connection.close()

    @asynccontextmanager
    async def load(self) -> AsyncIterator[None]:
        """People count, each on a tally of their own, and repeat what was not answered with the same key."""
        async with asyncio.TaskGroup() as group:
            self._loading = True
            for _ in range(WORKERS):
                group.create_task(self._count())
            group.create_task(self._let_lapse())
            yield
            self._loading = False

    async def _count(self) -> None:
        made = await self._ask("/v1/tallies", {"name": f"tally {uuid4()}"})
        while self._loading:
            by = self.chance.randint(1, 9)
            await self._ask(f"/v1/tallies/{made['id']}/raise", {"by": by})
            self.accepted[made["id"]] = self.accepted.get(made["id"], 0) + by

    async def _let_lapse(self) -> None:
        while self._loading:
            made = await self._ask("/v1/tallies", {"name": f"tally {uuid4()}", "lapses_in": self.chance.random() * 2})
            self.accepted[made["id"]] = 0
            await asyncio.sleep(0.1)

    async def _ask(self, path: str, body: dict[str, Any]) -> Any:
        """One command, until it is answered."""
        headers = self._token | {"Idempotency-Key": str(uuid4())}
        while True:
            replica = self.chance.choice(self.replicas("tally"))
            self.asked += 1
            try:
                answer = await self._client.post(f"http://127.0.0.1:{replica.port}{path}", json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code < 300:
                return answer.json()
            assert answer.status_code in (409, 503), f"{answer.text}\n{replica.log.read_text()[-3000:]}"
            await asyncio.sleep(0.02)

    async def check(self, *, once: bool = True) -> None:
        """Everything committed was published and had its effect, once and in order; every command counted once."""
        await eventually(self._quiet, within=15)
        log, stream = await log_of(self.urls["tally"]), await stream_of(self.nats.url(), "TALLY")
        assert complaints(log, stream, once=once) == []
        done = await effects_of(self.urls["echo"])
        assert complaints_about_effects(log, done) == []
        assert await parked_in(self.urls["echo"]) == 0
        echoed = await log_of(self.urls["echo"])
        assert complaints(echoed, await stream_of(self.nats.url(), "ECHO"), once=once) == []
        assert len(echoed) == sum(b'"type":"tally.count.raised.v1"' in fact.data for fact in log)
        self._check_commands([fact.data for fact in log])
        print(f"{len(log)} events, {len(self.accepted)} tallies")

    def _check_commands(self, log: Sequence[bytes]) -> None:
        """Each command that was answered counted once, and each deadline fired once."""
        counted = dict.fromkeys(self.accepted, 0)
        for data in log:
            identity = data.partition(b'"subject":"')[2][:36].decode()
            if b'"type":"tally.count.raised.v1"' in data:
                counted[identity] += int(data.rpartition(b'"by":')[2].partition(b",")[0])
        assert counted == self.accepted
        closed = sum(b'"type":"tally.count.closed.v1"' in data for data in log)
        assert closed == sum(total == 0 for total in self.accepted.values())

    async def _quiet(self) -> bool:
        log = await log_of(self.urls["tally"])
        closed = sum(b'"type":"tally.count.closed.v1"' in fact.data for fact in log)
        if closed < sum(total == 0 for total in self.accepted.values()):
            return False
        done = {fact.event_id for fact in await effects_of(self.urls["echo"])}
        echoed = set(await log_of(self.urls["echo"]))
        return (
            {fact.event_id for fact in log} <= done
            and set(log) <= set(await stream_of(self.nats.url(), "TALLY"))
            and echoed <= set(await stream_of(self.nats.url(), "ECHO"))
        )

    async def end(self) -> None:
        for service in self.services:
            service.kill()
        await self._client.aclose()


def seeds(n: int) -> list[int]:
    """As many as asked for; `FAULT_SEED` plays one of them again."""
    given = os.environ.get("FAULT_SEED")
    return [int(given)] if given else [random.randrange(1 << 32) for _ in range(n)]
