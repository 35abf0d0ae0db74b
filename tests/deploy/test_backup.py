"""Back-ups and the return from them: nothing damaged is taken, nothing lost goes unsaid, both choices lead on."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from deploy.local.accounts import scratch
from deploy.local.backup import Manifest, back_up, read_backup
from deploy.local.backup_history import catch_up, settled
from deploy.local.backup_loss import accept_loss
from deploy.local.backup_return import check, put_back
from deploy.local.command import app
from deploy.local.ports import free_port
from deploy.local.problem import Problem
from deploy.local.stack import Stack
from tests.faults.ledger import complaints, log_of, stream_of
from tests.house import eventually

CUSTOMERS = {"customers": 0}


class Town:
    """A stack of customers, and of orders who hears of them; a back-up of customers, and what happened since."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.backup = stack, folder
        self.old, self.lost = "", ""

    async def ask(self, path: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.stack.token('u09', 'sales_manager')}"}
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            return await client.post(f"{self.stack.base_url('customers')}/v1{path}", json=body, headers=headers)

    async def try_to_register(self, code: str) -> httpx.Response:
        body = {
            "code": code,
            "company": f"恒美{code}",
            "kind": "dealer",
            "region": "广东",
            "level": "A",
            "owner": "u12",
        }
        return await self.ask("/customers", body | {"contact": "王", "phone": "0757", "address": "佛山"})

    async def register(self, code: str) -> str:
        answer = await self.try_to_register(code)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def give_to(self, customer: str, owner: str) -> int:
        answer = await self.ask(f"/customers/{customer}/owner", {"owner": owner})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["version"])

    async def rows(self, service: str, query: str, *args: Any) -> list[Any]:
        connection = await asyncpg.connect(self.stack.database_url(service))
        try:
            return [tuple(row) for row in await connection.fetch(query, *args)]
        finally:
            await connection.close()

    async def heard(self, customer: str, version: int) -> None:
        """Orders has handled this customer's events up to a version."""

        async def there() -> bool:
            query = "SELECT version FROM inbox WHERE entity = 'customers.customer' AND entity_id = $1"
            return await self.rows("orders", query, customer) == [(version,)]

        await eventually(there)

    async def owner_in_orders(self, customer: str) -> list[Any]:
        return await self.rows("orders", "SELECT owner FROM known_customers WHERE id = $1", customer)

    async def streamed(self) -> list[Any]:
        return list(await stream_of(self.stack.nats_url(), "CUSTOMERS"))

    async def alike(self) -> bool:
        log = await log_of(self.stack.database_url("customers"))
        return complaints(log, await self.streamed(), once=False) == []

    async def health(self) -> tuple[int, dict[str, Any]]:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.get(f"{self.stack.base_url('customers')}/health/ready")
            return answer.status_code, answer.json()

    async def is_ready(self) -> bool:
        return (await self.health())[0] == 200

    async def set_back(self) -> None:
        """Restore the back-up, and wait until the service has seen that its stream knows more."""
        watch = self.stack.watch_of("customers")
        await watch.hold()
        try:
            await put_back(self.stack, "customers", read_backup(self.backup).services["customers"], self.backup)
        finally:
            watch.let_go()

        async def seen() -> bool:
            code, said = await self.health()
            return code == 503 and "holds events that this database does not" in said["why"]

        await eventually(seen, within=30)


@pytest.fixture(scope="module")
async def town() -> AsyncIterator[Town]:
    with scratch() as folder:
        services = {"customers": free_port(), "orders": free_port()}
        async with Stack(folder / "data", services=services) as stack:
            made = Town(stack, folder / "backup")
            made.old = await made.register("D1")
            await made.heard(made.old, 1)
            await eventually(made.alike)
            await back_up(stack, CUSTOMERS, made.backup)
            await made.give_to(made.old, "u13")
            made.lost = await made.register("D2")
            await made.heard(made.old, 2)
            await made.heard(made.lost, 1)
            yield made


async def test_a_backup_says_what_it_holds(town: Town) -> None:
    taken = read_backup(town.backup).services["customers"]
    assert (taken.events, taken.last_seq) == (1, 1)
    assert "customers/0001_customers" in taken.migrations
    assert taken.last_stream_seq <= 1
    with pytest.raises(Problem, match="exists already"):
        await back_up(town.stack, CUSTOMERS, town.backup)


