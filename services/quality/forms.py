"""The papers of quality: the 8D report in Chinese or English, and the quality certificate (QUA-3, QUA-6)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from services.quality.domain.catalogue import Entry, catalogue
from services.quality.domain.certificate import Certificate, CertificateStatus
from services.quality.domain.eight_disciplines import Recorded
from services.quality.domain.investigation import Investigation
from services.quality.domain.lifecycle import InvestigationStatus
from shared.documents.form import Column, Field, Fields, Form, Grid, Prose, Section, Value
from shared.web.words import Language

type Say = Callable[[str], str]

VOID = {CertificateStatus.WITHDRAWN: "作废"}

CERTIFIED = [
    Column("序号", 3, "number", "center"), Column("货号", 9), Column("批号", 10), Column("色号", 5, align="center"),
    Column("等级", 5, align="center"), Column("结论", 5, align="center"),
]  # fmt: skip
INSPECTED = [Column("检验项目", 8), Column("标准要求", 10), Column("检验结果", 10)]


class Report(NamedTuple):
    """An 8D report on its way to paper: the case, the language, and what its words are called there."""

    case: Investigation
    language: Language
    company: str
    word: Say

    def say(self, chinese: str, english: str) -> str:
        return english if self.language == "en" else chinese

    def title_of(self, entry: Entry | None, code: str) -> str:
        """What the catalogue calls a code; the code itself if it is from another catalogue."""
        return code if entry is None else self.say(entry.zh, entry.en)

    def cause(self, code: str) -> str:
        return self.title_of(catalogue().causes.get(code), code)

    def words(self, word: str) -> str:
        """A word of the document as people write it."""
        return self.word(word) if self.language == "zh" else word.replace("_", " ")


def report_form(case: Investigation, language: Language, company: str, word: Say) -> Form:
    """The 8D report of a case as it stands: what is not filled yet is left blank and marked as a draft (QUA-3)."""
    report = Report(case, language, company, word)
    say = report.say
    closed = case.status is InvestigationStatus.CLOSED
    return Form(
        title=say("质量问题 8D 报告", "8D Report"),
        number=case.number,
        company=company,
        at=case.closed_at or case.opened_at,
        language=language,
        sections=[
            _head(report),
            *_team_and_problem(report),
            *_containment(report),
            *_cause(report),
            *_actions(report),
            *_prevention(report),
            *_closing(report),
        ],
        signatures=[
            (say("组长", "Team leader"), case.team.leader if case.team else ""),
            (say("质检", "Quality"), case.closed_by or ""),
            say("批准", "Approved"),
        ],
        watermark="" if closed else say("草稿", "DRAFT"),
        footer=say("内部资料，未经批准不得外传", "Internal. Not to be passed on without approval."),
    )


def _head(report: Report) -> Section:
    case, say, slip = report.case, report.say, report.case.slip
    return Fields(
        [
            (say("投诉编号", "Complaint"), case.complaint_number),
            (say("状态", "Status"), report.words(case.status)),
            (say("订单号", "Orders"), ", ".join(case.order_numbers)),
            (say("开始时间", "Opened"), case.opened_at),
            (say("货号", "Article"), slip.article if slip else None),
            (say("规格", "Size"), slip.specification if slip else None),
            (say("投诉数量", "Quantity"), slip.quantity if slip else None, "quantity"),
            (say("等级、色号", "Grade, colour"), f"{slip.grade}, {slip.colour_number}" if slip else None),
            (say("所购货值", "Goods value"), case.goods_value, "money"),
            (say("重新开启", "Reopened"), len(case.reopenings)),
        ]
    )


def _signed(report: Report, entry: Recorded | None) -> list[Field]:
    """Who filled the section, and when."""
    return [
        Field(report.say("填写人", "Filled by"), entry.recorded_by if entry else None),
        Field(report.say("填写时间", "Filled at"), entry.recorded_at if entry else None),
    ]


def _team_and_problem(report: Report) -> list[Section]:
    say, team, problem = report.say, report.case.team, report.case.problem
    return [
        Prose(say("D1　小组", "D1  Team"), _or_blank(f"{team.leader} ({say('组长', 'leader')})" if team else None)),
        Fields(
            [
                Field(say("成员", "Members"), ", ".join(team.members) if team else None, wide=True),
                *_signed(report, team),
            ]
        ),
        Prose(say("D2　问题描述", "D2  Problem"), _or_blank(problem.what if problem else None)),
        Fields(
            [
                Field(say("地点", "Where"), problem.where if problem else None, wide=True),
                Field(say("时间", "When"), problem.when if problem else None, wide=True),
                Field(say("范围和数量", "How much"), problem.extent if problem else None, wide=True),
                *_signed(report, problem),
            ]
        ),
    ]


def _containment(report: Report) -> list[Section]:
    say, case = report.say, report.case
    states = {True: say("已封存", "on hold"), False: say("已解封", "released")}
    lots: list[Sequence[Value]] = [
        [lot.lot, lot.article, states[lot.held] if lot.held or lot.released else say("未封存", "not held")]
        for lot in case.lots
    ]
    columns = [
        Column(say("批号", "Lot"), 10),
        Column(say("货号", "Article"), 10),
        Column(say("封存情况", "Hold"), 8, align="center"),
    ]
    return [
        Prose(
            say("D3　临时措施", "D3  Containment"), _or_blank(case.containment.measures if case.containment else None)
        ),
        Grid(columns, lots),
        Fields(_signed(report, case.containment)),
    ]


def _cause(report: Report) -> list[Section]:
    say, case, found = report.say, report.case, report.case.analysis
    findings: list[Sequence[Value]] = [
        [report.words(one.department), report.cause(one.cause), one.finding, one.found_by, one.found_at]
        for one in case.findings
    ]
    departments = [
        Column(say("部门", "Department"), 6), Column(say("原因", "Cause"), 7), Column(say("调查结果", "Finding"), 14),
        Column(say("填报人", "By"), 4), Column(say("填报时间", "At"), 7, "time"),
    ]  # fmt: skip
    steps = [
        Column(say("步骤", "Step"), 3, "number", "center"),
        Column(say("问题", "Question"), 12),
        Column(say("结论", "Answer"), 14),
    ]
    asked: list[Sequence[Value]] = [
        [place, step.question, step.answer] for place, step in enumerate(found.steps if found else [], start=1)
    ]
    method = report.title_of(catalogue().methods.get(found.method), found.method) if found else None
    return [
        Prose(say("D4　根本原因", "D4  Root cause"), _or_blank(found.root_cause if found else None)),
        Fields(
            [
                (say("原因", "Cause"), report.cause(found.cause) if found else None),
                (say("分析方法", "Method"), method),
                (say("严重程度", "Severity"), report.words(found.severity) if found else None),
                (say("货号", "Article"), found.article if found else None),
                *_signed(report, found),
            ]
        ),
        Grid(steps, asked, title=say("分析步骤", "Steps of the analysis")),
        Grid(departments, findings, title=say("各部门调查结果", "Findings of the departments")),
        _liability(report),
    ]


def _liability(report: Report) -> Section:
    say, liability = report.say, report.case.liability
    rows: list[Sequence[Value]] = [
        [report.words(share.department), share.employee, f"{share.percent} %", report.words(share.severity)]
        for share in (liability.shares if liability else [])
    ]
    columns = [
        Column(say("责任部门", "Department"), 8), Column(say("责任人", "Person"), 6),
        Column(say("比例", "Share"), 4, align="right"), Column(say("程度", "Severity"), 5, align="center"),
    ]  # fmt: skip
    return Grid(columns, rows, title=say("责任认定", "Liability"))


def _actions(report: Report) -> list[Section]:
    say, actions = report.say, report.case.actions
    measures: list[Sequence[Value]] = [
        [place, report.words(one.kind), one.measure, one.owner, one.due_at, one.done_at]
        for place, one in enumerate(actions, start=1)
    ]
    effects_said = {True: say("有效", "effective"), False: say("无效", "no effect")}
    effects: list[Sequence[Value]] = [
        [place, effects_said[check.effective], check.note, check.checked_by, check.checked_at]
        for place, one in enumerate(actions, start=1)
        for check in one.checks
    ]
    number = Column(say("序号", "No."), 3, "number", "center")
    planned = [
        number, Column(say("类别", "Kind"), 5), Column(say("措施", "Measure"), 13), Column(say("负责人", "Owner"), 4),
        Column(say("期限", "Due"), 5, "date"), Column(say("完成", "Done"), 5, "date"),
    ]  # fmt: skip
    checked = [
        number, Column(say("效果", "Effect"), 5, align="center"), Column(say("验证情况", "Note"), 13),
        Column(say("验证人", "Checked by"), 5), Column(say("验证时间", "Checked at"), 7, "time"),
    ]  # fmt: skip
    return [
        Grid(planned, measures, title=say("D5　永久纠正和预防措施", "D5  Permanent actions")),
        Grid(checked, effects, title=say("D6　实施和效果验证", "D6  Effect, checked by another person")),
    ]


def _prevention(report: Report) -> list[Section]:
    say, entry = report.say, report.case.prevention
    return [
        Prose(say("D7　预防再发", "D7  Prevention"), _or_blank(entry.measures if entry else None)),
        Fields(
            [
                Field(say("修订的标准", "Standards"), "\n".join(entry.standards) if entry else None, wide=True),
                Field(say("培训", "Training"), "\n".join(entry.training) if entry else None, wide=True),
                *_signed(report, entry),
            ]
        ),
    ]


def _closing(report: Report) -> list[Section]:
    say, closing = report.say, report.case.closings[-1] if report.case.closings else None
    reopened: list[Sequence[Value]] = [[one.reopened_at, one.reason] for one in report.case.reopenings]
    columns = [Column(say("时间", "At"), 7, "time"), Column(say("原因", "Reason"), 22)]
    again = [Grid(columns, reopened, title=say("重新开启记录", "Reopened"))] if reopened else []
    return [
        Prose(say("D8　总结和致谢", "D8  Closing and thanks"), _or_blank(closing.summary if closing else None)),
        Fields(
            [
                Field(say("致谢", "Thanks to"), closing.thanks if closing else None, wide=True),
                (say("结案人", "Closed by"), closing.closed_by if closing else None),
                (say("结案时间", "Closed at"), closing.closed_at if closing else None),
            ]
        ),
        *again,
    ]


def _or_blank(text: str | None) -> str:
    """The text, or room to write by hand."""
    return text or "\n"


def certificate_form(certificate: Certificate, company: str) -> Form:
    """质保书: what it vouches for, and what was inspected; void once it was withdrawn (QUA-6)."""
    goods: list[Sequence[Value]] = [
        [place, lot.article, lot.lot, lot.colour_number, lot.grade, "合格"]
        for place, lot in enumerate(certificate.goods, start=1)
    ]
    if not goods:  # issued before lots were checked: their numbers alone are known
        goods = [[place, None, lot, None, None, "合格"] for place, lot in enumerate(certificate.lots, start=1)]
    inspected: list[Sequence[Value]] = [[one.item, one.requirement, one.result] for one in certificate.inspected]
    return Form(
        title="产品质量保证书",
        number=certificate.number,
        company=company,
        at=certificate.issued_at,
        sections=[
            Fields([("订单号", certificate.order_number), ("签发日期", certificate.issued_at, "date")]),
            Grid(CERTIFIED, goods, title="产品批次"),
            *([Grid(INSPECTED, inspected, title="检验结果")] if inspected else []),
            Prose(
                "质量保证",
                "以上批次产品经本公司检验合格，准予出厂。铺贴前请核对色号、等级和规格；如有异议，请在铺贴前提出。",
            ),
        ],
        signatures=[("检验员", certificate.issued_by), "质检部门（盖章）"],
        watermark=VOID.get(certificate.status, ""),
        footer="本质保书随货同行，一批发货一份",
    )
