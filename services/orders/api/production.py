"""Production requests: planned, started, finished; and the summary of orders and production."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from services.orders.api.access import own_customer
from services.orders.api.production_plan import production_plan_form
from services.orders.domain.lot import Lot
from services.orders.domain.order import Order
from services.orders.domain.payment import PaymentTerms
from services.orders.domain.production_request import ProductionRequest, ProductionStatus
from services.orders.views import production as views
from services.orders.views.orders import LOCK_ORDER
from services.orders.views.reading import one
from services.orders.views.stock import stocked
from shared.documents.exports import Column, Format, stream_json
from shared.domain.actor import INSIDE, Actor, Post
from shared.domain.money import PositiveAmount, share
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import Forbidden, Invalid, RuleBroken
from shared.events.orders import GoodsAllocated
from shared.web.asking import Body, Insider
from shared.web.change import Change, change_of
from shared.web.downloads import download, streamed
from shared.web.identity import Anyone, admit
from shared.web.paging import PagedByCode, document, listed
from shared.web.papers import form_response
from shared.web.routes import Routes
from shared.web.words import language_of

router = Routes(tags=["production"])

Production = Annotated[Actor, Depends(admit(Post.PRODUCTION))]
RequestChange = Annotated[Change[ProductionRequest], Depends(change_of(ProductionRequest))]


class Plan(Body):
    starts_on: date
    ready_on: date


class Finish(Body):
    """The lot that came of it, in the article's unit."""

    lot: Annotated[str, Field(min_length=1, max_length=40)]
    quantity: PositiveAmount
    expires_on: date | None = None


@router.get("/production-requests")
async def list_production_requests(
    request: Request,
    anyone: Anyone,
    page: PagedByCode,
    state: ProductionStatus | None = None,
    article: Annotated[str | None, Query(max_length=40)] = None,
    order_id: UUID | None = None,
    stock_is_there: Annotated[
        bool | None, Query(description="Whether some of it is in stock, promised to nobody")
    ] = None,
) -> Response:
    """What is to be produced, the longest waiting first; salespeople, customers and partners see theirs (ORD-7).

    With `stock_is_there=true`: whose turn it is when goods have come in or were given back. A person allocates.
    """
    requests = partial(
        views.requests,
        request.app.state.pool,
        status=state,
        article=article,
        order_id=order_id,
        coverable=stock_is_there,
        today=datetime.now(UTC).astimezone(SHANGHAI).date(),
        customers=anyone.customers if anyone.outside else None,
        salespeople=anyone.people if anyone.only_sells else None,
    )
    return await listed(request, page, requests, ProductionRequest)


@router.get("/production-requests/{request_id}", response_model=ProductionRequest)
async def show_production_request(request_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One production request, and how far it is (ORD-7)."""
    text = await one(request.app.state.pool, views.REQUEST, "production request", request_id)
    wanted = ProductionRequest.model_validate_json(text)
    own_customer(anyone, wanted.customer_id, *INSIDE)
    if anyone.only_sells and wanted.salesperson not in anyone.people:
        raise Forbidden("this order is not yours")
    return document(text, wanted.version)


@router.post("/production-requests/{request_id}/plan", response_model=ProductionRequest)
async def plan_production(request_id: UUID, body: Plan, by: Production, change: RequestChange) -> Response:
    """Schedule it, or schedule it otherwise; the customer is told (ORD-7)."""
    async with change(request_id) as wanted:
        wanted.plan(body.starts_on, body.ready_on, by, change.at)
    return change.answer


@router.post("/production-requests/{request_id}/start", response_model=ProductionRequest)
async def start_production(request_id: UUID, by: Production, change: RequestChange) -> Response:
    """Begin to produce, once the order's deposit is confirmed and while it still waits for goods (ORD-7, ORD-9)."""
    async with change.together(request_id) as both:
        await both.work.fetchval(LOCK_ORDER, both.main.order_id)  # its money stays until production has begun
        order = await both.work.get(Order, both.main.order_id)
        order.require(GoodsAllocated)
        terms = order.terms or PaymentTerms.of(change.policy)  # an order that is older than its terms
        both.main.start(by, change.at, covered=order.covered, deposit=share(order.total, terms.deposit_share))
    return change.answer


@router.post("/production-requests/{request_id}/finish", response_model=ProductionRequest)
async def finish_production(request_id: UUID, body: Finish, by: Production, change: RequestChange) -> Response:
    """The goods are made, come into stock as a lot, and are set aside for the order that waits for them (ORD-7).

    What expires first goes first (ORD-12): the order may get another lot, and this one is there for others.
    """
    async with change.together(request_id) as both:
        wanted, today = both.main, change.at.astimezone(SHANGHAI).date()
        await both.work.fetchval(LOCK_ORDER, wanted.order_id)
        goods = Lot.receive(
            body.lot, article=wanted.article, colour_number=wanted.colour_number, grade=wanted.grade,
            quantity=body.quantity, expires_on=body.expires_on, received_on=today,
        )  # fmt: skip
        wanted.finish(goods.id, body.lot, body.quantity, by, change.at)
        if await both.work.find(Lot, goods.id) is not None:
            raise RuleBroken("ORD-12", "a lot comes in once")
        both.work.begin(goods)
        order = await both.work.get(Order, wanted.order_id)
        if order.waits_for_goods:
            order.allocate(await stocked(both.work, {line.article for line in order.lines}), today)
    return change.answer


@router.get("/reports/production-plan")
async def report_production_plan(
    request: Request,
    insider: Insider,
    since: Annotated[date, Query(alias="from", description="First day, in Shanghai, on which goods were found short")],
    until: Annotated[date, Query(alias="to", description="The last day that counts")],
    form: Annotated[Literal["json", "csv", "xlsx", "pdf"], Query(alias="format")] = "json",
) -> Response:
    """订货排产情况汇总表: what stock did not cover, and how far production is with it, by article, colour and grade.

    Quantities in the article's unit (ORD-7).
    """
    if not date(2000, 1, 1) <= since <= until <= date(2999, 12, 31):
        raise Invalid("a period begins before it ends, between the years 2000 and 2999", [])
    begins, ends = (datetime.combine(day, time(), SHANGHAI).astimezone(UTC) for day in (since, until))
    rows = await views.plan(request.app.state.pool, begins, ends + timedelta(days=1))
    stem = f"production-plan-{since:%Y%m%d}-{until:%Y%m%d}"
    match form:
        case "json":
            head = {"from": since, "to": until}
            return streamed(request, stem, Format.JSON, stream_json((row._asdict() async for row in _each(rows)), head))
        case "csv":
            words, language = request.app.state.words, language_of(request.headers.get("accept-language"))
            columns = [Column(words.heading(name, language)) for name in views.PlannedArticle._fields]
            return download(request, Format.CSV, columns, _cells(rows))
        case _:
            sheet = production_plan_form(rows, since, until, request.app.state.company, datetime.now(UTC))
            return await form_response(sheet, form, f"订货排产情况汇总表-{since:%Y%m%d}-{until:%Y%m%d}")


async def _each(rows: Sequence[views.PlannedArticle]) -> AsyncIterator[views.PlannedArticle]:
    for row in rows:
        yield row


async def _cells(rows: Sequence[views.PlannedArticle]) -> AsyncIterator[list[object]]:
    for row in rows:
        yield [*row[:-1], "、".join(row.order_numbers)]
