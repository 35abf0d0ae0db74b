"""The rules of complaints, without I/O: intake, handling, responsibility, agreement, closing."""

from pathlib import Path
from uuid import uuid4

import pytest

from services.complaints.domain.intake import Channel, Kind, Severity, WrittenSlip
from shared.domain.actor import Actor, Post
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from shared.events.complaints import ComplaintReported, ResponsibilityEstablished
from tests.complaints.cases import (
    AGENT,
    BRANCH_HEAD,
    CLERK,
    CUSTOMER,
    DIRECTOR,
    EVIDENCE,
    GENERAL_MANAGER,
    HOUR,
    MANAGER,
    NOON,
    OFFICE,
    POLICY,
    SALESPERSON,
    SLIP,
    STRANGER,
    VICE_PRESIDENT,
    filed,
    found,
    happened,
    person,
    resolved,
    rule_of,
    taken,
)


def test_a_quality_complaint_registers_its_slip() -> None:
    """CMP-3"""
    with pytest.raises(RuleBroken) as refusal:
        filed(Kind.QUALITY, slip=None)
    assert rule_of(refusal) == "CMP-3"


@pytest.mark.parametrize("missing", ["order_number", "article", "specification", "grade", "colour_number"])
def test_a_slip_says_everything_about_the_goods(missing: str) -> None:
    """CMP-3"""
    with pytest.raises(RuleBroken) as refusal:
        filed(Kind.QUALITY, slip=WrittenSlip.model_validate(SLIP | {missing: " "}))
    assert rule_of(refusal) == "CMP-3"
    assert missing in str(refusal.value)


def test_a_service_complaint_names_whom_it_is_about() -> None:
    """CMP-6"""
    with pytest.raises(RuleBroken) as refusal:
        filed(Kind.SERVICE, about=None)
    assert rule_of(refusal) == "CMP-6"


@pytest.mark.parametrize(
    ("kind", "severity", "post"),
    [
        (Kind.QUALITY, Severity.ORDINARY, Post.SALES_DIRECTOR),
        (Kind.DELIVERY, Severity.GRAVE, Post.SALES_MANAGER),
        (Kind.SERVICE, Severity.ORDINARY, Post.SALES_MANAGER),
        (Kind.SERVICE, Severity.GRAVE, Post.VICE_PRESIDENT_SALES),
        (Kind.OPINION, Severity.ORDINARY, Post.OFFICE),
    ],
)
def test_each_kind_goes_to_its_post(kind: Kind, severity: Severity, post: Post) -> None:
    """CMP-2, CMP-4, CMP-6"""
    complaint = filed(kind, severity=severity)
    assert complaint.post is post
    assert happened(complaint)[:2] == ["ComplaintFiled", "ComplaintAssigned"]


def test_a_grave_service_complaint_is_told_to_the_office() -> None:
    """CMP-6"""
    reports = [
        event for event in filed(Kind.SERVICE, severity=Severity.GRAVE).recorded if type(event) is ComplaintReported
    ]
    assert [report.post for report in reports] == [Post.OFFICE]
    assert "ComplaintReported" not in happened(filed(Kind.SERVICE))


@pytest.mark.parametrize("by", [DIRECTOR, MANAGER, VICE_PRESIDENT, GENERAL_MANAGER])
def test_a_quality_complaint_is_handled_in_person_by_sales_management(by: Actor) -> None:
    """CMP-4"""
    assert taken(Kind.QUALITY, by).handler == by.id


@pytest.mark.parametrize("by", [OFFICE, CLERK, SALESPERSON, BRANCH_HEAD])
def test_nobody_below_or_beside_the_line_takes_a_quality_complaint(by: Actor) -> None:
    """CMP-4"""
    with pytest.raises(Forbidden) as refusal:
        filed().take(by, NOON)
    assert rule_of(refusal) == "CMP-4"


def test_a_person_further_up_takes_a_case_over() -> None:
    """CMP-4"""
    complaint = taken(Kind.DELIVERY, MANAGER)
    with pytest.raises(NotAllowedNow):
        complaint.take(MANAGER, NOON + 2 * HOUR)
    complaint.propose("补发", MANAGER, NOON + 2 * HOUR)
    complaint.take(VICE_PRESIDENT, NOON + 3 * HOUR)
    assert complaint.recorded[-1].model_dump()["instead_of"] == MANAGER.id
    complaint.agree("好", CUSTOMER, NOON + 3 * HOUR)
    complaint.carry_out("补发", "CH1", VICE_PRESIDENT, NOON + 4 * HOUR)
    with pytest.raises(Forbidden) as refusal:
        complaint.resolve("已补发", "电话", MANAGER, NOON + 4 * HOUR)
    assert rule_of(refusal) == "CMP-4"
    complaint.resolve("已补发", "电话", VICE_PRESIDENT, NOON + 4 * HOUR)


