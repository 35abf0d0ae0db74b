"""客户跟踪管理表: the tracking sheet of a customer, in the office's own words (CON-8, ORD-14)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import orjson

from services.customers.domain.customer import Customer, CustomerKind
from services.customers.domain.tracking import Standing
from services.customers.views import Story
from shared.documents.form import Column, Field, Fields, Form, Grid, Value
from shared.domain.money import ZERO
from shared.domain.numbers import SHANGHAI

type Row = asyncpg.Record

CUSTOMER_KINDS = {
    CustomerKind.DEALER: "经销商",
    CustomerKind.PROJECT: "工程客户",
    CustomerKind.END_CUSTOMER: "终端客户",
}
STANDINGS = {Standing.CONTRACT: "合同客户", Standing.LARGE: "大客户", Standing.OCCASIONAL: "一般客户"}
CONTRACT_KINDS = {"sales": "购销", "clearance": "处理产品包销", "service": "服务"}
COMPLAINT_KINDS = {"quality": "质量投诉", "delivery": "交货投诉", "service": "服务投诉", "opinion": "意见建议"}
CHANNELS = {"phone": "电话", "letter": "来信", "visit": "来访", "web": "网上", "partner": "经销商"}
ENDED = {"cancelled": "已取消", "expired": "逾期未付作废"}

CONTRACTS = [
    Column("合同编号", 11), Column("类别", 6, align="center"), Column("版次", 3, "number", "center"),
    Column("合同金额", 8, "money"), Column("生效日期", 6, "date"), Column("有效期至", 6, "date"),
    Column("状态", 9, align="center"),
]  # fmt: skip
YEARS = [
    Column("年度", 5, align="center"), Column("订货次数", 6, "number"), Column("订货金额", 9, "money"),
    Column("已交货次数", 6, "number"), Column("投诉次数", 6, "number"),
]  # fmt: skip
PURCHASES = [
    Column("订货日期", 6, "date"), Column("订单号", 11), Column("货号、规格、数量", 18), Column("金额", 8, "money"),
    Column("业务员", 4, align="center"), Column("付清", 6, "date"), Column("发货", 6, "date"),
    Column("收货", 6, "date"), Column("情况", 6, align="center"),
]  # fmt: skip
SERVICE = [
    Column("受理日期", 6, "date"), Column("编号", 11), Column("类别", 6, align="center"),
    Column("渠道", 4, align="center"), Column("办结", 6, "date"), Column("按时", 3, align="center"),
    Column("处理结果", 18), Column("结案", 6, "date"), Column("重开次数", 4, "number", "center"),
]  # fmt: skip


def tracking_sheet(customer: Customer, standings: Sequence[Standing], story: Story, company: str, at: datetime) -> Form:
    """What a customer agreed, bought and complained of, oldest first; contact data as the file shows it (CUS-9)."""
    kept = [row for row in story.purchases if row["ended_at"] is None]
    amount = sum((row["total"] or ZERO for row in kept), ZERO)
    return Form(
        title="客户跟踪管理表",
        number=customer.code,
        subtitle=f"截至 {at.astimezone(SHANGHAI):%Y-%m-%d}　　金额单位：元",
        company=company,
        at=at,
        landscape=True,
        sections=[
            _file(customer, standings, len(kept), amount),
            Grid(CONTRACTS, [_contract(row, at) for row in story.contracts], title="一、合同"),
            Grid(YEARS, _years(kept, story.service), _sums(kept, amount, story.service), title="二、历年汇总"),
            Grid(PURCHASES, [_purchase(row) for row in story.purchases], title="三、购货记录"),
            Grid(SERVICE, [_service(row) for row in story.service], title="四、投诉与服务记录"),
        ],
        signatures=["填表人", "业务员", "销售经理"],
        footer="归入客户档案，长期保存",
    )


def _file(customer: Customer, standings: Sequence[Standing], orders: int, amount: Decimal) -> Fields:
    return Fields(
        [
            ("客户名称", customer.company),
            ("客户编号", customer.code),
            ("客户分类", "、".join(STANDINGS[standing] for standing in standings)),
            ("客户类型", CUSTOMER_KINDS[customer.kind]),
            ("级别", customer.level),
            ("区域", customer.region),
            ("联系人", customer.contact),
            ("电话", customer.phone),
            ("归属业务员", customer.owner),
            ("建档日期", customer.registered_at, "date"),
            ("累计订货", f"{orders} 次"),
            ("累计金额", amount, "money"),
            Field("地址", customer.address, wide=True),
        ],
        columns=3,
    )


def _contract(row: Row, at: datetime) -> list[Value]:
    kind = CONTRACT_KINDS.get(row["kind"] or "", row["kind"] or "")
    over = "到期终止" if row["ended_because"] == "expired" else f"终止：{row['ended_because']}"
    state = over if row["ended_at"] else "履行中"
    return [
        row["number"], kind, row["edition"], row["amount"], row["effective_at"], row["valid_until"], state
    ]  # fmt: skip


def _purchase(row: Row) -> list[Value]:
    lines = "；".join(
        f"{line['article']} {line['specification']} ×{line['quantity']}" for line in orjson.loads(row["lines"])
    )
    return [
        row["placed_at"], row["number"], lines, row["total"], row["salesperson"], row["paid_at"],
        row["dispatched_at"], row["delivered_at"], _state(row),
    ]  # fmt: skip


def _state(row: Row) -> str:
    if row["ended_as"]:
        return ENDED[row["ended_as"]]
    late = "（逾期）" if row["late_since"] else ""
    if row["delivered_at"]:
        return f"已收货{late}"
    return ("已发货" if row["dispatched_at"] else "已付清" if row["paid_at"] else "未付清") + late


def _service(row: Row) -> list[Value]:
    in_time = "" if row["in_time"] is None else "是" if row["in_time"] else "否"
    return [
        row["received_at"], row["number"], COMPLAINT_KINDS.get(row["kind"] or "", row["kind"] or ""),
        CHANNELS.get(row["channel"] or "", row["channel"] or ""), row["resolved_at"], in_time, row["summary"],
        row["closed_at"], row["reopened"],
    ]  # fmt: skip


def _years(purchases: Sequence[Row], service: Sequence[Row]) -> list[list[Value]]:
    years: defaultdict[int, list[Any]] = defaultdict(lambda: [0, ZERO, 0, 0])
    for row in purchases:
        if row["placed_at"]:
            year = years[row["placed_at"].astimezone(SHANGHAI).year]
            year[0] += 1
            year[1] += row["total"] or ZERO
            year[2] += row["delivered_at"] is not None
    for row in service:
        if row["received_at"]:
            years[row["received_at"].astimezone(SHANGHAI).year][3] += 1
    return [[str(year), *sums] for year, sums in sorted(years.items())]


def _sums(purchases: Sequence[Row], amount: Decimal, service: Sequence[Row]) -> list[Value]:
    delivered = sum(row["delivered_at"] is not None for row in purchases)
    return ["合计", len(purchases), amount, delivered, len(service)]
