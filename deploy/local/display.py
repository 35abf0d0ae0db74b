"""The stack as a table, on a terminal or as plain text."""

import psutil
from rich.console import Console
from rich.table import Table

from deploy.local.folder import Entry, State
from deploy.local.ports import HOST
from deploy.local.problem import Problem

COLOURS = {"ready": "green", "starting": "yellow", "waiting": "dim", "stopped": "dim"}

output = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """A line for the person; whatever is in it is text, never markup."""
    output.print(text, markup=False, soft_wrap=True)


def complain(problem: Problem) -> None:
    errors.print("[bold red]error:[/] ", end="")
    errors.print(str(problem), markup=False)


def address(name: str, entry: Entry) -> str:
    scheme = {"postgres": "postgresql", "nats": "nats"}.get(name, "http")
    return f"{scheme}://{HOST}:{entry.port}"


def memory(entry: Entry) -> int:
    """Megabytes of the process and its workers; 0 when it is not there or not ours to look at."""
    try:
        leader = psutil.Process(entry.pid) if entry.pid else None
        family = [leader, *leader.children(recursive=True)] if leader else []
        return sum(member.memory_info().rss for member in family) // 2**20
    except psutil.Error:
        return 0


def table(state: State) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("service", "address", "state"):
        made.add_column(heading, no_wrap=True)
    for heading in ("pid", "memory", "restarts"):
        made.add_column(heading, justify="right", no_wrap=True)
    for name, entry in state.processes.items():
        size = memory(entry)
        made.add_row(
            name,
            address(name, entry),
            f"[{COLOURS.get(entry.state, 'red')}]{entry.state}[/]",
            str(entry.pid or ""),
            f"{size} MB" if size else "",
            str(entry.restarts),
        )
    return made
