"""Orders, from placing to delivery."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from services.orders.api.access import SELLERS, Seller, own_customer, own_order
from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.lot import Lot
from services.orders.domain.order import Order
from services.orders.domain.paid_order import OrderStatus
from services.orders.domain.price_attempt import PriceAttempt
from services.orders.domain.pricing import Prices, WantedLine
from services.orders.views import orders as views
from services.orders.views.catalogue import PriceBooks
from services.orders.views.reading import one
from shared.domain.actor import Actor, Post
from shared.domain.money import PositiveAmount
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import RuleBroken
from shared.web.asking import Body, Name, Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Paged, document, listing
from shared.web.routes import Routes

router = Routes(tags=["orders"])

Warehouse = Annotated[Actor, Depends(admit(Post.WAREHOUSE))]
RECEIVERS = (Post.TRANSPORT, Post.CLERK)
Receiver = Annotated[Actor, Depends(admit(*RECEIVERS, Post.CUSTOMER, Post.PARTNER))]
OrderChange = Annotated[Change[Order], Depends(change_of(Order))]

BOOKS = PriceBooks()


class PlaceOrder(Body):
    """An order as it is written: articles and quantities; prices follow from contract or price book."""

    customer_id: UUID
    contract_id: UUID | None = None
    stock_position_id: UUID
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=200)]
    requirements: Annotated[str, Field(max_length=2000)] = ""


class Shipment(Body):
    """So much of a lot for one line, counted from 1."""

    line: int
    lot_id: UUID
    quantity: PositiveAmount


class Dispatch(Body):
    goods: Annotated[list[Shipment], Field(min_length=1, max_length=400)]
    certificate: Name


class Deliver(Body):
    received_by: Name


@router.post("/orders", status_code=201, response_model=Order)
async def place_order(body: PlaceOrder, seller: Seller, change: OrderChange, request: Request) -> Response:
    """Write an order; a price of one's own is refused and put on record (ORD-3)."""
    own_customer(seller, body.customer_id, *SELLERS)
    articles = [line.article for line in body.lines]
    pool = request.app.state.pool
    known = await views.placing(
        pool, BOOKS, body.customer_id, body.stock_position_id, body.contract_id, articles, change.at
    )
    if known.allowance is not None:
        known.allowance.must_belong_to(body.customer_id)
    prices = Prices(known.book, known.allowance)
    if quoted := prices.self_made(body.lines):
        await change.aside(PriceAttempt.refuse(change.new_id(), body.customer_id, quoted, seller, change.at))
        raise RuleBroken("ORD-3", "nobody quotes a price of their own: {asked} for {article} was not approved",
                         asked=quoted.asked, article=quoted.article)  # fmt: skip
    order = Order.place(
        change.new_id(),
        customer_id=body.customer_id,
        contract_id=body.contract_id,
        position=known.position,
        lines=prices.lines(body.lines, known.articles),
        requirements=body.requirements,
        salesperson=seller.id if seller.holds(Post.SALESPERSON) else known.owner,
        policy=change.policy,
        by=seller,
        at=change.at,
    )
    if body.contract_id is None:
        return await change.save(order)
    async with change.together() as both:
        both.main = order
        allowance = await both.work.get(ContractAllowance, ContractAllowance.id_of(body.contract_id))
        wanted = [(line.article, line.quantity) for line in body.lines]
        allowance.draw(order.id, body.customer_id, wanted, change.at.astimezone(SHANGHAI).date())
    return change.answer


@router.get("/orders")
async def list_orders(
    request: Request,
    anyone: Anyone,
    page: Paged,
    status: OrderStatus | None = None,
    customer_id: UUID | None = None,
    number: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Orders, newest first; salespeople see their own, customers and partners theirs."""
    rows = await views.orders(
        request.app.state.pool,
        page,
        status=status,
        customer_id=customer_id,
        number=number,
        customers=anyone.customers if anyone.outside else None,
        salespeople=anyone.people if anyone.only_sells else None,
    )
    return listing(rows, page)


@router.get("/orders/{order_id}", response_model=Order)
async def show_order(order_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One order."""
    text = await one(request.app.state.pool, views.ORDER, "order", order_id)
    order = Order.model_validate_json(text)
    own_order(anyone, order)
    return document(text, order.version)


@router.post("/orders/{order_id}/release", response_model=Order)
async def release_order(order_id: UUID, warehouse: Warehouse, change: OrderChange) -> Response:
    """Issue the delivery order, once the money is confirmed (ORD-9)."""
    async with change(order_id) as order:
        order.release(warehouse, change.at)
    return change.answer


@router.post("/orders/{order_id}/dispatch", response_model=Order)
async def dispatch_order(order_id: UUID, body: Dispatch, warehouse: Warehouse, change: OrderChange) -> Response:
    """Ship a released order from named lots, with its quality certificate (ORD-11, ORD-12)."""
    async with change.together(order_id) as both:
        goods = [(s.line, await both.work.get(Lot, s.lot_id), s.quantity) for s in body.goods]
        both.main.dispatch(goods, body.certificate, warehouse, change.at)
    return change.answer


@router.post("/orders/{order_id}/deliver", response_model=Order)
async def confirm_delivery(order_id: UUID, body: Deliver, receiver: Receiver, change: OrderChange) -> Response:
    """The goods have come (ORD-13)."""
    async with change(order_id) as order:
        own_order(receiver, order, *RECEIVERS)
        order.deliver(body.received_by, change.at)
    return change.answer


@router.post("/orders/{order_id}/cancel", response_model=Order)
async def cancel_order(order_id: UUID, body: Reason, seller: Seller, change: OrderChange) -> Response:
    """Give up an order before money is confirmed."""
    async with change(order_id) as order:
        own_order(seller, order, *SELLERS)
        order.cancel(body.reason)
    return change.answer
