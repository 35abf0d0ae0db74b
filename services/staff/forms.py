"""处罚通知书: the notice of a penalty, in the office's own words (STF-8)."""

from services.staff.domain.employee import Employee
from services.staff.domain.penalty import Penalty
from services.staff.domain.reasoning import MEASURES, SEVERITIES
from services.staff.domain.schedule import Subject
from shared.documents.form import Column, Field, Fields, Form, Grid, Prose, Section, Signature, Value

OUTCOMES = {"upheld": "维持原决定", "reduced": "减轻处罚", "revoked": "撤销处罚"}
RIGHT_OF_APPEAL = (
    "如对本决定有异议，可于申诉截止时间前提出书面申诉，申诉由未参与本决定的人员处理；"
    "申诉期满或申诉处理完毕之前，本处罚不予执行。"
)


def penalty_notice(penalty: Penalty, concerned: Employee | None, company: str) -> Form:
    """Who, why, by which clause, what was decided, and until when one may appeal."""
    decided = [Field("处罚决定", "、".join(MEASURES[measure] for measure in penalty.measures), wide=True)]
    if penalty.fine:
        label = "扣减（元）" if penalty.as_deduction else "罚款（元）"
        decided.append(Field(label, penalty.fine, "money", wide=True))
    decided.append(Field("决定理由", penalty.reason, wide=True))
    sections: list[Section] = [
        Fields(_who(penalty, concerned)),
        Fields(
            [
                Field("违规事项", penalty.title or penalty.violation),
                Field("情节", SEVERITIES.get(penalty.severity, penalty.severity)),
                Field("适用条款", penalty.clause),
                Field("标准版本", penalty.schedule_edition),
                Field("查实事实", _found(penalty), wide=True),
                *decided,
            ]
        ),
        *_repeats(penalty),
        Fields([("决定时间", penalty.decided_at), ("申诉截止", penalty.appeal_by)]),
        Prose("申诉权利", RIGHT_OF_APPEAL),
        *_appeal(penalty),
    ]
    return Form(
        title="处罚通知书",
        number=penalty.number,
        company=company,
        at=penalty.decided_at or penalty.proposed_at,
        sections=sections,
        signatures=[Signature("决定人", "、".join(penalty.decided_by)), "人力资源部", "当事人签收"],
        watermark="已撤销" if penalty.revoked_at else "",
        footer=f"规则参数版本 {penalty.policy}　本通知书一式两份，当事人与人力资源部各执一份。",
    )


def _found(penalty: Penalty) -> str:
    """What was established; of a share in a quality failure the reasons of the proposal say it."""
    return penalty.finding or (penalty.reasoning.zh if penalty.reasoning else "")


def _who(penalty: Penalty, concerned: Employee | None) -> list[Field]:
    if penalty.subject is Subject.STORE:
        return [Field("门店", penalty.store), Field("分公司", penalty.branch)]
    store = [Field("门店", penalty.store, wide=True)] if penalty.store else []
    return [
        Field("姓名", concerned.name if concerned else None),
        Field("工号", penalty.employee),
        Field("部门", concerned.department if concerned else None),
        Field("分公司", penalty.branch),
        *store,
    ]


def _repeats(penalty: Penalty) -> list[Grid]:
    if not penalty.repeats:
        return []
    columns = [Column("编号", 10), Column("决定日期", 6, "date"), Column("措施", 14), Column("金额（元）", 6, "money")]
    rows: list[list[Value]] = [
        [before.number, before.decided_at, "、".join(MEASURES[measure] for measure in before.measures), before.fine]
        for before in penalty.repeats
    ]
    return [Grid(columns, rows, title="此前同类处罚")]


def _appeal(penalty: Penalty) -> list[Fields]:
    appeal = penalty.appeal
    if appeal is None:
        return []
    before = "、".join(MEASURES[measure] for measure in appeal.measures_before)
    fined = f"；金额 {appeal.fine_before} 元" if appeal.fine_before else ""
    return [
        Fields(
            [
                Field("原决定", before + fined, wide=True),
                Field("申诉理由", appeal.grounds, wide=True),
                Field("申诉时间", appeal.appealed_at),
                Field("申诉处理人", appeal.decided_by),
                Field("处理结果", OUTCOMES.get(appeal.outcome or "", "")),
                Field("处理时间", appeal.decided_at),
                Field("处理理由", appeal.reason, wide=True),
            ]
        )
    ]
