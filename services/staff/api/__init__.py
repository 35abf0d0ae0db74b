"""The HTTP door of staff, by subject."""

from fastapi import APIRouter

from services.staff.api import employees, penalties

router = APIRouter()
for part in (employees, penalties):
    router.include_router(part.router)
