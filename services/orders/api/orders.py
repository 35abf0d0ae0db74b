"""Orders: written, found, given up."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from services.orders.api.access import SELLERS, Seller, own_customer, own_order
from services.orders.api.placing import write_order
from services.orders.domain.order import Order
from services.orders.domain.paid_order import OrderStatus
from services.orders.domain.price_attempt import PriceAttempt
from services.orders.domain.pricing import Prices, WantedLine
from services.orders.views import orders as views
from services.orders.views import search
from services.orders.views.catalogue import PriceBooks
from services.orders.views.reading import one
from shared.domain.actor import Actor, Post
from shared.domain.numbers import SHANGHAI
from shared.web.asking import Body
from shared.web.change import Change, change_of
from shared.web.identity import Anyone
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["orders"])

OrderChange = Annotated[Change[Order], Depends(change_of(Order))]

BOOKS = PriceBooks()

# Of a list: what `in_brief` leaves out in the database.
LEFT_OUT = ("terms", "payments", "refunds", "allocations", "shortages", "invoices", "plan", "shipments", "goods")

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]


class PlaceOrder(Body):
    """An order as it is written: articles and quantities; prices follow from contract or price book.

    `reference` is the customer's own number for it, used once. Without `deliver_by` the contract's day holds, if there
    is one.
    """

    customer_id: UUID
    contract_id: UUID | None = None
    stock_position_id: UUID
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=200)]
    requirements: Annotated[str, Field(max_length=2000)] = ""
    deliver_by: Day | None = None
    reference: Annotated[str, Field(min_length=1, max_length=60)] | None = None


class SearchOrders(BaseModel):
    """What orders are looked for; days are Shanghai's, both included."""

    status: OrderStatus | None = None
    customer_id: UUID | None = None
    salesperson: Annotated[str | None, Field(max_length=100)] = None
    number: Annotated[str | None, Field(min_length=10, max_length=40, description="Or its beginning: DH20261124")] = (
        None
    )
    reference: Annotated[str | None, Field(max_length=60, description="The customer's own number")] = None
    first_day: Annotated[Day | None, Field(alias="from", description="The day it was placed")] = None
    last_day: Annotated[Day | None, Field(alias="to")] = None

    def by(self, anyone: Actor) -> search.Wanted:
        """The same, of what this actor may see."""
        customers = None if self.customer_id is None else frozenset({self.customer_id})
        salespeople = None if self.salesperson is None else frozenset({self.salesperson})
        if anyone.outside:
            customers = anyone.customers & (customers or anyone.customers)
        if anyone.only_sells:
            salespeople = anyone.people & (salespeople or anyone.people)
        return search.Wanted(
            self.status, customers, salespeople, self.number, self.reference, self.first_day, self.last_day
        )


@router.post("/orders", status_code=201, response_model=Order)
async def place_order(body: PlaceOrder, seller: Seller, change: OrderChange, request: Request) -> Response:
    """Write an order; a price of one's own is refused and put on record (ORD-3)."""
    own_customer(seller, body.customer_id, *SELLERS)
    articles = [line.article for line in body.lines]
    pool = request.app.state.pool
    named = [line.article for line in body.lines if line.price is not None]
    known = await views.placing(
        pool, BOOKS, body.customer_id, body.stock_position_id, body.contract_id, articles, named, change.at
    )
    if known.allowance is not None:
        known.allowance.must_belong_to(body.customer_id)
    today = change.at.astimezone(SHANGHAI).date()
    prices = Prices(known.book, known.allowance, known.exceptions, change.at)
    if quoted := prices.self_made(body.lines):
        await change.aside(PriceAttempt.refuse(change.new_id(), body.customer_id, quoted, seller, change.at))
        raise quoted.refusal
    order = Order.place(
        change.new_id(),
        customer_id=body.customer_id,
        contract_id=body.contract_id,
        position=known.position,
        lines=prices.lines(body.lines, known.articles),
        requirements=body.requirements,
        deliver_by=body.deliver_by or (known.allowance.due(articles, today) if known.allowance else None),
        reference=body.reference,
        salesperson=seller.id if seller.holds(Post.SALESPERSON) else known.owner,
        policy=change.policy,
        by=seller,
        at=change.at,
    )
    drawn = prices.drawn(body.lines)
    if body.contract_id is None and not drawn:
        return await change.save(order)
    async with change.together() as both:
        both.main = await write_order(both.work, order, drawn)
    return change.answer


@router.get("/orders")
async def list_orders(
    request: Request,
    anyone: Anyone,
    page: Paged,
    wanted: Annotated[SearchOrders, Query()],
) -> Response:
    """Orders in brief, newest first, without payments, papers and goods; salespeople see their own, others theirs."""
    orders = partial(search.orders, request.app.state.pool, wanted=wanted.by(anyone))
    return await listed(request, page, orders, Order, without=LEFT_OUT)


@router.get("/orders/{order_id}", response_model=Order)
async def show_order(order_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One order."""
    text = await one(request.app.state.pool, views.ORDER, "order", order_id)
    order = Order.model_validate_json(text)
    own_order(anyone, order)
    return document(text, order.version)
