"""Prices: versions of the price book, what holds at a time, exceptions, and prices that people made up."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime, Field

from services.orders.api.access import SELLERS, own_client, own_customer
from services.orders.domain.price_attempt import PriceAttempt
from services.orders.domain.price_book import PriceBook
from services.orders.domain.price_exception import PriceException, PriceExceptionStatus
from services.orders.views import catalogue
from services.orders.views import prices as views
from services.orders.views.customers import customer_owner
from services.orders.views.reading import one
from shared.domain.actor import INSIDE, Actor, Post
from shared.domain.money import PositiveAmount
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import Forbidden, NotFound
from shared.web.asking import Body, Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import FIRST, Page, Paged, PagedByCode, document, listed
from shared.web.routes import Routes

router = Routes(tags=["prices"])

SalesManagement = Annotated[Actor, Depends(admit(Post.SALES_MANAGER, Post.SALES_DIRECTOR))]
SalesDirector = Annotated[Actor, Depends(admit(Post.SALES_DIRECTOR))]
Requester = Annotated[Actor, Depends(admit(*SELLERS))]
Revoker = Annotated[Actor, Depends(admit(*SELLERS, Post.SALES_DIRECTOR))]
BookChange = Annotated[Change[PriceBook], Depends(change_of(PriceBook))]
ExceptionChange = Annotated[Change[PriceException], Depends(change_of(PriceException))]


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a `ValueError` for one that is not within the years we can write there."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no such time in UTC") from error


def beginning_of(day: date) -> datetime:
    """Its first moment in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


Day = Annotated[date, Field(le=date(2999, 12, 31))]
Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]


class EffectiveFrom(Body):
    effective_at: Moment | None = None


class RequestException(Body):
    """A price for one customer: per unit in yuan, for so much of the article in its unit, until a time."""

    customer_id: UUID
    article: Annotated[str, Field(min_length=1, max_length=40)]
    price: PositiveAmount
    quantity: PositiveAmount
    expires_at: Moment
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.get("/price-books")
async def list_price_books(request: Request, anyone: Anyone, page: Paged) -> Response:
    """Versions of the price book, newest first, without their prices; outside, only what is approved (ORD-2).

    `standing` says which one holds now and which are to come, `replaces` what each took or takes the place of.
    """
    books = partial(views.shown_books, request.app.state.pool, only_in_force=anyone.outside)
    return await listed(request, page, books, views.ShownBook, without=["prices"])


@router.get("/price-books/{book_id}", response_model=views.ShownBook)
async def show_price_book(book_id: UUID, request: Request, anyone: Anyone) -> Response:
    """A version with all its prices: once in force, they are shown to everybody (ORD-2)."""
    pool = request.app.state.pool
    found = await views.shown_books(
        pool, Page(1, FIRST), only_in_force=anyone.outside, without="", book_id=book_id
    )  # fmt: skip
    if not found:
        raise NotFound("there is no {entity} {id}", entity="price book", id=str(book_id))
    return document(found[0]["document"])


@router.post("/price-books/{book_id}/approve", response_model=PriceBook)
async def approve_price_book(book_id: UUID, body: EffectiveFrom, by: SalesDirector, change: BookChange) -> Response:
    """Approve a drafted version; never by its drafter (ORD-2)."""
    async with change(book_id) as book:
        book.approve(by, body.effective_at, change.at)
    return change.answer


@router.post("/price-books/{book_id}/reject", response_model=PriceBook)
async def reject_price_book(book_id: UUID, body: Reason, by: SalesDirector, change: BookChange) -> Response:
    """Do not approve a drafted version (ORD-2)."""
    async with change(book_id) as book:
        book.reject(body.reason, by, change.at)
    return change.answer


@router.post("/price-books/{book_id}/withdraw", response_model=PriceBook)
async def withdraw_price_book(book_id: UUID, body: Reason, by: SalesManagement, change: BookChange) -> Response:
    """Take back a draft, or what was approved for a time that has not come (ORD-2)."""
    async with change(book_id) as book:
        book.withdraw(body.reason, by, change.at)
    return change.answer


@router.get("/price-books/{old_id}/compare/{new_id}")
async def compare_price_books(
    old_id: UUID, new_id: UUID, request: Request, anyone: Anyone, page: PagedByCode
) -> Response:
    """What differs between two versions by article code: added, removed, changed by so many percent (ORD-2)."""
    pool = request.app.state.pool
    for book_id in (old_id, new_id):
        await one(pool, views.PRICE_BOOK_NUMBER, "price book", book_id, anyone.outside)
    return await listed(request, page, partial(views.compared, pool, old=old_id, new=new_id), views.PriceChange)


