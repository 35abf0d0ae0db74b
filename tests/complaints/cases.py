"""Complaints to test with, and the people who have to do with them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Channel, Contact, Intake, Kind, WrittenSlip
from services.complaints.domain.steps import Found
from shared.domain.actor import Actor, Post
from shared.domain.policy import Policy
from shared.domain.refusals import Refusal
from shared.events.envelope import new_id

POLICY = Policy.read()
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CUSTOMER_ID = UUID("11111111-1111-4111-8111-111111111111")
PHONE = "13800138000"
EVIDENCE = "录音 2026-11-24 12:03"

SLIP: dict[str, Any] = {
    "order_number": "DH20261101-7F3K9QX2",
    "article": "TL-8001",
    "specification": "800×800",
    "quantity": "12.00",
    "grade": "优等品",
    "colour_number": "A12",
    "purchased_on": "2026-11-01",
}


def person(id: str, *posts: Post, **more: Any) -> Actor:
    return Actor(id=id, posts=frozenset(posts), **more)


CLERK = person("c1", Post.CLERK)
AGENT = person("a1", Post.SERVICE_AGENT)
OFFICE = person("o1", Post.OFFICE)
SALESPERSON = person("s1", Post.SALESPERSON)
MANAGER = person("m1", Post.SALES_MANAGER)
DIRECTOR = person("d1", Post.SALES_DIRECTOR)
VICE_PRESIDENT = person("v1", Post.VICE_PRESIDENT_SALES)
BRANCH_HEAD = person("b1", Post.BRANCH_GENERAL_MANAGER, branch="hefei")
GENERAL_MANAGER = person("g1", Post.GENERAL_MANAGER)
CUSTOMER = person("k1", Post.CUSTOMER, customer=str(CUSTOMER_ID))
STRANGER = person("k2", Post.CUSTOMER, customer="22222222-2222-4222-8222-222222222222")
ACCUSED = person("x1", Post.SALES_MANAGER, Post.SALES_DIRECTOR, Post.VICE_PRESIDENT_SALES, Post.CLERK, Post.OFFICE)
DELEGATE = person("y1", Post.SALES_MANAGER, on_behalf_of="x1")


def filed(
    kind: Kind = Kind.QUALITY, *, at: datetime = NOON, policy: Policy = POLICY, by: Actor = CLERK, **more: Any
) -> Complaint:
    """A complaint of the customer, as a clerk has taken it in, that reads as the store would read it."""
    if kind is Kind.QUALITY:
        more.setdefault("slip", WrittenSlip.model_validate(SLIP))
    if kind is Kind.SERVICE:
        more.setdefault("about", ACCUSED.id)
    facts: dict[str, Any] = {
        "channel": Channel.PHONE,
        "customer_id": CUSTOMER_ID,
        "description": "色差明显",
        "contact": Contact(name="王先生", phone=PHONE),
    }
    return Complaint.file(new_id(), Intake(kind=kind, **(facts | more)), policy, by, at)


def taken(kind: Kind = Kind.QUALITY, by: Actor = DIRECTOR, **more: Any) -> Complaint:
    """A complaint that somebody handles."""
    complaint = filed(kind, **more)
    complaint.take(by, NOON + HOUR)
    return complaint


def resolved(kind: Kind = Kind.QUALITY, by: Actor = DIRECTOR, **more: Any) -> Complaint:
    """A complaint that was proposed on, agreed, and carried out."""
    complaint = taken(kind, by, **more)
    complaint.respond(Channel.PHONE, EVIDENCE, "王先生", by, NOON + HOUR)
    if kind is Kind.OPINION:
        passed_on(complaint, by)
    complaint.propose("换货十二平方米", by, NOON + 2 * HOUR)
    complaint.agree("可以", CUSTOMER, NOON + 3 * HOUR)
    complaint.carry_out("换货十二平方米", "CH1", by, NOON + 4 * HOUR)
    complaint.resolve("已换货", "电话", by, NOON + 4 * HOUR)
    return complaint


WAREHOUSE = person("w9", Post.WAREHOUSE)


def passed_on(complaint: Complaint, by: Actor, at: datetime = NOON + HOUR) -> None:
    """The warehouse has the case, and says what it has to say."""
    complaint.hand_over(Post.WAREHOUSE, "请核实", by, at)
    complaint.report_back("已核实，采纳", WAREHOUSE, at)


def found(employee: str = "w1", severity: str = "ordinary") -> Found:
    return Found.model_validate(
        {
            "employee": employee,
            "department": "成品车间",
            "severity": severity,
            "finding": "分色有误",
            "evidence": ["分色记录 A12"],
        }
    )


def happened(complaint: Complaint) -> list[str]:
    """The names of what was recorded, in order."""
    return [type(event).__name__ for event in complaint.recorded]


def rule_of(refusal: pytest.ExceptionInfo[Refusal]) -> str | None:
    return refusal.value.rule
