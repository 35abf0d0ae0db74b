"""Contracts as clients see them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.contracts.conftest import LINES, Office
from tests.contracts.sample import CLAUSES, LATER, VALUES
from tests.house import Running, eventually


async def test_a_contract_goes_from_template_to_force(contracts: Running, desk: Office) -> None:
    """CON-1 to CON-5, CON-11"""
    contract = await desk.drafted()
    assert contract["number"].startswith("HT")
    assert contract["next_step"] == {"deed": "submit", "posts": ["salesperson", "clerk"]}
    contract = await desk.sealed(contract)
    assert (contract["status"], contract["seal"]["custodian"]) == ("in_force", "s1")
    assert await contracts.announced(contract["id"]) == [
        "drafted", "submitted", "line_reviewed", "line_reviewed", "reviewed", "approval_given", "approval_given",
        "approved", "seal_requested", "took_effect",
    ]  # fmt: skip
    due = await contracts.pool.fetchval("SELECT due_at FROM timers WHERE owner = $1", UUID(contract["id"]))
    assert due.isoformat() == "2098-12-31T16:00:00+00:00"


async def test_a_new_edition_retires_the_one_before(contracts: Running, desk: Office) -> None:
    """CON-1"""
    first = await desk.template()
    second = await desk.template(code=first["code"])
    listed = await contracts.get(f"/templates?code={first['code']}")
    assert [(each["edition"], each["status"]) for each in listed["items"]] == [(2, "active"), (1, "retired")]
    problem = await contracts.refused("/contracts", desk.seller, await desk.body(template_id=first["id"]))
    assert (problem["status"], problem["rule"]) == (422, "CON-1")
    shown = await contracts.get(f"/templates/{second['id']}")
    assert shown == second
    active = await contracts.get(f"/templates?code={first['code']}&status=active")
    assert [each["id"] for each in active["items"]] == [second["id"]]


async def test_never_are_two_editions_active(contracts: Running, desk: Office) -> None:
    """CON-1: of activations at the same moment one is refused"""
    code = f"XS-{uuid4().hex[:8]}"
    drafts = [await contracts.post("/templates", desk.headquarters, desk.template_body(code=code)) for _ in range(3)]
    paths = [f"/templates/{draft['id']}/activate" for draft in drafts]
    await asyncio.gather(*(contracts.ask("POST", path, desk.general) for path in paths))
    active = await contracts.get(f"/templates?code={code}&status=active")
    assert len(active["items"]) == 1
    index = await contracts.pool.fetchval(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'CON-1 one edition of a template is active'"
    )
    assert "UNIQUE" in index


async def test_templates_are_the_business_of_headquarters(contracts: Running, desk: Office) -> None:
    """CON-1"""
    assert (await contracts.refused("/templates", desk.manager, desk.template_body()))["status"] == 403
    draft = await contracts.post("/templates", desk.headquarters, desk.template_body())
    activate = f"/templates/{draft['id']}/activate"
    assert (await contracts.refused(activate, desk.headquarters))["rule"] == "CON-1"
    assert (await contracts.refused(activate, desk.seller))["status"] == 403
    answer = await contracts.ask("GET", "/templates", contracts.headers("c1", "customer", customer=str(uuid4())))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "other", [{"slots": []}, {"clauses": CLAUSES[:1]}, {"clauses": []}, {"kind": "gift"}, {"x": 1}]
)
async def test_a_template_that_does_not_fit_together_is_refused(
    contracts: Running, desk: Office, other: dict[str, Any]
) -> None:
    """CON-1"""
    problem = await contracts.refused("/templates", desk.headquarters, desk.template_body(**other))
    assert problem["status"] == 422


@pytest.mark.parametrize(
    "other",
    [
        {"template_id": str(uuid4())},
        {"customer_id": str(uuid4())},
        {"slots": {}},
        {"slots": VALUES | {"total": "-1"}},
        {"slots": VALUES | {"total": 1.5}},
        {"slots": VALUES | {"total": True}},
        {"slots": VALUES | {"pay_by": "x\u0000y"}},
        {"lines": []},
        {"lines": LINES * 2},
        {"lines": [LINES[0] | {"quantity": "0"}]},
        {"lines": [LINES[0] | {"price": "1.234"}]},
        {"lines": [LINES[0] | {"article": "a\u0000b"}]},
        {"lines": [LINES[0] | {"discount": "1"}]},
        {"valid_until": "2020-01-01"},
        {"valid_until": "9999-12-31"},
        {"valid_until": "tomorrow"},
    ],
)
async def test_bad_input_is_a_problem_and_nothing_is_written(
    contracts: Running, desk: Office, other: dict[str, Any]
) -> None:
    """PLT-2"""
    body = await desk.body(**other)
    await contracts.refused("/contracts", desk.seller, body)
    assert (
        await contracts.pool.fetchval(
            "SELECT count(*) FROM contracts WHERE customer_id = $1", UUID(body["customer_id"])
        )
        == 0
    )


async def test_a_refusal_of_slots_names_each_of_them_in_chinese(contracts: Running, desk: Office) -> None:
    """CON-1"""
    body = await desk.body(slots={"total": "much", "gift": "car"})
    problem = await contracts.refused("/contracts", desk.seller, body, headers={"Accept-Language": "zh-CN"})
    assert problem["detail"] == "填写项与蓝本不符"
    assert {error["field"]: error["detail"] for error in problem["errors"]} == {
        "slots.gift": "蓝本没有这个填写项",
        "slots.total": "填写的内容不是“金额”",
        "slots.pay_by": "这个填写项没有填写",
    }


async def test_a_deviation_goes_higher_up(contracts: Running, desk: Office) -> None:
    """CON-2"""
    contract = await desk.drafted()
    contract = await desk.do(contract, "deviate", desk.seller, {"clause": "5", "text": LATER})
    assert {passage["change"] for passage in contract["deviations"][0]["difference"]} == {"kept", "removed", "added"}
    contract = await desk.approved(contract)
    assert [decision["post"] for decision in contract["approvals"]["decisions"]] == [
        "sales_manager", "auditor", "vice_president_sales", "headquarters",
    ]  # fmt: skip


async def test_a_clearance_contract_goes_to_the_branch_general_manager(contracts: Running, desk: Office) -> None:
    """CON-7"""
    template = await desk.template(kind="clearance")
    contract = await desk.approved(await desk.drafted(template_id=template["id"]))
    posts = [decision["post"] for decision in contract["approvals"]["decisions"]]
    assert posts == ["sales_manager", "auditor", "branch_general_manager", "vice_president_sales"]


async def test_a_refusal_of_a_department_blocks_until_the_contract_is_changed(contracts: Running, desk: Office) -> None:
    """CON-3, CON-9"""
    contract = await desk.drafted()
    await desk.do(contract, "submit", desk.seller)
    refusal = {"line": 1, "can_meet": False, "comment": "交期太短"}
    contract = await desk.do(contract, "reviews", desk.inspector, refusal)
    assert contract["status"] == "review_refused"
    digest = desk.digest(contract)
    assert (await desk.refused(contract, "approve", desk.manager, digest))["rule"] == "CON-3"
    assert (await desk.refused(contract, "submit", desk.seller))["status"] == 409
    lines = [LINES[0] | {"deliver_by": "2098-06-01"}]
    contract = await desk.do(contract, "change", desk.clerk, {"lines": lines})
    assert (contract["status"], contract["edited_by"], contract["reviews"]) == ("draft", "k1", [])
    assert contract["voided_reviews"][0]["comment"] == "交期太短"
    assert (await desk.reviewed(contract))["status"] == "awaiting_approval"


async def test_a_change_undoes_what_was_approved(contracts: Running, desk: Office) -> None:
    """CON-9"""
    contract = await desk.approved(await desk.drafted())
    old = desk.digest(contract)
    contract = await desk.do(contract, "change", desk.seller, {"lines": [LINES[0] | {"price": "11.00"}]})
    assert (await desk.refused(contract, "seal", desk.keeper, {"copies": 2, **old}))["rule"] == "CON-5"
    contract = await desk.reviewed(contract)
    assert (await desk.refused(contract, "approve", desk.manager, old))["rule"] == "CON-9"
    assert (await desk.do(contract, "approve", desk.manager, desk.digest(contract)))["status"] == "awaiting_approval"


async def test_a_rejection_is_kept_with_its_comment(contracts: Running, desk: Office) -> None:
    """CON-4"""
    contract = await desk.reviewed(await desk.drafted())
    contract = await desk.do(contract, "reject", desk.manager, {"comment": "价格过低", **desk.digest(contract)})
    assert (contract["status"], contract["next_step"]["deed"]) == ("rejected", "change")
    assert contract["approvals"]["decisions"][0]["comment"] == "价格过低"


async def test_drafter_and_editor_never_approve_and_a_delegate_is_named(contracts: Running, desk: Office) -> None:
    """CON-15"""
    contract = await desk.reviewed(await desk.drafted())
    digest = desk.digest(contract)
    himself = contracts.headers("u1", "salesperson", "sales_manager")
    in_his_name = contracts.headers("x1", "sales_manager", on_behalf_of="u1")
    for who in (himself, in_his_name):
        assert (await desk.refused(contract, "approve", who, digest))["rule"] == "CON-15"
    delegate = contracts.headers("x1", "sales_manager", "auditor", on_behalf_of="m1")
    contract = await desk.do(contract, "approve", delegate, digest)
    assert contract["approvals"]["decisions"][0]["on_behalf_of"] == "m1"
    assert (await desk.refused(contract, "approve", delegate, digest))["rule"] == "CON-15"


async def test_only_the_seal_keeper_seals_and_the_register_shows_it(contracts: Running, desk: Office) -> None:
    """CON-5"""
    contract = await desk.approved(await desk.drafted())
    assert contract["next_step"] == {"deed": "request_seal", "posts": ["salesperson", "clerk"]}
    body = {"copies": 3, **desk.digest(contract)}
    assert (await desk.refused(contract, "seal", desk.keeper, body))["rule"] == "CON-5"
    contract = await desk.requested(contract, copies=3)
    assert contract["next_step"] == {"deed": "seal", "posts": ["seal_keeper"]}
    assert (await desk.refused(contract, "seal", desk.manager, body))["status"] == 403
    approver = contracts.headers("the auditor", "seal_keeper")
    assert (await desk.refused(contract, "seal", approver, body))["rule"] == "CON-15"
    assert (await desk.refused(contract, "seal", desk.keeper, {"copies": 3, "digest": "0" * 64}))["rule"] == "CON-5"
    await desk.do(contract, "seal", desk.keeper, body)
    register = await contracts.get("/seals?limit=1", desk.keeper)
    (line,) = register["items"]
    assert (line["number"], line["requested_by"], line["custodian"], line["copies"], line["digest"]) == (
        contract["number"], "u1", "s1", 3, body["digest"],
    )  # fmt: skip
    assert (line["purpose"], line["contract_id"]) == ("交付客户及存档", contract["id"])
    assert line["requested_at"] < line["at"]


async def test_exactly_the_copies_asked_for_are_sealed_at_somebody_elses_request(
    contracts: Running, desk: Office
) -> None:
    """CON-5"""
    contract = await desk.approved(await desk.drafted())
    request = {"copies": 3, "purpose": "存档"}
    assert (await desk.refused(contract, "request-seal", desk.manager, request))["status"] == 403
    assert (await desk.refused(contract, "request-seal", desk.seller, request | {"copies": 0}))["status"] == 422
    keeper_and_clerk = contracts.headers("s1", "clerk", "seal_keeper")
    await desk.do(contract, "request-seal", keeper_and_clerk, request)
    problem = await desk.refused(contract, "seal", desk.keeper, {"copies": 3, **desk.digest(contract)})
    assert (problem["rule"], problem["detail"]) == ("CON-5", "whoever asks for the seal does not apply it")
    await desk.do(contract, "request-seal", desk.clerk, request)
    for copies in (2, 4):
        wrong = {"copies": copies, **desk.digest(contract)}
        assert (await desk.refused(contract, "seal", desk.keeper, wrong))["rule"] == "CON-5"
    contract = await desk.do(contract, "seal", desk.keeper, {"copies": 3, **desk.digest(contract)})
    assert (contract["seal"]["requested_by"], contract["seal"]["copies"]) == ("k1", 3)
    for early in (await desk.drafted(), await desk.reviewed(await desk.drafted()), contract):
        assert (await desk.refused(early, "request-seal", desk.seller, request))["status"] == 409


async def test_a_change_of_content_voids_the_request_for_the_seal(contracts: Running, desk: Office) -> None:
    """CON-5, CON-9"""
    contract = await desk.requested(await desk.approved(await desk.drafted()))
    contract = await desk.do(contract, "change", desk.seller, {"valid_until": "2097-12-31"})
    assert contract["seal_request"] is None
    contract = await desk.approved(contract)
    assert (await desk.refused(contract, "seal", desk.keeper, {"copies": 2, **desk.digest(contract)}))[
        "rule"
    ] == "CON-5"


async def test_a_contract_reads_as_it_is_printed(contracts: Running, desk: Office) -> None:
    """CON-2, CON-6"""
    contract = await desk.drafted()
    await desk.do(contract, "deviate", desk.seller, {"clause": "5", "text": LATER})
    text = await contracts.get(f"/contracts/{contract['id']}/text", desk.seller)
    assert "草稿" in text["watermark"]
    assert text["customer"] == "佛山陶瓷"
    assert text["clauses"][0]["text"] == "乙方向甲方购买瓷砖,合同总额1200.00元。"
    assert "{+五+}" in text["clauses"][1]["difference"]
    sealed = await desk.sealed(await desk.drafted())
    text = await contracts.get(f"/contracts/{sealed['id']}/text", desk.seller)
    assert (text["watermark"], text["digest"]) == (None, sealed["seal"]["digest"])


async def test_salespeople_reach_only_their_own_contracts(contracts: Running, desk: Office) -> None:
    """PLT-3"""
    mine = await desk.drafted(customer_id=await desk.customer(owner="u7"))
    path = f"/contracts/{mine['id']}"
    stranger, owner = contracts.headers("u8", "salesperson"), contracts.headers("u7", "salesperson")
    assert (await contracts.get(path, owner))["id"] == mine["id"]
    for address in (path, f"{path}/text"):
        assert (await contracts.ask("GET", address, stranger)).status_code == 403
    for verb, body in (("submit", None), ("change", {"lines": LINES}), ("deviate", {"clause": "5", "text": LATER})):
        assert (await desk.refused(mine, verb, stranger, body))["status"] == 403
    assert (await contracts.get("/contracts", stranger))["items"] == []
    assert [each["id"] for each in (await contracts.get("/contracts", owner))["items"]] == [mine["id"]]
    assert mine["id"] in [each["id"] for each in (await contracts.get("/contracts", desk.seller))["items"]]


async def test_customers_see_what_was_agreed_with_them_and_no_more(contracts: Running, desk: Office) -> None:
    """PLT-3"""
    theirs, other = await desk.drafted(), await desk.drafted()
    theirs = await desk.reviewed(theirs)
    customer = contracts.headers("c1", "customer", customer=theirs["customer_id"])
    seen = await contracts.get(f"/contracts/{theirs['id']}", customer)
    listed = await contracts.get("/contracts", customer)
    assert [each["id"] for each in listed["items"]] == [theirs["id"]]
    for shown in (seen, *listed["items"]):
        assert not {"approvals", "reviews", "submission", "next_step"} & set(shown)
    assert (await contracts.ask("GET", f"/contracts/{other['id']}", customer)).status_code == 403
    assert (await contracts.ask("GET", f"/contracts/{other['id']}/text", customer)).status_code == 403
    for nobody in (contracts.headers("c2", "customer"), contracts.headers("c3", "partner", partner="no id")):
        assert (await contracts.get("/contracts", nobody))["items"] == []
        assert (await contracts.ask("GET", f"/contracts/{other['id']}", nobody)).status_code == 403
    assert (await desk.refused(theirs, "approve", customer, desk.digest(theirs)))["status"] == 403


async def test_contracts_are_found_by_customer_number_and_status(contracts: Running, desk: Office) -> None:
    customer = await desk.customer()
    made = [await desk.drafted(customer_id=customer) for _ in range(3)]
    await desk.do(made[0], "submit", desk.seller)
    first = await contracts.get(f"/contracts?customer_id={customer}&limit=2", desk.manager)
    rest = await contracts.get(f"/contracts?customer_id={customer}&limit=2&after={first['next']}", desk.manager)
    assert [each["id"] for each in first["items"] + rest["items"]] == [each["id"] for each in reversed(made)]
    assert rest["next"] is None
    found = await contracts.get(f"/contracts?customer_id={customer}&status=in_review", desk.manager)
    assert [each["id"] for each in found["items"]] == [made[0]["id"]]
    found = await contracts.get(f"/contracts?number={made[1]['number']}", desk.manager)
    assert [each["id"] for each in found["items"]] == [made[1]["id"]]
    answer = await contracts.ask("GET", f"/contracts/{made[0]['id']}", desk.manager)
    assert answer.headers["etag"] == '"2"'


async def test_a_repeated_command_gets_the_first_answer(contracts: Running, desk: Office) -> None:
    """PLT-2"""
    body, key = await desk.body(), {"Idempotency-Key": uuid4().hex}
    first = await contracts.post("/contracts", desk.seller, body, headers=key)
    assert await contracts.post("/contracts", desk.seller, body, headers=key) == first
    sealing = await desk.requested(await desk.approved(first))
    key = {"Idempotency-Key": uuid4().hex}
    seal = {"copies": 2, **desk.digest(sealing)}
    once = await contracts.post(f"/contracts/{first['id']}/seal", desk.keeper, seal, headers=key)
    assert await contracts.post(f"/contracts/{first['id']}/seal", desk.keeper, seal, headers=key) == once
    assert (await contracts.announced(first["id"])).count("took_effect") == 1


async def test_a_stale_reader_does_not_change_a_contract(contracts: Running, desk: Office) -> None:
    contract = await desk.drafted()
    await desk.do(contract, "submit", desk.seller)
    stale = {"If-Match": '"1"'}
    problem = await desk.refused(contract, "change", desk.seller, {"valid_until": "2098-11-30"}, headers=stale)
    assert problem["status"] == 412


async def test_a_sales_manager_ends_a_contract(contracts: Running, desk: Office) -> None:
    contract = await desk.sealed(await desk.drafted())
    assert (await desk.refused(contract, "end", desk.seller, {"reason": "客户破产"}))["status"] == 403
    contract = await desk.do(contract, "end", desk.manager, {"reason": "客户破产"})
    assert (contract["status"], contract["ended_because"]) == ("ended", "客户破产")
    assert await contracts.pool.fetchval("SELECT count(*) FROM timers WHERE owner = $1", UUID(contract["id"])) == 0


async def test_a_contract_ends_by_itself_when_its_time_is_over(contracts: Running, desk: Office) -> None:
    """CON-13"""
    contract = await desk.sealed(await desk.drafted())
    await contracts.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(contract["id"]))

    async def ended() -> bool:
        return "ended" in await contracts.announced(contract["id"])

    await eventually(ended)
    shown = await contracts.get(f"/contracts/{contract['id']}", desk.manager)
    assert (shown["status"], shown["ended_because"]) == ("ended", "expired")


async def test_a_salesperson_sees_no_more_for_being_a_customer_too(contracts: Running, desk: Office) -> None:
    """PLT-3"""
    other = await desk.drafted(customer_id=await desk.customer(owner="u8"))
    seller = contracts.headers("u9", "salesperson", "customer", customer=await desk.customer())
    for path in (f"/contracts/{other['id']}", f"/contracts/{other['id']}/text"):
        assert (await contracts.ask("GET", path, seller)).status_code == 403
    listed = await contracts.get(f"/contracts?customer_id={other['customer_id']}", seller)
    assert listed["items"] == []
    assert (await desk.refused(other, "change", seller, {"valid_until": "2097-01-01"}))["status"] == 403
