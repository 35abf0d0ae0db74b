"""The compose stack as it runs (`make test-containers`)."""

import asyncio
import json
import os
from collections.abc import AsyncIterator

import httpx
import nats
import pytest

from deploy.docker.compose import Compose
from deploy.docker.stack import PASSING, ComposeStack
from deploy.local.catalogue import SERVICES
from deploy.local.credentials import credentials
from deploy.local.demo import policy_file
from deploy.local.problem import Problem
from tests.house import eventually

REPLICAS = 3
VARIANTS = (
    "", "deploy/docker/roles.env", "deploy/docker/partitions.env", "deploy/nats/cluster.env",
    "deploy/observability/compose.env",
)  # fmt: skip
PROGRAM = """
import asyncio, asyncpg
from pathlib import Path
url = Path("/run/secrets/database_url").read_text().rpartition("/")[0]
async def main():
    await (await asyncpg.connect(f"{url}/orders")).close()
    try:
        await asyncpg.connect(f"{url}/complaints")
    except asyncpg.InsufficientPrivilegeError as error:
        print(error)
asyncio.run(main())
"""
ANSWERED = """
from urllib.request import urlopen
lines = urlopen("http://127.0.0.1:8000/metrics").read().decode().splitlines()
print(sum(float(line.split()[-1]) for line in lines if "seconds_count" in line and "/v1/orders" in line))
"""


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ComposeStack]:
    folder = tmp_path_factory.mktemp("compose")
    policy_file(folder)
    async with ComposeStack(folder, f"xiaofu-test-{os.getpid()}") as running:
        await asyncio.to_thread(
            running.compose.run, "up", "--detach", "--wait", "--scale", f"orders={REPLICAS}", "orders"
        )
        yield running


def inside(stack: ComposeStack, service: str, *command: str, index: int = 1) -> str:
    """What a command in a container prints."""
    return stack.compose.run("exec", "-T", "--index", str(index), service, *command).strip()


async def orders(stack: ComposeStack, client: httpx.AsyncClient) -> httpx.Response:
    token = stack.token("u17", "finance")
    url = f"{stack.base_url('orders')}/v1/orders"
    return await client.get(url, headers={"Authorization": f"Bearer {token}", "Connection": "close"})


async def test_every_container_is_up_and_healthy(stack: ComposeStack) -> None:
    seen = {one["Service"]: (one["State"], one["Health"] or one["ExitCode"]) for one in stack.compose.containers()}
    lasting = {*SERVICES, "postgres", "nats", "balancer"}
    assert seen == {**dict.fromkeys(lasting, ("running", "healthy")), **dict.fromkeys(PASSING, ("exited", 0))}


async def test_a_service_runs_as_nobody_and_cannot_write(stack: ComposeStack) -> None:
    assert inside(stack, "orders", "id", "-u") == "10001"
    assert inside(stack, "orders", "sh", "-c", "touch /srv/xiaofu/x 2>/dev/null || echo refused") == "refused"


async def test_a_node_of_a_cluster_does_not_come_up_by_its_profile_alone(stack: ComposeStack) -> None:
    with pytest.raises(Problem, match=r"started with --env-file deploy/nats/cluster\.env"):
        await asyncio.to_thread(stack.compose.run, "run", "--rm", "--no-deps", "-T", "nats-2")


async def test_no_password_stands_in_the_environment(stack: ComposeStack) -> None:
    known = credentials(stack.data_dir)
    environment = inside(stack, "orders", "env")
    assert not [name for name in SERVICES if known.databases[name] in environment or known.bus[name] in environment]


async def test_a_service_does_not_reach_another(stack: ComposeStack) -> None:
    look = "import socket\ntry: print(socket.gethostbyname('complaints'))\nexcept OSError: print('unknown')"
    assert inside(stack, "orders", "python", "-c", look) == "unknown"


async def test_a_role_reaches_its_own_database_only(stack: ComposeStack) -> None:
    assert 'permission denied for database "complaints"' in inside(stack, "orders", "python", "-c", PROGRAM)


async def test_a_user_of_the_bus_cannot_speak_for_another_service(stack: ComposeStack) -> None:
    said: list[str] = []

    async def hear(error: Exception) -> None:
        said.append(str(error))

    bus = await nats.connect(stack.nats_url("orders"), error_cb=hear)
    await bus.publish("complaints.complaint.filed.v1", b"{}")
    await bus.flush()

    async def refused() -> bool:
        return "permissions violation" in " ".join(said).lower()

    await eventually(refused)
    await bus.close()


async def test_the_balancer_shares_the_work_among_all_replicas(stack: ComposeStack) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answers = [await orders(stack, client) for _ in range(30)]
    assert {answer.status_code for answer in answers} == {200}
    shares = [inside(stack, "orders", "python", "-c", ANSWERED, index=number + 1) for number in range(REPLICAS)]
    assert all(float(share) > 0 for share in shares), shares


async def test_every_container_is_confined(stack: ComposeStack) -> None:
    """As it runs: its root cannot be written, nobody in it is root, it may do nothing but what its start needs."""
    for one in (await asyncio.to_thread(stack.compose.run, "ps", "--quiet")).split():
        (seen,) = json.loads(stack.compose.docker("inspect", one))
        host, name = seen["HostConfig"], seen["Config"]["Labels"]["com.docker.compose.service"]
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False), name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        writable = [mount["Destination"] for mount in seen["Mounts"] if mount["RW"]]
        assert writable == {"postgres": ["/var/lib/postgresql"], "nats": ["/data"]}.get(name, []), name


async def test_no_process_is_root(stack: ComposeStack) -> None:
    """PostgreSQL's start takes the folder over as root; what it leaves is not. A health check is, for a moment."""
    for one in (await asyncio.to_thread(stack.compose.run, "ps", "--quiet")).split():

        async def nobody(one: str = one) -> bool:
            seen = await asyncio.to_thread(stack.compose.docker, "top", one, "-eo", "pid,uid,comm")
            users = [line.split()[1] for line in seen.splitlines()[1:]]
            return bool(users) and "0" not in users

        await eventually(nobody)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_variant_is_well_formed(variant: str) -> None:
    files = [variant] if variant else []
    assert Compose("xiaofu", env_files=files).services()
