"""The HTTP door of quality, by subject."""

from services.quality.api import (
    actions,
    catalogue,
    certificates,
    claims,
    disciplines,
    investigations,
    printing,
    samples,
    shipments,
    standards,
)

routers = [
    investigations.router,
    disciplines.router,
    actions.router,
    claims.router,
    certificates.router,
    shipments.router,
    samples.router,
    standards.router,
    catalogue.router,
    printing.router,
]
