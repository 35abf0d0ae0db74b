"""Restoring: a service's database put in the place of the one that is there, after everything was checked."""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from deploy.local.backup import Manifest, ServiceBackup, database_of, run, sha256_of
from deploy.local.catalogue import SERVICES
from deploy.local.doors import Doors
from deploy.local.postgresql import SUPERUSER, postgresql_major
from deploy.local.problem import Problem
from shared.messaging.audit import broken_chains
from shared.messaging.bus import CONSUMER_MISSING, STREAM_MISSING, ApiError, ask, open_bus
from shared.messaging.streams import stream_name
from shared.persistence.pool import SPINE, Connection, migration_files
from shared.persistence.standstill import stand_still

RESTORED = "the database was restored and has not been compared with its stream yet"

AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'"

# Names cannot be parameters; the server itself quotes them.
CREATE = "SELECT format('CREATE DATABASE %I OWNER %I', $1::text, $2::text)"
DROP = "SELECT format('DROP DATABASE IF EXISTS %I', $1::text)"
RENAME = "SELECT format('ALTER DATABASE %I RENAME TO %I', $1::text, $2::text)"
CLOSE = "SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $1::text)"

NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
# Each turn of the loop uses up one transaction number.
USE_UP = """
DO $$ BEGIN
    FOR turn IN 1..%d LOOP
        PERFORM pg_current_xact_id();
        COMMIT;
    END LOOP;
END $$
"""
FARTHEST = 50_000_000
PATIENCE = 2.0


def check(manifest: Manifest, folder: Path, services: Mapping[str, int]) -> None:
    """Raises `Problem` for what is not in the back-up, is damaged, or is ahead of this code; touches nothing."""
    if manifest.postgresql > postgresql_major():
        raise Problem(f"The back-up is from PostgreSQL {manifest.postgresql}; here is {postgresql_major()}.")
    for name in services:
        if (backup := manifest.services.get(name)) is None:
            raise Problem(f"The back-up holds no {name}. It holds: {', '.join(manifest.services)}.")
        file = folder / Path(backup.file).name
        if not file.is_file():
            raise Problem(f"{file} is missing.")
        if sha256_of(file) != backup.sha256:
            raise Problem(f"{file} is damaged: it is not what the manifest describes. Nothing was restored.")
        _not_ahead(name, backup)


def _not_ahead(service: str, backup: ServiceBackup) -> None:
    root = Path(__file__).parents[2] / "services"
    known = dict(migration_files(SPINE, root / service / "migrations"))
    sums = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in known.items()}
    strange = sorted(name for name, checksum in backup.migrations.items() if sums.get(name) != checksum)
    if strange:
        raise Problem(f"The back-up of {service} is ahead of this code, or of another: it has {', '.join(strange)}.")


async def put_back(doors: Doors, service: str, backup: ServiceBackup, folder: Path) -> str:
    """Restore beside what is there, check, and change places; returns the name what was there now has.

    Raises `Problem`, with the present database untouched.
    """
    half, before = f"{service}_restoring", f"{service}_replaced"
    connection = await asyncpg.connect(doors.database_url(SUPERUSER))
    try:
        await _require_rest(connection, service)
        await _catch_up_with_transactions(connection, backup.next_transaction)
        await _say(connection, DROP, half)
        await _say(connection, CREATE, half, service)
        await _say(connection, CLOSE, half)
        file = folder / Path(backup.file).name
        where = database_of(doors, half)
        run(
            "pg_restore", where, "--no-owner", f"--role={service}", "--exit-on-error", "--single-transaction", str(file)
        )
        await _verify(where, service, backup)
        await _say(connection, DROP, before)
        if await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", service):
            await _say(connection, RENAME, service, before)
        await _say(connection, RENAME, half, service)
    finally:
        await connection.close()
    await forget_consumers(doors, service)
    return before


async def _require_rest(connection: Connection, service: str) -> None:
    """Sessions of a process that has just ended may take a moment to end."""
    deadline = time.monotonic() + PATIENCE
    while await connection.fetchval(AT_WORK, service):
        if time.monotonic() > deadline:
            raise Problem(f"{service} is at work on its database. Stop it first; of a local stack --stop does it.")
        await asyncio.sleep(0.1)


async def _say(connection: Connection, template: str, *names: str) -> None:
    await connection.execute(await connection.fetchval(template, *names))


async def _catch_up_with_transactions(connection: Connection, wanted: int) -> None:
    """A younger server's transaction numbers are lower: what the rows say of before and after would turn round."""
    missing = wanted - await connection.fetchval(NEXT_TRANSACTION)
    if missing > FARTHEST:
        raise Problem(
            f"This server is {missing} transactions younger than the back-up. Move it on with"
            f" pg_resetwal --next-transaction-id={wanted} while it is stopped."
        )
    if missing > 0:
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(USE_UP % (missing + 1))


async def _verify(url: str, service: str, backup: ServiceBackup) -> None:
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow("SELECT coalesce(max(seq), 0) AS last, count(*) AS events FROM events")
        if row is None or (row["last"], row["events"]) != (backup.last_seq, backup.events):
            raise Problem(f"What was restored of {service} is not what the manifest describes.")
        if broken := [place async for place in broken_chains(connection)]:
            raise Problem(f"The log of {service} in the back-up was tampered with: {len(broken)} broken chains.")
        if await connection.fetchval("SELECT to_regclass('set_back')"):
            await stand_still(connection, stream_name(service), RESTORED)
    finally:
        await connection.close()


async def forget_consumers(doors: Doors, service: str) -> None:
    """It hears every stream again from the beginning, and passes over what its inbox knows.

    Its consumers remember what the lost database had handled: what lies between would never be told again.
    """
    async with open_bus(doors.nats_url(), name="xiaofu restore") as bus:
        for source in SERVICES:
            try:
                stream = stream_name(source)
                names = (await ask(bus, f"CONSUMER.NAMES.{stream}"))["consumers"] or []
                for name in names:
                    if name == service or name.startswith(f"{service}-"):
                        await ask(bus, f"CONSUMER.DELETE.{stream}.{name}")
            except ApiError as error:
                if error.code not in (STREAM_MISSING, CONSUMER_MISSING):
                    raise
