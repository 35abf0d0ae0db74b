"""Joins the parts of notifications."""

from pathlib import Path

from fastapi import FastAPI

from services.notifications.api import routers
from services.notifications.reactions import reactions
from shared.settings import Settings
from shared.web.service import create_service


def create_app(settings: Settings) -> FastAPI:
    return create_service(Path(__file__).parent, settings, api=routers, reactions=reactions)
