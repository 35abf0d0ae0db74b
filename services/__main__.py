"""Run one service: `python -m services orders --port 8002 [--only relay,consumer]`."""

import argparse
import asyncio
import gc
import importlib
import signal
import sys
from pathlib import Path

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from shared.persistence.pool import migrate
from shared.settings import Role, Settings

SERVICES = sorted(file.parent.name for file in Path(__file__).parent.glob("*/app.py"))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services", description=__doc__)
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--only", default=",".join(Role), help="some of: %(default)s")
    parser.add_argument("--migrate", action="store_true", help="bring the database forward, and end")
    return parser.parse_args()


async def serve(service: str, host: str, port: int, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is in hand."""
    app = importlib.import_module(f"services.{service}.app").create_app(settings)
    # What was imported lives as long as the process: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    server = Server(app, address=host, port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)

    def stop() -> None:
        for deed in app.state.before_stop:
            deed()
        server.stop()  # type: ignore[no-untyped-call]  # granian has no annotation there

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await server.serve()


def main() -> None:
    """Read the arguments and the environment, and run."""
    given = arguments()
    settings = Settings(roles=frozenset(Role(role.strip()) for role in given.only.split(",")))
    if given.migrate:
        applied = asyncio.run(migrate(settings.database_url, Path(__file__).parent / given.service / "migrations"))
        sys.stdout.write("".join(f"{name}\n" for name in applied) or "nothing to do\n")
        return
    uvloop.run(serve(given.service, given.host, given.port, settings))


if __name__ == "__main__":
    main()
