"""The command `xiaofu`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from deploy.local import backup_commands, investigating, operating
from deploy.local.catalogue import SERVICES, chosen
from deploy.local.display import complain, output, say, table
from deploy.local.doors import Deployment, doors_of, reasons
from deploy.local.folder import Folder
from deploy.local.health import show_health
from deploy.local.leftovers import end_leftovers
from deploy.local.migrating import migrate_all
from deploy.local.options import DEFAULT_DATA_DIR, DataDir, words
from deploy.local.problem import Problem
from deploy.local.running import demonstrate, leave_behind, stay_with, take_down
from deploy.local.stack import Stack
from deploy.local.tokens import issue


class Commands(TyperGroup):
    """Every command ends a `Problem` the same way: one clear message, exit code 1, no traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            complain(problem)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Xiaofu (销服) on this machine: a PostgreSQL, a NATS and every service as its own process. "
    "Begin with `xiaofu demo`, or with `xiaofu up` and another terminal.",
)


@app.command()
def demo(
    data_dir: Annotated[Path | None, typer.Option(help="Keep the data here; without it, nothing is kept.")] = None,
    stay: Annotated[bool, typer.Option("--stay", help="Keep the stack running afterwards, until Ctrl-C.")] = False,
) -> None:
    """Start a stack of its own, tell the whole story on it, stop it.

    It takes other ports when a stack is running, and leaves nothing behind.

    Example: xiaofu demo
    """
    raise typer.Exit(demonstrate(data_dir, stay=stay))


@app.command()
def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is ready; `down` stops it.")] = False,
    only_services: Annotated[str, typer.Option(help="Start only these, separated by commas.")] = "",
    port_offset: Annotated[int, typer.Option(help="Add this to every service port.")] = 0,
    policy_file: Annotated[Path | None, typer.Option(help="A TOML file that changes policy parameters.")] = None,
    log_level: Annotated[str, typer.Option(help="How much the services log.")] = "INFO",
) -> None:
    """Start the stack and stay with it: Ctrl-C stops it.

    The first start makes the database, the keys and the passwords. A service that dies is started again; its
    log is logs/<service>.log in the data folder.

    Example: xiaofu up --detach --only-services orders,complaints
    """
    services = chosen(words(only_services))
    if policy_file and not policy_file.is_file():
        raise Problem(f"There is no file {policy_file}.")
    if detach:
        options = [
            "--only-services",
            ",".join(services),
            "--port-offset",
            str(port_offset),
            "--log-level",
            log_level,
        ]
        options += ["--policy-file", str(policy_file.absolute())] if policy_file else []
        leave_behind(Folder(data_dir), options)
        return
    stay_with(
        Stack(
            data_dir,
            services=services,
            port_offset=port_offset,
            policy_file=policy_file,
            log_level=log_level,
            report=say,
        )
    )


@app.command()
def down(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Stop the stack, and whatever a killed one has left behind. The data stays.

    Example: xiaofu down
    """
    take_down(Folder(data_dir))


@app.command()
def status(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what is running and where. Exit code 1 when something is not ready.

    Example: xiaofu status --json
    """
    doors = doors_of(data_dir)
    if isinstance(doors, Deployment):
        raise typer.Exit(show_health(doors, json))
    state = doors.state
    if json:
        typer.echo(state.model_dump_json(indent=1))
    else:
        output.print(table(state))
    if any(entry.state != "ready" for entry in state.processes.values()):
        for name, why in reasons(doors).items():
            complain(Problem(f"{name} stands still: {why}"))
        raise typer.Exit(1)


@app.command()
def token(
    role: Annotated[list[str], typer.Option("--role", help="A post, such as finance; may be given several times.")],
    user: Annotated[str, typer.Option(help="Who it is: the id of a person.")],
    branch: Annotated[str | None, typer.Option(help="The branch the person belongs to.")] = None,
    store: Annotated[str | None, typer.Option(help="The store the person belongs to.")] = None,
    customer: Annotated[str | None, typer.Option(help="The customer a customer's token is for.")] = None,
    partner: Annotated[str | None, typer.Option(help="The partner a partner's token is for.")] = None,
    on_behalf_of: Annotated[str | None, typer.Option(help="The absent person whose post is exercised.")] = None,
    hours: Annotated[float, typer.Option(help="How long it is valid.")] = 12,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print a bearer token, and nothing else, for whoever you want to be on this stack.

    Example: curl -H "Authorization: Bearer $(xiaofu token --role finance --user u1)" localhost:8002/v1/orders
    """
    places = {"branch": branch, "store": store, "customer": customer, "partner": partner}
    lifetime = timedelta(hours=hours)
    typer.echo(issue(data_dir, user, role, **places, on_behalf_of=on_behalf_of, lifetime=lifetime))


@app.command()
def migrate(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Bring every service's database forward. Services do it themselves when they start.

    Works on the running stack, and also when none is running.

    Example: xiaofu migrate
    """
    migrate_all(data_dir, SERVICES)


@app.command()
def reset(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the data folder: databases, streams, keys, passwords, logs.

    Example: xiaofu reset --yes && xiaofu up
    """
    folder = Folder(data_dir)
    if not folder.path.exists():
        say(f"There is no {folder.path}.")
        return
    folder.require_xiaofu_data()
    if folder.supervisor() is not None:
        raise Problem("The stack is running. Stop it first: xiaofu down")
    if not yes:
        typer.confirm(f"Delete everything in {folder.path}?", abort=True)
    end_leftovers(folder.path, folder.state())
    folder.delete()
    say(f"Deleted {folder.path}.")


app.command()(investigating.events)
app.add_typer(operating.dead_letters, name="dead-letters")
app.command()(operating.audit)
app.command()(operating.replay)
app.command()(operating.restart)
app.command()(backup_commands.backup)
app.command()(backup_commands.restore)
