"""What the database refuses by itself, whatever the code does."""

from uuid import UUID

import asyncpg
import pytest

from tests.contracts.conftest import Office
from tests.house import Running

FORCED = {
    "CON-3": '{"status": "awaiting_approval"}',
    "CON-4": '{"status": "approved"}',
    "CON-5": '{"status": "in_force"}',
    "CON-15": '{"edited_by": "the auditor"}',
    "CON-1": '{"template_digest": "0000"}',
}


@pytest.mark.parametrize("rule", FORCED)
async def test_the_database_itself_refuses_what_breaks_a_rule(contracts: Running, desk: Office, rule: str) -> None:
    """CON-1, CON-3, CON-4, CON-5, CON-15: whatever the code does"""
    stage = {"CON-3": desk.drafted, "CON-1": desk.drafted, "CON-4": desk.drafted}.get(rule)
    contract = await stage() if stage else await desk.approved(await desk.drafted())
    if rule == "CON-4":
        contract = await desk.reviewed(contract)
    statement = "UPDATE contracts SET document = document || $2::jsonb WHERE id = $1"
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await contracts.pool.execute(statement, UUID(contract["id"]), FORCED[rule])
    assert str(refused.value.constraint_name).startswith(f"{rule} ")


async def test_a_contract_sealed_under_another_digest_is_not_kept(contracts: Running, desk: Office) -> None:
    """CON-5"""
    contract = await desk.sealed(await desk.drafted())
    statement = "UPDATE contracts SET document = jsonb_set(document, $2, to_jsonb('0000'::text)) WHERE id = $1"
    for path in (["seal", "digest"], ["approved_digest"]):
        with pytest.raises(asyncpg.CheckViolationError, match="CON-5"):
            await contracts.pool.execute(statement, UUID(contract["id"]), path)


async def test_the_text_of_a_template_never_changes(contracts: Running, desk: Office) -> None:
    """CON-1"""
    template = await desk.template()
    statement = 'UPDATE templates SET document = document || \'{"title": "别的"}\' WHERE id = $1'
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never changes"):
        await contracts.pool.execute(statement, UUID(template["id"]))
