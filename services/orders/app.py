"""Joins the parts of orders."""

from pathlib import Path

from fastapi import FastAPI

from services.orders.api import routers
from services.orders.domain.order import Order
from services.orders.reactions import reactions
from shared.settings import Settings
from shared.web.service import create_service


def create_app(settings: Settings) -> FastAPI:
    return create_service(Path(__file__).parent, settings, api=routers, reactions=reactions, timed=[Order])
