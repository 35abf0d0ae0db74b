"""Payment notices: what banks and providers report by signed webhook, and what finance makes of the rest."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from services.orders.api.providers import SignedNotice, change_by_provider, signed_notice
from services.orders.domain.order import Order
from services.orders.domain.payment_notice import NoticeStatus, Outcome, PaymentNotice
from services.orders.views import money
from services.orders.views.reading import one
from shared.domain.actor import Actor, Post
from shared.domain.refusals import NotFound
from shared.persistence.work import Work
from shared.web.asking import Body, Name, Reason
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(prefix="/payment-notices", tags=["payment notices"])

Finance = Annotated[Actor, Depends(admit(Post.FINANCE))]
Signed = Annotated[SignedNotice, Depends(signed_notice)]
ProviderChange = Annotated[Change[PaymentNotice], Depends(change_by_provider)]
NoticeChange = Annotated[Change[PaymentNotice], Depends(change_of(PaymentNotice))]


class Receipt(BaseModel):
    """What a provider is told, the same however often it asks."""

    id: UUID
    webhook_id: str
    outcome: Outcome
    received_at: datetime


class Match(Body):
    order_number: Name
    payment_id: Annotated[UUID | None, Field(description="The payment it is, if it stands there already")] = None


@router.post("/{provider}")
async def receive_notice(signed: Signed, change: ProviderChange) -> Receipt:
    """A provider reports money by signed webhook (Standard Webhooks); the same one again does nothing (ORD-10).

    Money that came is recorded with the order it names, for finance to confirm; money that went back closes the gate at
    once. What fits no order is kept for finance to look at.
    """
    async with change.together() as both:
        kept = await both.work.find(PaymentNotice, PaymentNotice.id_of(signed.provider, signed.webhook_id))
        if kept is None:
            both.main = signed.received(change.at)
            fit = await money.fit(both.work, both.main, both.main.order_number, change.new_id())
            order = await both.work.get(Order, fit.order_id) if fit.order_id else None
            both.main.settle(order, fit, change.at)
        else:
            kept.must_be_repeated(signed.body_digest)
            both.main = kept
    return Receipt.model_validate(both.main, from_attributes=True)


@router.get("")
async def list_notices(request: Request, by: Finance, page: Paged, state: NoticeStatus | None = None) -> Response:
    """What providers have reported, in the order of their ids; `state=set_aside` is what waits for finance.

    What waits for a second person's word on it is `dismissing`.
    """
    notices = partial(money.notices, request.app.state.pool, status=state)
    return await listed(request, page, notices, PaymentNotice)


@router.get("/{notice_id}", response_model=PaymentNotice)
async def show_notice(notice_id: UUID, request: Request, by: Finance) -> Response:
    """One notice."""
    return document(await one(request.app.state.pool, money.NOTICE, "payment notice", notice_id))


@router.post("/{notice_id}/match", response_model=PaymentNotice)
async def match_notice(notice_id: UUID, body: Match, by: Finance, change: NoticeChange) -> Response:
    """Finance knows which order the money is for: it is recorded there, for somebody else to confirm (ORD-10)."""
    async with change.together(notice_id) as both:
        fit = await money.fit(both.work, both.main, body.order_number, change.new_id())
        order = await _order(both.work, fit.order_id, body.order_number)
        both.main.match(order, body.order_number, body.payment_id, fit, by, change.at)
    return change.answer


@router.post("/{notice_id}/dismiss", response_model=PaymentNotice)
async def ask_to_dismiss_notice(notice_id: UUID, body: Reason, by: Finance, change: NoticeChange) -> Response:
    """Finance takes a notice that was set aside for none of ours; another person decides (ORD-10)."""
    async with change(notice_id) as notice:
        notice.ask_to_dismiss(body.reason, by, change.at)
    return change.answer


@router.post("/{notice_id}/dismissal/approve", response_model=PaymentNotice)
async def dismiss_notice(notice_id: UUID, by: Finance, change: NoticeChange) -> Response:
    """Nothing follows from the notice; never said by whoever asked for that (ORD-10)."""
    async with change(notice_id) as notice:
        notice.dismiss(by, change.at)
    return change.answer


@router.post("/{notice_id}/dismissal/refuse", response_model=PaymentNotice)
async def keep_notice(notice_id: UUID, body: Reason, by: Finance, change: NoticeChange) -> Response:
    """The notice goes on waiting to be matched; never said by whoever asked to dismiss it (ORD-10)."""
    async with change(notice_id) as notice:
        notice.keep(body.reason, by, change.at)
    return change.answer


async def _order(work: Work, order_id: UUID | None, number: str) -> Order:
    if order_id is None:
        raise NotFound("there is no {entity} {id}", entity="order", id=number)
    return await work.get(Order, order_id)
