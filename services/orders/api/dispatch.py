"""Goods of an order: set aside, planned, released, shipped with their papers, delivered."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.orders.api.access import SELLERS, own_order
from services.orders.domain.allocation import Taken
from services.orders.domain.order import Order
from services.orders.domain.shipment import DispatchPlan, Invoice, Papers
from services.orders.views import stock as views
from services.orders.views.orders import LOCK_ORDER
from shared.domain.actor import Actor, Post
from shared.domain.money import PositiveAmount
from shared.domain.numbers import SHANGHAI
from shared.web.asking import Body, Name, Reason
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.routes import Routes

router = Routes(prefix="/orders/{order_id}", tags=["dispatch"])

ALLOCATORS = (*SELLERS, Post.WAREHOUSE)
Allocator = Annotated[Actor, Depends(admit(*ALLOCATORS, Post.PARTNER))]
Warehouse = Annotated[Actor, Depends(admit(Post.WAREHOUSE))]
Planner = Annotated[Actor, Depends(admit(Post.WAREHOUSE, Post.TRANSPORT))]
Finance = Annotated[Actor, Depends(admit(Post.FINANCE))]
RECEIVERS = (Post.TRANSPORT, Post.CLERK)
Receiver = Annotated[Actor, Depends(admit(*RECEIVERS, Post.CUSTOMER, Post.PARTNER))]
OrderChange = Annotated[Change[Order], Depends(change_of(Order))]


class IssueInvoice(Body):
    """An invoice; without an `amount` it is for the whole order."""

    invoice: Name
    title: Name
    tax_number: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    amount: PositiveAmount | None = None
    issued_on: date


class PlanDispatch(Body):
    planned_on: date
    carrier: Name
    vehicle: Name | None = None
    remarks: Annotated[str, Field(max_length=500)] = ""


class GoodsToShip(Body):
    """So much of a lot for one line, counted from 1."""

    line: int
    lot_id: UUID
    quantity: PositiveAmount


class Dispatch(Body):
    """A shipment: of the named goods, or of everything that is set aside for the order, with its papers."""

    goods: Annotated[list[GoodsToShip], Field(min_length=1, max_length=400)] | None = None
    certificate: Name
    invoice: Annotated[str, Field(min_length=1, max_length=100, description="If several are made out")] | None = None
    manual: bool = False
    warranty_card: bool = False


class Deliver(Body):
    received_by: Name
    shipment: Annotated[int, Field(ge=1, le=10_000, description="One shipment, or all under way")] | None = None


@router.post("/allocate", response_model=Order)
async def allocate_goods(order_id: UUID, by: Allocator, change: OrderChange) -> Response:
    """Set stock aside for the order, in place of what was before; `shortages` says what is missing (ORD-7)."""
    async with change.together(order_id) as both:
        own_order(by, both.main, *ALLOCATORS)
        await both.work.fetchval(LOCK_ORDER, order_id)
        lots = await views.stocked(both.work, {line.article for line in both.main.lines})
        both.main.allocate(lots, change.at.astimezone(SHANGHAI).date())
    return change.answer


@router.post("/free-allocation", response_model=Order)
async def free_allocation(order_id: UUID, body: Reason, by: Allocator, change: OrderChange) -> Response:
    """Give back what was set aside."""
    async with change(order_id) as order:
        own_order(by, order, *ALLOCATORS)
        order.free_allocation(body.reason)
    return change.answer


@router.post("/release", response_model=Order)
async def release_order(order_id: UUID, warehouse: Warehouse, change: OrderChange) -> Response:
    """Issue the delivery order, once the money is confirmed (ORD-9)."""
    async with change(order_id) as order:
        order.release(warehouse, change.at)
    return change.answer


@router.post("/invoice", response_model=Order)
async def issue_invoice(order_id: UUID, body: IssueInvoice, by: Finance, change: OrderChange) -> Response:
    """Make out an invoice that travels with the goods (ORD-11)."""
    async with change(order_id) as order:
        fields = body.model_dump(exclude={"amount"}) | {"amount": body.amount or order.total}
        order.issue_invoice(Invoice(**fields, issued_by=by.id, issued_at=change.at))
    return change.answer


@router.post("/plan-dispatch", response_model=Order)
async def plan_dispatch(order_id: UUID, body: PlanDispatch, by: Planner, change: OrderChange) -> Response:
    """Plan the next shipment; the customer is told (ORD-11)."""
    async with change(order_id) as order:
        order.plan_dispatch(DispatchPlan(**body.model_dump(), planned_by=by.id, planned_at=change.at))
    return change.answer


@router.post("/dispatch", response_model=Order)
async def dispatch_goods(order_id: UUID, body: Dispatch, warehouse: Warehouse, change: OrderChange) -> Response:
    """Ship all or a part of a released order (ORD-11, ORD-12)."""
    async with change.together(order_id) as both:
        order = both.main
        await both.work.fetchval(LOCK_ORDER, order_id)
        wanted = body.goods or order.allocations
        lots = await views.stocked_by_id(both.work, {goods.lot_id for goods in (*wanted, *order.allocations)})
        taken = [Taken(goods.line, lots[goods.lot_id], goods.quantity) for goods in wanted]
        papers = Papers(body.certificate, body.invoice, body.manual, body.warranty_card)
        order.dispatch(change.new_id(), taken, papers, warehouse, change.at)
    return change.answer


@router.post("/deliver", response_model=Order)
async def confirm_delivery(order_id: UUID, body: Deliver, receiver: Receiver, change: OrderChange) -> Response:
    """A shipment has come, or all that were under way (ORD-13)."""
    async with change(order_id) as order:
        own_order(receiver, order, *RECEIVERS)
        order.deliver(body.received_by, change.at, body.shipment)
    return change.answer
