"""The data folder: what lies where in it, which version made it, who is using it now."""

import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from deploy.local.accounts import server_account
from deploy.local.credentials import write_private
from deploy.local.postgresql import postgresql_major
from deploy.local.problem import Problem

LAYOUT = 1

type Condition = Literal["waiting", "starting", "ready", "not ready", "restarting", "stopped"]


class Entry(BaseModel):
    """What is known of one process of the stack; `created` tells it from a later one with the same pid."""

    port: int
    state: Condition = "waiting"
    pid: int | None = None
    created: float | None = None
    restarts: int = 0


class State(BaseModel):
    """The stack as its supervisor last saw it."""

    supervisor: int
    port_offset: int = 0
    ready: bool = False
    processes: dict[str, Entry] = {}


class Folder:
    """A stack's data folder. While a supervisor lives, it holds the lock: then the stack is running."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self._lock: int | None = None

    def prepare(self) -> None:
        """Make the folder, or make sure it is one of ours and of this version."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.require_ours()
        # Under root PostgreSQL's account must be able to pass through, though not to look around.
        self.path.chmod(0o711 if server_account() else 0o700)
        self.logs.mkdir(exist_ok=True, mode=0o700)
        if not self._stamp_file.exists():
            write_private(self._stamp_file, _stamp().encode())

    @property
    def _stamp_file(self) -> Path:
        return self.path / "VERSION"

    def require_ours(self) -> None:
        """Raises `Problem` for a folder with other things in it, or made by another version."""
        if not self._stamp_file.exists():
            if self.path.exists() and any(item.name != "logs" for item in self.path.iterdir()):
                raise Problem(f"{self.path} holds other things and no xiaofu data. Choose another --data-dir.")
            return
        made_by = self._stamp_file.read_text().strip()
        if made_by != _stamp():
            raise Problem(
                f"The data in {self.path} was made by {made_by}, but this xiaofu needs {_stamp()}. Use the"
                " version that made it, start with another --data-dir, or delete the data: xiaofu reset"
            )

    def require_xiaofu_data(self) -> None:
        """Raises `Problem` unless it is a xiaofu data folder, of whatever version: it is to be deleted."""
        if not self._stamp_file.exists():
            raise Problem(f"{self.path} is not a xiaofu data folder.")

    def claim(self) -> None:
        """Hold the folder until `release` or our death; raises `Problem` while a stack is running on it."""
        self.prepare()
        descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + 0.5
        while not _locked(descriptor, fcntl.LOCK_EX):
            # Someone who only looks whether the stack is running holds the lock for an instant.
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise Problem(
                    f"The stack in {self.path} is already running (supervisor: pid {self.supervisor()})."
                    " See `xiaofu status`; stop it with `xiaofu down`."
                )
            time.sleep(0.05)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._lock = descriptor

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def _lock_file(self) -> Path:
        return self.path / "lock"

    def supervisor(self) -> int | None:
        """The pid of the running stack's supervisor; None when no stack is running on this folder."""
        try:
            descriptor = os.open(self._lock_file, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            free = _locked(descriptor, fcntl.LOCK_SH)
            holder = os.pread(descriptor, 20, 0).decode()
        finally:
            os.close(descriptor)
        return None if free else int(holder or 0)

    def state(self) -> State | None:
        """What the last supervisor recorded, whether or not it is still running."""
        try:
            return State.model_validate_json((self.path / "stack.json").read_bytes())
        except FileNotFoundError:
            return None

    def running(self) -> State | None:
        """What the present supervisor has recorded; None when there is none, or it has only just begun."""
        state, supervisor = self.state(), self.supervisor()
        return state if state and state.supervisor == supervisor else None

    def save(self, state: State) -> None:
        write_private(self.path / "stack.json", state.model_dump_json(indent=1).encode())

    def delete(self) -> None:
        """All of it, also the database files that had to lie elsewhere."""
        database = self.path / "postgres"
        if database.is_symlink():
            shutil.rmtree(database.resolve(), ignore_errors=True)
        shutil.rmtree(self.path)


def _stamp() -> str:
    return f"layout {LAYOUT}, PostgreSQL {postgresql_major()}"


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
