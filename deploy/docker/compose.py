"""`docker compose` for one project: the command, and the containers of a service."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.problem import Problem

ROOT = Path(__file__).parents[2]


class Compose:
    """The project's `docker compose`; `settings` are the variables of docker-compose.yml, `env_files` files of them."""

    def __init__(self, project: str, settings: Mapping[str, str] | None = None, env_files: Sequence[str] = ()) -> None:
        self.project, self._settings = project, dict(settings or {})
        self._env_files = [word for file in env_files for word in ("--env-file", file)]

    def run(self, *words: str) -> str:
        """What the command prints; raises `Problem` with its own words when it fails."""
        return self.docker("compose", *self._env_files, "-p", self.project, *words)

    def docker(self, *words: str) -> str:
        """The same for a command of `docker` that knows nothing of projects."""
        try:
            done = subprocess.run(  # noqa: S603 - our own words, no shell
                ["docker", *words],  # noqa: S607 - wherever the machine has it
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
            raise Problem(f"docker {' '.join(words)} failed:\n{done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def services(self) -> list[str]:
        """All that `docker compose up` starts: without a profile, or of one that was chosen."""
        return self.run("config", "--services").split()

    def ids(self, service: str) -> list[str]:
        """The containers of a service that are at work, the oldest first."""
        at_work = self.run("ps", "--quiet", service).split()
        made = self.docker("inspect", "--format", "{{.Created}} {{.Id}}", *at_work) if at_work else ""
        return [line.split()[1] for line in sorted(made.splitlines())]

    def kill(self, service: str) -> list[str]:
        """SIGKILL for all containers of a service, which Docker then leaves dead; returns their ids."""
        ids = self.ids(service)
        self.docker("kill", "--signal", "KILL", *ids)
        return ids

    def revive(self, ids: list[str]) -> None:
        self.docker("start", *ids)

    def containers(self) -> list[dict[str, Any]]:
        """What `docker compose ps --all` says of each: Service, State, Health, …"""
        return [json.loads(line) for line in self.run("ps", "--all", "--format", "json").splitlines()]
