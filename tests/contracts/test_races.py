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
    contract = await desk.requested(await desk.approved(await desk.drafted()))
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


async def test_of_two_who_approve_at_once_each_post_signs_once(contracts: Running, desk: Office) -> None:
    """CON-4, CON-15"""
    contract = await desk.reviewed(await desk.drafted())
    path, digest = f"/contracts/{contract['id']}/approve", desk.digest(contract)
    managers = [contracts.headers(name, "sales_manager") for name in ("m1", "m2", "m3")]
    answers = await asyncio.gather(*(contracts.ask("POST", path, who, json=digest) for who in managers))
    assert sorted(answer.status_code for answer in answers) == [200, 403, 403], [answer.text for answer in answers]
    assert {answer.json().get("rule") for answer in answers if answer.status_code == 403} == {"CON-15"}
    after = await contracts.get(f"/contracts/{contract['id']}", desk.manager)
    assert [decision["post"] for decision in after["approvals"]["decisions"]] == ["sales_manager"]
    assert (await contracts.announced(contract["id"])).count("approval_given") == 1


async def test_one_amendment_is_drafted_however_many_are_asked_for_at_once(contracts: Running, desk: Office) -> None:
    """CON-9"""
    contract = await desk.sealed(await desk.drafted())
    path, body = f"/contracts/{contract['id']}/amend", {"reason": "增订", "valid_until": "2098-11-30"}
    answers = await asyncio.gather(*(contracts.ask("POST", path, desk.seller, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422], [answer.text for answer in answers]
    refused = {answer.json()["detail"] for answer in answers if answer.status_code == 422}
    assert refused == {"one amendment of a contract is open at a time"}


async def test_a_contract_is_ended_or_amended_not_both_halfway(contracts: Running, desk: Office) -> None:
    """CON-9"""
    contract = await desk.sealed(await desk.drafted())
    amendment = await desk.amended(contract, valid_until="2098-11-30")
    amendment = await desk.requested(await desk.approved(amendment))
    await asyncio.gather(
        contracts.ask("POST", f"/contracts/{contract['id']}/end", desk.manager, json={"reason": "客户破产"}),
        contracts.ask(
            "POST", f"/contracts/{amendment['id']}/seal", desk.keeper, json={"copies": 2, **desk.digest(amendment)}
        ),
    )
    after = await contracts.get(f"/contracts/{contract['id']}", desk.manager)
    amendment = await contracts.get(f"/contracts/{amendment['id']}", desk.manager)
    assert after["status"] == "ended"
    assert (after["edition"] == 2) == (amendment["status"] == "incorporated")
