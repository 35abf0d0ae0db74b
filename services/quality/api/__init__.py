"""The HTTP door of quality, by subject."""

from fastapi import APIRouter

from services.quality.api import actions, certificates, claims, investigations

router = APIRouter()
for part in (investigations, actions, claims, certificates):
    router.include_router(part.router)
