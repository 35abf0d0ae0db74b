"""The HTTP door of complaints, by subject."""

from services.complaints.api import closing, handling, intake, reading

routers = [intake.router, reading.one, reading.router, handling.router, closing.router]
