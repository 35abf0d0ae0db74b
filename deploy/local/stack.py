"""The running stack: two servers, every service as its own process, and the watch over them."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from deploy.local.catalogue import SERVICES
from deploy.local.credentials import Credentials, credentials, signing_key
from deploy.local.databases import provide
from deploy.local.doors import Doors, reasons
from deploy.local.folder import Entry, Folder, State
from deploy.local.jetstream import NatsServer
from deploy.local.leftovers import end_leftovers
from deploy.local.listening import Listening
from deploy.local.ports import HOST, require_free
from deploy.local.postgresql import SUPERUSER, PostgreSQL
from deploy.local.problem import Problem
from deploy.local.processes import Managed, tail
from deploy.local.restarting import grant_wishes
from deploy.local.supervision import Question, Service, ServiceCommand, Watch, server_ready, service_ready

START_LIMIT = 90.0
HOPELESS = 3
LOOK = 3.0
DRAIN = "0.3"  # seconds in which clients that keep a connection are told to leave it


def service_command(name: str, port: int) -> list[str]:
    return [sys.executable, "-m", "services", name, "--port", str(port)]


class Stack(Doors):
    """A stack on a data folder, from `start` to `stop`; also an async context manager.

    Use it from the main thread: the kernel ends its processes when the thread that started them ends.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        services: Mapping[str, int] = SERVICES,
        port_offset: int = 0,
        policy_file: Path | None = None,
        log_level: str = "INFO",
        command: ServiceCommand = service_command,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = Folder(data_dir)
        super().__init__(self.folder.path, State(supervisor=os.getpid(), port_offset=port_offset))
        self._ports = {name: port + port_offset for name, port in services.items()}
        self._settings = {"LOG_LEVEL": log_level, "DRAIN_SECONDS": DRAIN}
        if policy_file:
            self._settings["POLICY_FILE"] = str(policy_file.absolute())
        self._command, self._report = command, report
        self._watches: dict[str, Watch] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = Listening()
        self._client = httpx.AsyncClient(timeout=2.0, trust_env=False)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns when every service is ready; else raises `Problem`, with nothing left running."""
        self.folder.claim()
        try:
            before = self.folder.state()
            if ended := await asyncio.to_thread(end_leftovers, self.data_dir, before):
                self._report(f"Ended {ended} processes that had outlived their supervisor")
            require_free(self._ports, self.state.port_offset)
            signing_key(self.data_dir)
            await self._start_servers(before)
            self._start_services()
            await self.all_ready()
            self._tasks.append(asyncio.create_task(grant_wishes(self)))
        except BaseException:  # a cancellation too: nothing half-started may stay behind
            await self.stop()
            raise

    async def _start_servers(self, before: State | None) -> None:
        known = credentials(self.data_dir)
        postgres, nats = servers = self._servers(known, before)
        if not postgres.folder.exists():
            self._report("First start in this folder: making the database cluster")
        for server in servers:
            await asyncio.to_thread(server.create)
            self._add(server, server.port, server_ready(server))
        await asyncio.gather(*(asyncio.to_thread(server.wait_ready) for server in servers))
        roles = {name: password for name, password in known.databases.items() if name != SUPERUSER}
        await provide(postgres.url(), roles)
        self._keep_alive(postgres.name, nats.name)

    def _servers(self, known: Credentials, before: State | None) -> tuple[PostgreSQL, NatsServer]:
        """On the ports they had the last time, where those are still free."""
        ports = {name: entry.port for name, entry in before.processes.items()} if before else {}
        logs = self.folder.logs
        return (
            PostgreSQL(
                self.data_dir / "postgres",
                known.databases[SUPERUSER],
                port=ports.get("postgres"),
                log=logs / "postgres.log",
            ),
            NatsServer(self.data_dir / "nats", known.bus, port=ports.get("nats"), log=logs / "nats.log"),
        )

    def _start_services(self) -> None:
        for name, port in self._ports.items():
            environment = {**self._settings, **self.environment(name)}
            # Only our own services know how to take over a socket.
            held = self._listening.open(name, port) if self._command is service_command else None
            service = Service(name, port, self._command, environment, self.data_dir, held)
            self._add(service, port, service_ready(self._client, f"http://{HOST}:{port}"))
        self._keep_alive(*self._ports)

    def _add(self, managed: Managed, port: int, is_ready: Question) -> None:
        entry = self.state.processes[managed.name] = Entry(port=port)
        watch = self._watches[managed.name] = Watch(managed, entry, is_ready, self._changed)
        watch.launch()

    def _keep_alive(self, *names: str) -> None:
        self._tasks += [asyncio.create_task(self._watches[name].keep()) for name in names]

    def _changed(self, name: str, entry: Entry) -> None:
        self.folder.save(self.state)
        if entry.state == "ready":
            self._report(f"{name} is ready on {HOST}:{entry.port}")
        elif entry.state == "restarting":
            self._report(f"{name} has died and is started again (restart {entry.restarts})")
        elif entry.state == "not ready":
            self._report(f"{name} is alive but not ready")

    async def all_ready(self, timeout: float = START_LIMIT) -> None:
        """Until everything is ready; raises `Problem` when that takes too long or has become hopeless."""
        deadline, looked = time.monotonic() + timeout, time.monotonic()
        standing: dict[str, str] = {}
        while waiting := [
            name for name, entry in self.state.processes.items() if entry.state != "ready" and name not in standing
        ]:
            if time.monotonic() - looked > LOOK:
                # Who waits for an operator's choice is no reason to keep the others from working.
                standing, looked = await asyncio.to_thread(reasons, self), time.monotonic()
            for name in waiting:
                if not self.state.ready and self.state.processes[name].restarts >= HOPELESS:
                    raise Problem(f"{name} dies on starting. {self._last_words(name)}")
            if time.monotonic() > deadline:
                raise Problem(f"{waiting[0]} is not ready after {timeout:.0f} s. {self._last_words(waiting[0])}")
            await asyncio.sleep(0.02)
        for name, why in standing.items():
            self._report(f"{name} stands still: {why}")
        self.state.ready = True
        self.folder.save(self.state)

    def _last_words(self, name: str) -> str:
        log = self._watches[name].managed.log
        return f"The end of {log}:\n{tail(log)}"

    async def watch_over(self) -> None:
        """Runs until cancelled; ends only with an error of the supervision itself."""
        await asyncio.gather(*self._tasks)

    @property
    def client(self) -> httpx.AsyncClient:
        return self._client

    def watch_of(self, name: str) -> Watch:
        """The watch over a service of this stack; raises `Problem` if it is none."""
        if name not in self._ports:
            raise Problem(f"{name} is not part of this stack.")
        return self._watches[name]

    def kill(self, name: str) -> None:
        """SIGKILL for a service (or "postgres", "nats") and all its workers; the watch starts it again."""
        self._watches[name].kill()

    async def stop(self) -> None:
        """Services first, then NATS, then PostgreSQL: each finds what it needs while it is stopping."""
        if self._tasks:
            self._report("Stopping the services, then NATS, then PostgreSQL")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self.state.ready = False
        for names in (self._ports, ("nats",), ("postgres",)):
            watches = [self._watches[name] for name in names if name in self._watches]
            await _end([watch.managed for watch in watches])
            for watch in watches:
                watch.entry.state, watch.entry.pid, watch.entry.created = "stopped", None, None
        self._listening.close()
        if self._watches:
            self.folder.save(self.state)
        await self._client.aclose()
        self.folder.release()


async def _end(family: Sequence[Managed]) -> None:
    """All at once: ask, wait as long as the most patient allows, then kill."""
    for process in family:
        process.ask_to_stop()
    deadline = time.monotonic() + max((process.patience for process in family), default=0)
    while any(process.alive for process in family) and time.monotonic() < deadline:  # noqa: ASYNC110 - of the OS
        await asyncio.sleep(0.01)
    for process in family:
        process.kill()
