"""Joins the parts of regulations."""

from pathlib import Path

from fastapi import FastAPI

from services.regulations.api import routers
from services.regulations.domain.regulation import Regulation
from services.regulations.reactions import reactions
from shared.settings import Settings
from shared.web.service import create_service


def create_app(settings: Settings) -> FastAPI:
    return create_service(Path(__file__).parent, settings, api=routers, reactions=reactions, timed=[Regulation])
