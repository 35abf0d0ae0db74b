"""Joins the parts of complaints."""

from pathlib import Path

from fastapi import FastAPI

from services.complaints.api import routers
from services.complaints.domain.complaint import Complaint
from services.complaints.reactions import reactions
from services.complaints.views import complaints_by_clock
from shared.settings import Settings
from shared.web.service import create_service


def create_app(settings: Settings) -> FastAPI:
    folder, censuses = Path(__file__).parent, [complaints_by_clock()]
    return create_service(folder, settings, api=routers, reactions=reactions, timed=[Complaint], censuses=censuses)
