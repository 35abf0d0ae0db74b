"""The HTTP door of complaints, by subject."""

from fastapi import APIRouter

from services.complaints.api import closing, handling, intake, reading

router = APIRouter()
for part in (intake, reading, handling, closing):
    router.include_router(part.router)
