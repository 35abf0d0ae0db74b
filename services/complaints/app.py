"""Joins the parts of complaints."""

from pathlib import Path

from fastapi import FastAPI

from services.complaints.api import routers
from services.complaints.domain.complaint import Complaint
from services.complaints.reactions import reactions
from shared.settings import Settings
from shared.web.service import create_service


def create_app(settings: Settings) -> FastAPI:
    return create_service(Path(__file__).parent, settings, api=routers, reactions=reactions, timed=[Complaint])
