"""客户投诉质量处理表 and 客户投诉服务处理表: a case on paper, with the sections of the departments (CMP-12)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from services.complaints.causes import CAUSES
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Kind
from services.complaints.domain.investigated_case import Section
from services.complaints.domain.shared_case import Stay
from services.complaints.domain.terms import ClockName
from shared.documents.form import Column, Field, Fields, Form, Grid, Prose, Value
from shared.documents.form import Section as Part
from shared.domain.actor import Post
from shared.events.complaints import Slip

type Say = Callable[[str], str]


class Copy(StrEnum):
    """Which copy is printed: the sales department keeps the original, the office a copy (CMP-12)."""

    ORIGINAL = "original"
    OFFICE = "office"


MARKS = {Copy.ORIGINAL: "第一联（原件）：销售部留存", Copy.OFFICE: "第二联（复印件）：办公室留档"}
TITLES = {
    Kind.QUALITY: "客户投诉质量处理表",
    Kind.DELIVERY: "客户投诉服务处理表",
    Kind.SERVICE: "客户投诉服务处理表",
    Kind.OPINION: "客户意见处理表",
}
CLOCKS = {ClockName.RESPONSE: "首次响应", ClockName.RESOLUTION: "办结"}
SETTLEMENTS = {"refund": "退款", "replacement": "换货", "repair": "维修", "discount": "折让"}
DEGREES = {"light": "轻微", "ordinary": "一般", "grave": "严重"}
HOUSES: Mapping[str, str] = {
    Post.PRODUCTION: "生产部",
    Post.QUALITY_INSPECTOR: "品质部",
    Post.WAREHOUSE: "仓储部",
    Post.TRANSPORT: "运输部",
    Post.FINANCE: "财务部",
    Post.HR: "人事部",
    "sales": "销售部",
}
SLIP = {
    "order_number": "订单号", "article": "品名货号", "specification": "规格", "quantity": "数量", "grade": "等级",
    "colour_number": "色号", "purchased_on": "购买日期",
}  # fmt: skip

SECTIONS = [
    Column("部门", 4), Column("时限", 5.5, "time"), Column("填报时间", 5.5, "time"), Column("填报人", 4),
    Column("原因", 7), Column("调查情况及处理意见", 13), Column("时效", 3, align="center"),
]  # fmt: skip
LIABILITY = [
    Column("部门", 6), Column("责任人", 5), Column("责任比例", 4, "share"), Column("程度", 4, align="center"),
]  # fmt: skip
RESPONSIBLE = [
    Column("责任人", 5), Column("部门", 6), Column("情节", 4, align="center"), Column("查实情况", 12),
    Column("证据", 8),
]  # fmt: skip
VISITS = [
    Column("时间", 6, "time"), Column("人员", 7), Column("查看结果", 15), Column("附件", 7), Column("客户签名", 5),
]  # fmt: skip
CORRECTIONS = [
    Column("更正时间", 6, "time"), Column("更正人", 4), Column("原登记 → 更正为", 16), Column("更正原因", 10),
]  # fmt: skip
STATES = [Column("时间", 6, "time"), Column("事项", 8), Column("说明", 20)]


def complaint_form(case: Complaint, company: str, customer: str, say: Say, copy: Copy) -> Form:
    """The form of a case as it stands; without the contact data if they were taken out of the case."""
    return Form(
        title=TITLES[case.kind],
        number=case.number,
        subtitle=MARKS[copy],
        company=company,
        at=case.received_at,
        sections=[
            _taken_in(case, customer, say),
            *_goods(case),
            Prose("投诉内容", case.description),
            _progress(case),
            *_departments(case, say),
            *_visits(case),
            *_responsibility(case, say),
            *_outcome(case, say),
        ],
        signatures=_signatures(case),
        footer="《销售服务管理制度》4.1、4.2：处理结束后原件由销售部备档，复印件送办公室留档",
        watermark="" if case.resolution else "未办结",
    )


def _taken_in(case: Complaint, customer: str, say: Say) -> Fields:
    contact = " ".join(filter(None, (case.contact.name, case.contact.phone))) if case.contact else "（按规定不显示）"
    return Fields(
        [
            ("客户", customer), ("联系人", contact),
            ("受理时间", case.received_at), ("受理渠道", say(case.channel)),
            ("受理人", case.filed_by), ("处理人", case.handler or ""),
            ("投诉类别", say(case.kind)), ("严重程度", say(case.severity) + ("　重大事件" if case.major else "")),
            ("响应时限", case.terms.respond_by), ("办结时限", case.terms.resolve_by),
            *([("被投诉人", case.about), ("门店", case.store)] if case.about else []),
        ]
    )  # fmt: skip


def _goods(case: Complaint) -> Iterator[Part]:
    """The slip, and where orders knows otherwise (CMP-3)."""
    if case.slip is None:
        return
    yield Fields([_stated(case.slip, name) for name in SLIP])
    yield from _corrections(case, case.slip)
    for evidence in case.evidence:
        if evidence.number != case.slip.order_number:
            continue
        lots = "、".join(sorted({goods.lot for goods in evidence.goods})) or "未出货"
        differing = "；".join(
            f"{SLIP.get(one.field, one.field)}：票据 {one.slip}，订单 {one.order}" for one in evidence.differences
        )
        yield Fields(
            [("核对订单", evidence.number), ("出货批号", lots), Field("核对差异", differing or "无", wide=True)]
        )
    if case.slip.order_number in case.evidence_missing:
        yield Fields([Field("核对订单", f"查无此单：{case.slip.order_number}", wide=True)])


def _corrections(case: Complaint, slip: Slip) -> Iterator[Part]:
    """What the slip said before it was corrected, the first entry first; why and by whom it was corrected (CMP-3)."""
    entered = pairwise([*(correction.slip for correction in case.corrections), slip])
    rows: list[Sequence[Value]] = [
        [correction.at, correction.by, _changed(before, after), correction.reason]
        for correction, (before, after) in zip(case.corrections, entered, strict=True)
    ]
    if rows:
        yield Grid(CORRECTIONS, rows, title="票据更正")


def _changed(before: Slip | None, after: Slip | None) -> str:
    if before is None or after is None:
        return "补登票据"
    changed = [name for name in SLIP if getattr(before, name) != getattr(after, name)]
    return "；".join(f"{SLIP[name]}：{getattr(before, name)} → {getattr(after, name)}" for name in changed)


def _stated(slip: Slip, name: str) -> Field:
    return Field(SLIP[name], getattr(slip, name), "quantity" if name == "quantity" else None)


def _progress(case: Complaint) -> Grid:
    """What was done when: response, escalation, breaches, pauses, hand-overs."""
    done: list[tuple[Value, str, str]] = []
    if case.response:
        in_time = "及时" if case.response.in_time else "超时"
        done.append((case.response.at, "首次响应", f"{case.response.by}；凭证：{case.response.evidence}；{in_time}"))
    done += [(breach.at, "超时", CLOCKS[breach.clock]) for breach in case.breaches]
    done += [(call.at, "上报", f"第{call.level or level}级") for level, call in enumerate(case.calls, start=1)]
    done += [
        (pause.granted_at, "暂停计时", f"{pause.granted_by}批准；{pause.took.total_seconds() / 3600:.1f}小时")
        for pause in case.pauses
        if pause.granted_at
    ]
    done += [(proposal.at, "处理方案", proposal.measures) for proposal in case.proposals]
    if case.consent:
        done.append((case.consent.at, "客户意见", f"同意：{case.consent.customer_said}"))
    if case.carried_out:
        done.append((case.carried_out.at, "执行", f"{case.carried_out.what}（{case.carried_out.reference}）"))
    done += [(reopening.at, "重开", reopening.reason) for reopening in case.reopenings]
    return Grid(STATES, sorted(done, key=lambda row: str(row[0])), title="处理经过")


def _departments(case: Complaint, say: Say) -> Iterator[Part]:
    """The sections that the departments have filled, over the bus or on the case."""
    rows = [*(_section(section, say) for section in case.sections), *(_report(stay, say) for stay in case.reports)]
    named = ("生产部", "品质部") if case.kind is Kind.QUALITY else ("责任部门", "办公室")
    empty = [[name, *[None] * 6] for name in named]
    yield Grid(SECTIONS, rows or empty, title="有关部门填报")
    if case.investigation and case.investigation.liability:
        shares: list[list[Value]] = [
            [
                _department(one.department, say),
                one.employee,
                Decimal(one.percent) / 100,
                DEGREES.get(one.severity, one.severity),
            ]
            for one in case.investigation.liability
        ]
        yield Grid(LIABILITY, shares, title=f"责任划分（质量调查 {case.investigation.number}）")
    if case.investigation and case.investigation.summary:
        yield Prose("调查结论", case.investigation.summary)


def _department(post: str, say: Say) -> str:
    return HOUSES.get(post) or say(post)


def _section(section: Section, say: Say) -> list[Value]:
    in_time = {True: "及时", False: "超时", None: ""}[section.in_time]
    return [
        _department(section.department, say), section.due_at, section.reported_at, section.reported_by,
        CAUSES.get(section.cause or "", section.cause), section.finding, in_time,
    ]  # fmt: skip


def _report(stay: Stay, say: Say) -> list[Value]:
    late = "超时" if stay.overdue else "及时"
    return [_department(stay.department, say), stay.due_at, stay.ended_at, stay.ended_by, stay.task, stay.report, late]


def _visits(case: Complaint) -> Iterator[Part]:
    rows: list[Sequence[Value]] = [
        [visit.visited_at, "、".join(visit.people), visit.findings, "、".join(visit.attachments), visit.signed_by]
        for visit in case.visits
        if visit.visited_at
    ]
    if rows:
        yield Grid(VISITS, rows, title="现场查看")


def _responsibility(case: Complaint, say: Say) -> Iterator[Part]:
    if case.responsibility is None:
        return
    if not case.responsibility.verified:
        yield Fields([Field("责任认定", "未查实", wide=True)])
        return
    rows: list[Sequence[Value]] = [
        [one.employee, _department(one.department, say), DEGREES[one.severity], one.finding, "、".join(one.evidence)]
        for one in case.responsibility.responsible
    ]
    yield Grid(RESPONSIBLE, rows, title="责任认定（经查实）")


def _outcome(case: Complaint, say: Say) -> Iterator[Part]:
    for claim in case.claims:
        yield Fields([("索赔单号", claim.number), (SETTLEMENTS.get(claim.settlement, "赔付"), claim.amount)])
    if case.cause:
        yield Prose(f"原因：{CAUSES.get(case.cause.cause, case.cause.cause)}", case.cause.finding)
    if case.resolution:
        told = case.resolution.told_customer_by
        yield Prose("处理结果", case.resolution.summary)
        yield Fields([("告知方式", say(told)), ("办结时间", case.resolution.at)])
    else:
        yield Prose("处理结果", "")
    for call in case.follow_ups:
        said = f"{'满意' if call.satisfied else '不满意'}：{call.said}"
        yield Fields([Field("回访", f"{call.by}　{said}", wide=True)])
    if case.closure:
        word = f"客户确认：{case.closure.confirmed_by}" if case.closure.confirmed_by else "未取得客户确认"
        yield Fields([("结案", word), ("结案时间", case.closure.at)])
    if case.lesson:
        yield Prose("总结与预防措施", f"{case.lesson.lesson}\n{case.lesson.prevention}")


def _signatures(case: Complaint) -> list[str | tuple[str, str]]:
    first: tuple[str, str] = ("处理人", case.handler or "")
    if case.kind is Kind.QUALITY:
        return [first, "生产部", "品质部", "销售总监"]
    return [first, "责任人所在部门", "销售副总", "办公室"]
