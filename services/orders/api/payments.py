"""Payments: recorded by one person, confirmed by another."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.orders.domain.order import Order
from services.orders.domain.payment import PaymentKind
from shared.domain.actor import Actor, Post
from shared.domain.money import PositiveAmount
from shared.web.asking import Body, Reason
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.routes import Routes

router = Routes(tags=["payments"])

Recorder = Annotated[Actor, Depends(admit(Post.CLERK, Post.FINANCE))]
Finance = Annotated[Actor, Depends(admit(Post.FINANCE))]
OrderChange = Annotated[Change[Order], Depends(change_of(Order))]


class RecordPayment(Body):
    kind: PaymentKind
    amount: PositiveAmount
    account: Annotated[str, Field(min_length=1, max_length=60, description="Our account the money came to")]
    reference: Annotated[str, Field(min_length=1, max_length=60, description="The bank's reference, or the voucher")]


@router.post("/orders/{order_id}/payments", status_code=200, response_model=Order)
async def record_payment(order_id: UUID, body: RecordPayment, by: Recorder, change: OrderChange) -> Response:
    """Record money with its voucher; it counts once finance has confirmed it (ORD-10)."""
    async with change(order_id) as order:
        order.record_payment(change.new_id(), body.kind, body.amount, body.account, body.reference, by, change.at)
    return change.answer


@router.post("/orders/{order_id}/payments/{payment_id}/confirm", response_model=Order)
async def confirm_payment(order_id: UUID, payment_id: UUID, by: Finance, change: OrderChange) -> Response:
    """The money has arrived; never said by whoever recorded it (ORD-10)."""
    async with change(order_id) as order:
        order.confirm_payment(payment_id, by, change.at)
    return change.answer


@router.post("/orders/{order_id}/payments/{payment_id}/reverse", response_model=Order)
async def reverse_payment(order_id: UUID, payment_id: UUID, body: Reason, by: Finance, change: OrderChange) -> Response:
    """The money bounced or was called back; the gate closes (ORD-10)."""
    async with change(order_id) as order:
        order.reverse_payment(payment_id, body.reason, by, change.at)
    return change.answer
