"""How to reach the parts of a stack or deployment: addresses, and a token to be let in."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from deploy.local import tokens
from deploy.local.catalogue import SERVICES
from deploy.local.credentials import credentials
from deploy.local.deployment import FILE, Addresses, addresses_in
from deploy.local.folder import Folder, State
from deploy.local.jetstream import OPERATOR
from deploy.local.ports import HOST
from deploy.local.postgresql import SUPERUSER
from deploy.local.problem import Problem

TOKEN = "XIAOFU_TOKEN"


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


class Deployment(Doors):
    """The doors of a deployment that runs elsewhere, as its `deployment.toml` names them: compose, Kubernetes, …"""

    def __init__(self, data_dir: Path, addresses: Addresses) -> None:
        super().__init__(data_dir, State(supervisor=0))
        self._addresses = addresses

    @property
    def services(self) -> list[str]:
        return list(self._addresses.services)

    def base_url(self, service: str) -> str:
        try:
            return self._addresses.services[service]
        except KeyError:
            raise self._lacks(f"services.{service}") from None

    def nats_url(self, user: str = OPERATOR) -> str:
        """As whoever the address names, whichever `user` is meant."""
        if self._addresses.nats is None:
            raise self._lacks("nats")
        return self._addresses.nats

    def database_url(self, role: str) -> str:
        """As the superuser alone: the services' own passwords are not known here."""
        if self._addresses.postgresql is None or role != SUPERUSER:
            raise self._lacks("postgresql")
        return self._addresses.postgresql

    def environment(self, service: str) -> dict[str, str]:
        raise Problem(f"{service} is not run from {self.data_dir}: it has its settings where it runs.")

    def token(self, user: str, *posts: str, **places: Any) -> str:
        """What the operator was given, in XIAOFU_TOKEN; else one signed with the folder's own key, if it has one."""
        if given := os.environ.get(TOKEN):
            return given
        try:
            return super().token(user, *posts, **places)
        except Problem:
            raise Problem(
                f"Whose token? Set {TOKEN} to one of an operator from the deployment's identity provider."
            ) from None

    def _lacks(self, what: str) -> Problem:
        return Problem(f"{self.data_dir / FILE} does not say where it is: {what}.")


def reasons(doors: Doors) -> dict[str, str]:
    """Why services that are not ready stand still, in their own words."""
    found = {}
    for name in doors.services:
        if doors.state.processes[name].state != "ready":
            with suppress(httpx.TransportError, ValueError, LookupError):
                answer = httpx.get(f"{doors.base_url(name)}/health/ready", timeout=2, trust_env=False)
                found[name] = str(answer.json()["why"])
    return found


def deployment_of(data_dir: Path) -> Deployment | None:
    """The deployment that the folder describes; None if it is a local stack's. Raises `Problem`."""
    addresses = addresses_in(data_dir)
    return None if addresses is None else Deployment(data_dir.absolute(), addresses)


def doors_of(data_dir: Path) -> Doors:
    """The doors of the deployment described there, or of the running stack; raises `Problem` when there is neither."""
    if deployment := deployment_of(data_dir):
        return deployment
    folder = Folder(data_dir)
    state = folder.running()
    if state is None:
        raise Problem(f"No stack is running in {folder.path}. Start it: xiaofu up")
    return Doors(folder.path, state)