@pytest.mark.parametrize(("evidence", "spoken_to"), [("电话", "王先生"), ("      ", "王先生"), (EVIDENCE, " ")])
def test_a_response_counts_only_as_evidenced_contact(evidence: str, spoken_to: str) -> None:
    """CMP-16"""
    complaint = taken()
    with pytest.raises(RuleBroken) as refusal:
        complaint.respond(Channel.PHONE, evidence, spoken_to, DIRECTOR, NOON + HOUR)
    assert rule_of(refusal) == "CMP-16"


def test_the_first_response_is_recorded_once_by_handler_or_manager() -> None:
    """CMP-7, CMP-16"""
    complaint = taken(Kind.OPINION, OFFICE)
    with pytest.raises(Forbidden) as refusal:
        complaint.respond(Channel.PHONE, EVIDENCE, "王先生", person("o2", Post.OFFICE), NOON + HOUR)
    assert rule_of(refusal) == "CMP-16"
    complaint.respond(Channel.PHONE, EVIDENCE, "王先生", MANAGER, NOON + HOUR)
    assert complaint.response
    assert complaint.response.in_time
    assert complaint.timers["warn_response"] is complaint.timers["miss_response"] is None
    with pytest.raises(NotAllowedNow):
        complaint.respond(Channel.PHONE, EVIDENCE, "王先生", OFFICE, NOON + 2 * HOUR)


def test_responsibility_is_established_by_the_handler_before_any_penalty() -> None:
    """CMP-15"""
    complaint = taken()
    with pytest.raises(Forbidden) as refusal:
        complaint.establish(True, [found()], VICE_PRESIDENT, NOON + HOUR)
    assert rule_of(refusal) == "CMP-4"
    complaint.establish(True, [found("w1", "grave"), found("w2")], DIRECTOR, NOON + HOUR)
    announced = complaint.recorded[-1]
    assert isinstance(announced, ResponsibilityEstablished)
    assert [(one.employee, one.severity) for one in announced.responsible] == [("w1", "grave"), ("w2", "ordinary")]
    with pytest.raises(NotAllowedNow):
        complaint.establish(True, [found("w3")], DIRECTOR, NOON + 2 * HOUR)


@pytest.mark.parametrize(
    ("verified", "named"), [(True, []), (False, ["w1"]), (True, ["w1", "w1"])], ids=["nobody", "somebody", "twice"]
)
def test_what_is_verified_names_each_person_once_and_what_is_not_names_nobody(verified: bool, named: list[str]) -> None:
    """CMP-15"""
    with pytest.raises(RuleBroken) as refusal:
        taken().establish(verified, [found(employee) for employee in named], DIRECTOR, NOON + HOUR)
    assert rule_of(refusal) == "CMP-15"


def test_nobody_establishes_their_own_responsibility() -> None:
    """CMP-18"""
    with pytest.raises(Forbidden) as refusal:
        taken().establish(True, [found(DIRECTOR.id)], DIRECTOR, NOON + HOUR)
    assert rule_of(refusal) == "CMP-18"


def test_what_could_not_be_verified_may_be_verified_later_and_after_the_end() -> None:
    """CMP-15"""
    complaint = resolved()
    complaint.establish(False, [], DIRECTOR, NOON + 5 * HOUR)
    complaint.close(None, CUSTOMER, NOON + 6 * HOUR)
    complaint.establish(True, [found()], DIRECTOR, NOON + 7 * HOUR)
    assert complaint.responsibility
    assert complaint.responsibility.verified


