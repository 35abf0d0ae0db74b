"""Articles and price books."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, Field

from services.orders.domain.article import Article
from services.orders.domain.price_book import PriceBook
from services.orders.views import catalogue as views
from services.orders.views.reading import one
from shared.documents.tables import Row, YesNo, like_registered, read_table
from shared.domain.actor import Actor, Post
from shared.web.asking import Body, Uploaded
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import FIRST, Page, Paged, document, listing
from shared.web.routes import Routes

router = Routes(tags=["catalogue"])

SalesManagement = Annotated[Actor, Depends(admit(Post.SALES_MANAGER, Post.SALES_DIRECTOR))]
SalesDirector = Annotated[Actor, Depends(admit(Post.SALES_DIRECTOR))]
BookChange = Annotated[Change[PriceBook], Depends(change_of(PriceBook))]


class ArticleRow(Row, key=("article",)):
    """A row of an article list (品种表)."""

    article: str = Field(title="货号", min_length=1, max_length=40)
    name: str = Field(title="品名", min_length=1, max_length=100)
    specification: str = Field(title="规格", min_length=1, max_length=60)
    model: str = Field(title="型号", min_length=1, max_length=60)
    grade: Literal["优等品", "一级品", "合格品"] = Field(title="等级")
    colour_number: str = Field(title="色号", min_length=1, max_length=20)
    unit: Literal["m²", "片"] = Field(title="单位")
    price: Decimal = Field(title="单价/价格", gt=0, lt=10**8, decimal_places=2)
    standard: str = Field(title="标准", max_length=60)
    in_production: YesNo = Field(title="在产", default=True)


class EffectiveFrom(Body):
    effective_at: AwareDatetime | None = None


@router.post("/articles/import", status_code=201, response_model=PriceBook)
async def import_articles(file: Uploaded, by: SalesManagement, change: BookChange, request: Request) -> Response:
    """Enter a list of articles (XLSX or CSV) and draft their prices; all of it or, with every error named, nothing."""
    rows = await asyncio.to_thread(read_table, file.content, file.name, ArticleRow)
    known = await views.known_articles(request.app.state.pool, [row.article for row in rows])
    if known:
        registered = {code: article.model_dump() for code, article in known.items()}
        await asyncio.to_thread(read_table, file.content, file.name, like_registered(ArticleRow, registered))
    async with change.together() as both:
        for row in rows:
            if row.article not in known:
                both.work.begin(Article.enter(**row.model_dump(exclude={"price"})))
        both.main = PriceBook.draft(change.new_id(), {row.article: row.price for row in rows}, by, change.at)
    return change.answer


@router.get("/articles")
async def list_articles(
    request: Request,
    anyone: Anyone,
    after: Annotated[str, Query(max_length=40, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The catalogue by article code."""
    return listing(await views.articles(request.app.state.pool, after, limit), Page(limit, FIRST))


@router.get("/price-books")
async def list_price_books(request: Request, anyone: Anyone, page: Paged) -> Response:
    """Versions of the price book, newest first, without their prices; outside, only what is in force."""
    rows = await request.app.state.pool.fetch(views.PRICE_BOOKS, page.before, page.fetch, anyone.outside)
    return listing(rows, page)


@router.get("/price-books/{book_id}", response_model=PriceBook)
async def show_price_book(book_id: UUID, request: Request, anyone: Anyone) -> Response:
    """A version with all its prices: once in force, they are shown to everybody (ORD-2)."""
    return document(await one(request.app.state.pool, views.PRICE_BOOK, "price book", book_id, anyone.outside))


@router.post("/price-books/{book_id}/approve", response_model=PriceBook)
async def approve_price_book(book_id: UUID, body: EffectiveFrom, by: SalesDirector, change: BookChange) -> Response:
    """Approve a drafted version; never by its drafter (ORD-2)."""
    effective_at: datetime | None = body.effective_at
    async with change(book_id) as book:
        book.approve(by, effective_at, change.at)
    return change.answer


@router.get("/price-attempts")
async def list_price_attempts(request: Request, by: SalesManagement, page: Paged) -> Response:
    """Prices that people made up, newest first (ORD-3)."""
    return listing(await request.app.state.pool.fetch(views.PRICE_ATTEMPTS, page.before, page.fetch), page)
