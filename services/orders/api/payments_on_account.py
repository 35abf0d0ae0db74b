"""Payments that are for no order: a customer settles what they owe beside their orders."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from services.orders.api.payments import Finance, Recorder, RecordPayment
from services.orders.domain.customer_account import CustomerAccount
from services.orders.domain.payment import Payment, PaymentKind
from services.orders.domain.payment_on_account import OnAccountStatus, PaymentOnAccount
from services.orders.views import money
from services.orders.views.customers import customer_owner
from services.orders.views.reading import one
from shared.web.asking import Reason
from shared.web.change import Change, change_of
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["payments on account"])

MoneyChange = Annotated[Change[PaymentOnAccount], Depends(change_of(PaymentOnAccount))]


@router.post("/customers/{customer_id}/account/payments", status_code=201, response_model=PaymentOnAccount)
async def record_payment_on_account(
    customer_id: UUID, body: RecordPayment, by: Recorder, change: MoneyChange, request: Request
) -> Response:
    """Record money for what a customer owes beside their orders; it counts once finance has confirmed it (ORD-10)."""
    owner = await customer_owner(request.app.state.pool, customer_id)
    payment = Payment(
        id=change.new_id(), kind=PaymentKind(body.kind), amount=body.amount, account=body.account,
        reference=body.reference, recorded_by=by.id, recorded_for=by.on_behalf_of, recorded_at=change.at,
    )  # fmt: skip
    async with change.together() as both:
        voucher = await money.bank_reference(both.work, body.account, body.reference)
        voucher.must_be_new()
        account = await both.work.find(CustomerAccount, CustomerAccount.id_of(customer_id))
        both.main = PaymentOnAccount.take(payment, account or CustomerAccount.open(customer_id), owner)
    return change.answer


@router.get("/payments-on-account")
async def list_payments_on_account(
    request: Request, by: Recorder, page: Paged, state: OnAccountStatus | None = None, customer_id: UUID | None = None
) -> Response:
    """Payments that are for no order, newest first; `state=recorded` is what waits to be confirmed (ORD-10)."""
    payments = partial(money.payments_on_account, request.app.state.pool, status=state, customer_id=customer_id)
    return await listed(request, page, payments, PaymentOnAccount)


@router.get("/payments-on-account/{payment_id}", response_model=PaymentOnAccount)
async def show_payment_on_account(payment_id: UUID, request: Request, by: Recorder) -> Response:
    """One payment that is for no order."""
    return document(await one(request.app.state.pool, money.PAYMENT_ON_ACCOUNT, "payment on account", payment_id))


@router.post("/payments-on-account/{payment_id}/confirm", response_model=PaymentOnAccount)
async def confirm_payment_on_account(payment_id: UUID, by: Finance, change: MoneyChange) -> Response:
    """The money has arrived, and settles what is owed; never said by whoever recorded it (ORD-10, ORD-16)."""
    async with change.together(payment_id) as both:
        account = await both.work.get(CustomerAccount, CustomerAccount.id_of(both.main.customer_id))
        both.main.confirm(account, by, change.at)
    return change.answer


@router.post("/payments-on-account/{payment_id}/reverse", response_model=PaymentOnAccount)
async def reverse_payment_on_account(payment_id: UUID, body: Reason, by: Finance, change: MoneyChange) -> Response:
    """The money was called back or never came: what it had settled is owed again (ORD-10, ORD-16)."""
    async with change.together(payment_id) as both:
        account = await both.work.get(CustomerAccount, CustomerAccount.id_of(both.main.customer_id))
        both.main.reverse(account, body.reason, by, change.at)
    return change.answer


@router.post("/payments-on-account/{payment_id}/bounce", response_model=PaymentOnAccount)
async def bounce_cheque_on_account(payment_id: UUID, body: Reason, by: Finance, change: MoneyChange) -> Response:
    """The bank does not honour the cheque: what it had settled is owed again (ORD-10, ORD-16)."""
    async with change.together(payment_id) as both:
        account = await both.work.get(CustomerAccount, CustomerAccount.id_of(both.main.customer_id))
        both.main.reverse(account, body.reason, by, change.at, bounced=True)
    return change.answer
