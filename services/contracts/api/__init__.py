"""The HTTP door of contracts, by subject."""

from services.contracts.api import approvals, contracts, delegations, performance, printing, seals, templates

routers = [
    templates.router, contracts.router, approvals.router, delegations.router, seals.router, performance.router,
    printing.router,
]  # fmt: skip
