"""Payments: recorded by one person, confirmed by another."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field

from services.orders.domain.customer_account import CustomerAccount
from services.orders.domain.order import Order
from services.orders.domain.payment import PaymentKind
from services.orders.views import money
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

Account = Annotated[str, Field(min_length=1, max_length=60, description="Our account the money came to")]
Reference = Annotated[str, Field(min_length=1, max_length=60, description="The bank's reference, or the voucher")]


class RecordPayment(Body):
    kind: Literal["cash", "cheque", "wire"]
    amount: PositiveAmount
    account: Account
    reference: Reference


class UseCredit(Body):
    amount: PositiveAmount


@router.post("/orders/{order_id}/payments", status_code=200, response_model=Order)
async def record_payment(
    order_id: UUID, body: RecordPayment, by: Recorder, change: OrderChange, request: Request
) -> Response:
    """Record money with its voucher; it counts once finance has confirmed it (ORD-10)."""
    async with change(order_id) as order:
        voucher = await money.bank_reference(request.app.state.pool, body.account, body.reference)
        voucher.must_be_new()
        order.record_payment(
            change.new_id(), PaymentKind(body.kind), body.amount, body.account, body.reference, by, change.at
        )
    return change.answer


@router.post("/orders/{order_id}/payments/from-credit", status_code=200, response_model=Order)
async def pay_from_credit(order_id: UUID, body: UseCredit, by: Recorder, change: OrderChange) -> Response:
    """Let the customer's credit pay; it is set aside at once, and counts once finance has confirmed it (ORD-10)."""
    async with change.together(order_id) as both:
        order, payment_id = both.main, change.new_id()
        order.pay_from_credit(payment_id, body.amount, by, change.at)
        account = await both.work.find(CustomerAccount, CustomerAccount.id_of(order.customer_id))
        account = account or both.work.begin(CustomerAccount.open(order.customer_id))
        account.use(body.amount, order.id, payment_id)
    return change.answer


@router.post("/orders/{order_id}/payments/{payment_id}/confirm", response_model=Order)
async def confirm_payment(order_id: UUID, payment_id: UUID, by: Finance, change: OrderChange) -> Response:
    """The money has arrived; never said by whoever recorded it (ORD-10)."""
    async with change(order_id) as order:
        order.confirm_payment(payment_id, by, change.at)
    return change.answer


@router.post("/orders/{order_id}/payments/{payment_id}/reverse", response_model=Order)
async def reverse_payment(order_id: UUID, payment_id: UUID, body: Reason, by: Finance, change: OrderChange) -> Response:
    """The money was called back or never came; the gate closes (ORD-10)."""
    async with change(order_id) as order:
        order.reverse_payment(payment_id, body.reason, by, change.at)
    return change.answer


@router.post("/orders/{order_id}/payments/{payment_id}/bounce", response_model=Order)
async def bounce_cheque(order_id: UUID, payment_id: UUID, body: Reason, by: Finance, change: OrderChange) -> Response:
    """The bank does not honour the cheque; the gate closes (ORD-10)."""
    async with change(order_id) as order:
        order.reverse_payment(payment_id, body.reason, by, change.at, bounced=True)
    return change.answer
