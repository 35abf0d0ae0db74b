"""From any decision to the clause it rests on (REG-4)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.regulations.domain.content import cited
from services.regulations.domain.first import first_editions
from services.regulations.domain.rules import catalogue
from shared.domain.actor import Post
from shared.domain.decisions import refusal_id
from shared.domain.policy import Policy
from shared.events.complaints import ComplaintEscalated, ComplaintFiled
from shared.events.event import Event
from shared.events.orders import PriceRefused
from shared.events.quality import ClaimApproved
from tests.hearing import announce, tell
from tests.house import Running, eventually
from tests.regulations.sample import Office

FIRST = Policy.read()

# The ids of the requirements, by their prefixes and how many there are of each.
RULES = {"CON": 15, "ORD": 20, "CMP": 18, "QUA": 8, "STF": 11, "CUS": 11, "AFT": 6, "NOT": 7, "REG": 4, "PLT": 4}


def now() -> datetime:
    return datetime.now(UTC)


def filed(policy: str = FIRST.version) -> ComplaintFiled:
    return ComplaintFiled(
        number="TS1", kind="service", channel="phone", customer_id=uuid4(), received_at=now(), respond_by=now(),
        resolve_by=now(), policy=policy,
    )  # fmt: skip


def escalated(level: int = 1) -> ComplaintEscalated:
    return ComplaintEscalated(number="TS1", level=level, post=Post.SALES_MANAGER, reason="response_missed")


def test_the_catalogue_has_every_rule_of_the_requirements_and_no_other() -> None:
    """REG-4"""
    assert set(catalogue().rules) == {f"{letters}-{n}" for letters, most in RULES.items() for n in range(1, most + 1)}


def test_every_rule_cites_clauses_that_are_there_and_numbers_that_are_used() -> None:
    """REG-4: and no number is used by no rule."""
    editions = {code: {clause.number for clause in found.clauses} for code, found in first_editions(FIRST)}
    used = set()
    for rule_id, rule in catalogue().rules.items():
        for citation in rule.clauses:
            code, number = cited(citation) or (citation, next(iter(editions[citation])))
            assert number in editions[code], (rule_id, citation)
        assert set(rule.parameters) <= FIRST.parameters.keys(), rule_id
        used |= set(rule.parameters)
    assert FIRST.parameters.keys() - used == set()


def test_every_event_that_is_a_decision_is_declared() -> None:
    """REG-4"""
    assert set(catalogue().deciding) <= Event.CATALOGUE.keys()


async def test_every_refusal_leads_to_its_clause(office: Office) -> None:
    """REG-4: the problem has the decision's id and the way to its basis; nothing was stored of it."""
    held = await office.in_force("D4")
    body = {"parameters": [{"key": "complaints.response_time", "value": 0, "clause": "3.3"}]}
    refused = await office.service.refused(f"/regulations/{held['id']}/revise", office.headquarters, body)
    assert refused["basis"] == f"/v1/decisions/{refused['decision']}/basis"
    basis = await office.get(f"/decisions/{refused['decision']}/basis", headers={"Accept-Language": "zh-CN"})
    assert (basis["kind"], basis["rule"], basis["title"]) == ("refusal", "REG-2", "规则所用数字均为条款的参数")
    [clause] = [clause for clause in basis["clauses"] if clause["regulation"] == "D3"]
    assert clause["text"] == "5 总则 公司销售服务管理制度应定期进行评估、完善、更新。"


async def test_a_refusal_shows_clauses_numbers_and_version_of_its_moment(office: Office) -> None:
    """REG-4: payment first, goods after."""
    decision = refusal_id("ORD-9", now())
    basis = await office.get(f"/decisions/{decision}/basis")
    assert [(one["regulation"], one["clause"]) for one in basis["clauses"]] == [("D19", "6.2"), ("D19", "8.8")]
    assert basis["clauses"][0]["text"] == "6.2 所有产品均按先款后货方式执行"
    assert basis["parameters"] == [
        {
            "key": "orders.deposit_share",
            "title": "开始生产所需的定金比例",
            "value": 1.0,
            "unit": None,
            "clause": "D19 §6.2",
        }
    ]


async def test_a_decision_is_read_in_the_edition_of_its_time(office: Office) -> None:
    """REG-4: a later edition does not change what an earlier decision rests on."""
    before = refusal_id("CUS-10", now())
    await office.enact(await office.revise("D7", clauses=[{"number": "5(4)", "text": "负责市场调研"}]))
    early, late = refusal_id("CUS-11", now() - timedelta(minutes=5)), refusal_id("CUS-11", now())

    async def d7(decision: UUID | None) -> dict[str, Any]:
        basis = await office.get(f"/decisions/{decision}/basis")
        return next(one for one in basis["clauses"] if one["regulation"] == "D7")

    assert ((await d7(early))["edition"], "负责市场调研" in (await d7(early))["text"]) == (1, False)
    assert ((await d7(late))["edition"], "负责市场调研" in (await d7(late))["text"]) == (2, True)
    assert [one["regulation"] for one in (await office.get(f"/decisions/{before}/basis"))["clauses"]] == ["D8"]


