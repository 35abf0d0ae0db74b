"""Processes that outlived their supervisor: found by proof, not by name, and ended."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.local.folder import State
from deploy.local.processes import MARK, gone, wait_gone


def leftovers(data_dir: Path, state: State | None) -> Iterator[psutil.Process]:
    """Those that bear the folder's mark in their environment, or were recorded with pid and creation time.

    The mark finds what was never recorded, such as workers of a service; the record finds PostgreSQL, whose
    environment only its own account may read. A pid alone proves nothing: it may be someone else's by now.
    """
    recorded = {(entry.pid, entry.created) for entry in state.processes.values()} if state else set()
    spared = {psutil.Process().pid, *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        ours = _identity(process) in recorded or _marked(process, data_dir)
        if ours and process.pid not in spared and not gone(process):
            yield process


def _identity(process: psutil.Process) -> tuple[int, float] | None:
    try:
        return process.pid, process.create_time()
    except psutil.Error:
        return None


def _marked(process: psutil.Process, data_dir: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(data_dir)
    except (psutil.Error, OSError):
        return False


def end_leftovers(data_dir: Path, state: State | None) -> int:
    """Politely, then not; PostgreSQL last, so that nobody loses it while writing. Returns how many."""
    found = list(leftovers(data_dir, state))
    databases = [process for process in found if _is_postgresql(process)]
    others = [process for process in found if process not in databases]
    for processes, politely in ((others, signal.SIGTERM), (databases, signal.SIGINT)):
        _send(processes, politely)
        remaining = wait_gone(processes, 10)
        _send(remaining, signal.SIGKILL)
        wait_gone(remaining, 5)
    return len(found)


def _is_postgresql(process: psutil.Process) -> bool:
    try:
        return process.name() == "postgres"
    except psutil.Error:
        return False


def _send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