@pytest.mark.parametrize("kind", [Kind.QUALITY, Kind.DELIVERY])
def test_goods_and_delivery_are_settled_as_the_customer_has_agreed(kind: Kind) -> None:
    """CMP-8"""
    complaint = taken(kind)
    with pytest.raises(RuleBroken) as refusal:
        complaint.resolve("已换货", "电话", DIRECTOR, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-8"
    complaint.propose("换货", DIRECTOR, NOON + 2 * HOUR)
    complaint.agree("好", CUSTOMER, NOON + 3 * HOUR)
    complaint.carry_out("换货", "CH1", DIRECTOR, NOON + 4 * HOUR)
    complaint.propose("还是退款", DIRECTOR, NOON + 4 * HOUR)
    with pytest.raises(RuleBroken):
        complaint.resolve("已换货", "电话", DIRECTOR, NOON + 5 * HOUR)
    complaint.agree("也好", CUSTOMER, NOON + 5 * HOUR)
    with pytest.raises(RuleBroken, match="carried out first"):
        complaint.resolve("已退款", "电话", DIRECTOR, NOON + 5 * HOUR)
    complaint.carry_out("退款", "TK1", DIRECTOR, NOON + 6 * HOUR)
    complaint.resolve("已退款", "电话", DIRECTOR, NOON + 6 * HOUR)
    assert complaint.resolution
    assert complaint.resolution.in_time


def test_the_customer_agrees_only_to_what_was_proposed() -> None:
    """CMP-8"""
    with pytest.raises(NotAllowedNow):
        taken().agree("好", CUSTOMER, NOON + HOUR)


@pytest.mark.parametrize(("by", "rule"), [(STRANGER, None), (SALESPERSON, "CMP-8"), (MANAGER, "CMP-8")])
def test_consent_comes_from_the_customer_or_from_who_talks_to_them(by: Actor, rule: str | None) -> None:
    """CMP-8"""
    complaint = taken()
    complaint.propose("换货", DIRECTOR, NOON + HOUR)
    with pytest.raises(Forbidden) as refusal:
        complaint.agree("好", by, NOON + HOUR)
    assert rule_of(refusal) == rule
    for voice in (CUSTOMER, CLERK, AGENT, DIRECTOR):
        complaint.propose("换货", DIRECTOR, NOON + HOUR)
        complaint.agree("好", voice, NOON + HOUR)


def test_closing_needs_the_customers_word_or_policys_attempts_since_the_resolution() -> None:
    """CMP-11"""
    complaint = taken()
    for _ in range(POLICY.complaints.closing_attempts):
        complaint.log_attempt(Channel.PHONE, "无人接听", CLERK, NOON + HOUR)
    complaint.propose("换货", DIRECTOR, NOON + 2 * HOUR)
    complaint.agree("好", CUSTOMER, NOON + 3 * HOUR)
    complaint.carry_out("换货", "CH1", DIRECTOR, NOON + 4 * HOUR)
    complaint.resolve("已换货", "电话", DIRECTOR, NOON + 4 * HOUR)
    for attempts in range(POLICY.complaints.closing_attempts):
        with pytest.raises(RuleBroken) as refusal:
            complaint.close(None, AGENT, NOON + 5 * HOUR)
        assert rule_of(refusal) == "CMP-11"
        assert refusal.value.params["attempts"] == attempts
        complaint.log_attempt(Channel.PHONE, "无人接听", CLERK, NOON + 5 * HOUR)
    complaint.close(None, AGENT, NOON + 6 * HOUR)
    assert complaint.closure
    assert (complaint.closure.confirmed_by, complaint.closure.attempts) == ("", 3)


def test_the_customer_closes_with_their_own_word_but_not_what_is_unresolved() -> None:
    """CMP-11"""
    with pytest.raises(NotAllowedNow):
        taken().close(None, CUSTOMER, NOON + 5 * HOUR)
    with pytest.raises(NotAllowedNow):
        taken().close("王先生", AGENT, NOON + 5 * HOUR)
    with pytest.raises(Forbidden):
        resolved().close("李女士", STRANGER, NOON + 5 * HOUR)
    complaint = resolved()
    complaint.close(None, CUSTOMER, NOON + 5 * HOUR)
    assert complaint.closure
    assert complaint.closure.confirmed_by == CUSTOMER.id


def test_a_dissatisfied_customer_reopens_and_the_clocks_start_anew(tmp_path: Path) -> None:
    """CMP-11, CMP-7"""
    complaint = resolved()
    complaint.close(None, CUSTOMER, NOON + 5 * HOUR)
    with pytest.raises(Forbidden):
        complaint.reopen("不满意", POLICY, STRANGER, NOON + 6 * HOUR)
    (tmp_path / "policy.toml").write_text("[complaints]\nclosing_attempts = { value = 1 }\n")
    later = Policy.read(tmp_path / "policy.toml")
    complaint.reopen("又出现色差", later, CUSTOMER, NOON + 100 * HOUR)
    assert complaint.timers["miss_response"] == complaint.terms.respond_by == NOON + 124 * HOUR
    assert complaint.terms.policy == later.version != POLICY.version
    [kept] = complaint.reopenings
    assert kept.reason == "又出现色差"
    assert kept.response
    assert kept.resolution
    assert kept.closure
    assert kept.consent
    assert complaint.response is None
    assert complaint.handler == DIRECTOR.id
    with pytest.raises(RuleBroken):
        complaint.resolve("已换货", "电话", DIRECTOR, NOON + 101 * HOUR)
    complaint.miss_response(NOON + 124 * HOUR)
    complaint.respond(Channel.VISIT, EVIDENCE, "王先生", DIRECTOR, NOON + 125 * HOUR)
    assert complaint.recorded[-1].model_dump()["in_time"] is False


def test_the_number_is_read_out_on_the_phone() -> None:
    assert filed().number.startswith("TS20261124-")


def test_evidence_of_an_unknown_order_is_noted_once() -> None:
    """ORD-20"""
    complaint = filed()
    complaint.note_missing_evidence("DH1")
    complaint.note_missing_evidence("DH1")
    assert happened(complaint).count("EvidenceNotFound") == 1


def test_an_investigation_is_linked_once() -> None:
    """CMP-5"""
    complaint, investigation = filed(), uuid4()
    complaint.note_conclusion(investigation, "ZL1", "窑温偏低")
    complaint.link_investigation(investigation, "ZL1")
    assert happened(complaint)[-2:] == ["InvestigationLinked", "InvestigationConcluded"]
