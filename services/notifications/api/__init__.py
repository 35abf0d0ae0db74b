"""The HTTP door of notifications, by subject."""

from fastapi import APIRouter

from services.notifications.api import bulletins, inbox, messages

router = APIRouter()
for part in (inbox, messages, bulletins):
    router.include_router(part.router)
