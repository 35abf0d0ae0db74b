"""The papers of an order."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.orders.api.access import own_order
from services.orders.domain.order import Order
from services.orders.forms import delivery_order_form, order_form
from services.orders.views import orders as views
from services.orders.views.papers import called
from services.orders.views.reading import one
from shared.domain.actor import Actor
from shared.web.identity import Anyone
from shared.web.papers import PaperFormat, form_response
from shared.web.routes import Routes

router = Routes(tags=["printing"])


@router.get("/orders/{order_id}/order-form", response_class=Response)
async def print_order(order_id: UUID, request: Request, anyone: Anyone, format: PaperFormat = "pdf") -> Response:
    """订货单 as PDF or XLSX, for whom the order concerns (ORD-5, ORD-18)."""
    order, state = await _theirs(request, order_id, anyone), request.app.state
    names = await called(state.pool, order)
    form = order_form(order, names, state.company, partial(state.words.word, language="zh"))
    return await form_response(form, format, f"订货单-{order.number}")


@router.get("/orders/{order_id}/delivery-order", response_class=Response)
async def print_delivery_order(
    order_id: UUID,
    request: Request,
    anyone: Anyone,
    format: PaperFormat = "pdf",
    shipment: Annotated[
        int | None, Query(ge=1, description="One shipment, counted from 1; else all of the order")
    ] = None,
) -> Response:
    """出货单 as PDF or XLSX, once the order is released (ORD-11, ORD-18)."""
    order, state = await _theirs(request, order_id, anyone), request.app.state
    form = delivery_order_form(order, await called(state.pool, order), state.company, shipment)
    return await form_response(form, format, f"出货单-{form.number}")


async def _theirs(request: Request, order_id: UUID, anyone: Actor) -> Order:
    order = Order.model_validate_json(await one(request.app.state.pool, views.ORDER, "order", order_id))
    own_order(anyone, order)
    return order
