"""Goods as orders told of them: where they are, and whether a certificate vouches for each shipment."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel

from services.quality import goods_views
from shared.web.asking import Insider
from shared.web.paging import Paged, listed
from shared.web.routes import Routes

router = Routes(tags=["certificates"])


class Whereabouts(BaseModel):
    """Goods of one lot in one order; what is `allocated` can still be stopped, the rest has left."""

    order_number: str | None
    order_id: UUID
    customer_id: UUID | None
    lot_id: UUID
    lot: str | None
    quantity: str
    state: Literal["allocated", "under_way", "delivered"]
    shipment: int | None
    dispatched_at: datetime | None
    delivered_at: datetime | None


class Shipment(BaseModel):
    """A shipment; `certified` if a certificate of its own vouches for all of its lots."""

    shipment_id: UUID
    order_id: UUID
    order_number: str | None
    shipment: int
    certificate: str
    certified: bool
    dispatched_at: datetime
    delivered_at: datetime | None


@router.get("/shipments")
async def list_shipments(
    request: Request, insider: Insider, page: Paged, certified: bool | None = None, order_number: str | None = None
) -> Response:
    """The last to leave first; those without a certificate that vouches for them, of one order (QUA-6)."""
    found = partial(goods_views.shipments, request.app.state.pool, certified=certified, order_number=order_number)
    return await listed(request, page, found, Shipment)


@router.get("/goods", response_model=list[Whereabouts])
async def show_goods(
    request: Request, insider: Insider, order_number: Annotated[str, Query(min_length=1, max_length=40)]
) -> list[Whereabouts]:
    """The lots of an order, set aside for it or gone: what a certificate has to cover (QUA-6)."""
    goods = await goods_views.of_order(request.app.state.pool, order_number)
    return [Whereabouts(**place) for place in goods]
