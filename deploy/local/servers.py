"""What PostgreSQL and NATS have in common: a folder, a port, and getting ready."""

import shutil
import time
from pathlib import Path

from deploy.local.ports import free_port
from deploy.local.problem import Problem
from deploy.local.processes import Managed, tail


class Server(Managed):
    """A server on one folder and one port of this machine; it keeps both over restarts."""

    def __init__(self, name: str, folder: Path, port: int | None = None, log: Path | None = None) -> None:
        self.folder = folder.absolute()
        super().__init__(name, log or self.folder.with_name(f"{self.folder.name}.log"), self.folder.parent)
        self.port = free_port(port)

    def create(self) -> bool:
        """Make what a first start needs; False if it was there. May run in any thread."""
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Blocks until the server takes connections; else raises `Problem` with the end of its log."""
        deadline = time.monotonic() + timeout
        while not self.ready():
            if not self.alive and not self.try_again():
                raise Problem(f"{self.name} stopped while starting. The end of {self.log}:\n{tail(self.log)}")
            if time.monotonic() > deadline:
                raise Problem(f"{self.name} is not ready after {timeout:.0f} s. See {self.log}.")
            time.sleep(0.01)

    def try_again(self) -> bool:
        """Whether the server, dead on starting, has been launched again for a reason that passes."""
        return False

    def start(self) -> None:
        self.create()
        self.launch()
        self.wait_ready()

    def restart(self) -> None:
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Everything it stored is gone; only when stopped."""
        if self.alive:
            raise RuntimeError(f"{self.name} is running")
        shutil.rmtree(self.folder.resolve(), ignore_errors=True)
        if self.folder.is_symlink():
            self.folder.unlink()
