"""订货单 and 出货单: the papers of an order, in the office's own words (ORD-5, ORD-11, ORD-18)."""

from collections.abc import Callable, Iterable, Sequence

from services.orders.domain.order import Order
from services.orders.domain.paid_order import OrderStatus
from services.orders.domain.payment import Payment, PaymentKind
from services.orders.domain.shipment import Shipment
from services.orders.views.papers import Called
from shared.documents.capitals import in_capitals
from shared.documents.form import Column, Field, Fields, Form, Grid, Prose, Section, Value
from shared.domain.money import ZERO, share
from shared.domain.refusals import NotAllowedNow, NotFound
from shared.events.orders import IssuedGoods

PAYMENT_KINDS = {
    PaymentKind.CASH: "现金",
    PaymentKind.CHEQUE: "转账支票",
    PaymentKind.WIRE: "电汇",
    PaymentKind.CREDIT: "预收款抵付",
}
VOID = {OrderStatus.CANCELLED: "作废", OrderStatus.EXPIRED: "作废"}

ORDERED = [
    Column("序号", 3, "number", "center"), Column("货号", 7), Column("品名", 7), Column("规格", 8), Column("型号", 5),
    Column("等级", 4, align="center"), Column("色号", 4, align="center"), Column("单位", 3, align="center"),
    Column("数量", 5, "quantity"), Column("单价", 5, "money"), Column("金额", 7, "money"), Column("备注", 6),
]  # fmt: skip
PAID = [
    Column("登记日期", 6, "date"), Column("方式", 6, align="center"), Column("金额", 7, "money"),
    Column("收款账户", 9), Column("凭证号", 12), Column("财务确认", 6, "date"), Column("情况", 7, align="center"),
]  # fmt: skip
SHIPPED = [
    Column("序号", 3, "number", "center"), Column("货号", 8), Column("品名", 9), Column("规格", 8.5),
    Column("等级", 4, align="center"), Column("色号", 4, align="center"), Column("批号", 9),
    Column("单位", 3, align="center"), Column("数量", 6, "quantity"), Column("备注", 6),
]  # fmt: skip

type Say = Callable[[str], str]


def order_form(order: Order, called: Called, company: str, say: Say) -> Form:
    """订货单 of an order as it stands: what is ordered, at which price, what is paid (ORD-5, ORD-18)."""
    return Form(
        title="订货单",
        number=order.number,
        subtitle="金额单位：元",
        company=company,
        at=order.placed_at,
        sections=[
            _ordered_by(order, called, say),
            Grid(ORDERED, _ordered(order, called), ["合计", *[None] * 9, order.total, None]),
            Fields(
                [
                    Field("合计大写", in_capitals(order.total), wide=True),
                    ("已确认收款", order.covered, "money"),
                    ("尚欠货款", max(order.total - order.covered, ZERO), "money"),
                ]
            ),
            *([Prose("客户其他要求", order.requirements)] if order.requirements else []),
            *([Grid(PAID, [_paid(payment) for payment in order.payments], title="收款记录")] if order.payments else []),
        ],
        signatures=["客户签字", ("业务员", order.salesperson), ("开单", order.placed_by), "财务"],
        footer="先款后货：货款经财务确认到账后方予出货",
        watermark=VOID.get(order.status, ""),
    )


def delivery_order_form(order: Order, called: Called, company: str, shipment: int | None = None) -> Form:
    """出货单 of a released order, or of one of its shipments; raises `NotAllowedNow` before the release (ORD-11)."""
    delivery_order = order.delivery_order or next((one.delivery_order for one in order.shipments), None)
    if delivery_order is None:
        raise NotAllowedNow("the delivery order is issued with the release of the order", rule="ORD-11")
    chosen = [one for one in order.shipments if shipment in (None, one.number)]
    if shipment is not None and not chosen:
        raise NotFound("there is no {entity} {id}", entity="shipment", id=shipment)
    shown = chosen[0] if shipment is not None else None
    return Form(
        title="出货单",
        number=(shown.delivery_order if shown else None) or delivery_order,
        subtitle=f"第 {shown.number} 批" if shown else "",
        company=company,
        at=shown.dispatched_at if shown else order.placed_at,
        sections=[
            _delivered_to(order, called),
            *(section for one in chosen for section in _shipment(order, called, one)),
            *([] if shown else _still_here(order, called)),
        ],
        signatures=["仓库发货", "承运人", "门卫放行", "客户签收"],
        footer="一式四联：存根、仓库、承运、客户　　货物与单据不符请当场注明",
    )


