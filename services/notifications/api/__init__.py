"""The HTTP door of notifications, by subject."""

from services.notifications.api import bulletins, inbox, messages

routers = [inbox.router, messages.router, bulletins.router]
