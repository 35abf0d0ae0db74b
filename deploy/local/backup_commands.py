"""`xiaofu backup` and `xiaofu restore`: away and back again, and the choices where a database was set back."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.backup import Manifest, back_up, read_backup, servers
from deploy.local.backup_history import catch_up, settled
from deploy.local.backup_loss import accept_loss
from deploy.local.backup_return import check, put_back
from deploy.local.catalogue import chosen
from deploy.local.display import say
from deploy.local.doors import Doors, deployment_of
from deploy.local.folder import Folder
from deploy.local.options import DEFAULT_DATA_DIR, DataDir
from deploy.local.problem import Problem
from deploy.local.wishes import ask

SHOWN = 20

Services = Annotated[list[str] | None, typer.Argument(help="Which services; without any, all of them.")]


def backup(
    target: Annotated[Path, typer.Option("--to", help="A new folder for it.")],
    services: Services = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Copy the databases of services into a folder, each as it is at one moment. The services may be at work.

    It holds no keys and no passwords: keep credentials.json and signing-key.pem of the data folder apart from it.

    Example: xiaofu backup orders contracts --to backups/2026-11-24
    """
    if deployment_of(data_dir) is None:
        Folder(data_dir).require_xiaofu_data()
    manifest = asyncio.run(_back_up(data_dir, chosen(services or []), target.absolute()))
    for name, taken in manifest.services.items():
        say(f"{name}: {taken.events} events, up to {taken.last_seq}.")
    say(f"Backed up to {target}.")


async def _back_up(data_dir: Path, services: Mapping[str, int], target: Path) -> Manifest:
    async with servers(data_dir) as doors:
        return await back_up(doors, services, target)


def restore(
    services: Services = None,
    source: Annotated[Path | None, typer.Option("--from", help="The folder of a back-up.")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Stop each service for it, and start it again.")] = False,
    recover: Annotated[bool, typer.Option("--catch-up", help="Take events the stream has back into the log.")] = False,
    give_up: Annotated[bool, typer.Option("--accept-loss", help="Give up events the log lacks.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Put databases back from a back-up, and choose what becomes of the events that are younger than it.

    The database that was there is kept as <service>_replaced until the next restore. A database that is behind its
    stream stands still until it caught up (--catch-up), or the loss was accepted (--accept-loss).

    Example: xiaofu restore orders --from backups/2026-11-24 --stop --catch-up
    """
    if recover and give_up:
        raise Problem("Either --catch-up or --accept-loss: what was taken back is not lost.")
    if not (source or recover or give_up):
        raise Problem("Say what to restore: --from FOLDER; or how to go on: --catch-up or --accept-loss.")
    if stop and deployment_of(data_dir):
        raise Problem(f"{data_dir} describes a deployment: stop the services where they run, and leave out --stop.")
    wanted = _wanted(services, source)
    if give_up and not yes:
        typer.confirm(f"Give up what the streams know and the databases of {', '.join(wanted)} do not?", abort=True)
    asyncio.run(_restore(data_dir, wanted, source, stop, recover, give_up))


def _wanted(services: list[str] | None, source: Path | None) -> dict[str, int]:
    """Checked before anything is touched."""
    if source is None:
        return chosen(services or [])
    manifest = read_backup(source)
    wanted = chosen(services or list(manifest.services))
    check(manifest, source, wanted)
    return wanted


async def _restore(
    data_dir: Path, wanted: Mapping[str, int], source: Path | None, stop: bool, recover: bool, give_up: bool
) -> None:
    supervised = Folder(data_dir).supervisor() is not None
    async with servers(data_dir) as doors:
        for name in wanted:
            held = stop and supervised and name in doors.services
            if held:
                await asyncio.to_thread(ask, doors.data_dir, "hold", [name], say)
            try:
                await _restore_one(doors, name, source, recover, give_up)
            finally:
                if held:
                    await asyncio.to_thread(ask, doors.data_dir, "go on", [name], say)


async def _restore_one(doors: Doors, name: str, source: Path | None, recover: bool, give_up: bool) -> None:
    if source is not None:
        taken = read_backup(source).services[name]
        before = await put_back(doors, name, taken, source)
        say(f"{name}: restored as of {taken.taken_at:%Y-%m-%d %H:%M:%S} UTC; what was there is kept as {before}.")
    if not (recover or give_up):
        return
    if await settled(doors, name):
        say(f"{name}: log and stream are alike; nothing to choose.")
    elif recover:
        number, behind = await catch_up(doors, name)
        say(f"{name}: {number} events were taken back into the log.")
        if behind:
            say("What is known of these is older than their last events; look at each, and enter again what it lacks:")
            for line in behind[:SHOWN]:
                say(f"  {line}")
            more = len(behind) - SHOWN
            say(f"{f'  … and {more} more. ' if more > 0 else '  '}The events: {doors.data_dir / 'recovered'}")
    else:
        kept, told = await accept_loss(doors, name)
        if kept is None:
            say(f"{name}: nothing is lost.")
            return
        say(f"{name}: the stream begins anew; what is lost is kept in {kept}.")
        for listener, number in told.items():
            say(f"  {listener} had heard {number} of it: xiaofu dead-letters list --service {listener}")
