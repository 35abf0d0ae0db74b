"""The compose stack as one object: up, its doors, a service killed and started again, down."""

import asyncio
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from deploy.docker.compose import Compose
from deploy.docker.secrets import compose_secrets
from deploy.local.catalogue import SERVICES
from deploy.local.doors import Doors
from deploy.local.folder import Entry, State
from deploy.local.ports import free_offset, free_port
from deploy.local.problem import Problem

NATS_PORT = 4222
READY_LIMIT = 90.0
PASSING = ("prepare", "folders")


class ComposeStack(Doors):
    """A project of its own on free ports, with the secrets of `data_dir`; its volumes go when it stops.

    `settings` are further variables of docker-compose.yml.
    """

    def __init__(self, data_dir: Path, project: str, **settings: str) -> None:
        super().__init__(data_dir.absolute(), State(supervisor=os.getpid(), port_offset=free_offset(SERVICES)))
        ports = {name: port + self.state.port_offset for name, port in SERVICES.items()}
        self.state.processes = {name: Entry(port=port) for name, port in ports.items()}
        self.state.processes["nats"] = Entry(port=free_port(NATS_PORT))
        variables = {f"{name.upper()}_PORT": str(entry.port) for name, entry in self.state.processes.items()}
        variables |= {"XIAOFU_SECRETS": str(self.data_dir), "PUBLIC_URL": self.base_url("contracts")}
        self.compose = Compose(project, variables | settings)
        self._reviving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:  # Ctrl-C too: no container may stay behind
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns when every service is ready behind the balancer; raises `Problem` when that cannot be had."""
        compose_secrets(self.data_dir)
        await asyncio.to_thread(self.compose.run, "build", "contracts", "balancer")
        # Named one by one: `--wait` takes what ends when it has done its work for a failure.
        lasting = [name for name in self.compose.services() if name not in PASSING]
        try:
            await asyncio.to_thread(self.compose.run, "up", "--detach", "--wait", *lasting)
        except Problem as problem:
            raise Problem(f"{problem}\n{self._last_words('prepare')}") from None
        await self.all_ready()

    async def all_ready(self, timeout: float = READY_LIMIT) -> None:
        """Until every service answers through the balancer that it is ready."""
        await asyncio.gather(*self._reviving)
        deadline = time.monotonic() + timeout
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for name in SERVICES:
                while not await self._ready(client, name):
                    if time.monotonic() > deadline:
                        raise Problem(f"{name} is not ready after {timeout:.0f} s.\n{self._last_words(name)}")
                    await asyncio.sleep(0.1)

    async def _ready(self, client: httpx.AsyncClient, name: str) -> bool:
        try:
            return (await client.get(f"{self.base_url(name)}/health/ready")).is_success
        except httpx.TransportError:
            return False

    def _last_words(self, name: str) -> str:
        return self.compose.run("logs", "--tail", "15", name)

    def kill(self, name: str) -> None:
        """`docker kill` for all containers of a service; they are started again at once, as an operator would."""
        ids = self.compose.kill(name)
        revival = asyncio.create_task(asyncio.to_thread(self.compose.revive, ids))
        self._reviving.add(revival)
        revival.add_done_callback(self._reviving.discard)

    async def stop(self) -> None:
        """Containers, networks and volumes of the project are removed."""
        await asyncio.gather(*self._reviving, return_exceptions=True)
        # All profiles: what one of them started would hold the networks.
        await asyncio.to_thread(self.compose.run, "--profile", "*", "down", "--volumes", "--timeout", "15")
