"""Keeping a process alive, and knowing whether it is ready."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import httpx
import psutil

from deploy.local.folder import Condition, Entry
from deploy.local.listening import SOCKET
from deploy.local.processes import Managed
from deploy.local.servers import Server

type ServiceCommand = Callable[[str, int], list[str]]
type Question = Callable[[], Awaitable[bool]]

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
STEADY = 10.0
GLANCE, LOOK = 0.1, 1.0


class Service(Managed):
    """A service as its own process."""

    def __init__(
        self,
        name: str,
        port: int,
        command: ServiceCommand,
        environment: Mapping[str, str],
        folder: Path,
        listening: int | None = None,
    ) -> None:
        super().__init__(name, folder / "logs" / f"{name}.log", folder)
        self.port, self._command, self._environment = port, command, environment
        if listening is not None:
            self.inherits = (listening,)
            self._environment = {**environment, SOCKET: str(listening)}

    def twin(self) -> "Service":
        """Another process of the same service, to take over from this one; it is not launched yet."""
        other = Service(self.name, self.port, self._command, self._environment, self.mark)
        other.inherits = self.inherits
        return other

    def command(self) -> list[str]:
        return self._command(self.name, self.port)

    def environment(self) -> Mapping[str, str]:
        return self._environment


def service_ready(client: httpx.AsyncClient, url: str) -> Question:
    async def ask() -> bool:
        try:
            answer = await client.get(f"{url}/health/ready")
            # Who leaves is asked only while another takes over.
            return answer.status_code == httpx.codes.OK or answer.json()["status"] == "leaving"
        except (httpx.TransportError, ValueError, LookupError, TypeError):
            return False

    return ask


async def serves(client: httpx.AsyncClient, url: str, pid: int | None) -> bool:
    """Whether this very process answers and is ready, of those that share the port."""
    try:
        answer = await client.get(f"{url}/health/ready", headers={"Connection": "close"})
        return answer.status_code == httpx.codes.OK and answer.json().get("process") == pid
    except (httpx.TransportError, ValueError):
        return False


def server_ready(server: Server) -> Question:
    async def ask() -> bool:
        return await asyncio.to_thread(server.ready)

    return ask


class Watch:
    """Launches a process again when it dies: soon the first time, later and later while it keeps dying."""

    def __init__(
        self,
        managed: Managed,
        entry: Entry,
        is_ready: Question,
        changed: Callable[[str, Entry], None],
    ) -> None:
        self.managed, self.entry = managed, entry
        self._is_ready, self._changed = is_ready, changed
        self._pause = FIRST_PAUSE
        self._launched = self._looked = 0.0
        self.held = False

    def launch(self) -> None:
        self.managed.launch()
        self._note()
        self._become("starting")

    def succeed(self, successor: Managed) -> Managed:
        """From now on `successor`, which is at work already, is watched; returns the one it takes over from."""
        before, self.managed = self.managed, successor
        self._note()
        self._changed(self.managed.name, self.entry)
        return before

    async def hold(self) -> None:
        """Stop it, and do not start it again until it is let go."""
        self.held = True
        await asyncio.to_thread(self.managed.stop)
        self.entry.pid = self.entry.created = None
        self._become("stopped")

    def let_go(self) -> None:
        self.launch()
        self.held = False

    def _note(self) -> None:
        self._launched = time.monotonic()
        self.entry.pid = self.managed.pid
        try:
            self.entry.created = psutil.Process(self.entry.pid).create_time() if self.entry.pid else None
        except psutil.NoSuchProcess:
            self.entry.created = None

    async def keep(self) -> None:
        """Runs until cancelled."""
        while True:
            if self.held:
                pass
            elif not self.managed.alive:
                await self._revive()
            elif self.entry.state != "ready" or time.monotonic() - self._looked > LOOK:
                await self._look()
            await asyncio.sleep(GLANCE)

    async def _revive(self) -> None:
        self.managed.kill()  # what it had started and left behind
        self.entry.restarts += 1
        self._become("restarting")
        if time.monotonic() - self._launched > STEADY:
            self._pause = FIRST_PAUSE
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        if not self.held:
            self.launch()

    async def _look(self) -> None:
        ready = await self._is_ready()
        self._looked = time.monotonic()
        if self.held:
            return
        if ready:
            self._become("ready")
        elif self.entry.state == "ready":
            self._become("not ready")

    def kill(self) -> None:
        """SIGKILL; the process is launched again like after any other death."""
        self.managed.kill()
        self._become("restarting")

    def _become(self, state: Condition) -> None:
        if self.entry.state != state:
            self.entry.state = state
            self._changed(self.managed.name, self.entry)
