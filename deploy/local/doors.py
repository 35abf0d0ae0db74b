"""How to reach the parts of a stack: addresses, and a token to be let in."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from deploy.local import tokens
from deploy.local.catalogue import SERVICES
from deploy.local.credentials import credentials
from deploy.local.folder import Folder, State
from deploy.local.jetstream import OPERATOR
from deploy.local.ports import HOST
from deploy.local.problem import Problem


class Doors:
    """The doors of the stack on a data folder."""

    def __init__(self, data_dir: Path, state: State) -> None:
        self.data_dir, self.state = data_dir, state

    @property
    def services(self) -> list[str]:
        return [name for name in self.state.processes if name not in ("postgres", "nats")]

    def base_url(self, service: str) -> str:
        return f"http://{HOST}:{self._port(service)}"

    def nats_url(self, user: str = OPERATOR) -> str:
        return f"nats://{user}:{credentials(self.data_dir).bus[user]}@{HOST}:{self._port('nats')}"

    def database_url(self, role: str) -> str:
        password = credentials(self.data_dir).databases[role]
        return f"postgresql://{role}:{password}@{HOST}:{self._port('postgres')}/{role}"

    def environment(self, service: str) -> dict[str, str]:
        """What a service process reads its addresses and keys from."""
        return {
            "DATABASE_URL": self.database_url(service),
            "NATS_URL": self.nats_url(service),
            "JWKS": str(self.data_dir / "jwks.json"),
            "PUBLIC_URL": f"http://{HOST}:{SERVICES['contracts'] + self.state.port_offset}",
            **(self._webhook_secrets() if service == "orders" else {}),
        }

    def token(self, user: str, *posts: str, **places: Any) -> str:
        """A bearer token; `places` as in `tokens.issue`: branch, store, customer, partner, on_behalf_of."""
        return tokens.issue(self.data_dir, user, posts, **places)

    def _webhook_secrets(self) -> dict[str, str]:
        secrets = credentials(self.data_dir).webhooks
        return {"PAYMENT_WEBHOOK_SECRETS": json.dumps({provider: [secret] for provider, secret in secrets.items()})}

    def _port(self, name: str) -> int:
        try:
            return self.state.processes[name].port
        except KeyError:
            raise Problem(f"{name} is not part of this stack.") from None


def reasons(doors: Doors) -> dict[str, str]:
    """Why services that are not ready stand still, in their own words."""
    found = {}
    for name in doors.services:
        if doors.state.processes[name].state != "ready":
            with suppress(httpx.TransportError, ValueError, LookupError):
                answer = httpx.get(f"{doors.base_url(name)}/health/ready", timeout=2, trust_env=False)
                found[name] = str(answer.json()["why"])
    return found


def doors_of(data_dir: Path) -> Doors:
    """The doors of the running stack; raises `Problem` when none is running there."""
    folder = Folder(data_dir)
    state = folder.running()
    if state is None:
        raise Problem(f"No stack is running in {folder.path}. Start it: xiaofu up")
    return Doors(folder.path, state)