@router.get("/prices")
async def list_prices(
    request: Request,
    anyone: Anyone,
    page: PagedByCode,
    article: Annotated[list[str] | None, Query(max_length=200, description="Of these articles only")] = None,
    at: Annotated[Moment | None, Query(description="As of this time, else now")] = None,
) -> Response:
    """The one price of each article that holds for all stores, for everybody to see (ORD-2)."""
    when = at or datetime.now(UTC)
    prices = partial(views.current_prices, request.app.state.pool, at=when, articles=article)
    return await listed(request, page, prices, views.CurrentPrice)


@router.get("/price-attempts")
async def list_price_attempts(request: Request, by: SalesManagement, page: Paged) -> Response:
    """Prices that people made up, newest first (ORD-3)."""
    return await listed(request, page, partial(catalogue.price_attempts, request.app.state.pool), PriceAttempt)


@router.get("/price-attempts/summary")
async def count_price_attempts(
    request: Request,
    by: SalesManagement,
    page: Paged,
    since: Annotated[Day | None, Query(alias="from", description="A day in Shanghai")] = None,
    until: Annotated[Day | None, Query(alias="to", description="The last day that counts")] = None,
    person: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """How many prices each person made up, by month, whoever did so last coming first (ORD-3)."""
    counted = partial(
        views.attempts_counted,
        request.app.state.pool,
        since=beginning_of(since) if since else None,
        until=beginning_of(until) + timedelta(days=1) if until else None,
        person=person,
    )
    return await listed(request, page, counted, views.AttemptCount)


@router.post("/price-exceptions", status_code=201, response_model=PriceException)
async def request_price_exception(
    body: RequestException, by: Requester, change: ExceptionChange, request: Request
) -> Response:
    """Ask for a price other than the book's for a customer of one's own (ORD-3)."""
    pool = request.app.state.pool
    own_client(by, await customer_owner(pool, body.customer_id))
    if body.article not in await catalogue.known_articles(pool, [body.article]):
        raise NotFound("there is no {entity} {id}", entity="article", id=body.article)
    return await change.save(PriceException.request(change.new_id(), **body.model_dump(), by=by, at=change.at))


@router.get("/price-exceptions")
async def list_price_exceptions(
    request: Request,
    anyone: Anyone,
    page: Paged,
    status: PriceExceptionStatus | None = None,
    customer_id: UUID | None = None,
    article: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Exceptions, newest first; salespeople see what they asked for, customers and partners theirs."""
    exceptions = partial(
        views.exceptions,
        request.app.state.pool,
        status=status,
        customer_id=customer_id,
        article=article,
        customers=anyone.customers if anyone.outside else None,
        requesters=anyone.people if anyone.only_sells else None,
    )
    return await listed(request, page, exceptions, PriceException)


@router.get("/price-exceptions/{exception_id}", response_model=PriceException)
async def show_price_exception(exception_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One exception, with what is used of it."""
    text = await one(request.app.state.pool, views.EXCEPTION, "price exception", exception_id)
    exception = PriceException.model_validate_json(text)
    own_customer(anyone, exception.customer_id, *INSIDE)
    if anyone.only_sells and exception.requested_by not in anyone.people:
        raise Forbidden("this price exception is not yours")
    return document(text, exception.version)


@router.post("/price-exceptions/{exception_id}/approve", response_model=PriceException)
async def approve_price_exception(exception_id: UUID, by: SalesDirector, change: ExceptionChange) -> Response:
    """Approve it as asked for; never by whoever asked (ORD-3)."""
    async with change(exception_id) as exception:
        exception.approve(by, change.at)
    return change.answer


@router.post("/price-exceptions/{exception_id}/reject", response_model=PriceException)
async def reject_price_exception(
    exception_id: UUID, body: Reason, by: SalesDirector, change: ExceptionChange
) -> Response:
    """Do not approve it (ORD-3)."""
    async with change(exception_id) as exception:
        exception.reject(body.reason, by, change.at)
    return change.answer


@router.post("/price-exceptions/{exception_id}/revoke", response_model=PriceException)
async def revoke_price_exception(exception_id: UUID, body: Reason, by: Revoker, change: ExceptionChange) -> Response:
    """No further order at this price; by sales management, or whoever asked for it (ORD-3)."""
    async with change(exception_id) as exception:
        if not by.holds(Post.SALES_DIRECTOR) and exception.requested_by not in by.people:
            raise Forbidden("this price exception is not yours")
        exception.end(body.reason)
    return change.answer
