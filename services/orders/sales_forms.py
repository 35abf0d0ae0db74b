"""Sales ledger, daily and monthly report as office forms (销售台帐, 日报, 月报)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg

from services.orders.domain.sales_report import Figures, Period, SalesReport, SalesReportKind
from services.orders.views.ledger import Wanted
from shared.documents.form import Column, Field, Fields, Form, Grid, Section, Signature, Value
from shared.domain.actor import Actor
from shared.domain.money import ZERO


class Volume(NamedTuple):
    """Which part of the ledger is on this paper, of how many, and the position of its first entry."""

    number: int
    of: int
    begins_at: int


type Row = Mapping[str, Any] | asyncpg.Record

SHOWN = 200  # of each grouping, on paper; all of them are in the CSV and JSON

ENTRY_KINDS = {
    "ordered": "订货", "cancelled": "取消", "expired": "失效", "dispatched": "发货",
    "paid": "收款", "credited": "余额抵付", "reversed": "冲销", "refunded": "退款",
}  # fmt: skip

GROUPS = {"day": "日期", "article": "品种", "store": "门店", "salesperson": "业务员", "customer": "客户"}

ENTRY_COLUMNS = [
    Column("序号", 3.5, "number"), Column("日期", 6, "date"), Column("类别", 5, align="center"),
    Column("订单号", 12.5), Column("客户", 16), Column("货号", 5),
    Column("规格", 8.5), Column("色号", 4), Column("等级", 4.5),
    Column("数量", 5, "quantity"), Column("单价", 5, "money"), Column("金额", 6, "money"), Column("业务员", 4.5),
    Column("门店", 5),
]  # fmt: skip

MONEY_COLUMNS = [
    Column("订单数", 4, "number"), Column("订货金额", 6, "money"), Column("取消失效金额", 6, "money"),
    Column("净订货额", 6, "money"), Column("收款", 6, "money"), Column("冲销退款", 6, "money"),
    Column("净收款", 6, "money"), Column("余额抵付", 6, "money"), Column("发货金额", 6, "money"),
]  # fmt: skip

ARTICLE_COLUMNS = [
    Column("序号", 3, "number"), Column("货号", 7), Column("品名", 9), Column("单位", 3, align="center"),
    Column("订货数量", 5, "quantity"), Column("订货金额", 6, "money"), Column("取消失效数量", 5, "quantity"),
    Column("取消失效金额", 6, "money"), Column("净订货额", 6, "money"), Column("发货数量", 5, "quantity"),
    Column("发货金额", 6, "money"),
]  # fmt: skip


def ledger_form(
    wanted: Wanted, entries: Sequence[Row], totals: Sequence[Row], company: str, by: Actor, at: datetime,
    volume: Volume,
) -> Form:  # fmt: skip
    """销售台帐: the entries of the period or of a volume of it, and what all of them add up to."""
    rows = [_entry(position, entry) for position, entry in enumerate(entries, start=volume.begins_at)]
    counted = totals[0]["entries"] if totals else 0
    part = f"　第 {volume.number} 册 共 {volume.of} 册" if volume.of > 1 else ""
    figures = _figures(totals)
    about: list[tuple[str, Value]] = [
        ("范围", _scope(wanted)),
        ("制表人", by.id),
        ("制表时间", at),
        ("分录数", counted),
    ]
    return Form(
        title="销售台帐",
        subtitle=_days(wanted.first, wanted.last) + part,
        company=company,
        at=at,
        sections=[Fields(about, columns=2), _totals(figures), Grid(ENTRY_COLUMNS, rows)],
        signatures=[Signature("制表", by.id), "审核", "财务"],
        landscape=True,
    )


def summary_form(
    wanted: Wanted, group: str, rows: Sequence[Row], totals: Sequence[Row], company: str, by: Actor, at: datetime
) -> Form:
    """销售台帐汇总: the same added up by article, store, salesperson or customer."""
    about: list[tuple[str, Value]] = [
        ("范围", _scope(wanted)),
        ("制表人", by.id),
        ("制表时间", at),
        ("行数", len(rows)),
    ]
    return Form(
        title=f"销售台帐汇总表（按{GROUPS[group]}）",
        subtitle=_days(wanted.first, wanted.last),
        company=company,
        at=at,
        sections=[Fields(about, columns=2), _group(group, rows, "")],
        signatures=[Signature("制表", by.id), "审核", "财务"],
        landscape=True,
    )


def report_form(
    period: Period, totals: Figures, rows: Sequence[Row], company: str, at: datetime, closed: SalesReport | None
) -> Form:
    """销售日报表 / 销售月报表: what a day or month has brought; not `closed` it is provisional and bears no number."""
    monthly = period.kind is SalesReportKind.MONTHLY
    sections: list[Section] = [_totals(totals)]
    for group in GROUPS:
        if group == "day" and not monthly:
            continue
        mine = [row for row in rows if row["by"] == group]
        sections.append(_group(group, mine, f"按{GROUPS[group]}"))
    begins = period.begins_on
    return Form(
        title="销售月报表" if monthly else "销售日报表",
        number=closed.number if closed else "",
        subtitle=f"{begins.year}年{begins.month}月" + ("" if monthly else f"{begins.day}日"),
        company=company,
        at=at,
        sections=[*sections, _closing(closed, at)],
        signatures=[Signature("制表", closed.closed_by if closed else ""), "审核", "财务", "销售主管"],
        footer="" if closed else "未结账，数字仍会变动",
        watermark="" if closed else "未结账",
        landscape=True,
    )


def _closing(closed: SalesReport | None, at: datetime) -> Fields:
    if closed is None:
        return Fields([("状态", "未结账"), ("取数时间", at)])
    about: list[tuple[str, Value] | Field] = [
        ("结账人", closed.closed_by), ("结账时间", closed.closed_at), ("分录数", closed.entries),
        Field("摘要", closed.entries_digest, wide=True),
    ]  # fmt: skip
    return Fields(about, columns=3)


def _entry(position: int, entry: Row) -> list[Value]:
    return [
        position, entry["booked_on"], ENTRY_KINDS[entry["kind"]], entry["number"], entry["company"], entry["article"],
        entry["specification"], entry["colour_number"], entry["grade"], entry["quantity"], entry["price"],
        entry["amount"], entry["salesperson"], entry["store"],
    ]  # fmt: skip


def _group(group: str, rows: Sequence[Row], title: str) -> Grid:
    shown = rows[:SHOWN]
    rest, left = _sum(rows[len(shown) :]), len(rows) - len(shown)
    if group == "article":
        lines = [_article_line(position, row) for position, row in enumerate(shown, start=1)]
        if left:
            lines.append([None, f"其余 {left} 种", "", "", *_article_figures(rest, one_unit=False)])
        totals: list[Value] = [
            "",
            "合计",
            "",
            "",
            *_article_figures(_sum(rows), one_unit=len({row["unit"] for row in rows}) == 1),
        ]
        return Grid(ARTICLE_COLUMNS, lines, totals, title)
    columns = [Column("序号", 3, "number"), Column(GROUPS[group], 14 if group == "customer" else 7), *MONEY_COLUMNS]
    lines = [[position, _name(group, row), *_bare(_money_figures(row))] for position, row in enumerate(shown, start=1)]
    if left:
        lines.append([None, f"其余 {left} 项", *_money_figures(rest)])
    return Grid(columns, lines, ["", "合计", *_money_figures(_sum(rows))], title)


def _name(group: str, row: Row) -> str:
    known = row["name"] if group == "customer" else row["key"]
    return known or ("（无门店）" if group == "store" else row["key"])


def _article_line(position: int, row: Row) -> list[Value]:
    return [position, row["key"], row["name"], row["unit"], *_bare(_article_figures(row, one_unit=True))]


def _bare(figures: Sequence[Value]) -> list[Value]:
    """Nothing instead of noughts: what there is stands out."""
    return [figure or None for figure in figures]


def _article_figures(row: Row, *, one_unit: bool) -> list[Value]:
    """Square metres and pieces are not added up."""
    figures = [
        row["ordered_quantity"], row["ordered_amount"], row["given_up_quantity"], row["given_up_amount"],
        row["ordered_amount"] + row["given_up_amount"], row["dispatched_quantity"], row["dispatched_amount"],
    ]  # fmt: skip
    return figures if one_unit else [None if at in (0, 2, 5) else figure for at, figure in enumerate(figures)]


def _money_figures(row: Row) -> list[Value]:
    return [
        row["orders"], row["ordered_amount"], row["given_up_amount"], row["ordered_amount"] + row["given_up_amount"],
        row["paid"], row["given_back"], row["paid"] + row["given_back"], row["credited"], row["dispatched_amount"],
    ]  # fmt: skip


def _totals(figures: Figures) -> Fields:
    return Fields(
        [
            ("订单数", figures.orders), ("订货行数", figures.lines), ("订货金额", figures.ordered_amount),
            ("取消失效", figures.given_up_amount), ("净订货额", figures.ordered_amount + figures.given_up_amount),
            ("发货金额", figures.dispatched_amount), ("收款", figures.paid), ("冲销退款", figures.given_back),
            ("净收款", figures.paid + figures.given_back), ("余额抵付", figures.credited),
        ],
        columns=4,
    )  # fmt: skip


def _sum(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        name: sum((row[name] for row in rows), 0 if field.annotation is int else ZERO)
        for name, field in Figures.model_fields.items()
    }


def _figures(totals: Sequence[Row]) -> Figures:
    return Figures.model_validate(dict(totals[0])) if totals else Figures()


def _days(first: date, last: date) -> str:
    return f"期间：{first} 至 {last}" if first != last else f"日期：{first}"


def _scope(wanted: Wanted) -> str:
    """What the entries are restricted to, as the office says it."""
    named = {
        "类别": ENTRY_KINDS.get(wanted.kind or ""), "货号": wanted.article, "门店": wanted.store,
        "业务员": "、".join(wanted.salespeople or ()), "客户": wanted.customer_id,
    }  # fmt: skip
    return "；".join(f"{label} {value}" for label, value in named.items() if value) or "全部"
