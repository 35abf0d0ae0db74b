"""Service contracts, and remedies that clauses give."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.contracts.domain.clause import Clause
from services.contracts.domain.contract import Contract
from services.contracts.domain.remedy import Remedy
from services.contracts.domain.slots import Slot, SlotType
from services.contracts.domain.template import ContractKind, Template
from shared.domain.actor import Post
from shared.domain.refusals import Invalid, RuleBroken
from shared.events.contracts import ContractTookEffect
from tests.contracts.conftest import Office
from tests.contracts.sample import AT, POLICY, Desk, draft, drafter, general, office, service
from tests.house import Running

TERM = {"service": "铺贴指导", "response_hours": 24, "resolution_hours": 72, "times": 12}


def test_a_service_contract_says_which_services_and_within_what_time() -> None:
    """CON-12"""
    template = Desk(ContractKind.SERVICE).template
    with pytest.raises(RuleBroken, match="which services") as refused:
        draft(template)
    assert refused.value.rule == "CON-12"
    contract = draft(template, lines=[], services=[service()])
    contract.submit(POLICY, drafter, AT)
    with pytest.raises(RuleBroken, match="which services"):
        contract.change(template, drafter, AT, services=[])


def test_a_contract_of_goods_has_goods_and_no_services() -> None:
    """CON-12"""
    for kind in (ContractKind.SALES, ContractKind.CLEARANCE):
        template = Desk(kind).template
        with pytest.raises(RuleBroken, match="only a service contract promises") as refused:
            draft(template, services=[service()])
        assert refused.value.rule == "CON-12"
        with pytest.raises(RuleBroken, match="without goods"):
            draft(template, lines=[])


def test_an_old_draft_of_a_service_contract_is_not_submitted_without_services() -> None:
    """CON-12"""
    desk = Desk(ContractKind.SERVICE)
    desk.contract.services = []
    with pytest.raises(RuleBroken, match="which services"):
        desk.submitted()


def test_each_service_is_promised_once() -> None:
    """CON-12"""
    with pytest.raises(Invalid, match="promised once"):
        draft(Desk(ContractKind.SERVICE).template, services=[service(), service(response=1)])
    with pytest.raises(RuleBroken, match="before it is begun"):
        draft(Desk(ContractKind.SERVICE).template, services=[service(response=24, resolution=23)])


def test_the_departments_review_services_like_lines_and_the_seal_tells_of_them() -> None:
    """CON-3, CON-12"""
    desk = Desk(ContractKind.SERVICE).sealed()
    assert {(review.line, review.department) for review in desk.contract.reviews} == {
        (number, post) for number in (1, 2) for post in (Post.PRODUCTION, Post.QUALITY_INSPECTOR)
    }
    event = desk.contract.recorded[-1]
    assert isinstance(event, ContractTookEffect)
    assert [(term.service, term.response_hours, term.resolution_hours) for term in event.services] == [
        ("铺贴指导", 24, 72)
    ]


def test_services_are_part_of_what_is_agreed_and_a_contract_without_keeps_its_digest() -> None:
    """CON-9, CON-12"""
    template = Desk(ContractKind.SERVICE).template
    fast, slow = (draft(template, services=[service(response=hours)]) for hours in (4, 24))
    assert fast.content_digest() != slow.content_digest()
    before = fast.content_digest()
    fast.change(template, drafter, AT, services=[service(response=24)])
    assert before != fast.content_digest() == slow.content_digest()


def test_the_digests_of_contracts_and_templates_from_before_still_hold() -> None:
    """CON-1, CON-9: what has no services, remedies or editions is what it was in the first version"""
    template = Template.draft(
        uuid4(), code="XS", edition=1, title="合同", kind=ContractKind.SALES, by=office,
        clauses=[Clause(number="1", heading="标的", text="总额{total}元。")],
        slots=[Slot(name="total", type=SlotType.MONEY, title="合同总额")],
    )  # fmt: skip
    assert template.text_digest == "df811a62b42411bee82ddcbb3ffd08239867e27e84454e97cb7ed8f9106ddb29"
    template.activate(general, AT)
    contract = draft(template, slots={"total": "1200.00"}, valid_until=date(2026, 12, 31))
    assert contract.content_digest() == "92df36c5414be446f028999fa79238ab15e0f3bec127b1105f09aa87a0c05b0f"
    old = template.model_dump(mode="json", exclude={"retired_by", "retired_at"})
    assert not {"remedies"} & set(old)
    assert "options" not in old["slots"][0]
    assert Template.model_validate(old).digest_of_text() == template.text_digest


async def test_a_service_contract_goes_through_all_without_goods(contracts: Running, desk: Office) -> None:
    """CON-3, CON-12"""
    template = await desk.template(kind="service")
    contract = await desk.drafted(template_id=template["id"], lines=[], services=[TERM])
    contract = await desk.sealed(contract)
    assert (contract["status"], contract["services"]) == ("in_force", [TERM])
    text = await contracts.get(f"/contracts/{contract['id']}/text", desk.seller)
    assert text["services"] == [TERM]
    amendment = await desk.amended(contract, services=[TERM | {"response_hours": 8}])
    (change,) = amendment["difference"]
    assert (change["part"], change["name"], change["after"]) == ("service", "铺贴指导", "8 h / 72 h × 12")


@pytest.mark.parametrize(
    "services",
    [
        [], [TERM] * 2, [TERM | {"response_hours": 0}], [TERM | {"resolution_hours": 1}], [TERM | {"times": 0}],
        [TERM | {"service": " "}], [TERM | {"response_hours": "soon"}], [TERM | {"x": 1}], "all", [TERM] * 51,
    ],
)  # fmt: skip
async def test_services_that_say_nothing_are_refused(contracts: Running, desk: Office, services: Any) -> None:
    """CON-12"""
    template = await desk.template(kind="service")
    body = await desk.body(template_id=template["id"], services=services)
    assert (await contracts.refused("/contracts", desk.seller, body))["status"] == 422


async def test_the_database_itself_keeps_services_in_service_contracts(contracts: Running, desk: Office) -> None:
    """CON-12: whatever the code does"""
    contract = await desk.drafted()
    statement = "UPDATE contracts SET document = document || '{\"services\": [{}]}' WHERE id = $1"
    with pytest.raises(asyncpg.CheckViolationError, match="CON-12"):
        await contracts.pool.execute(statement, contract["id"])


CLAUSES = [
    {"number": "1", "heading": "标的", "text": "总额{total}元。"},
    {"number": "7", "heading": "质量", "text": "质量不合格的,支付该批货值{bad}%的违约金。"},
    {"number": "8", "heading": "交期", "text": "每逾期一日,支付{late}%,但不超过{most}%。"},
]
SLOTS = [
    {"name": "total", "type": "money", "title": "合同总额"},
    {"name": "bad", "type": "number", "title": "质量违约金"},
    {"name": "late", "type": "number", "title": "逾期违约金"},
    {"name": "most", "type": "number", "title": "逾期违约金上限"},
]
REMEDIES = [
    {"breach": "quality_failure", "clause": "7", "slot": "bad"},
    {"breach": "late_delivery", "clause": "8", "slot": "late", "cap_slot": "most"},
]
VALUES: dict[str, str | int] = {"total": "1200.00", "bad": 20, "late": "0.5", "most": "5.00"}


def with_remedies(remedies: list[dict[str, str]] = REMEDIES) -> Template:
    template = Template.draft(
        uuid4(), code="XS", edition=1, title="合同", kind=ContractKind.SALES, by=office,
        clauses=[Clause.model_validate(one) for one in CLAUSES], slots=[Slot.model_validate(one) for one in SLOTS],
        remedies=[Remedy.model_validate(one) for one in remedies],
    )  # fmt: skip
    template.activate(general, AT)
    return template


def agreed(contract: Contract, template: Template) -> list[tuple[str, str, Decimal, Decimal | None]]:
    return [(one.breach.value, one.clause, one.percent, one.cap) for one in contract.agreed_remedies(template)]


def test_a_contract_knows_what_its_clauses_give_for_a_breach() -> None:
    """CON-14"""
    template = with_remedies()
    contract = draft(template, slots=VALUES)
    late = ("late_delivery", "8", Decimal("0.5"), Decimal(5))
    assert agreed(contract, template) == [("quality_failure", "7", Decimal(20), None), late]
    contract.deviate("7", "质量不合格的,由甲方更换。", template, drafter, AT)
    assert agreed(contract, template) == [late]
    contract.deviate("7", "质量不合格的,支付{bad}%。", template, drafter, AT)
    assert agreed(contract, template)[0][1] == "7"
    other = with_remedies(REMEDIES[:1])
    with pytest.raises(RuleBroken, match="not the template text"):
        contract.agreed_remedies(other)


def test_remedies_are_part_of_a_templates_text() -> None:
    """CON-1, CON-14"""
    assert with_remedies().text_digest != with_remedies(REMEDIES[:1]).text_digest


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        (REMEDIES[0] | {"clause": "9"}, "clause 9, which there is not"),
        (REMEDIES[0] | {"slot": "late"}, "clause 7 has no place for late"),
        (REMEDIES[0] | {"slot": "gift"}, "clause 7 has no place for gift"),
        (REMEDIES[0] | {"cap_slot": "most"}, "clause 7 has no place for most"),
        (REMEDIES[0] | {"clause": "1", "slot": "total"}, "total of a remedy holds no number"),
        (REMEDIES[1], "late_delivery is given twice"),
    ],
)
def test_a_remedy_rests_on_a_clause_that_says_its_percentage(remedy: dict[str, str], said: str) -> None:
    """CON-14"""
    with pytest.raises(RuleBroken, match=said) as refused:
        with_remedies([remedy, REMEDIES[1]])
    assert refused.value.rule == "CON-14"


@pytest.mark.parametrize("percent", ["-1", "100.01"])
def test_a_remedy_is_filled_in_with_a_percentage(percent: str) -> None:
    """CON-14"""
    with pytest.raises(Invalid) as refused:
        draft(with_remedies(), slots=VALUES | {"most": percent})
    assert [error["field"] for error in refused.value.errors] == ["slots.most"]


async def test_templates_state_remedies_and_choices(contracts: Running, desk: Office) -> None:
    """CON-1, CON-14"""
    choice = {"name": "place", "type": "choice", "title": "交货地点", "options": ["佛山", "工地"]}
    where = {"number": "9", "heading": "交货", "text": "货交{place}。"}
    body = {"clauses": [*CLAUSES, where], "slots": [*SLOTS, choice], "remedies": REMEDIES}
    template = await desk.template(**body)
    assert template["remedies"][1] == REMEDIES[1]
    contract = await desk.drafted(template_id=template["id"], slots=VALUES | {"place": "工地"})
    assert contract["slots"]["place"] == "工地"
    for wrong in ({"place": "别处"}, {"late": "101"}):
        filled = await desk.body(template_id=template["id"], slots=VALUES | {"place": "佛山"} | wrong)
        assert (await contracts.refused("/contracts", desk.seller, filled))["status"] == 422
    no_options, needless = {"options": []}, [SLOTS[0] | {"options": ["x"]}, *SLOTS[1:], choice]
    for other in (
        {"slots": [*SLOTS, choice | no_options]}, {"slots": needless}, {"remedies": [REMEDIES[0] | {"slot": "x"}]},
        {"remedies": [{**REMEDIES[0], "breach": "theft"}]}, {"remedies": REMEDIES * 6},
    ):  # fmt: skip
        problem = await contracts.refused("/templates", desk.headquarters, desk.template_body(**body | other))
        assert problem["status"] == 422
