"""Amendments: a new edition through the same chain, its difference shown, taken over by the contract."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.contracts.domain.amendment import Difference, Part
from services.contracts.domain.contract import Contract
from services.contracts.domain.template import ContractKind
from shared.domain.actor import Post
from shared.domain.refusals import NotAllowedNow, RuleBroken
from shared.events.contracts import AmendmentTookEffect, ContractAmended
from tests.contracts.conftest import LINES, Office
from tests.contracts.sample import AT, LATER, VALUES, Desk, clerk, drafter, line, person
from tests.house import Running

MORE = [LINES[0] | {"quantity": "150"}, LINES[0] | {"article": "A2"}]


def amended(desk: Desk, **changes: Any) -> Desk:
    """A desk with an amendment of the contract on it."""
    other = Desk(desk.contract.kind)
    other.template = desk.template
    changes = changes or {"lines": [line(price="11.00")]}
    edition = desk.contract.edition + 1
    other.contract = desk.contract.amend(
        uuid4(), desk.template, edition=edition, reason="降价", by=clerk, at=AT, **changes
    )
    return other


def test_an_amendment_starts_from_what_is_agreed_and_shows_what_it_changes() -> None:
    """CON-9"""
    desk = Desk(articles=("A1", "A2")).sealed()
    amendment = amended(
        desk,
        lines=[line(price="11.00"), line("A3")],
        slots=VALUES | {"total": "1100.00"},
        valid_until=date(2027, 1, 31),
    ).contract
    assert (amendment.number, amendment.edition, amendment.amends) == (
        f"{desk.contract.number}-2", 2, desk.contract.id,
    )  # fmt: skip
    assert amendment.template_digest == desk.contract.template_digest
    assert [(one.part, one.name, one.before, one.after) for one in amendment.difference] == [
        ("slot", "total", "1200.00", "1100.00"),
        ("line", "A1", "600×600, 100.00 × 12.00", "600×600, 100.00 × 11.00"),
        ("line", "A2", "600×600, 100.00 × 12.00", None),
        ("line", "A3", None, "600×600, 100.00 × 12.00"),
        ("valid_until", "", "2026-12-31", "2027-01-31"),
    ]
    assert amendment.difference[1].marked == "600×600, 100.00 × [-12-]{+11+}.00"


def test_a_changed_clause_is_shown_beside_the_one_agreed_before() -> None:
    """CON-2, CON-9"""
    desk = Desk()
    desk.contract.deviate("5", LATER, desk.template, drafter, AT)
    desk.sealed()
    amendment = amended(desk, lines=desk.contract.lines).contract
    assert amendment.difference == []
    amendment.deviate("5", LATER.replace("四十五", "六十"), desk.template, clerk, AT)
    (change,) = amendment.difference
    assert (change.part, change.name) == ("clause", "5")
    assert change.marked == "乙方应于{pay_by}前付清货款,甲方收款后[-四-]{+六+}十[-五-]日内交货。"
    amendment.deviate("5", LATER, desk.template, clerk, AT)
    assert amendment.difference == []


def test_a_long_filling_that_was_changed_is_shown_whole_before_and_after() -> None:
    """CON-9"""
    long, other = "长" * 600, "短" * 600
    change = Difference.of(Part.SLOT, "project", long, other)
    assert change.marked == f"[-{long}-]{{+{other}+}}"
    assert Difference.of(Part.CLAUSE, "1", long + "甲", long + "乙").marked == f"{long}[-甲-]{{+乙+}}"


def test_an_amendment_that_changes_nothing_is_not_submitted() -> None:
    """CON-9"""
    desk = Desk(articles=("A1", "A2")).sealed()
    amendment = amended(desk, lines=list(reversed(desk.contract.lines)))
    with pytest.raises(RuleBroken, match="changes something") as refused:
        amendment.submitted()
    assert refused.value.rule == "CON-9"


def test_a_sealed_amendment_is_taken_over_and_what_was_before_is_kept() -> None:
    """CON-9"""
    desk = Desk().sealed()
    first = desk.contract.content_digest()
    amendment = amended(desk, lines=[line(price="11.00"), line("A2")], valid_until=date(2027, 6, 30)).sealed().contract
    effect = amendment.recorded[-1]
    assert isinstance(effect, AmendmentTookEffect)
    assert (effect.amends, amendment.status, amendment.timers, amendment.next_step) == (
        desk.contract.id, "incorporated", {}, None,
    )  # fmt: skip
    contract = desk.contract
    contract.incorporate(amendment)
    assert (contract.status, contract.edition, contract.amendment_id) == ("in_force", 2, amendment.id)
    assert contract.content_digest() == contract.approved_digest == amendment.approved_digest != first
    assert contract.seal == amendment.seal
    assert contract.timers == {"expire": datetime(2027, 6, 30, 16, tzinfo=UTC)}
    told = contract.recorded[-1]
    assert isinstance(told, ContractAmended)
    assert [each.article for each in told.lines] == ["A1", "A2"]
    assert (told.edition, told.digest, told.valid_until) == (2, contract.approved_digest, date(2027, 6, 30))
    (before,) = contract.editions
    assert (before.edition, before.amendment_id, before.digest) == (1, None, first)
    assert [str(each.price) for each in before.content.lines] == ["12.00"]
    assert [decision.decided_by for decision in before.proceedings.approvals.decisions] == [
        "the sales_manager", "the auditor",
    ]  # fmt: skip


def test_the_seal_on_an_amendment_is_worth_nothing_once_the_contract_was_amended_otherwise() -> None:
    """CON-9"""
    desk = Desk().sealed()
    one, other = amended(desk), amended(desk, valid_until=date(2026, 11, 30))
    desk.contract.incorporate(one.sealed().contract)
    with pytest.raises(RuleBroken, match="amended meanwhile") as refused:
        desk.contract.incorporate(other.sealed().contract)
    assert refused.value.rule == "CON-9"


def test_only_a_contract_in_force_is_amended() -> None:
    """CON-9"""
    ended = Desk().sealed()
    late = amended(ended).sealed()
    ended.contract.end("客户破产", person("m", Post.SALES_MANAGER), AT)
    for desk in (Desk().approved(), late, ended):
        with pytest.raises(NotAllowedNow):
            amended(desk)
    with pytest.raises(NotAllowedNow):
        ended.contract.incorporate(late.contract)


def test_an_amendment_of_another_contract_or_without_a_seal_is_not_taken_over() -> None:
    """CON-9"""
    desk = Desk().sealed()
    for amendment in (amended(desk), amended(Desk().sealed()).sealed(), Desk().sealed()):
        with pytest.raises(LookupError):
            desk.contract.incorporate(amendment.contract)


def test_the_digest_of_an_amendment_says_which_contract_it_amends() -> None:
    """CON-9"""
    one, other = amended(Desk().sealed()).contract, amended(Desk().sealed()).contract
    assert one.content() == other.content()
    assert one.content_digest() != other.content_digest()


def test_who_drafted_the_contract_does_not_approve_its_amendment() -> None:
    """CON-15"""
    desk = amended(Desk().sealed()).reviewed()
    for name in ("drafter", "clerk"):
        with pytest.raises(RuleBroken) as refused:
            desk.contract.approve(desk.digest, "", person(name, Post.SALES_MANAGER), AT)
        assert refused.value.rule == "CON-15"


def test_the_chain_of_an_amendment_follows_from_its_own_content() -> None:
    """CON-2, CON-4, CON-9"""
    desk = Desk(ContractKind.CLEARANCE).sealed()
    large = line(price="10000.00")
    amendment = amended(desk, lines=[large])
    amendment.contract.deviate("5", LATER, desk.template, clerk, AT)
    submission = amendment.submitted().contract.submission
    assert submission is not None
    assert {one.post: one.clauses for one in submission.asked} == {
        Post.SALES_MANAGER: ["D19 §10.2", "D19 §10.8"],
        Post.AUDITOR: ["D19 §10.2"],
        Post.VICE_PRESIDENT_SALES: ["D19 §10.5", "D19 §10.8"],
        Post.HEADQUARTERS: ["D19 §10.5"],
        Post.BRANCH_GENERAL_MANAGER: ["D19 §10.8"],
        Post.GENERAL_MANAGER: ["policy"],
    }


def test_a_contract_survives_the_document_with_its_editions() -> None:
    """CON-9"""
    desk = Desk().sealed()
    desk.contract.incorporate(amended(desk).sealed().contract)
    desk.contract.incorporate(amended(desk, valid_until=date(2027, 1, 1)).sealed().contract)
    kept = Contract.model_validate_json(desk.contract.model_dump_json())
    assert kept.content_digest() == kept.approved_digest
    assert [edition.edition for edition in kept.editions] == [1, 2]


async def test_an_amendment_goes_the_same_way_and_the_contract_takes_it_over(contracts: Running, desk: Office) -> None:
    """CON-3, CON-4, CON-5, CON-9"""
    contract = await desk.sealed(await desk.drafted())
    amendment = await desk.amended(contract, lines=MORE, valid_until="2099-06-30")
    assert (amendment["number"], amendment["status"]) == (f"{contract['number']}-2", "draft")
    assert [change["part"] for change in amendment["difference"]] == ["line", "line", "valid_until"]
    text = await contracts.get(f"/contracts/{amendment['id']}/text", desk.seller)
    assert text["changes"][0]["difference"] == "600×600, [-100-]{+150+}.00 × 12.00, 2098-05-01"
    assert text["edition"] == 2
    amendment = await desk.sealed(amendment)
    assert amendment["status"] == "incorporated"
    assert await contracts.announced(amendment["id"]) == [
        "drafted", "submitted", *["line_reviewed"] * 4, "reviewed", "approval_given", "approval_given", "approved",
        "seal_requested", "amendment_took_effect",
    ]  # fmt: skip
    assert (await contracts.announced(contract["id"]))[-2:] == ["took_effect", "amended"]
    after = await contracts.get(f"/contracts/{contract['id']}", desk.manager)
    assert (after["status"], after["edition"], after["amendment_id"]) == ("in_force", 2, amendment["id"])
    assert [each["quantity"] for each in after["lines"]] == ["150.00", "100.00"]
    assert after["approved_digest"] == after["seal"]["digest"] == amendment["approved_digest"]
    assert after["editions"][0]["content"]["lines"] == contract["lines"]
    due = await contracts.pool.fetchval("SELECT due_at FROM timers WHERE owner = $1", UUID(contract["id"]))
    assert due.isoformat() == "2099-06-30T16:00:00+00:00"
    register = (await contracts.get("/seals?limit=2", desk.keeper))["items"]
    assert [entry["number"] for entry in register] == [amendment["number"], contract["number"]]
    assert register[1]["digest"] == contract["seal"]["digest"]


async def test_an_amendment_can_be_withdrawn_and_another_one_drafted(contracts: Running, desk: Office) -> None:
    """CON-8, CON-9"""
    contract = await desk.sealed(await desk.drafted())
    first = await desk.amended(contract, lines=MORE)
    problem = await desk.refused(contract, "amend", desk.seller, {"reason": "再增订"})
    assert (problem["rule"], problem["detail"]) == ("CON-9", "one amendment of a contract is open at a time")
    await desk.do(first, "withdraw", desk.seller, {"reason": "客户改变主意"})
    second = await desk.amended(contract, valid_until="2098-11-30")
    assert second["number"] == f"{contract['number']}-3"
    await desk.sealed(second)
    third = await desk.sealed(await desk.amended(contract, lines=MORE))
    after = await contracts.get(f"/contracts/{contract['id']}", desk.manager)
    assert (after["edition"], after["amendment_id"], after["valid_until"]) == (4, third["id"], "2098-11-30")
    assert [edition["edition"] for edition in after["editions"]] == [1, 3]
    listed = await contracts.get(f"/contracts?amends={contract['id']}", desk.manager)
    assert [each["number"] for each in listed["items"]] == [f"{contract['number']}-{n}" for n in (4, 3, 2)]


async def test_an_amendment_of_a_contract_that_has_ended_is_not_sealed(contracts: Running, desk: Office) -> None:
    """CON-9"""
    contract = await desk.sealed(await desk.drafted())
    amendment = await desk.requested(await desk.approved(await desk.amended(contract, lines=MORE)))
    await desk.do(contract, "end", desk.manager, {"reason": "客户破产"})
    problem = await desk.refused(amendment, "seal", desk.keeper, {"copies": 2, **desk.digest(amendment)})
    assert problem["status"] == 409
    assert (await contracts.get(f"/contracts/{amendment['id']}", desk.manager))["status"] == "approved"
    assert "amendment_took_effect" not in await contracts.announced(amendment["id"])


async def test_writers_amend_their_own_contracts_in_force(contracts: Running, desk: Office) -> None:
    """CON-9, PLT-3"""
    contract = await desk.sealed(await desk.drafted())
    body = {"reason": "增订", "lines": MORE}
    assert (await desk.refused(contract, "amend", desk.manager, body))["status"] == 403
    assert (await desk.refused(contract, "amend", contracts.headers("u8", "salesperson"), body))["status"] == 403
    assert (await desk.refused(await desk.drafted(), "amend", desk.seller, body))["status"] == 409
    for wrong in ({}, {"reason": ""}, {"reason": "增订", "lines": []}, {"reason": "增订", "slots": {"total": "x"}}):
        assert (await desk.refused(contract, "amend", desk.seller, wrong))["status"] == 422
    key = {"Idempotency-Key": uuid4().hex}
    path = f"/contracts/{contract['id']}/amend"
    answer = await contracts.ask("POST", path, desk.seller, json=body, headers=key)
    once = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/contracts/{once['id']}")
    assert await contracts.post(path, desk.seller, body, headers=key) == once


async def test_customers_see_the_editions_but_not_how_they_were_decided(contracts: Running, desk: Office) -> None:
    """CON-9, PLT-3"""
    contract = await desk.sealed(await desk.drafted())
    amendment = await desk.sealed(await desk.amended(contract, lines=MORE))
    customer = contracts.headers("c1", "customer", customer=contract["customer_id"])
    seen = await contracts.get(f"/contracts/{contract['id']}", customer)
    (before,) = seen["editions"]
    assert before["content"]["lines"] == contract["lines"]
    assert "proceedings" not in before
    for shown in (seen, await contracts.get(f"/contracts/{amendment['id']}", customer)):
        assert not {"seal_request", "amended_because", "approvals"} & set(shown)
        assert "purpose" not in shown["seal"]


async def test_the_database_itself_keeps_amendments_with_their_contracts(contracts: Running, desk: Office) -> None:
    """CON-9: whatever the code does"""
    contract = await desk.sealed(await desk.drafted())
    amendment = await desk.sealed(await desk.amended(contract, lines=MORE))
    statement = "UPDATE contracts SET document = document || $2::jsonb WHERE id = $1"
    forced = [
        (amendment["id"], '{"status": "in_force"}'), (contract["id"], '{"status": "incorporated"}'),
        (amendment["id"], '{"amends": "00000000-0000-0000-0000-000000000000"}'), (amendment["id"], '{"edition": 1}'),
    ]  # fmt: skip
    for identity, change in forced:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="CON-9"):
            await contracts.pool.execute(statement, UUID(identity), change)
