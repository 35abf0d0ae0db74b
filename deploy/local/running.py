"""`xiaofu up` and `down`: the stack in this terminal or behind it, and its end."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
from rich.live import Live

from deploy.local.accounts import scratch
from deploy.local.catalogue import SERVICES
from deploy.local.display import output, say, table
from deploy.local.folder import Folder
from deploy.local.leftovers import end_leftovers
from deploy.local.ports import free_offset
from deploy.local.problem import Problem
from deploy.local.processes import tail, wait_gone
from deploy.local.stack import Stack

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_LIMIT = 40.0


def stay_with(stack: Stack) -> None:
    """Run the stack until Ctrl-C, SIGTERM, or the end of the terminal."""
    asyncio.run(_stay_with(stack))


async def _stay_with(stack: Stack) -> None:
    run = asyncio.create_task(_run(stack))
    _stop_on_signals(run)
    try:
        await run
    except asyncio.CancelledError:
        say("Stopped.")


def _stop_on_signals(run: asyncio.Task[Any]) -> None:
    def stop() -> None:
        if not run.cancelling():  # a second Ctrl-C must not cut the orderly stop short
            run.cancel()

    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def _run(stack: Stack) -> None:
    began = time.monotonic()
    with Live(table(stack.state), console=output, auto_refresh=False, transient=True) as live:
        showing = asyncio.create_task(_show(stack, live)) if output.is_terminal else None
        try:
            async with stack:
                say(f"Everything is ready after {time.monotonic() - began:.1f} s. Ctrl-C stops the stack.")
                if not showing:
                    output.print(table(stack.state))
                await stack.watch_over()
        finally:
            if showing:
                showing.cancel()


async def _show(stack: Stack, live: Live) -> None:
    while True:
        live.update(await asyncio.to_thread(table, stack.state), refresh=True)
        await asyncio.sleep(0.5)


def leave_behind(folder: Folder, options: list[str]) -> None:
    """Start a supervisor in a session of its own; returns when everything is ready."""
    folder.prepare()
    if running := folder.supervisor():
        raise Problem(f"The stack in {folder.path} is already running (supervisor: pid {running}).")
    log = folder.logs / "supervisor.log"
    with log.open("w") as file:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up", "--data-dir", str(folder.path), *options],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        with output.status("Starting the stack"):
            _await_ready(folder, supervisor, log)
    except BaseException:  # Ctrl-C too: nothing half-started may stay behind
        supervisor.terminate()
        supervisor.wait(STOP_LIMIT)
        raise


def _await_ready(folder: Folder, supervisor: subprocess.Popen[bytes], log: Path) -> None:
    while True:
        state = folder.running()
        if state and state.ready:
            break
        if supervisor.poll() is not None:
            raise Problem(tail(log, 60).rpartition("error: ")[2].strip() or "The supervisor died without a word.")
        time.sleep(0.05)
    output.print(table(state))
    say("The stack runs in the background. `xiaofu status` shows it, `xiaofu down` stops it.")


def take_down(folder: Folder) -> None:
    """Ask the supervisor to stop; whatever outlives it is ended here."""
    supervisor = folder.supervisor()
    if supervisor:
        process = psutil.Process(supervisor)
        with output.status("Stopping the services, then NATS, then PostgreSQL"):
            process.send_signal(signal.SIGTERM)
            for stubborn in wait_gone([process], STOP_LIMIT):
                stubborn.kill()
    ended = end_leftovers(folder.path, folder.state())
    if ended:
        say(f"Ended {ended} processes that had outlived their supervisor.")
    say("Stopped." if supervisor or ended else f"No stack is running in {folder.path}.")


def demonstrate(data_dir: Path | None, *, stay: bool) -> int:
    """The demo on a stack of its own; returns its exit code, after Ctrl-C if the stack is to `stay`."""
    with scratch() if data_dir is None else nullcontext(data_dir) as folder:
        return asyncio.run(_demonstrate(folder, stay))


async def _demonstrate(folder: Path, stay: bool) -> int:
    # Imported here: only the demo needs it, and it must not slow down every other command.
    demo = import_module("deploy.local.demo")
    Folder(folder).prepare()
    policy = demo.policy_file(folder)
    stack = Stack(folder, port_offset=free_offset(SERVICES), policy_file=policy, report=say)
    run = asyncio.create_task(_tell(stack, demo.run, stay))
    _stop_on_signals(run)
    try:
        return await run
    except asyncio.CancelledError:
        say("Stopped.")
        return 130


async def _tell(stack: Stack, story: Callable[[Stack], Awaitable[int]], stay: bool) -> int:
    async with stack:
        code = await story(stack)
        if stay:
            say(f"The stack stays: try xiaofu events --data-dir {stack.data_dir}. Ctrl-C stops it.")
            await stack.watch_over()
        return code
