"""Joins the parts of quality."""

from pathlib import Path

from fastapi import FastAPI

from services.quality.api import routers
from services.quality.domain.investigation import Investigation
from services.quality.reactions import reactions
from shared.settings import Settings
from shared.web.service import create_service


def create_app(settings: Settings) -> FastAPI:
    return create_service(Path(__file__).parent, settings, api=routers, reactions=reactions, timed=[Investigation])
