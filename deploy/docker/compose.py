"""`docker compose` for one project: the command, the containers of a service, their restart."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.problem import Problem

ROOT = Path(__file__).parents[2]


class Compose:
    """The project's `docker compose`; `settings` are the variables of docker-compose.yml."""

    def __init__(self, project: str, settings: Mapping[str, str]) -> None:
        self.project, self._settings = project, dict(settings)

    def run(self, *words: str) -> str:
        """What the command prints; raises `Problem` with its own words when it fails."""
        return self._run("docker", "compose", "-p", self.project, *words)

    def kill(self, service: str) -> list[str]:
        """SIGKILL for all containers of a service, which Docker then leaves dead; returns their ids."""
        ids = self.run("ps", "-q", service).split()
        self._run("docker", "kill", "--signal", "KILL", *ids)
        return ids

    def revive(self, ids: list[str]) -> None:
        self._run("docker", "start", *ids)

    def restart(self, container: str, patience: float = 60.0) -> None:
        """Ask one container to stop, start it again, and wait until its health check is content."""
        self._run("docker", "restart", "--time", "30", container)
        deadline = time.monotonic() + patience
        while self._run("docker", "inspect", "--format", "{{.State.Health.Status}}", container).strip() != "healthy":
            if time.monotonic() > deadline:
                raise Problem(f"{container} is not healthy again after {patience:.0f} s.")
            time.sleep(0.2)

    def containers(self) -> list[dict[str, Any]]:
        """What `docker compose ps --all` says of each: Service, State, Health, …"""
        return [json.loads(line) for line in self.run("ps", "--all", "--format", "json").splitlines()]

    def _run(self, *command: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - our own words, no shell
                command,
                cwd=ROOT,
                env={**os.environ, **self._settings},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise Problem("There is no `docker` on this machine.") from None
        if done.returncode:
            raise Problem(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
        return done.stdout
