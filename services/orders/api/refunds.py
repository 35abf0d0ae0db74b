"""Cancelled orders and refunds: asked for by one person, decided by another."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.orders.api.access import SELLERS, Seller, own_order
from services.orders.domain.order import Order
from shared.domain.actor import Actor, Post
from shared.web.asking import Body, Reason
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.routes import Routes

router = Routes(tags=["refunds"])

Approver = Annotated[Actor, Depends(admit(Post.FINANCE, Post.SALES_DIRECTOR))]
OrderChange = Annotated[Change[Order], Depends(change_of(Order))]


class ApproveRefund(Body):
    to_credit: bool
    reference: Annotated[
        str | None, Field(min_length=1, max_length=60, description="Under which the money goes back; none for credit")
    ] = None


@router.post("/orders/{order_id}/cancel", response_model=Order)
async def cancel_order(order_id: UUID, body: Reason, seller: Seller, change: OrderChange) -> Response:
    """Give up an order before goods have left: at once, or, where money is confirmed, by a refund (ORD-17)."""
    async with change(order_id) as order:
        own_order(seller, order, *SELLERS)
        order.cancel(body.reason, seller, change.at)
    return change.answer


@router.post("/orders/{order_id}/refund/approve", response_model=Order)
async def approve_refund(order_id: UUID, body: ApproveRefund, by: Approver, change: OrderChange) -> Response:
    """Give the money back, or leave it as credit; never said by whoever asked for it (ORD-17)."""
    async with change(order_id) as order:
        order.approve_refund(body.to_credit, body.reference, by, change.at)
    return change.answer


@router.post("/orders/{order_id}/refund/refuse", response_model=Order)
async def refuse_refund(order_id: UUID, body: Reason, by: Approver, change: OrderChange) -> Response:
    """The order stands; never said by whoever asked for the refund (ORD-17)."""
    async with change(order_id) as order:
        order.refuse_refund(body.reason, by, change.at)
    return change.answer
