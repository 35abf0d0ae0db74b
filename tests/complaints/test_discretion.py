"""Whom a complaint is about, and who sees the complainant (CMP-18), without I/O."""

from collections.abc import Callable

import pytest

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Channel, Kind
from services.complaints.domain.steps import MASK
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden
from tests.complaints.cases import (
    ACCUSED,
    AGENT,
    BRANCH_HEAD,
    CLERK,
    CUSTOMER,
    DELEGATE,
    DIRECTOR,
    EVIDENCE,
    GENERAL_MANAGER,
    HOUR,
    MANAGER,
    NOON,
    OFFICE,
    PHONE,
    POLICY,
    SALESPERSON,
    STRANGER,
    filed,
    found,
    person,
    resolved,
    rule_of,
    taken,
)

HANDS: dict[str, Callable[[Complaint, Actor], None]] = {
    "take": lambda complaint, by: complaint.take(by, NOON),
    "acknowledge": lambda complaint, by: complaint.acknowledge(by, NOON),
    "respond": lambda complaint, by: complaint.respond(Channel.PHONE, EVIDENCE, "王先生", by, NOON),
    "establish": lambda complaint, by: complaint.establish(False, [], by, NOON),
    "propose": lambda complaint, by: complaint.propose("道歉", by, NOON),
    "agree": lambda complaint, by: complaint.agree("好", by, NOON),
    "resolve": lambda complaint, by: complaint.resolve("已道歉", "电话", by, NOON),
    "log_attempt": lambda complaint, by: complaint.log_attempt(Channel.PHONE, "无人接听", by, NOON),
    "close": lambda complaint, by: complaint.close("王先生", by, NOON),
    "reopen": lambda complaint, by: complaint.reopen("不满意", POLICY, by, NOON),
}


@pytest.mark.parametrize("by", [ACCUSED, DELEGATE], ids=["accused", "delegate"])
@pytest.mark.parametrize("deed", HANDS)
def test_whoever_a_complaint_is_about_has_no_hand_in_it(deed: str, by: Actor) -> None:
    """CMP-18"""
    complaint = filed(Kind.SERVICE)
    complaint.miss_response(NOON + 24 * HOUR)
    with pytest.raises(Forbidden) as refusal:
        HANDS[deed](complaint, by)
    assert rule_of(refusal) == "CMP-18"


def test_whoever_was_found_responsible_has_no_hand_in_it_any_more() -> None:
    """CMP-18"""
    complaint = taken()
    complaint.establish(True, [found(MANAGER.id)], DIRECTOR, NOON + HOUR)
    with pytest.raises(Forbidden) as refusal:
        complaint.take(MANAGER, NOON + 2 * HOUR)
    assert rule_of(refusal) == "CMP-18"


@pytest.mark.parametrize("by", [DIRECTOR, MANAGER, AGENT, OFFICE, CLERK, CUSTOMER, BRANCH_HEAD, GENERAL_MANAGER])
def test_who_needs_the_contact_data_sees_them(by: Actor) -> None:
    """CMP-18"""
    complaint = resolved()
    assert complaint.shown_to(by).contact == complaint.contact
    assert PHONE in complaint.shown_to(by).model_dump_json()


OTHERS = [ACCUSED, DELEGATE, SALESPERSON, person("c2", Post.CLERK), person("w1", Post.WAREHOUSE), STRANGER]


@pytest.mark.parametrize("by", OTHERS, ids=lambda by: by.id)
def test_nobody_else_sees_what_leads_to_the_complainant(by: Actor) -> None:
    """CMP-18"""
    complaint = taken(Kind.SERVICE, MANAGER)
    complaint.respond(Channel.PHONE, f"录音 {PHONE}", "王先生", MANAGER, NOON + HOUR)
    complaint.log_attempt(Channel.PHONE, f"{PHONE} 无人接听", CLERK, NOON + 2 * HOUR)
    complaint.establish(False, [], MANAGER, NOON + 2 * HOUR)
    complaint.resolve("已道歉", f"电话 {PHONE}", MANAGER, NOON + 3 * HOUR)
    complaint.close("王先生", AGENT, NOON + 4 * HOUR)
    complaint.reopen("不满意", POLICY, AGENT, NOON + 5 * HOUR)
    complaint.respond(Channel.PHONE, f"录音 {PHONE}", "王先生", MANAGER, NOON + 6 * HOUR)
    seen = complaint.shown_to(by)
    assert seen.contact is None
    assert seen.response
    assert seen.response.spoken_to == MASK
    assert PHONE not in seen.model_dump_json()
    assert "王先生" not in seen.model_dump_json()
    assert complaint.contact is not None, "the case itself is as it was"


def test_whoever_was_complained_about_sees_no_contact_data_as_handler_either() -> None:
    """CMP-18: a clerk who took in a complaint about themselves, unknowingly."""
    complaint = filed(Kind.SERVICE, by=ACCUSED)
    assert complaint.shown_to(ACCUSED).contact is None


def test_the_complainant_does_not_see_what_was_found_about_people() -> None:
    complaint = taken()
    complaint.establish(True, [found()], DIRECTOR, NOON + HOUR)
    assert complaint.shown_to(CUSTOMER).responsibility is None
    assert complaint.shown_to(DIRECTOR) is complaint
