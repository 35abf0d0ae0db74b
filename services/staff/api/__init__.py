"""The HTTP door of staff, by subject."""

from services.staff.api import absences, conduct, employees, penalties, rewards, schedules

routers = [
    employees.router,
    absences.router,
    penalties.router,
    schedules.router,
    conduct.router,
    rewards.router,
]
