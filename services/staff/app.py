"""Joins the parts of staff."""

from pathlib import Path

from fastapi import FastAPI

from services.staff.api import routers
from services.staff.domain.absence import Absence
from services.staff.domain.employee import Employee
from services.staff.domain.penalty import Penalty
from services.staff.reactions import reactions
from shared.settings import Settings
from shared.web.service import create_service

TIMED = (Penalty, Absence, Employee)


def create_app(settings: Settings) -> FastAPI:
    return create_service(Path(__file__).parent, settings, api=routers, reactions=reactions, timed=TIMED)
