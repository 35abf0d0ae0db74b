"""`xiaofu` on a deployment that it did not start: found by its addresses, asked with an operator's token."""

import asyncio
import json
import shutil
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner, Result

from deploy.docker.secrets import PUBLISHED, compose_secrets
from deploy.local.accounts import scratch
from deploy.local.catalogue import SERVICES
from deploy.local.command import app
from deploy.local.deployment import FILE
from deploy.local.ports import free_port
from deploy.local.postgresql import SUPERUSER
from deploy.local.stack import Stack
from tests.deploy.test_backup import Town
from tests.house import eventually

yaml = pytest.importorskip("yaml")

NAMES = ("customers", "orders")


def described(stack: Stack, **changed: str) -> str:
    """The stack as the operator of a deployment would describe it."""
    addresses = {"nats": stack.nats_url(), "postgresql": stack.database_url(SUPERUSER)} | changed
    lines = [f'{name} = "{address}"' for name, address in addresses.items() if address]
    return "\n".join([*lines, "[services]", *(f'{name} = "{stack.base_url(name)}"' for name in NAMES)])


class Elsewhere:
    """A folder with nothing in it but addresses and a key to sign tokens with."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.town = Town(stack, folder / "backup")
        folder.mkdir()
        (folder / FILE).write_text(described(stack))
        shutil.copy(stack.data_dir / "signing-key.pem", folder)

    async def xiaofu(self, *words: str, token: str | None = None) -> Result:
        env = {"XIAOFU_TOKEN": token, "XIAOFU_DATA_DIR": str(self.folder)}
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=env)

    async def said(self, *words: str) -> str:
        """What it says where it must succeed."""
        done = await self.xiaofu(*words)
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture(scope="module")
async def elsewhere() -> AsyncIterator[Elsewhere]:
    with scratch() as folder:
        async with Stack(folder / "data", services={name: free_port() for name in NAMES}) as stack:
            yield Elsewhere(stack, folder / "elsewhere")


async def test_an_operator_sees_how_the_services_are(elsewhere: Elsewhere) -> None:
    shown = json.loads(await elsewhere.said("status", "--json"))
    assert {name: (one["address"], one["ready"]) for name, one in shown.items()} == {
        name: (elsewhere.stack.base_url(name), True) for name in NAMES
    }
    assert (await elsewhere.said("status")).count("ready") == len(NAMES)


async def test_a_service_that_does_not_answer_is_named_and_the_exit_code_is_1(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    (tmp_path / FILE).write_text('[services]\norders = "http://127.0.0.1:1"\n')
    done = await elsewhere.xiaofu("status", "--data-dir", str(tmp_path))
    assert (done.exit_code, "does not answer" in done.stdout) == (1, True)
    done = await elsewhere.xiaofu("audit", "--data-dir", str(tmp_path), token="x.y.z")
    assert (done.exit_code, "orders does not answer" in done.stderr) == (1, True)


async def test_audit_events_and_replay_reach_every_service(elsewhere: Elsewhere) -> None:
    customer = await elsewhere.town.register("E1")
    await elsewhere.town.heard(customer, 1)
    assert "CUSTOMERS:" in await elsewhere.said("audit", "--service", "customers")
    assert "customer.registered" in await elsewhere.said("events", customer)
    assert "1 events published again" in await elsewhere.said("replay", customer, "--service", "customers")


async def test_dead_letters_are_seen_and_discarded(elsewhere: Elsewhere) -> None:
    """PLT-4."""
    database = await asyncpg.connect(elsewhere.stack.database_url("orders"))
    letter = await database.fetchval("""
        INSERT INTO dead_letters (consumer, source, subject, data, reason, error)
        VALUES ('orders', 'customers', 'customers.customer.registered.v1.p00', 'x', 'diverged', 'tried') RETURNING id
    """)
    await database.close()
    assert "diverged: tried" in await elsewhere.said("dead-letters", "list")
    assert f"orders: {letter} is discarded" in await elsewhere.said(
        "dead-letters", "discard", str(letter), "--reason", "seen"
    )
    assert "There are no dead letters." in await elsewhere.said("dead-letters", "list")


async def test_the_token_is_the_operators_own_where_the_deployment_has_an_identity_provider(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    (tmp_path / FILE).write_text(described(elsewhere.stack))
    words = ("audit", "--data-dir", str(tmp_path))
    done = await elsewhere.xiaofu(*words)
    assert (done.exit_code, "XIAOFU_TOKEN" in done.stderr) == (1, True)
    done = await elsewhere.xiaofu(*words, token=elsewhere.stack.token("op", "operator"))
    assert done.exit_code == 0, done.output
    done = await elsewhere.xiaofu(*words, token=elsewhere.stack.token("u17", "finance"))
    assert (done.exit_code, "operator" in done.stderr or "post" in done.stderr) == (1, True)


async def test_a_database_is_backed_up_put_back_and_catches_up(elsewhere: Elsewhere) -> None:
    """PLT-4: with the service stopped where it runs; --stop is for the local stack."""
    town, watch = elsewhere.town, elsewhere.stack.watch_of("customers")
    kept = await town.register("E2")
    await eventually(town.alike)
    said = await elsewhere.said("backup", "customers", "--to", str(town.backup))
    assert "customers:" in said
    lost = await town.give_to(kept, "u13")
    await town.heard(kept, lost)
    restore = ("restore", "customers", "--from", str(town.backup), "--catch-up")
    refused = await elsewhere.xiaofu(*restore, "--stop")
    assert (refused.exit_code, "leave out --stop" in refused.stderr) == (1, True)
    refused = await elsewhere.xiaofu(*restore)
    assert (refused.exit_code, "is at work" in refused.stderr) == (1, True)
    await watch.hold()
    try:
        said = await elsewhere.said(*restore)
    finally:
        watch.let_go()
    assert "1 events were taken back" in said
    assert (elsewhere.folder / "recovered").is_dir()
    await eventually(town.is_ready, within=30)
    await eventually(town.alike)


def test_what_a_deployment_does_itself_is_left_to_it(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[services]\norders = "http://127.0.0.1:1"\n')
    for words, says in (
        (["restart"], "restart it where it runs"),
        (["up"], "holds other things"),
        (["migrate"], "holds other things"),
        (["reset", "--yes"], "not a xiaofu data folder"),
    ):
        done = CliRunner().invoke(app, [*words, "--data-dir", str(tmp_path)])
        assert (done.exit_code, says in done.stderr) == (1, True), done.output
    assert [item.name for item in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[services", "is no TOML"),
        ('[services]\norders = "orders.example"', "services.orders: Value error, must be an address such as http://"),
        ('[services]\nordres = "http://a"', "there is no service ordres"),
        ("[services]", "services"),
        ('nast = "nats://a"\n[services]\norders = "http://a"', "nast: Extra inputs"),
    ],
)
async def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / FILE).write_text(text)
    done = await asyncio.to_thread(CliRunner().invoke, app, ["events", "--data-dir", str(tmp_path)])
    assert done.exit_code == 1
    assert FILE in done.stderr
    assert says in done.stderr


async def test_what_the_addresses_leave_out_is_asked_for(elsewhere: Elsewhere, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(described(elsewhere.stack, nats="", postgresql=""))
    for words, missing in ((["events"], "nats"), (["backup", "orders", "--to", str(tmp_path / "b")], "postgresql")):
        done = await elsewhere.xiaofu(*words, "--data-dir", str(tmp_path))
        assert (done.exit_code, f"does not say where it is: {missing}" in done.stderr) == (1, True), done.output


def test_compose_describes_itself_on_the_ports_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docker-compose.yml is: and what an operator changes there stays."""
    monkeypatch.setenv("ORDERS_PORT", "9002")
    compose_secrets(tmp_path)
    file = tmp_path / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    written: dict[str, Any] = tomllib.loads(file.read_text())
    assert written["services"].keys() == SERVICES.keys()
    assert (written["services"]["orders"], written["services"]["staff"]) == (
        "http://127.0.0.1:9002", "http://127.0.0.1:8006",
    )  # fmt: skip
    known = json.loads((tmp_path / "credentials.json").read_text())
    assert httpx.URL(written["postgresql"]).password == known["databases"][SUPERUSER]
    assert written["nats"].endswith("@127.0.0.1:4222")
    file.write_text("mine")
    compose_secrets(tmp_path)
    assert file.read_text() == "mine"


def test_the_ports_are_those_that_compose_publishes() -> None:
    """On this machine alone, and PostgreSQL's only while an operator asks for it."""
    written = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text())["services"]
    published = {name: port for service in written.values() for port in service.get("ports", ()) for name in PUBLISHED
                 if f"${{{name.upper()}_PORT:-{PUBLISHED[name]}}}" in port}  # fmt: skip
    assert published.keys() == PUBLISHED.keys()
    door = written["database-door"]
    assert (door["profiles"], set(door["networks"])) == (["operator"], {"outside", "databases"})
    assert door["ports"] == ["127.0.0.1:${POSTGRES_PORT:-5442}:5432"]
    assert "ports" not in written["postgres"]
