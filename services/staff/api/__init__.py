"""The HTTP door of staff, by subject."""

from services.staff.api import employees, penalties

routers = [employees.router, penalties.router]
