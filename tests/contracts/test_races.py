"""Two who want the same at the same time: one wins, the other gets a clear answer, nothing is written twice."""

import asyncio

from tests.contracts.conftest import Office
from tests.house import Running


async def test_editions_that_are_drafted_at_once_are_counted_once_each(contracts: Running, desk: Office) -> None:
    """CON-1"""
    body = desk.template_body()
    answers = await asyncio.gather(
        *(contracts.ask("POST", "/templates", desk.headquarters, json=body) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} <= {201, 422}
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} <= {"CON-1"}
    drafted = [answer.json()["edition"] for answer in answers if answer.status_code == 201]
    assert sorted(drafted) == list(range(1, len(drafted) + 1))
    assert drafted


async def test_one_edition_is_active_however_many_are_activated_at_once(contracts: Running, desk: Office) -> None:
    """CON-1"""
    body = desk.template_body()
    editions = [await contracts.post("/templates", desk.headquarters, body) for _ in range(3)]
    answers = await asyncio.gather(
        *(contracts.ask("POST", f"/templates/{edition['id']}/activate", desk.general) for edition in editions)
    )
    assert {answer.status_code for answer in answers} <= {200, 409, 422}, [answer.text for answer in answers]
    shown = await contracts.get(f"/templates?code={body['code']}&status=active", desk.headquarters)
    assert len(shown["items"]) == 1


async def test_a_contract_is_sealed_once(contracts: Running, desk: Office) -> None:
    """CON-5"""
    contract = await desk.approved(await desk.drafted())
    path, seal = f"/contracts/{contract['id']}/seal", {"copies": 2, **desk.digest(contract)}
    answers = await asyncio.gather(*(contracts.ask("POST", path, desk.keeper, json=seal) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await contracts.announced(contract["id"])).count("took_effect") == 1


async def test_a_contract_is_changed_or_approved_not_both(contracts: Running, desk: Office) -> None:
    """CON-9"""
    contract = await desk.reviewed(await desk.drafted())
    manager = contracts.headers("the sales_manager", "sales_manager")
    path = f"/contracts/{contract['id']}"
    await asyncio.gather(
        contracts.ask("POST", f"{path}/approve", manager, json=desk.digest(contract)),
        contracts.ask("POST", f"{path}/change", desk.seller, json={"valid_until": "2097-01-01"}),
    )
    after = await contracts.get(path, desk.manager)
    assert (after["status"], after["approvals"]["decisions"], after["submission"]) == ("draft", [], None)
