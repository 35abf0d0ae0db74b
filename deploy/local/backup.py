"""Back-ups: every service's database as it was at one moment of its own, with a manifest that says what is in it."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import asyncpg
from pydantic import BaseModel, ValidationError

from deploy.local.accounts import programs, server_account
from deploy.local.credentials import write_private
from deploy.local.display import say
from deploy.local.doors import Doors, deployment_of, doors_of
from deploy.local.folder import Folder
from deploy.local.postgresql import SUPERUSER, postgresql_major
from deploy.local.problem import Problem
from deploy.local.stack import Stack
from shared.messaging.streams import stream_name

STANDING = """
SELECT coalesce((SELECT max(seq) FROM events), 0) AS last_seq, (SELECT count(*) FROM events) AS events,
       coalesce((SELECT stream_seq FROM relay_state WHERE stream = $1), 0) AS last_stream_seq,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next_transaction
"""


class ServiceBackup(BaseModel):
    """One service's database: its file, and where its log stood at that moment."""

    file: str
    sha256: str
    taken_at: datetime
    migrations: dict[str, str]
    last_seq: int
    events: int
    last_stream_seq: int
    next_transaction: int


class Manifest(BaseModel):
    """What a back-up holds."""

    format: Literal[1] = 1
    postgresql: int
    services: dict[str, ServiceBackup]


@asynccontextmanager
async def servers(data_dir: Path) -> AsyncIterator[Doors]:
    """A deployment's servers, the running stack's, or the servers alone, started for the while."""
    if deployment := deployment_of(data_dir):
        yield deployment
    elif Folder(data_dir).supervisor() is not None:
        yield doors_of(data_dir)
    else:
        async with Stack(data_dir, services={}, report=say) as stack:
            yield stack


def database_of(doors: Doors, service: str) -> str:
    """The service's database as the superuser sees it."""
    return urlsplit(doors.database_url(SUPERUSER))._replace(path=f"/{service}").geturl()


def run(program: str, url: str, *words: str) -> None:
    """A PostgreSQL program on a database; the password is in no command line. Raises `Problem`."""
    parts = urlsplit(url)
    user, _, address = parts.netloc.rpartition("@")
    where = parts._replace(netloc=f"{user.partition(':')[0]}@{address}").geturl()
    done = subprocess.run(
        [programs(server_account()) / program, f"--dbname={where}", *words],
        env={**os.environ, "PGPASSWORD": unquote(parts.password or "")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Problem(f"{program} failed:\n{done.stderr.strip()[-2000:]}")


def sha256_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


async def back_up(doors: Doors, services: Iterable[str], target: Path) -> Manifest:
    """Whole or not at all; the services may go on working. Raises `Problem`."""
    if target.exists():  # noqa: ASYNC240 - one look
        raise Problem(f"{target} exists already. Choose a new folder for every back-up.")
    half = target.with_name(f"{target.name}.{os.getpid()}")
    half.mkdir(parents=True, mode=0o700)
    try:
        taken = {name: await _one(database_of(doors, name), name, half) for name in services}
        manifest = Manifest(postgresql=postgresql_major(), services=taken)
        write_private(half / "manifest.json", manifest.model_dump_json(indent=1).encode())
        half.rename(target)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return manifest


async def _one(url: str, service: str, folder: Path) -> ServiceBackup:
    """The figures and the dump are of one snapshot: the manifest says exactly what the file holds."""
    file = folder / f"{service}.dump"
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if await connection.fetchval("SELECT to_regclass('migrations')") is None:
                raise Problem(f"{service} has never run here: there is nothing to back up.")
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            standing = await connection.fetchrow(STANDING, stream_name(service))
            done = await connection.fetch("SELECT name, checksum FROM migrations ORDER BY name")
            run("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
    finally:
        await connection.close()
    file.chmod(0o600)
    return ServiceBackup(
        file=file.name,
        sha256=sha256_of(file),
        taken_at=datetime.now(UTC),
        migrations={row["name"]: row["checksum"] for row in done},
        **dict(standing or {}),
    )


def read_backup(folder: Path) -> Manifest:
    """What a folder holds; raises `Problem` for one that is no back-up, or of another format."""
    try:
        return Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    except FileNotFoundError:
        raise Problem(f"{folder} holds no back-up: it has no manifest.json.") from None
    except ValidationError as error:
        raise Problem(f"The manifest of {folder} cannot be read: {error.errors()[0]['msg']}.") from error
