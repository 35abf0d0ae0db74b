"""Run one service: `python -m services orders --port 8002 [--only relay,consumer] [--partitions p00-p07]`."""

import argparse
import asyncio
import contextlib
import gc
import importlib
import os
import signal
import socket
import sys
from pathlib import Path

import uvloop
from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.server.embed import Server
from pydantic import ValidationError

from shared.persistence.pool import migrate
from shared.settings import Role, Settings

SERVICES = sorted(file.parent.name for file in Path(__file__).parent.glob("*/app.py"))

INHERITED = "XIAOFU_SOCKET"  # the number of a listening socket that whoever started us holds open
BACKLOG = 1024


class Listener(Server):
    """Listens on its own port, or takes from a queue that outlives it: then a restart refuses no connection."""

    def _init_shared_socket(self) -> None:
        number = os.environ.get(INHERITED)
        if number is None:
            super()._init_shared_socket()  # type: ignore[no-untyped-call]  # granian has no annotation there
        else:
            # its stubs know neither
            self._ssp, self._shd = None, SocketHolder(int(number), False, BACKLOG)  # type: ignore[call-arg,assignment]

    def take_no_more(self) -> None:
        """Leave the queue to whoever takes over, and serve on those whose connection was taken.

        The server has no such wish: a connection that it takes in the moment of stopping is reset. So another socket,
        which nobody calls, is put under the numbers of the shared one.
        """
        number = os.environ.get(INHERITED)
        if number is None:
            return
        shared = os.fstat(int(number))
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.setblocking(False)
            for held in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
                with contextlib.suppress(OSError):  # the one the folder was read by has gone
                    if os.path.samestat(os.fstat(held), shared):
                        os.dup2(silent.fileno(), held)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services", description=__doc__)
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--only", default=",".join(Role), help="some of: %(default)s")
    parser.add_argument("--partitions", help="follow the events of these alone: p00-p07 and p08-p15, for two consumers")
    parser.add_argument("--migrate", action="store_true", help="bring the database forward, and end")
    return parser.parse_args()


async def serve(service: str, host: str, port: int, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then say so, serve on for `drain_seconds`, and finish what is in hand."""
    app = importlib.import_module(f"services.{service}.app").create_app(settings)
    # What was imported lives as long as the process: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    server = Listener(app, address=host, port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)

    def end_streams() -> None:
        for deed in app.state.before_stop:
            deed()

    def stop() -> None:
        end_streams()
        server.stop()  # type: ignore[no-untyped-call]  # granian has no annotation there

    def leave() -> None:
        if app.state.leaving:
            return
        app.state.leaving = True
        server.take_no_more()
        end_streams()
        loop.call_later(settings.drain_seconds, stop)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    await server.serve()


def read_settings(given: argparse.Namespace) -> Settings:
    """From the environment and the arguments; what is wrong with them is said in a sentence each, and no more."""
    share = {"partitions": given.partitions} if given.partitions is not None else {}
    try:
        return Settings.model_validate({"roles": given.only.replace(" ", "").split(",")} | share)
    except ValidationError as error:
        wrong = [(".".join(map(str, entry["loc"][:1])).upper(), entry["msg"]) for entry in error.errors()]
        sys.exit("\n".join(f"{name or 'settings'}: {message.removeprefix('Value error, ')}" for name, message in wrong))


def main() -> None:
    """Read the arguments and the environment, and run."""
    given = arguments()
    settings = read_settings(given)
    if given.migrate:
        applied = asyncio.run(migrate(settings.database_url, Path(__file__).parent / given.service / "migrations"))
        sys.stdout.write("".join(f"{name}\n" for name in applied) or "nothing to do\n")
        return
    uvloop.run(serve(given.service, given.host, given.port, settings))


if __name__ == "__main__":
    main()