async def test_an_escalation_leads_to_clause_and_version_of_its_case(office: Office, regulations: Running) -> None:
    """REG-4, REG-2: over the bus; the version is the one the case was begun under, whatever holds by now."""

    async def first_known() -> bool:
        return FIRST.version in {one["version"] for one in (await office.get("/policies"))["items"]}

    await eventually(first_known)
    draft = await office.revise(
        "D4", parameters=[{"key": "complaints.response_time", "value": 12, "unit": "hour", "clause": "3.3"}]
    )
    await office.enact(draft)

    async def faster() -> bool:
        return bool(regulations.app.state.policies.now.complaints.response_time == timedelta(hours=12))

    await eventually(faster)
    old, fresh = uuid4(), uuid4()
    version = regulations.app.state.policies.now.version
    heard = await announce(regulations, (old, [filed(), escalated()]), (fresh, [filed(version), escalated()]))
    assert heard[1].known
    assert heard[3].known
    for event, hours, stamp in ((heard[1].known.id, 24, FIRST.version), (heard[3].known.id, 12, version)):
        basis = await office.get(f"/decisions/{event}/basis")
        assert (basis["rule"], basis["kind"]) == ("CMP-7", "complaints.complaint.escalated.v1")
        assert ("D4", "3.3") in {(one["regulation"], one["clause"]) for one in basis["clauses"]}
        assert next(one for one in basis["parameters"] if one["key"] == "complaints.response_time")["value"] == hours
        assert basis["policy"] == stamp


async def test_the_decisions_on_a_thing_are_listed_newest_first(office: Office, regulations: Running) -> None:
    """REG-4"""
    case = uuid4()
    await announce(regulations, (case, [filed(), escalated(1), escalated(2)]))
    path = f"/decisions/{case}/basis"
    page = await office.get(f"{path}?limit=2")
    assert [one["kind"].split(".")[2] for one in page["items"]] == ["escalated", "escalated"]
    rest = await office.get(f"{path}?limit=2&after={page['next']}")
    assert [one["kind"].split(".")[2] for one in rest["items"]] == ["filed"]
    assert rest["next"] is None
    answer = await office.service.ask("GET", f"{path}?format=csv", office.clerk)
    assert answer.text.count("CMP-7") == 3


@pytest.mark.parametrize(
    ("event", "rule", "clause"),
    [
        (PriceRefused(person="u12", customer_id=uuid4(), article="A", asked="1.00", allowed=None), "ORD-3", "5.3"),
        (ClaimApproved(number="SP1", complaint_id=uuid4(), amount="1.00"), "QUA-5", "after-sale 6"),
    ],
)
async def test_decisions_of_every_service_are_known(
    office: Office, regulations: Running, event: Event, rule: str, clause: str
) -> None:
    """REG-4"""
    heard = await tell(regulations, event)
    assert heard.known
    basis = await office.get(f"/decisions/{heard.known.id}/basis")
    assert (basis["rule"], basis["by"]) == (rule, "somebody")
    assert clause in {one["clause"] for one in basis["clauses"]}


async def test_an_approval_of_a_regulation_is_a_decision_too(office: Office) -> None:
    """REG-4, REG-1"""
    held = await office.enact(await office.draft())

    async def known() -> Any:
        answer = await office.service.ask("GET", f"/decisions/{held['id']}/basis", office.clerk)
        return answer.status_code == 200 and answer.json()["items"]

    found = await eventually(known)
    assert {one["rule"] for one in found} == {"REG-1"}


async def test_outsiders_may_ask_about_refusals_and_nothing_else(office: Office, regulations: Running) -> None:
    """REG-4, PLT-3"""
    customer = regulations.headers("c1", "customer", customer=str(uuid4()))
    heard = await tell(regulations, escalated(), version=1)
    assert heard.known
    refusal = refusal_id("ORD-9", now())
    assert (await regulations.get(f"/decisions/{refusal}/basis", customer))["rule"] == "ORD-9"
    for identity in (heard.known.id, heard.known.entity_id):
        assert (await regulations.ask("GET", f"/decisions/{identity}/basis", customer)).status_code == 404


async def test_what_is_no_decision_is_not_found(office: Office, regulations: Running) -> None:
    for identity in (uuid4(), refusal_id("ABC-9", now())):
        assert (await regulations.ask("GET", f"/decisions/{identity}/basis", office.clerk)).status_code == 404
    assert (await regulations.ask("GET", "/decisions/nonsense/basis", office.clerk)).status_code == 422


async def test_the_rules_are_listed_and_shown(office: Office) -> None:
    """REG-4"""
    first = await office.get("/rules?limit=3")
    assert [one["rule"] for one in first["items"]] == ["AFT-1", "AFT-2", "AFT-3"]
    rule = await office.get("/rules/CON-5")
    assert (rule["clauses"], rule["zh"]) == (["D19 §10.3"], "合同加盖公司合同章方为有效")
    assert (await office.service.ask("GET", "/rules/CON-99", office.clerk)).status_code == 404
