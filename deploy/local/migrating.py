"""`xiaofu migrate`: every service's database brought forward, with the servers running or started for it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.local.display import say
from deploy.local.doors import Doors, doors_of
from deploy.local.folder import Folder
from deploy.local.problem import Problem
from deploy.local.stack import Stack


def migrate_all(data_dir: Path, services: Iterable[str]) -> None:
    if Folder(data_dir).supervisor() is not None:
        _migrate(doors_of(data_dir), services)
    else:
        asyncio.run(_with_servers(data_dir, services))


async def _with_servers(data_dir: Path, services: Iterable[str]) -> None:
    async with Stack(data_dir, services={}, report=say) as stack:
        await asyncio.to_thread(_migrate, stack, services)


def _migrate(doors: Doors, services: Iterable[str]) -> None:
    for name in services:
        done = subprocess.run(
            [sys.executable, "-m", "services", name, "--migrate"],
            env={**os.environ, **doors.environment(name)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Problem(f"{name} could not be migrated:\n{done.stderr.strip()}")
        say(f"{name}: {done.stdout.strip() or 'done'}")
