"""Joins the parts of customers."""

from pathlib import Path

from fastapi import FastAPI

from services.customers.api import routers
from services.customers.reactions import reactions
from shared.settings import Settings
from shared.web.service import create_service


def create_app(settings: Settings) -> FastAPI:
    return create_service(Path(__file__).parent, settings, api=routers, reactions=reactions)
