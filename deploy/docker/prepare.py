"""Run once before the services: their databases and roles made, every migration applied. Idempotent.

It alone, besides PostgreSQL itself, holds the superuser's password: `databases.json`, role to password.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote

import services
from deploy.local.catalogue import SERVICES
from deploy.local.databases import provide
from shared.persistence.pool import migrate

SUPERUSER = "postgres"
PASSWORDS = Path("/run/secrets/databases.json")


def address(role: str, password: str) -> str:
    """PostgreSQL as `PGHOST` and `PGPORT` say; every role has the database of its name."""
    host, port = os.environ.get("PGHOST", "postgres"), os.environ.get("PGPORT", "5432")
    return f"postgresql://{role}:{quote(password)}@{host}:{port}/{role}"


async def prepare(passwords: dict[str, str]) -> None:
    """Raises `MigrationError` when the database is ahead of this image: then nothing is started."""
    roles = {name: passwords[name] for name in SERVICES}
    await provide(address(SUPERUSER, passwords[SUPERUSER]), roles)
    for name, password in roles.items():
        folder = Path(services.__path__[0]) / name / "migrations"
        applied = await migrate(address(name, password), folder)
        sys.stdout.write(f"{name}: {', '.join(applied) or 'nothing to do'}\n")


if __name__ == "__main__":
    asyncio.run(prepare(json.loads(PASSWORDS.read_bytes())))
