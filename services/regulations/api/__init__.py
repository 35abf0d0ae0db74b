"""The HTTP door of regulations, by subject."""

from services.regulations.api import acknowledgements, decisions, drafting, numbers, regulations, rules

routers = [
    regulations.router,
    drafting.router,
    acknowledgements.router,
    numbers.router,
    rules.router,
    decisions.router,
]
