"""The catalogue: articles, and the list they come from."""

import asyncio
from decimal import Decimal
from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from services.orders.domain.article import Article
from services.orders.domain.price_book import PriceBook
from services.orders.views import catalogue as views
from shared.documents.tables import Row, YesNo, like_registered, read_table
from shared.domain.actor import Actor, Post
from shared.web.asking import Uploaded
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.import_templates import Wanted, import_template
from shared.web.paging import PagedByCode, listed
from shared.web.routes import Routes

router = Routes(tags=["catalogue"])

SalesManagement = Annotated[Actor, Depends(admit(Post.SALES_MANAGER, Post.SALES_DIRECTOR))]
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
    in_production: YesNo = Field(title="在产/生产中", default=True)


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


@router.get("/articles/import-template")
async def show_article_template(request: Request, by: SalesManagement, form: Wanted = "xlsx") -> Response:
    """An empty article list, to be filled and brought in."""
    return import_template(request, form, ArticleRow)


@router.get("/articles")
async def list_articles(
    request: Request,
    anyone: Anyone,
    page: PagedByCode,
    in_production: Annotated[
        bool | None, Query(description="False: new varieties, which have no accepted trial")
    ] = None,
) -> Response:
    """The catalogue by article code (ORD-1)."""
    articles = partial(views.articles, request.app.state.pool, in_production=in_production)
    return await listed(request, page, articles, Article)