async def test_what_is_damaged_or_ahead_or_absent_is_refused(town: Town, tmp_path: Path) -> None:
    """Before anything is touched."""
    manifest = read_backup(town.backup)
    (tmp_path / "customers.dump").write_bytes((town.backup / "customers.dump").read_bytes()[:-1] + b"!")
    with pytest.raises(Problem, match="is damaged"):
        check(manifest, tmp_path, CUSTOMERS)
    with pytest.raises(Problem, match="holds no staff"):
        check(manifest, town.backup, {"staff": 0})
    ahead = Manifest.model_validate_json(manifest.model_dump_json())
    ahead.services["customers"].migrations["customers/0099_future"] = "x"
    with pytest.raises(Problem, match="ahead of this code, or of another: it has customers/0099_future"):
        check(ahead, town.backup, CUSTOMERS)
    with pytest.raises(Problem, match=r"holds no back-up"):
        read_backup(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 2}))
    with pytest.raises(Problem, match="cannot be read"):
        read_backup(tmp_path)


async def test_a_running_service_is_not_restored(town: Town) -> None:
    backup = read_backup(town.backup).services["customers"]
    with pytest.raises(Problem, match="at work on its database"):
        await put_back(town.stack, "customers", backup, town.backup)
    assert await town.is_ready()


async def test_a_database_that_was_set_back_stands_still_and_says_so(town: Town) -> None:
    """Nothing is published, and nothing accepted that would contradict what the stream tells."""
    before = await town.streamed()
    await town.set_back()
    answer = await town.ask(f"/customers/{town.old}/owner", {"owner": "u14"})
    assert (answer.status_code, answer.json()["code"]) == (503, "set_back")
    assert await town.streamed() == before
    assert not await settled(town.stack, "customers")


async def test_lost_events_are_taken_back_where_their_chains_go_on(town: Town) -> None:
    """The log is whole again; the next change goes on from it, and orders hears it as any other."""
    await town.set_back()
    number, behind = await catch_up(town.stack, "customers")
    assert number == 2
    assert [line.partition(": ")[2] for line in behind] == ["version 1 of 2", "version 0 of 1"]
    await eventually(town.is_ready, within=30)
    assert await town.alike()
    assert await town.give_to(town.old, "u15") == 3
    await town.heard(town.old, 3)
    assert await town.owner_in_orders(town.old) == [("u15",)]
    assert await town.rows("orders", "SELECT id FROM dead_letters") == []
    again = await town.try_to_register("D2")
    assert (again.status_code, again.json()["detail"]) == (422, "its events are known, its document was lost")
    assert (await town.try_to_register("D3")).status_code == 201
    audit = await audit_of(town)
    assert (audit["missing"], audit["foreign"], audit["broken_chains"]) == ([], [], [])


async def audit_of(town: Town) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {town.stack.token('operator', 'operator')}"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        answer = await client.post(f"{town.stack.base_url('customers')}/v1/audit?repair=false", headers=headers)
        found: dict[str, Any] = answer.json()
        return found


async def test_a_log_that_has_gone_another_way_is_not_mixed_with_what_it_lost(town: Town) -> None:
    """An event of its own under a number of the lost ones: nothing is changed."""
    await town.set_back()
    await town.rows(
        "customers",
        "INSERT INTO events (event_id, entity, entity_id, version, subject, data, actor, at, digest) "
        "SELECT gen_random_uuid(), entity, gen_random_uuid(), 1, subject, data, actor, at, digest FROM events LIMIT 1",
    )
    with pytest.raises(Problem, match="has gone another way since"):
        await catch_up(town.stack, "customers")
    assert await town.rows("customers", "SELECT count(*) FROM events") == [(2,)]


async def test_an_accepted_loss_begins_a_new_round_and_whoever_heard_of_it_is_told(town: Town) -> None:
    """What orders had heard is parked as diverged; what happens anew is handled, not mistaken for what was lost."""
    await town.set_back()
    kept, told = await accept_loss(town.stack, "customers")
    assert kept is not None
    assert len(kept.read_text().splitlines()) == 4
    assert told == {"orders": 4}
    await eventually(town.is_ready, within=30)
    await eventually(town.alike)
    letters = await town.rows("orders", "SELECT reason, state, error FROM dead_letters")
    assert [letter[:2] for letter in letters] == [("diverged", "parked")] * 4
    assert all("customers was set back and has lost this event" in letter[2] for letter in letters)

    assert await town.give_to(town.old, "u16") == 2
    assert await town.register("D2") == town.lost
    await town.heard(town.old, 2)
    await town.heard(town.lost, 1)
    assert await town.owner_in_orders(town.old) == [("u16",)]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["restore"], "--from FOLDER"),
        (["restore", "--catch-up", "--accept-loss"], "Either --catch-up or --accept-loss"),
        (["restore", "--from", "nowhere"], "holds no back-up"),
        (["backup", "--to", "x", "billing"], "There is no service billing"),
    ],
)
def test_the_command_says_what_is_missing(tmp_path: Path, words: list[str], complaint: str) -> None:
    (tmp_path / "VERSION").touch()
    done = CliRunner().invoke(app, [*words, "--data-dir", str(tmp_path)])
    assert done.exit_code == 1
    assert complaint in " ".join(done.stderr.split())
