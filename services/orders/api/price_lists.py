"""Price lists as tables: brought in as a draft, and shown row by row."""

import asyncio
from collections.abc import Collection
from decimal import Decimal
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field, create_model, field_validator
from pydantic_core import PydanticCustomError

from services.orders.domain.price_book import PriceBook
from services.orders.views import catalogue as views
from services.orders.views.reading import one
from shared.documents.tables import Row, read_table
from shared.domain.actor import Actor, Post
from shared.domain.money import Amount
from shared.web.asking import Uploaded
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.import_templates import Wanted, import_template
from shared.web.paging import PagedByCode, listed
from shared.web.routes import Routes

router = Routes(prefix="/price-books", tags=["catalogue"])

SalesManagement = Annotated[Actor, Depends(admit(Post.SALES_MANAGER, Post.SALES_DIRECTOR))]
BookChange = Annotated[Change[PriceBook], Depends(change_of(PriceBook))]


class PriceRow(Row, key=("article",)):
    """A row of a price list (价格表)."""

    article: str = Field(title="货号", min_length=1, max_length=40)
    price: Decimal = Field(title="单价/价格", gt=0, lt=10**8, decimal_places=2)


class Price(BaseModel):
    """One price of a version."""

    article: str
    price: Amount


@router.post("/import", status_code=201, response_model=PriceBook)
async def import_price_book(file: Uploaded, by: SalesManagement, change: BookChange, request: Request) -> Response:
    """Draft a version from a list of all its prices (XLSX or CSV) of articles that are in the catalogue (ORD-2).

    Whole or not at all; every wrong cell is named.
    """
    rows = await asyncio.to_thread(read_table, file.content, file.name, PriceRow)
    known = await views.known_articles(request.app.state.pool, [row.article for row in rows])
    if len(known) < len(rows):
        await asyncio.to_thread(read_table, file.content, file.name, _of_catalogue(known.keys()))
    return await change.save(PriceBook.draft(change.new_id(), {row.article: row.price for row in rows}, by, change.at))


def _of_catalogue(articles: Collection[str]) -> type[PriceRow]:
    """The row that also refuses an article that is not listed."""

    def listed_article(article: str) -> str:
        if article not in articles:
            raise PydanticCustomError("article_unknown", "Is not in the catalogue.")
        return article

    return create_model(
        "PriceRow", __base__=PriceRow, __validators__={"listed": field_validator("article")(listed_article)}
    )


@router.get("/import-template")
async def show_price_template(request: Request, by: SalesManagement, form: Wanted = "xlsx") -> Response:
    """An empty price list, to be filled and brought in."""
    return import_template(request, form, PriceRow)


@router.get("/{book_id}/prices")
async def list_prices(book_id: UUID, request: Request, anyone: Anyone, page: PagedByCode) -> Response:
    """The prices of a version by article code; outside, only of one in force.

    As a table, changed or not, it can be brought in again.
    """
    pool = request.app.state.pool
    await one(pool, views.PRICE_BOOK, "price book", book_id, anyone.outside)
    return await listed(request, page, partial(views.prices, pool, book_id), Price)
