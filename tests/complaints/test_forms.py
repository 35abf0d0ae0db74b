"""客户投诉质量处理表 of a case that has gone the whole way, without I/O (CMP-12)."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Channel, Kind, WrittenSlip
from services.complaints.forms import Copy, complaint_form
from shared.documents.form import Fields, Form, Grid, Prose, shown
from shared.domain.actor import Post
from shared.events.orders import EvidenceCompiled, IssuedGoods, OrderedLine
from shared.events.quality import ClaimSettled, Share
from shared.web.words import Words
from tests.complaints.cases import (
    AGENT,
    CUSTOMER,
    DIRECTOR,
    EVIDENCE,
    GENERAL_MANAGER,
    HOUR,
    MANAGER,
    NOON,
    PHONE,
    POLICY,
    SLIP,
    found,
    person,
    taken,
)

SAY = partial(Words(Path("services/complaints/messages.zh.toml")).word, language="zh")


def told(complaint: Complaint, order_number: str = SLIP["order_number"]) -> None:
    """What orders and quality tell of the case."""
    line = OrderedLine(
        article="TL-8001", specification="800×800", model="抛光", grade="优等品", colour_number="A13",
        quantity=Decimal(12), price=Decimal(88), authority="JG1",
    )  # fmt: skip
    goods = IssuedGoods(line=1, article="TL-8001", lot_id=uuid4(), lot="L20261101", quantity=Decimal(12))
    evidence = EvidenceCompiled(
        complaint_id=complaint.id, kind="quality", number=order_number, customer_id=uuid4(), lines=[line],
        goods=[goods], placed_at=NOON - timedelta(days=23), total=Decimal(1), people={},
    )  # fmt: skip
    complaint.keep_evidence(uuid4(), evidence)
    investigation = uuid4()
    complaint.note_task(Post.PRODUCTION, NOON + 12 * HOUR, NOON)
    complaint.note_finding(Post.PRODUCTION, "烧成", "窑温偏低十五度", "u22", NOON + 13 * HOUR)
    share = Share(department=Post.PRODUCTION, employee="u23", percent=70, severity="ordinary")
    complaint.note_liability(investigation, "ZL1", [share])
    complaint.note_conclusion(investigation, "ZL1", "已校正窑温")
    settled = ClaimSettled(number="SP1", complaint_id=complaint.id, amount=Decimal(1056), settlement="refund")
    complaint.note_claim(uuid4(), settled)


def whole() -> Complaint:
    complaint = taken()
    told(complaint)
    complaint.respond(Channel.PHONE, EVIDENCE, "王先生", DIRECTOR, NOON + HOUR)
    complaint.plan_visit(NOON + 3 * HOUR, ["d1"], DIRECTOR, NOON + 2 * HOUR)
    complaint.record_visit(1, NOON + 3 * HOUR, ["d1"], "色差可见", ["照片 31"], "王先生", DIRECTOR, NOON + 4 * HOUR)
    complaint.ask_pause("waiting_for_sample", "样砖在途", None, DIRECTOR, NOON + 5 * HOUR)
    complaint.grant_pause(GENERAL_MANAGER, NOON + 6 * HOUR)
    complaint.resume(DIRECTOR, NOON + 8 * HOUR)
    complaint.find_cause("色差", "分色漏检", DIRECTOR, NOON + 9 * HOUR)
    complaint.establish(True, [found("u23")], DIRECTOR, NOON + 10 * HOUR)
    complaint.propose("换货", DIRECTOR, NOON + 10 * HOUR)
    complaint.agree("请尽快", CUSTOMER, NOON + 11 * HOUR)
    complaint.carry_out("换货十二平方米", "CH1", DIRECTOR, NOON + 12 * HOUR)
    complaint.resolve("已换货", "phone", DIRECTOR, NOON + 13 * HOUR)
    complaint.follow_up(Channel.PHONE, "王先生", "没有问题", True, POLICY, AGENT, NOON + 200 * HOUR)
    complaint.close("王先生", AGENT, NOON + 201 * HOUR)
    complaint.sum_up("色差", "未与分色联动", "首检留样", DIRECTOR, NOON + 202 * HOUR)
    return complaint


def said(form: Form) -> str:
    """Everything that stands on the sheet."""
    texts = [form.title, form.number, form.subtitle, form.watermark]
    for section in form.sections:
        match section:
            case Fields():
                texts += [f"{item[0]} {shown(item[1])}" for item in section.items]
            case Grid():
                texts += [section.title, *(shown(value) for row in section.rows for value in row)]
            case Prose():
                texts += [section.title, section.text]
    return "\n".join(texts)


def form_of(complaint: Complaint, copy: Copy = Copy.ORIGINAL) -> str:
    return said(complaint_form(complaint, "公司", "合肥建材", SAY, copy))


@pytest.mark.parametrize(
    "words",
    ["客户投诉质量处理表", "合肥建材", PHONE, "色号：票据 A12，订单 A13", "生产部", "窑温偏低十五度",
     "超时", "责任划分（质量调查 ZL1）", "已校正窑温", "色差可见", "分色记录 A12", "退款 1,056.00", "分色漏检",
     "2.0小时", "同意：请尽快", "换货十二平方米（CH1）", "已换货", "满意：没有问题", "客户确认：王先生", "首检留样"],
)  # fmt: skip
def test_the_form_says_what_has_happened(words: str) -> None:
    """CMP-12, CMP-3, CMP-8, CMP-9, CMP-10, CMP-13, CMP-16"""
    assert words in form_of(whole())


def test_a_slip_that_no_order_fits_is_marked_until_it_is_corrected() -> None:
    """CMP-3, CMP-12: what was entered before is printed beside who corrected it, and why."""
    complaint = taken()
    first = complaint.slip
    assert first is not None
    complaint.note_missing_evidence(first.order_number)
    assert f"查无此单：{first.order_number}" in form_of(complaint)
    right = WrittenSlip.model_validate(SLIP | {"order_number": "DH20261102-AAAA1111", "quantity": "10"})
    complaint.correct_slip(right, "抄错单号", DIRECTOR, NOON + HOUR)
    told(complaint, right.order_number)
    text = form_of(complaint)
    assert "查无此单" not in text
    assert f"订单号：{first.order_number} → {right.order_number}；数量：12.00 → 10" in text
    assert "抄错单号" in text
    assert "色号：票据 A12，订单 A13" in text


def test_the_form_of_others_leaves_out_the_complainant() -> None:
    """CMP-12, CMP-18"""
    text = form_of(whole().shown_to(person("w1", Post.WAREHOUSE)))
    assert PHONE not in text
    assert "王先生" not in text
    assert "没有问题" not in text


def test_an_unsettled_case_is_marked_and_leaves_room_for_the_departments() -> None:
    """CMP-12"""
    complaint = taken(Kind.SERVICE, MANAGER)
    complaint.miss_response(NOON + 24 * HOUR)
    complaint.establish(False, [], MANAGER, NOON + 25 * HOUR)
    text = form_of(complaint, Copy.OFFICE)
    for words in (
        "客户投诉服务处理表",
        "未办结",
        "办公室留档",
        "被投诉人 x1",
        "责任部门",
        "首次响应",
        "未查实",
        "上报",
    ):
        assert words in text
