"""The HTTP door of complaints, by subject."""

from services.complaints.api import (
    afterwards,
    clock,
    closing,
    departments,
    handling,
    intake,
    learning,
    printing,
    reading,
    visits,
)

routers = [
    intake.router,
    reading.one,
    reading.router,
    handling.router,
    clock.router,
    departments.router,
    departments.times,
    visits.router,
    afterwards.router,
    closing.router,
    learning.router,
    printing.router,
]