def _ordered_by(order: Order, called: Called, say: Say) -> Fields:
    return Fields(
        [
            ("客户名称", called.customer),
            ("客户编号", called.customer_code),
            ("订货日期", order.placed_at, "date"),
            ("交货期限", order.deliver_by, "date"),
            ("合同编号", called.contract),
            ("客户单号", order.reference),
            ("门店", order.store),
            ("订单状态", say(order.status)),
        ]
    )


def _ordered(order: Order, called: Called) -> list[list[Value]]:
    return [
        [
            position, line.article, _name(called, line.article), line.specification, line.model, line.grade,
            line.colour_number, _unit(called, line.article), line.quantity, line.price,
            share(line.price, line.quantity), line.requirements,
        ]
        for position, line in enumerate(order.lines, start=1)
    ]  # fmt: skip


def _paid(payment: Payment) -> list[Value]:
    state = "已确认" if payment.confirmed_at else "待确认"
    if payment.reversed_at:
        state = "退票" if payment.bounced else "已冲回"
    return [
        payment.recorded_at, PAYMENT_KINDS[payment.kind], payment.amount, payment.account, payment.reference,
        payment.confirmed_at, state,
    ]  # fmt: skip


def _delivered_to(order: Order, called: Called) -> Fields:
    return Fields(
        [
            ("客户名称", called.customer),
            ("客户编号", called.customer_code),
            ("订单号", order.number),
            ("合同编号", called.contract),
            ("货款", "已付清，经财务确认" if order.covered >= order.total else "未付清，不得出货"),
            ("放行人", order.released_by),
        ]
    )


def _shipment(order: Order, called: Called, shipment: Shipment) -> Iterable[Section]:
    plan = shipment.plan
    yield Fields(
        [
            ("批次", f"第 {shipment.number} 批"),
            ("发货时间", shipment.dispatched_at),
            ("发货人", shipment.dispatched_by),
            ("承运", plan.carrier if plan else None),
            ("车号", plan.vehicle if plan else None),
            ("发票号", shipment.invoice),
            ("质保书", shipment.certificate),
            ("随货资料", "、".join(_enclosed(shipment))),
            ("收货人", shipment.received_by),
        ],
        columns=3,
    )
    yield _goods(order, called, shipment.goods)


def _enclosed(shipment: Shipment) -> Iterable[str]:
    if shipment.manual:
        yield "说明书"
    if shipment.warranty_card:
        yield "保修卡"


def _still_here(order: Order, called: Called) -> Iterable[Section]:
    """What has not left yet: from the lots set aside, else with room for the lot to be written in."""
    plan = order.plan
    if plan is not None:
        yield Fields([("计划发货", plan.planned_on), ("承运", plan.carrier), ("车号", plan.vehicle)], columns=3)
    waiting = list(order.allocations)
    if waiting:
        yield _goods(order, called, waiting, "待发货物")
        return
    rows: list[Sequence[Value]] = []
    for position, line in enumerate(order.lines, start=1):
        if left := line.quantity - order.sent(position):
            name, unit = _name(called, line.article), _unit(called, line.article)
            rows.append([
                len(rows) + 1, line.article, name, line.specification, line.grade, line.colour_number, None, unit, left,
                None,
            ])  # fmt: skip
    if rows:
        yield Grid(SHIPPED, rows, title="待发货物")


def _goods(order: Order, called: Called, goods: Sequence[IssuedGoods], title: str = "") -> Grid:
    rows: list[Sequence[Value]] = []
    for position, one in enumerate(goods, start=1):
        line = order.lines[one.line - 1]
        rows.append([
            position, one.article, _name(called, one.article), line.specification, line.grade, line.colour_number,
            one.lot, _unit(called, one.article), one.quantity, None,
        ])  # fmt: skip
    return Grid(SHIPPED, rows, ["合计", *[None] * 7, sum((one.quantity for one in goods), ZERO), None], title)


def _name(called: Called, article: str) -> str:
    return called.articles[article].name if article in called.articles else ""


def _unit(called: Called, article: str) -> str:
    return called.articles[article].unit if article in called.articles else ""
