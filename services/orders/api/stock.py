"""Lots, and the stock position a customer is shown."""

import asyncio
from decimal import Decimal
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from services.orders.api.access import SELLERS, Seller, own_customer
from services.orders.domain.lot import Lot
from services.orders.domain.stock_position import StockPosition
from services.orders.views import stock as views
from services.orders.views.customers import customer_owner
from services.orders.views.reading import one
from shared.documents.tables import Day, Row, read_table
from shared.domain.actor import Actor, Post
from shared.domain.money import Amount
from shared.domain.numbers import SHANGHAI
from shared.web.asking import Body, Insider, Uploaded
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.import_templates import Wanted, import_template
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["stock"])

Warehouse = Annotated[Actor, Depends(admit(Post.WAREHOUSE))]
PositionChange = Annotated[Change[StockPosition], Depends(change_of(StockPosition))]
LotChange = Annotated[Change[Lot], Depends(change_of(Lot))]


class LotRow(Row, key=("lot",)):
    """A row of a stock list (库存表)."""

    lot: str = Field(title="批号", min_length=1, max_length=40)
    article: str = Field(title="货号", min_length=1, max_length=40)
    colour_number: str = Field(title="色号", min_length=1, max_length=20)
    grade: Literal["优等品", "一级品", "合格品"] = Field(title="等级")
    quantity: Decimal = Field(title="数量", gt=0, lt=10**8, decimal_places=2)
    received: Day = Field(title="入库日期")
    expires: Day | None = Field(title="有效期至", default=None)


class KeptLot(Lot):
    """A lot, and how much of it is promised to orders."""

    allocated: Amount


class ShowStock(Body):
    customer_id: UUID
    articles: Annotated[list[str], Field(min_length=1, max_length=100)]


class AcceptStock(Body):
    accepted_by: Annotated[str, Field(min_length=1, max_length=100, description="Who of the customer accepted")]


class Imported(BaseModel):
    received: int
    known_before: int


@router.post("/lots/import", status_code=201)
async def import_lots(file: Uploaded, by: Warehouse, change: LotChange, request: Request) -> Imported:
    """Receive the lots of a stock list (XLSX or CSV), whole or not at all; a lot that is known is left as it is."""
    rows = await asyncio.to_thread(read_table, file.content, file.name, LotRow)
    known = await views.known_lots(request.app.state.pool, [row.lot for row in rows])
    fresh = [row for row in rows if row.lot not in known]
    async with change.many() as work:
        for row in fresh:
            fields = row.model_dump(exclude={"lot", "received", "expires"})
            work.begin(Lot.receive(row.lot, expires_on=row.expires, received_on=row.received, **fields))
    return Imported(received=len(fresh), known_before=len(known))


@router.get("/lots/import-template")
async def show_lot_template(request: Request, by: Warehouse, form: Wanted = "xlsx") -> Response:
    """An empty stock list, to be filled and brought in."""
    return import_template(request, form, LotRow)


@router.get("/lots")
async def list_lots(
    request: Request, insider: Insider, page: Paged, article: Annotated[str | None, Query(max_length=40)] = None
) -> Response:
    """Lots, of one article if it is named; customers are shown a stock position instead."""
    return await listed(request, page, partial(views.lots, request.app.state.pool, article=article), KeptLot)


@router.get("/lots/{lot_id}", response_model=KeptLot)
async def show_lot(lot_id: UUID, request: Request, insider: Insider) -> Response:
    """One lot."""
    return document(await one(request.app.state.pool, views.LOT, "lot", lot_id))


@router.post("/stock-positions", status_code=201, response_model=StockPosition)
async def show_stock(body: ShowStock, seller: Seller, change: PositionChange, request: Request) -> Response:
    """Show a customer what can be shipped now, and keep what was shown (ORD-6)."""
    own_customer(seller, body.customer_id, *SELLERS)
    pool = request.app.state.pool
    await customer_owner(pool, body.customer_id)
    lines = await views.stock(pool, body.articles, change.at.astimezone(SHANGHAI).date())
    return await change.save(StockPosition.show(change.new_id(), body.customer_id, lines, seller, change.at))


@router.post("/stock-positions/{position_id}/accept", response_model=StockPosition)
async def accept_stock(position_id: UUID, body: AcceptStock, seller: Seller, change: PositionChange) -> Response:
    """Record that the customer accepts the position (ORD-6)."""
    async with change(position_id) as position:
        own_customer(seller, position.customer_id, *SELLERS)
        position.accept(body.accepted_by, change.at)
    return change.answer
