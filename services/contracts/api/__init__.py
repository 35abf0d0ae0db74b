"""The HTTP door of contracts, by subject."""

from fastapi import APIRouter

from services.contracts.api import approvals, contracts, seals, templates

router = APIRouter()
for part in (templates, contracts, approvals, seals):
    router.include_router(part.router)
