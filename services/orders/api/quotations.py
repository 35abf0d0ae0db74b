"""Quotations: three quantities offered, one picked, which becomes the order."""

from datetime import date
from functools import partial
from typing import Annotated, Self
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field, model_validator

from services.orders.api.access import SELLERS, own_client, own_customer
from services.orders.api.placing import write_order
from services.orders.domain.order import Order
from services.orders.domain.price_attempt import PriceAttempt
from services.orders.domain.pricing import Prices, WantedLine
from services.orders.domain.quotation import Option, Quotation, QuotationStatus, Size
from services.orders.domain.stock_position import StockPosition
from services.orders.views import quotations as views
from services.orders.views.catalogue import PriceBooks
from services.orders.views.reading import one
from shared.domain.actor import INSIDE, Actor, Post
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import Forbidden
from shared.web.asking import Body, Name, Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["quotations"])

Offerer = Annotated[Actor, Depends(admit(*SELLERS))]
Picker = Annotated[Actor, Depends(admit(*SELLERS, Post.CUSTOMER, Post.PARTNER))]
Withdrawer = Annotated[Actor, Depends(admit(*SELLERS, Post.SALES_MANAGER, Post.SALES_DIRECTOR))]
QuotationChange = Annotated[Change[Quotation], Depends(change_of(Quotation))]

BOOKS = PriceBooks()

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]


class OfferedOption(Body):
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=200)]
    deliver_by: Day | None = None
    remarks: Annotated[str, Field(max_length=2000)] = ""


class Options(Body):
    """A trial, a medium and a bulk quantity, or some of them (ORD-4)."""

    trial: OfferedOption | None = None
    medium: OfferedOption | None = None
    bulk: OfferedOption | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.sizes:
            raise ValueError("a quotation has an option")
        return self

    @property
    def sizes(self) -> dict[Size, OfferedOption]:
        """The options that are offered, the smallest first."""
        found: dict[Size, OfferedOption | None] = {size: getattr(self, size) for size in Size}
        return {size: option for size, option in found.items() if option is not None}


class Offer(Body):
    """What a customer may pick from, through the last day named (in Shanghai); a price may be named as in an order."""

    customer_id: UUID
    contract_id: UUID | None = None
    valid_until: Day
    options: Options


class Pick(Body):
    """Without `deliver_by` the option's day holds; `reference` is the customer's own number for the order."""

    option: Size
    stock_position_id: UUID
    accepted_by: Annotated[Name, Field(description="Who of the customer has picked")]
    requirements: Annotated[str, Field(max_length=2000)] = ""
    deliver_by: Day | None = None
    reference: Annotated[str, Field(min_length=1, max_length=60)] | None = None


@router.post("/quotations", status_code=201, response_model=Quotation)
async def offer_quotation(body: Offer, by: Offerer, change: QuotationChange, request: Request) -> Response:
    """Offer quantities to pick from (ORD-4); a price of one's own is refused and put on record (ORD-3)."""
    wanted = [line for option in body.options.sizes.values() for line in option.lines]
    named = [line.article for line in wanted if line.price is not None]
    articles = [line.article for line in wanted]
    pool = request.app.state.pool
    known = await views.quoting(pool, BOOKS, body.customer_id, body.contract_id, articles, named, change.at)
    own_client(by, known.owner)
    if known.allowance is not None:
        known.allowance.must_belong_to(body.customer_id)
    today = change.at.astimezone(SHANGHAI).date()
    prices = Prices(known.book, known.allowance, known.exceptions, change.at)
    for option in body.options.sizes.values():
        if quoted := prices.self_made(option.lines):
            await change.aside(PriceAttempt.refuse(change.new_id(), body.customer_id, quoted, by, change.at))
            raise quoted.refusal
    return await change.save(
        Quotation.offer(
            change.new_id(),
            customer_id=body.customer_id,
            contract_id=body.contract_id,
            salesperson=by.id if by.holds(Post.SALESPERSON) else known.owner,
            options={size: _priced(option, prices, known, today) for size, option in body.options.sizes.items()},
            valid_until=body.valid_until,
            by=by,
            at=change.at,
        )
    )


@router.get("/quotations")
async def list_quotations(
    request: Request,
    anyone: Anyone,
    page: Paged,
    status: QuotationStatus | None = None,
    customer_id: UUID | None = None,
    number: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Quotations, newest first; salespeople see their own, customers and partners theirs."""
    quotations = partial(
        views.quotations,
        request.app.state.pool,
        status=status,
        customer_id=customer_id,
        number=number,
        customers=anyone.customers if anyone.outside else None,
        salespeople=anyone.people if anyone.only_sells else None,
    )
    return await listed(request, page, quotations, Quotation)


@router.get("/quotations/{quotation_id}", response_model=Quotation)
async def show_quotation(quotation_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One quotation."""
    text = await one(request.app.state.pool, views.QUOTATION, "quotation", quotation_id)
    quotation = Quotation.model_validate_json(text)
    own_quotation(anyone, quotation, *INSIDE)
    return document(text, quotation.version)


@router.post("/quotations/{quotation_id}/pick", response_model=Quotation)
async def pick_option(quotation_id: UUID, body: Pick, by: Picker, change: QuotationChange) -> Response:
    """Pick one option: it is written as an order, under the same rules; answers with its `order_id` (ORD-4, ORD-6)."""
    async with change.together(quotation_id) as both:
        quotation = both.main
        own_quotation(by, quotation, *SELLERS)
        option = quotation.option(body.option, change.at)
        order = Order.place(
            change.new_id(),
            customer_id=quotation.customer_id,
            contract_id=quotation.contract_id,
            position=await both.work.get(StockPosition, body.stock_position_id),
            lines=quotation.lines(body.option, change.at),
            requirements=body.requirements,
            salesperson=quotation.salesperson,
            policy=change.policy,
            by=by,
            at=change.at,
            deliver_by=body.deliver_by or option.deliver_by,
            reference=body.reference,
            quotation_id=quotation.id,
        )
        await write_order(both.work, order, option.drawn)
        quotation.pick(body.option, order.id, body.accepted_by, by, change.at)
    return change.answer


@router.post("/quotations/{quotation_id}/withdraw", response_model=Quotation)
async def withdraw_quotation(quotation_id: UUID, body: Reason, by: Withdrawer, change: QuotationChange) -> Response:
    """Nothing can be picked any more."""
    async with change(quotation_id) as quotation:
        own_quotation(by, quotation, *INSIDE)
        quotation.withdraw(body.reason)
    return change.answer


def own_quotation(actor: Actor, quotation: Quotation, *posts: Post) -> None:
    """Customers and partners have to do with theirs; a salesperson who is nothing else inside, with their own."""
    own_customer(actor, quotation.customer_id, *posts)
    mine = quotation.salesperson in actor.people or quotation.customer_id in actor.customers
    if actor.only_sells and not mine:
        raise Forbidden("this quotation is not yours")


def _priced(option: OfferedOption, prices: Prices, known: views.Quoting, today: date) -> Option:
    drawn = prices.drawn(option.lines)
    due = known.allowance.due([line.article for line in option.lines], today) if known.allowance else None
    return Option(
        lines=prices.lines(option.lines, known.articles),
        drawn=drawn,
        holds_until=prices.until(drawn),
        deliver_by=option.deliver_by or due,
        remarks=option.remarks,
    )
