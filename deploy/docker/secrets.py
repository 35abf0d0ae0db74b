"""The compose stack's secrets: made once, as files, of which every container is given its own and no other."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.local.catalogue import SERVICES
from deploy.local.credentials import Credentials, credentials, new_secret, signing_key, write_private
from deploy.local.deployment import write_addresses
from deploy.local.jetstream import OPERATOR
from deploy.local.permissions import permissions
from deploy.local.postgresql import SUPERUSER

FOLDER = Path(".xiaofu-compose")
MOUNTED = "mounted"
NODES = ("nats", "nats-2", "nats-3")
PUBLISHED = {**SERVICES, "nats": 4222, "postgres": 5442}
POLICY = """\
# Numbers of the first start that differ from shared/domain/policy.toml: regulations enter them as their first editions.
# Later a new edition changes them, and this file changes nothing (REG-2).
"""


def compose_secrets(folder: Path = FOLDER) -> Path:
    """Make what is missing, keep what is there; returns the folder whose files the containers see.

    The folder is closed to everybody else. The files in it are readable for all: a container's user has no number on
    this machine, and reaches only the files that Docker mounts into it.
    """
    folder.mkdir(exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    mounted = folder / MOUNTED
    mounted.mkdir(exist_ok=True)
    _, key_set = signing_key(folder)
    _write(mounted / "jwks.json", key_set.read_text())
    for name, text in _files(folder):
        _write(mounted / name, text)
    policy = folder / "policy.toml"
    _write(policy, policy.read_text() if policy.exists() else POLICY)
    _write_addresses(folder)
    return mounted


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    known = credentials(folder)
    yield "postgres_password", known.databases[SUPERUSER]
    yield "databases.json", json.dumps({name: known.databases[name] for name in (SUPERUSER, *SERVICES)}, indent=1)
    yield "webhooks.json", json.dumps({provider: [secret] for provider, secret in known.webhooks.items()}, indent=1)
    for name in SERVICES:
        yield f"{name}_database_url", f"postgresql://{name}:{known.databases[name]}@postgres:5432/{name}"
        yield f"{name}_nats_url", f"nats://{name}:{known.bus[name]}@nats:4222"
    yield "nats_users.conf", json.dumps({"authorization": {"users": list(_users(known))}}, indent=1)
    yield "nats_cluster.conf", json.dumps({"cluster": _cluster(_kept(folder / "routes-password"))}, indent=1)
    yield "grafana_password", _kept(folder / "grafana-password")


def _write_addresses(folder: Path) -> None:
    """Where `xiaofu --data-dir` finds the stack: on the ports that the same variables give compose."""
    known = credentials(folder)
    ports = {name: int(os.environ.get(f"{name.upper()}_PORT", port)) for name, port in PUBLISHED.items()}
    nats = f"nats://{OPERATOR}:{known.bus[OPERATOR]}@127.0.0.1:{ports.pop('nats')}"
    postgresql = f"postgresql://{SUPERUSER}:{known.databases[SUPERUSER]}@127.0.0.1:{ports.pop('postgres')}/{SUPERUSER}"
    write_addresses(folder, nats, postgresql, ports)


def _users(known: Credentials) -> Iterator[dict[str, object]]:
    """The operator may do everything, a service what `permissions` says."""
    yield {"user": OPERATOR, "password": known.bus[OPERATOR]}
    for name in SERVICES:
        yield {"user": name, "password": known.bus[name], "permissions": permissions(name)}


def _cluster(password: str) -> dict[str, object]:
    return {
        "name": "xiaofu",
        "listen": "0.0.0.0:6222",
        "authorization": {"user": "route", "password": password},
        "routes": [f"nats://route:{password}@{node}:6222" for node in NODES],
    }


def _kept(file: Path) -> str:
    """A password of compose alone; the others stand in credentials.json."""
    if not file.exists():
        write_private(file, new_secret().encode())
    return file.read_text()


def _write(file: Path, text: str) -> None:
    """In place: a container that runs sees the file it was given, not the one that took its name."""
    if not file.exists() or file.read_text() != text:
        file.touch()
        file.chmod(0o600)
        file.write_text(text)
    file.chmod(0o444 if file.parent.name == MOUNTED else 0o644)


if __name__ == "__main__":
    sys.stdout.write(f"{compose_secrets(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)}\n")
