"""Breaches and service work, through the HTTP API and the bus."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.complaints import ComplaintFiled, Slip, SlipCorrected
from shared.events.event import Event
from shared.events.orders import (
    EvidenceCompiled,
)
from shared.events.quality import LiabilityEstablished
from tests.contracts.conftest import Office
from tests.contracts.performed import Thing, in_force, order_of, shown
from tests.contracts.performing import issued, ordered
from tests.hearing import tell


def failure(contract: Thing) -> list[tuple[UUID, Event]]:
    """What is told of goods that turned out faulty: 100 of A1 at 12 yuan and 10 of B2 at 5; A1 is complained of."""
    complaint, now = uuid4(), datetime.now(UTC)
    slip = Slip.model_validate(
        {"order_number": "DH-1", "article": "A1", "specification": "600×600", "quantity": "20", "grade": "优等",
         "colour_number": "C1", "purchased_on": "2026-03-01"}
    )  # fmt: skip
    filed = {
        "number": "TS-1",
        "kind": "quality",
        "channel": "web",
        "customer_id": contract["customer_id"],
        "slip": slip,
    }
    times = {"received_at": now, "respond_by": now, "resolve_by": now}
    evidence = {"complaint_id": complaint, "kind": "quality", "placed_at": now, "total": "1250.00", "people": {}}
    goods = [issued(quantity="100"), issued("B2", "10", line=2)]
    lines = [ordered(quantity="100"), ordered("B2", "10", "5.00")]
    return [
        (complaint, ComplaintFiled.model_validate(filed | times | {"policy": "0"})),
        (uuid4(), EvidenceCompiled.model_validate(order_of(contract, **evidence, lines=lines, goods=goods))),
        (uuid4(), LiabilityEstablished(number="ZL-1", complaint_id=complaint, shares=[])),
    ]


async def breaches(desk: Office, contract: Thing, who: dict[str, str] | None = None) -> list[Thing]:
    answer = await desk.service.get(f"/contracts/{contract['id']}/breaches", who or desk.manager)
    return list(answer["items"])


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_confirmed_quality_failure_breaks_the_contract_whichever_service_tells_first(
    desk: Office, order: tuple[int, ...]
) -> None:
    """CON-14: complaint, evidence and liability together; 20 % of the goods complained of, once."""
    contract = await in_force(desk)
    told = failure(contract)
    for step in order:
        assert await breaches(desk, contract) == []
        await tell(desk.service, told[step][1], told[step][0])
    (breach,) = await breaches(desk, contract)
    assert (breach["kind"], breach["article"], breach["cause_id"]) == ("quality_failure", "A1", str(told[0][0]))
    assert (breach["value"], breach["damages"], breach["clause"]) == ("1200.00", "240.00", "8")
    await tell(desk.service, told[1][1], told[1][0], 2)
    assert len(await breaches(desk, contract)) == 1


async def test_a_failure_of_goods_without_contract_or_of_another_kind_is_no_breach(desk: Office) -> None:
    """CON-14, PLT-2: nothing is parked."""
    contract = await in_force(desk)
    for change in ({"contract_id": None}, {"kind": "service"}, {"contract_id": uuid4()}):
        told = failure(contract)
        told[1] = (told[1][0], told[1][1].model_copy(update=change))
        for entity, event in told:
            await tell(desk.service, event, entity)
        parked = "SELECT count(*) FROM dead_letters WHERE entity_id = ANY($1)"
        assert await desk.service.pool.fetchval(parked, [entity for entity, _ in told]) == 0
    assert await breaches(desk, contract) == []


@pytest.mark.parametrize(("slip", "broken"), [({"article": "B2"}, ["B2"]), ({"order_number": "DH-2"}, [])])
async def test_a_corrected_slip_names_the_goods_that_break_a_contract_or_none(
    desk: Office, slip: Thing, broken: list[str]
) -> None:
    """CON-14, CMP-3: another article of the order, or another order that is under no contract."""
    contract = await in_force(desk)
    (complaint, filed), (order, evidence), (investigation, liability) = failure(contract)
    assert isinstance(filed, ComplaintFiled)
    assert filed.slip is not None
    right = filed.slip.model_copy(update=slip)
    facts = {"number": "TS-1", "kind": "quality", "customer_id": filed.customer_id, "reason": "抄错"}
    await tell(desk.service, filed, complaint)
    await tell(desk.service, evidence, order)
    await tell(desk.service, SlipCorrected(**facts, slip=right, before=filed.slip), complaint, 2)
    if not broken:
        await tell(desk.service, evidence.model_copy(update={"contract_id": None}), uuid4())
    await tell(desk.service, liability, investigation)
    assert [breach["article"] for breach in await breaches(desk, contract)] == broken


async def broken(desk: Office) -> tuple[Thing, str]:
    """A contract, and the path of its breach."""
    contract = await in_force(desk)
    for entity, event in failure(contract):
        await tell(desk.service, event, entity)
    (breach,) = await breaches(desk, contract)
    return contract, f"/contracts/{contract['id']}/breaches/{breach['id']}"


async def test_a_breach_is_settled_by_the_sales_director_for_what_the_clause_gives(desk: Office) -> None:
    """CON-14"""
    contract, path = await broken(desk)
    director = desk.service.headers("d1", "sales_director")
    settlement = {"amount": "240.00", "note": "已抵扣货款"}
    assert (await desk.service.refused(f"{path}/settle", desk.manager, settlement))["status"] == 403
    too_much = await desk.service.refused(f"{path}/settle", director, settlement | {"amount": "240.01"})
    assert too_much["rule"] == "CON-14"
    for wrong in ({"amount": "-1", "note": "x"}, {"amount": "1.00", "note": " "}, {"amount": "1.00"}):
        assert (await desk.service.refused(f"{path}/settle", director, wrong))["status"] == 422
    await desk.service.post(f"{path}/settle", director, settlement)
    (breach,) = await breaches(desk, contract)
    assert (breach["outcome"], breach["settled"], breach["decided_by"]) == ("settled", "240.00", "d1")
    again = await desk.service.refused(f"{path}/waive", director, {"reason": "客户放弃"})
    assert again["status"] == 409


async def test_a_breach_is_waived_by_the_vice_president_with_a_reason(desk: Office) -> None:
    """CON-14"""
    contract, path = await broken(desk)
    vice_president = desk.service.headers("v1", "vice_president_sales")
    assert (await desk.service.refused(f"{path}/waive", vice_president, {}))["status"] == 422
    performance = await desk.service.post(f"{path}/waive", vice_president, {"reason": "客户放弃"})
    assert performance["breaches"][0]["outcome"] == "waived"
    assert (await desk.service.announced(performance["id"]))[-2:] == ["breach_recorded", "breach_waived"]
    unknown = f"/contracts/{contract['id']}/breaches/{uuid4()}/waive"
    assert (await desk.service.refused(unknown, vice_president, {"reason": "x"}))["status"] == 404


async def test_outside_people_see_their_own_and_not_what_was_said_among_ourselves(desk: Office) -> None:
    """CON-10, CON-14"""
    contract, path = await broken(desk)
    director = desk.service.headers("d1", "sales_director")
    await desk.service.post(f"{path}/settle", director, {"amount": "100.00", "note": "老客户,少付"})
    mine = desk.service.headers("c1", "customer", customer=contract["customer_id"])
    performance = await shown(desk, contract, mine)
    assert "owner" not in performance
    assert [set(one) & {"note", "decided_by"} for one in performance["breaches"]] == [set()]
    (breach,) = await breaches(desk, contract, mine)
    assert (breach["settled"], "note" in breach) == ("100.00", False)
    theirs = desk.service.headers("c2", "customer", customer=str(uuid4()))
    seller = desk.service.headers("u77", "salesperson")
    for who in (theirs, seller):
        for what in ("performance", "breaches"):
            assert (await desk.service.ask("GET", f"/contracts/{contract['id']}/{what}", who)).status_code == 403
    assert (await desk.service.ask("GET", "/milestones", mine)).status_code == 403


SERVICES = [{"service": "维修", "response_hours": 4, "resolution_hours": 48, "times": 2}]


async def serving(desk: Office, **more: Any) -> Thing:
    """A sealed service contract."""
    template = (await desk.template(kind="service"))["id"]
    sealed: Thing = await desk.sealed(await desk.drafted(template_id=template, lines=[], services=SERVICES, **more))
    return sealed


def work(name: str, **more: str) -> Thing:
    now = datetime.now(UTC).isoformat()
    moments = dict.fromkeys(("requested_at", "responded_at", "done_at"), now)
    return {"service": "维修", "reference": name, "by_whom": "w3", **moments, **more}


async def test_service_work_is_measured_against_the_contract_once(desk: Office) -> None:
    """CON-12: in time, too late, and beyond the times that were promised."""
    contract = await serving(desk)
    path, technician = f"/contracts/{contract['id']}/service-work", desk.service.headers("w3", "technician")
    await desk.service.post(path, technician, work("W1"))
    await desk.service.pool.execute(
        "UPDATE contract_performances SET document = jsonb_set(document, '{opened_at}', '\"2026-01-01T00:00:00Z\"')"
        " WHERE contract_id = $1",
        UUID(contract["id"]),
    )
    await desk.service.post(path, technician, work("W2", requested_at="2026-01-05T01:00:00Z"))
    performance = await desk.service.post(path, technician, work("W3"))
    (figures,) = performance["services"]
    assert [figures[name] for name in ("done", "responses_in_time", "resolutions_in_time")] == [3, 2, 2]
    assert [(one["response_in_time"], one["within_times"]) for one in performance["works"]] == [
        (True, True), (False, True), (True, False),
    ]  # fmt: skip
    assert (await desk.service.announced(performance["id"])).count("service_measured") == 3
    assert (await desk.service.refused(path, technician, work("W3")))["rule"] == "CON-12"


async def test_service_work_that_does_not_fit_is_refused(desk: Office) -> None:
    """CON-12"""
    contract = await serving(desk)
    path, agent = f"/contracts/{contract['id']}/service-work", desk.service.headers("a1", "service_agent")
    for wrong in (
        {"service": "安装"},
        {"requested_at": "2099-01-01T00:00:00Z"},
        {"requested_at": "2020-01-01T00:00:00Z"},
    ):
        refused = await desk.service.refused(path, agent, work("W1", **wrong))
        assert (refused["status"], refused["rule"]) == (422, "CON-12")
    for wrong in (
        {"done_at": "2026-01-01T00:00:00"},
        {"requested_at": "0001-01-01T00:00:00+08:00"},
        {"reference": " "},
        {"by_whom": "x" * 101},
        {"more": "x"},
    ):
        assert (await desk.service.refused(path, agent, work("W1", **wrong)))["status"] == 422
    assert (await desk.service.refused(path, desk.seller, work("W1")))["status"] == 403
    none = f"/contracts/{uuid4()}/service-work"
    assert (await desk.service.refused(none, agent, work("W1")))["status"] == 404
