"""Joins the parts of contracts."""

from pathlib import Path

from fastapi import FastAPI

from services.contracts.api import routers
from services.contracts.domain.contract import Contract
from services.contracts.domain.performance import Performance
from services.contracts.reactions import reactions
from shared.domain.aggregate import Aggregate
from shared.settings import Settings
from shared.web.service import create_service


def create_app(settings: Settings) -> FastAPI:
    timed: list[type[Aggregate]] = [Contract, Performance]
    return create_service(Path(__file__).parent, settings, api=routers, reactions=reactions, timed=timed)
