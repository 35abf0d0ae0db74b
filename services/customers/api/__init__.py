"""The HTTP door of customers, by subject."""

from services.customers.api import register, tracking

routers = [register.router, tracking.router]
