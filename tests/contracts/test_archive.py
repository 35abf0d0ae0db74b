"""What was written stays: withdrawn drafts, retired templates, documents of earlier versions."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.contracts.app import create_app
from services.contracts.domain.contract import Contract
from services.contracts.domain.template import Template
from shared.domain.refusals import NotAllowedNow, RuleBroken
from shared.persistence.pool import migrate
from tests.contracts.conftest import Office
from tests.contracts.sample import AT, CUSTOMER, Desk, draft, drafter, general
from tests.house import House, Running, running

MIGRATIONS = Path("services/contracts/migrations")

# What documents of the first version did not have.
OF_TEMPLATES = {"retired_by", "retired_at"}
OF_CONTRACTS = {
    "verification_code", "company", "services", "edition", "amends", "amended_because", "basis", "difference",
    "seal_request", "amendment_id", "editions",
}  # fmt: skip


def test_a_draft_is_given_up_at_any_time_before_it_takes_effect() -> None:
    """CON-8"""
    for desk in (Desk(), Desk().submitted(), Desk().reviewed(), Desk().approved(), Desk().requested()):
        desk.contract.withdraw("客户改变主意", drafter, AT)
        contract = desk.contract
        assert (contract.status, contract.ended_because, contract.next_step) == ("withdrawn", "客户改变主意", None)
        with pytest.raises(NotAllowedNow):
            contract.withdraw("再一次", drafter, AT)
        with pytest.raises(NotAllowedNow):
            contract.change(desk.template, drafter, AT, valid_until=date(2026, 11, 30))
    with pytest.raises(NotAllowedNow):
        Desk().sealed().contract.withdraw("太晚", drafter, AT)


def test_what_was_withdrawn_is_not_sealed() -> None:
    """CON-5, CON-8"""
    desk = Desk().requested()
    desk.contract.withdraw("客户改变主意", drafter, AT)
    with pytest.raises(NotAllowedNow):
        desk.sealed()


def test_no_contract_is_drawn_up_from_a_retired_template() -> None:
    """CON-1"""
    template = Desk().template
    template.retire(general, AT)
    assert (template.status, template.retired_by) == ("retired", "general")
    with pytest.raises(RuleBroken, match="not active"):
        draft(template)
    with pytest.raises(NotAllowedNow):
        template.retire(general, AT)


async def test_a_withdrawn_contract_is_kept(contracts: Running, desk: Office) -> None:
    """CON-8"""
    contract = await desk.approved(await desk.drafted())
    reason = {"reason": "客户改变主意"}
    assert (await desk.refused(contract, "withdraw", desk.manager, reason))["status"] == 403
    stranger = contracts.headers("u8", "salesperson")
    assert (await desk.refused(contract, "withdraw", stranger, reason))["status"] == 403
    assert (await desk.refused(contract, "withdraw", desk.seller, {"reason": " "}))["status"] == 422
    await desk.do(contract, "withdraw", desk.seller, reason)
    kept = await contracts.get(f"/contracts/{contract['id']}", desk.manager)
    assert (kept["status"], kept["ended_because"], kept["ended_by"]) == ("withdrawn", "客户改变主意", "u1")
    assert len(kept["approvals"]["decisions"]) == 2
    assert (await contracts.announced(contract["id"]))[-1] == "withdrawn"
    for verb, who, body in (
        ("submit", desk.seller, None), ("withdraw", desk.seller, reason),
        ("request-seal", desk.seller, {"copies": 1, "purpose": "存档"}), ("amend", desk.seller, reason),
    ):  # fmt: skip
        assert (await desk.refused(contract, verb, who, body))["status"] == 409


async def test_nothing_in_the_archive_is_deleted(contracts: Running, desk: Office) -> None:
    """CON-8"""
    contract = await desk.drafted()
    deletions: list[tuple[str, list[Any]]] = [
        ("DELETE FROM contracts WHERE id = $1", [UUID(contract["id"])]),
        ("DELETE FROM templates WHERE id = $1", [UUID(contract["template_id"])]),
        ("TRUNCATE contracts CASCADE", []), ("TRUNCATE templates CASCADE", []), ("TRUNCATE delegations", []),
    ]  # fmt: skip
    for deletion, args in deletions:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="CON-8"):
            await contracts.pool.execute(deletion, *args)
    assert await contracts.get(f"/contracts/{contract['id']}", desk.manager)


async def test_headquarters_retires_a_template(contracts: Running, desk: Office) -> None:
    """CON-1"""
    template = await desk.template()
    contract = await desk.drafted(template_id=template["id"])
    retire = f"/templates/{template['id']}/retire"
    assert (await contracts.refused(retire, desk.manager))["status"] == 403
    retired = await contracts.post(retire, desk.headquarters)
    assert (retired["status"], retired["retired_by"]) == ("retired", "h1")
    assert (await contracts.refused(retire, desk.general))["status"] == 409
    problem = await contracts.refused("/contracts", desk.seller, await desk.body(template_id=template["id"]))
    assert (problem["status"], problem["rule"]) == (422, "CON-1")
    assert (await desk.sealed(contract))["status"] == "in_force"
    draft = await contracts.post("/templates", desk.headquarters, desk.template_body(code=template["code"]))
    assert (await contracts.refused(f"/templates/{draft['id']}/retire", desk.general))["status"] == 409
    await contracts.post(f"/templates/{draft['id']}/activate", desk.general)


def as_before(thing: Contract | Template) -> str:
    """The document as the first version kept it."""
    document = thing.model_dump(mode="json", exclude=OF_CONTRACTS if isinstance(thing, Contract) else OF_TEMPLATES)
    if isinstance(thing, Contract):
        if document["submission"]:
            del document["submission"]["asked"]
        if document["seal"]:
            del document["seal"]["requested_at"], document["seal"]["purpose"]
    return json.dumps(document)


async def first_version(database: str, folder: Path, *things: Contract | Template) -> None:
    """A database of an earlier version, whose migrations are in `folder`, that holds these."""
    await migrate(database, folder)
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("INSERT INTO known_customers VALUES ($1, 'D1', '佛山陶瓷', 'u1')", CUSTOMER)
        for thing in things:
            await connection.execute(
                f"INSERT INTO {thing.TABLE} (id, version, document, digest) VALUES ($1, $2, $3, '')",  # noqa: S608
                thing.id, thing.version, as_before(thing),
            )  # fmt: skip
    finally:
        await connection.close()


async def test_documents_of_the_first_version_go_on(database: str, house: House, keys: Path, tmp_path: Path) -> None:
    """CON-1, CON-5, CON-9: what was drafted, approved or sealed before has no request, code or edition, and goes on"""
    sealed, approved, draft = Desk().sealed(), Desk().approved(), Desk()
    contracts_before = [desk.contract for desk in (sealed, approved, draft)]
    for contract in contracts_before:
        contract.template_id = sealed.template.id
    folder = tmp_path / "contracts" / "migrations"
    folder.mkdir(parents=True)
    shutil.copy(MIGRATIONS / "0001_contracts.sql", folder)
    await first_version(database, folder, sealed.template, *contracts_before)
    app = create_app(house.settings(database))
    async with running("contracts", app, keys) as contracts:
        desk = Office(contracts)
        manager, seller = desk.manager, contracts.headers("drafter", "salesperson", "clerk")
        kept = await contracts.get(f"/contracts/{sealed.contract.id}", manager)
        assert kept["approved_digest"] == sealed.digest
        found = await contracts.get("/contracts?text=佛山陶瓷&valid_to=2026-12-31", manager)
        assert len(found["items"]) == 3
        assert len((await contracts.get("/seals", desk.keeper))["items"]) == 1
        await contracts.post(f"/templates/{sealed.template.id}/retire", desk.general)
        path = f"/contracts/{sealed.contract.id}"
        amendment = await contracts.post(f"{path}/amend", seller, {"reason": "延期", "valid_until": "2098-06-30"})
        await contracts.post(f"/contracts/{amendment['id']}/withdraw", seller, {"reason": "误"})
        await contracts.post(f"{path}/end", manager, {"reason": "客户破产"})
        path = f"/contracts/{approved.contract.id}"
        await contracts.post(f"{path}/request-seal", seller, {"copies": 2, "purpose": "存档"})
        taken = await contracts.post(f"{path}/seal", desk.keeper, {"copies": 2, "digest": approved.digest})
        assert (taken["status"], taken["verification_code"]) == ("in_force", None)
        assert (await contracts.post(f"/contracts/{draft.contract.id}/submit", seller))["status"] == "in_review"
