"""The HTTP door of quality, by subject."""

from services.quality.api import actions, certificates, claims, investigations

routers = [investigations.router, actions.router, claims.router, certificates.router]
