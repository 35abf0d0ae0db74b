"""The production plan summary as an office form."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from services.orders.views.production import PlannedArticle
from shared.documents.form import Column, Fields, Form, Grid, Section

NUMBERS_PRINTED = 2  # more would make rows that do not fit a page

COLUMNS = [
    Column("货号", 6),
    Column("品名", 8),
    Column("规格", 6),
    Column("色号", 4),
    Column("等级", 4),
    Column("单位", 3, align="center"),
    Column("现有库存", 5, "quantity"),
    Column("订货数量", 5, "quantity"),
    Column("已配现货", 5, "quantity"),
    Column("欠货", 5, "quantity"),
    Column("待排产", 5, "quantity"),
    Column("已排产", 5, "quantity"),
    Column("生产中", 5, "quantity"),
    Column("已完工", 5, "quantity"),
    Column("开工日期", 6, "date"),
    Column("预计完工", 6, "date"),
    Column("单数", 3, "number"),
    Column("涉及订单", 14),
]


def production_plan_form(rows: Sequence[PlannedArticle], since: date, until: date, company: str, at: datetime) -> Form:
    """订货排产情况汇总表: one row for each article, colour number and grade that was found short in the period (ORD-7).

    Quantities are summed for each unit alone: square metres and pieces do not add up.
    """
    units = sorted({row.unit or "" for row in rows})
    shares = [_total(unit, [row for row in rows if (row.unit or "") == unit]) for unit in units]
    period = Fields(
        [
            ("统计期间", f"{since.isoformat()} 至 {until.isoformat()}"),
            ("编制时间", at),
            ("品种数", len(rows)),
            ("统计范围", "期间内库存不足、转入排产的订单行"),
        ],
        columns=4,
    )
    grid = Grid(COLUMNS, [_row(row) for row in rows], totals=shares[0] if len(shares) == 1 else ())
    sections: list[Section] = [period, grid]
    if len(shares) > 1:
        sections.append(Grid(COLUMNS[5:14], [share[5:14] for share in shares], title="合计（按单位）"))
    return Form(
        title="订货排产情况汇总表",
        company=company,
        at=at,
        sections=sections,
        signatures=["编制", "销售部经理", "生产部", "分公司总经理"],
        landscape=True,
    )


def _row(row: PlannedArticle) -> list[str | int | Decimal | date | None]:
    numbers = "、".join(row.order_numbers[:NUMBERS_PRINTED])
    more = f" 等 {row.orders} 单" if row.orders > NUMBERS_PRINTED else ""
    return [
        row.article, row.name, row.specification, row.colour_number, row.grade, row.unit, row.in_stock, row.ordered,
        row.allocated, row.short, row.unplanned, row.planned, row.started, row.finished, row.starts_on,
        row.ready_on, row.orders, numbers + more,
    ]  # fmt: skip


def _total(unit: str, rows: Sequence[PlannedArticle]) -> list[str | int | Decimal | date | None]:
    def added(name: str) -> Decimal:
        return sum((getattr(row, name) for row in rows), Decimal(0))

    quantities = ("in_stock", "ordered", "allocated", "short", "unplanned", "planned", "started", "finished")
    return ["合计", None, None, None, None, unit, *map(added, quantities), None, None, None, None]
