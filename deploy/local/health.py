"""How the services of a deployment are, as each of them says itself."""

import httpx
import typer
from pydantic import BaseModel, TypeAdapter
from rich.markup import escape
from rich.table import Table

from deploy.local.display import output
from deploy.local.doors import Deployment


class Health(BaseModel):
    """What is known of one service; `why` says in its own words why it is not ready."""

    address: str
    ready: bool
    why: str = ""


REPORT = TypeAdapter(dict[str, Health])


def show_health(deployment: Deployment, json: bool) -> int:
    """Print it; the exit code is 1 when something is not ready."""
    found = {name: _ask(deployment.base_url(name)) for name in deployment.services}
    if json:
        typer.echo(REPORT.dump_json(found, indent=1))
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("service", "address", "state"):
            table.add_column(heading, overflow="fold")
        for name, health in found.items():
            state = "[green]ready[/]" if health.ready else f"[red]not ready[/] {escape(health.why)}"
            table.add_row(name, health.address, state)
        output.print(table)
    return int(not all(health.ready for health in found.values()))


def _ask(address: str) -> Health:
    try:
        answer = httpx.get(f"{address}/health/ready", timeout=5, trust_env=False)
    except httpx.TransportError as error:
        return Health(address=address, ready=False, why=f"does not answer: {error}")
    if answer.is_success:
        return Health(address=address, ready=True)
    try:
        why = str(answer.json().get("why") or answer.json().get("status") or "")
    except (ValueError, AttributeError):
        why = ""
    return Health(address=address, ready=False, why=why or f"HTTP {answer.status_code} {answer.reason_phrase}")
