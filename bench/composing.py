"""Orders alone in containers: N api processes behind the compose balancer, relay, consumer and timers in one apart."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import docker  # type: ignore[import-untyped]  # it ships no types
import httpx
import psutil
from docker.errors import DockerException  # type: ignore[import-untyped]  # likewise
from prometheus_client.parser import text_string_to_metric_families
from requests.exceptions import RequestException

from deploy.docker.secrets import compose_secrets
from deploy.docker.stack import READY_LIMIT, ComposeStack
from deploy.local.catalogue import SERVICES
from deploy.local.credentials import credentials
from deploy.local.problem import Problem

PROJECT = "xiaofu-bench"
# What is weighed, by what compose calls its containers.
PARTS = {"orders": "api", "orders-work": "work", "postgres": "postgresql", "nats": "nats", "balancer": "balancer"}
API_PORT, POSTGRES_PORT = 8000, 5432
NOBODY = {"path": "/v1/orders", "status": "401"}  # a request that a process refuses and counts


class OrdersInContainers(ComposeStack):
    """Asked by the containers' own addresses: a published port would be one more relay in every figure."""

    def __init__(self, data_dir: Path, engine: docker.DockerClient) -> None:
        super().__init__(data_dir, PROJECT, ROLES="api", LOG_LEVEL="WARNING")
        self._engine = engine

    async def start(self) -> None:
        """Returns when one api process is asked by the balancer."""
        compose_secrets(self.data_dir)
        await asyncio.to_thread(self.compose.run, "build", "orders", "balancer")
        await self.scale(1)

    async def scale(self, processes: int) -> None:
        """So many api processes, each of them asked by the balancer."""
        await asyncio.to_thread(
            self.compose.run, "--profile", "roles", "up", "--detach", "--wait", "--scale", f"orders={processes}",
            "balancer", "orders", "orders-work",
        )  # fmt: skip
        deadline = time.monotonic() + READY_LIMIT
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while not await self._all_asked(client):
                if time.monotonic() > deadline:
                    raise Problem(f"The balancer does not ask {processes} processes of orders.")
                await asyncio.sleep(0.2)

    async def _all_asked(self, client: httpx.AsyncClient) -> bool:
        """Whether each of the processes has got some of a few requests to the balancer."""
        host, port = self.balancer()
        addresses = self._addresses("orders")
        before = [await _refused(client, address) for address in addresses]
        for _ in range(4 * len(addresses)):
            await client.get(f"http://{host}:{port}{NOBODY['path']}")
        after = [await _refused(client, address) for address in addresses]
        return all(now > then for now, then in zip(after, before, strict=True))

    def balancer(self) -> tuple[str, int]:
        """Where orders is asked behind the balancer."""
        return self._addresses("balancer")[0], SERVICES["orders"]

    def process(self) -> tuple[str, int]:
        """Where an api process is asked without it."""
        return self._addresses("orders")[0], API_PORT

    def database_url(self, role: str) -> str:
        password = credentials(self.data_dir).databases[role]
        return f"postgresql://{role}:{password}@{self._addresses('postgres')[0]}:{POSTGRES_PORT}/{role}"

    def seconds(self) -> dict[str, float]:
        """Processor time that each part has used so far, and whoever calls this, who sends the load."""
        used = {
            part: sum(_stats(one)["cpu_stats"]["cpu_usage"]["total_usage"] for one in self._containers(name)) / 1e9
            for name, part in PARTS.items()
        }
        own = psutil.Process().cpu_times()
        return used | {"generator": own.user + own.system}

    def heaviest(self) -> float:
        """MiB of memory of the largest api process."""
        # Control groups call it rss in their first version, anon in the second.
        weights = [_stats(one)["memory_stats"]["stats"] for one in self._containers("orders")]
        return max(float(weight.get("rss", weight.get("anon", 0))) for weight in weights) / 2**20

    def _containers(self, name: str) -> list[docker.models.containers.Container]:
        wanted = [f"com.docker.compose.project={PROJECT}", f"com.docker.compose.service={name}"]
        return list(self._engine.containers.list(filters={"label": wanted}))

    def _addresses(self, name: str) -> list[str]:
        """In the network that orders shares with what it needs and with the balancer."""
        network = f"{PROJECT}_orders"
        return [one.attrs["NetworkSettings"]["Networks"][network]["IPAddress"] for one in self._containers(name)]


@asynccontextmanager
async def orders_in_containers(data_dir: Path) -> AsyncIterator[OrdersInContainers]:
    """Raises `Problem` where no Docker engine answers."""
    try:
        engine = docker.from_env(timeout=60)
    except (DockerException, RequestException):
        raise Problem("No Docker engine answers here.") from None
    try:
        async with OrdersInContainers(data_dir, engine) as stack:
            yield stack
    finally:
        engine.close()


async def _refused(client: httpx.AsyncClient, address: str) -> float:
    """How many requests of nobody a process has counted."""
    answer = await client.get(f"http://{address}:{API_PORT}/metrics")
    return sum(
        sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == "xiaofu_http_request_seconds_count" and sample.labels["status"] == NOBODY["status"]
    )


def _stats(container: docker.models.containers.Container) -> dict[str, dict[str, dict[str, int]]]:
    return container.stats(stream=False, one_shot=True)  # type: ignore[no-any-return]  # it ships no types
