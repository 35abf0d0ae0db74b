"""Operating-system processes of the stack: none outlives it, each is stopped politely and killed entirely."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.local.accounts import Account

MARK = "XIAOFU_STACK"
PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10_000_000


def _die_with_parent(with_signal: signal.Signals) -> Callable[[], None] | None:
    """On Linux the kernel signals the child when its parent goes, even by SIGKILL.

    The signal follows the thread that forked, so only the main thread may ask for it: others end earlier.
    """
    if not sys.platform.startswith("linux") or threading.current_thread() is not threading.main_thread():
        return None
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def ask_for_the_signal() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_the_signal


class Managed:
    """A process of the stack under its name; its family is marked with the data folder it belongs to."""

    stop_signal = signal.SIGTERM
    patience = 10.0
    account: Account | None = None
    inherits: tuple[int, ...] = ()  # numbers of open files it is given

    def __init__(self, name: str, log: Path, mark: Path) -> None:
        self.name, self.log, self.mark = name, log, mark
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return {}

    def launch(self) -> None:
        """Start without waiting for readiness. Call from the main thread, so that it dies with us."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env={**os.environ, **self.environment(), MARK: str(self.mark)},
                pass_fds=self.inherits,
                start_new_session=True,  # the terminal's Ctrl-C is for the supervisor, which stops in order
                preexec_fn=_die_with_parent(self.stop_signal),
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
            )
        finally:
            os.close(descriptor)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.alive and self.process else None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def family(self) -> list[psutil.Process]:
        """The process and all it has started."""
        if self.pid is None:
            return []
        try:
            leader = psutil.Process(self.pid)
            return [leader, *leader.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def ask_to_stop(self) -> None:
        if self.alive and self.process:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Ask politely, wait at most `patience` seconds, then kill. Blocks."""
        self.ask_to_stop()
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(self.patience)
        self.kill()

    def kill(self) -> None:
        """SIGKILL for the process and everything it started; returns when they are gone."""
        family = self.family()
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        if self.process:
            _kill_group(self.process.pid)
            self.process.wait()
        wait_gone(family, 5)

    def pause(self) -> None:
        """SIGSTOP for the whole family: present, but silent."""
        for member in self.family():
            member.suspend()

    def resume(self) -> None:
        for member in self.family():
            member.resume()


def gone(process: psutil.Process) -> bool:
    """Also when it is a zombie: whether its adopter reaps it is not our affair."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_gone(processes: Iterable[psutil.Process], timeout: float) -> list[psutil.Process]:
    """Blocks until all are gone or the time is over; returns those that remain."""
    deadline = time.monotonic() + timeout
    remaining = [process for process in processes if not gone(process)]
    while remaining and time.monotonic() < deadline:
        time.sleep(0.01)
        remaining = [process for process in remaining if not gone(process)]
    return remaining


def _kill_group(leader: int) -> None:
    """Workers whose leader died first are no longer its children, but still of its process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
