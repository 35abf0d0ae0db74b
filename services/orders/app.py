"""Joins the parts of orders."""

from pathlib import Path

from fastapi import FastAPI

from services.orders.api import routers
from services.orders.api.providers import Providers
from services.orders.domain.order import Order
from services.orders.domain.price_exception import PriceException
from services.orders.domain.quotation import Quotation
from services.orders.reactions import reactions
from services.orders.settings import OrdersSettings
from services.orders.views.gates import orders_by_gate
from shared.settings import Settings
from shared.web.service import create_service


def create_app(settings: Settings) -> FastAPI:
    app = create_service(
        Path(__file__).parent,
        settings,
        api=routers,
        reactions=reactions,
        timed=[Order, PriceException, Quotation],
        censuses=[orders_by_gate()],
    )
    app.state.providers = Providers(OrdersSettings().providers())
    return app
