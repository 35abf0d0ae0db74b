"""Receivables by age and the collection of money as office forms (应收账款账龄表, 资金回笼表)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import asyncpg

from shared.documents.form import Column, Fields, Form, Grid, Signature, Value
from shared.domain.actor import Actor

type Row = Mapping[str, Any] | asyncpg.Record

WHO = {
    "customer": [Column("客户编号", 6), Column("客户", 14)],
    "salesperson": [Column("业务员", 8)],
}
NAMES = {"customer": ("code", "company"), "salesperson": ("salesperson",)}
GROUPS = {"customer": "客户", "salesperson": "业务员"}

AGES = ("up_to_7_days", "up_to_30_days", "up_to_60_days", "up_to_90_days", "over_90_days")
AGED = ("outstanding", *AGES)
AGED_COLUMNS = [
    Column(title, 7, "money") for title in ("应收合计", "7天以内", "8-30天", "31-60天", "61-90天", "90天以上")
]  # fmt: skip

COLLECTED = ("opening", "placed", "received", "adjusted", "outstanding", "rate")
COLLECTED_COLUMNS = [
    Column("期初应收", 7, "money"), Column("本期订货", 7, "money"), Column("本期回款", 7, "money"),
    Column("调整", 7, "money"), Column("期末应收", 7, "money"), Column("回款率", 4, "share"),
]  # fmt: skip

SHOWN = 200  # of these the largest are named on paper, the rest are summed; tables have all

AGED_NOTE = "账龄自订单下单日(期初余额自截止日)起算;应收为订单未收款与客户往来欠款之和。"
COLLECTED_NOTE = "调整:取消、失效、客户余额抵付及多收转余额;回款率 = 本期回款 ÷(期初应收 + 本期订货)。"


def receivables_form(
    by: str, as_of: date, rows: Sequence[Row], totals: Row, company: str, reader: Actor, at: datetime
) -> Form:
    """应收账款账龄表: what is outstanding on a day, by how long ago it was ordered (ORD-16)."""
    grid = Grid(_columns(by, AGED_COLUMNS), _rows(by, rows, AGED), totals=_totals(by, totals, AGED))
    return _form(f"应收账款账龄表（按{GROUPS[by]}）", f"截至 {as_of}　单位：元", grid, AGED_NOTE, company, reader, at)


def collection_form(
    by: str, period: tuple[date, date], rows: Sequence[Row], totals: Row, company: str, reader: Actor, at: datetime
) -> Form:
    """资金回笼表: what was to come in, what came in, and what is left (ORD-16)."""
    grid = Grid(_columns(by, COLLECTED_COLUMNS), _rows(by, rows, COLLECTED), totals=_totals(by, totals, COLLECTED))
    subtitle = f"{period[0]} 至 {period[1]}　单位：元"
    return _form(f"资金回笼表（按{GROUPS[by]}）", subtitle, grid, COLLECTED_NOTE, company, reader, at)


def added_up(rows: Sequence[Row], names: Sequence[str]) -> dict[str, Decimal]:
    """The sums of these columns."""
    return {name: sum((row[name] for row in rows), Decimal("0.00")) for name in names}


def rate(row: Row) -> Decimal | None:
    """What of the money that was to come in came in: 0.85; none where nothing was."""
    wanted = row["opening"] + row["placed"]
    return (row["received"] / wanted).quantize(Decimal("0.0001")) if wanted > 0 else None


def headings(by: str, names: Sequence[str]) -> list[str]:
    """The headings in Chinese of a table of these figures."""
    figures = AGED_COLUMNS if tuple(names) == AGED else COLLECTED_COLUMNS
    return [column.title for column in (*WHO[by], *figures)]


def _columns(by: str, figures: Sequence[Column]) -> list[Column]:
    return [Column("序号", 3, "number"), *WHO[by], *figures]


def _rows(by: str, rows: Sequence[Row], names: Sequence[str]) -> list[list[Value]]:
    """In the order they come, if all find room; else those who owe most, and the sum of the others."""
    if len(rows) > SHOWN:
        rows = sorted(rows, key=lambda row: row["outstanding"], reverse=True)
    shown, others = rows[:SHOWN], rows[SHOWN:]
    lines = [[place, *(row[name] for name in (*NAMES[by], *names))] for place, row in enumerate(shown, start=1)]
    if others:
        sums: dict[str, Any] = added_up(others, [name for name in names if name != "rate"])
        if "rate" in names:
            sums["rate"] = rate(sums)
        nobody = [None] * (len(NAMES[by]) - 1)
        lines.append([None, f"其余 {len(others)} 项", *nobody, *(sums[name] for name in names)])
    return lines


def _totals(by: str, totals: Row, names: Sequence[str]) -> list[Value]:
    return [None, "合计", *[None] * (len(NAMES[by]) - 1), *(totals[name] for name in names)]


def _form(title: str, subtitle: str, grid: Grid, note: str, company: str, reader: Actor, at: datetime) -> Form:
    about = Fields([("制表人", reader.id), ("制表时间", at), ("行数", len(grid.rows)), ("说明", note)], columns=3)
    return Form(
        title=title,
        subtitle=subtitle,
        company=company,
        at=at,
        sections=[about, grid],
        signatures=[Signature("制表", reader.id), "财务", "销售主管"],
        landscape=True,
    )
