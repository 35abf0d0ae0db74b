"""The HTTP door of contracts, by subject."""

from services.contracts.api import approvals, contracts, seals, templates

routers = [templates.router, contracts.router, approvals.router, seals.router]
