"""Which services the product consists of, and on which port each listens."""

from collections.abc import Iterable

from deploy.local.problem import Problem

SERVICES = {
    "contracts": 8001,
    "orders": 8002,
    "complaints": 8003,
    "notifications": 8004,
    "quality": 8005,
    "staff": 8006,
    "regulations": 8007,
    "customers": 8008,
}


def chosen(names: Iterable[str]) -> dict[str, int]:
    """The named services with their ports, or all of them when none is named."""
    wanted = list(names)
    unknown = sorted(set(wanted) - SERVICES.keys())
    if unknown:
        raise Problem(f"There is no service {', '.join(unknown)}. Services: {', '.join(SERVICES)}.")
    return {name: port for name, port in SERVICES.items() if not wanted or name in wanted}
