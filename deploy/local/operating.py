"""What an operator does over the services' doors: dead letters, audit, replay; and restarts."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from rich.table import Table

from deploy.local.catalogue import chosen
from deploy.local.display import output, say
from deploy.local.doors import Deployment, Doors, doors_of
from deploy.local.options import DEFAULT_DATA_DIR, DataDir, OneService
from deploy.local.problem import Problem
from deploy.local.wishes import ask
from shared.messaging.audit import LISTED

dead_letters = typer.Typer(no_args_is_help=True, help="Events a service could not take in: look, retry, discard.")


NO_ENTITY = {"undecodable": "unreadable", "diverged": "lost"}


class Desk:
    """An operator's connection to the services of the running stack or of a deployment."""

    def __init__(self, doors: Doors, service: str | None = None) -> None:
        if service and service not in doors.services:
            raise Problem(f"{service} is not running. Running: {', '.join(doors.services)}.")
        self.services = [service] if service else doors.services
        self._doors = doors
        token = doors.token("operator", "operator")
        self._client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)

    def call(self, service: str, method: str, path: str, **request: Any) -> Any:
        """The answer's JSON; raises `Problem` with the service's own words when it says no."""
        try:
            answer = self._client.request(method, f"{self._doors.base_url(service)}/v1/{path}", **request)
        except httpx.TransportError as error:
            raise Problem(f"{service} does not answer: {error}. See `xiaofu status`.") from error
        if answer.is_error:
            raise Problem(f"{service}: {_in_words(answer)}")
        return answer.json() if answer.content else {}

    def letters(self, service: str) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while True:
            page = self.call(service, "GET", "dead-letters", params={"after": after} if after else {})
            yield from page["items"]
            after = page.get("next")
            if not after:
                return

    def holder(self, letter: int) -> str:
        """The service that has this dead letter; every service counts its own, so the number may not be enough."""
        found = [name for name in self.services if any(item["id"] == letter for item in self.letters(name))]
        if not found:
            raise Problem(f"There is no dead letter {letter}. See `xiaofu dead-letters list`.")
        if len(found) > 1:
            raise Problem(f"Dead letter {letter} exists in {' and '.join(found)}: say which with --service.")
        return found[0]


def _in_words(answer: httpx.Response) -> str:
    """A problem document (RFC 9457) as one line."""
    try:
        problem = answer.json()
        words = [problem["title"], problem.get("detail"), problem.get("code"), problem.get("rule")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"HTTP {answer.status_code} {answer.reason_phrase}"
    title, detail, code, rule = words
    marks = ", ".join(str(mark) for mark in (rule, code) if mark)
    return f"{title}{f': {detail}' if detail else ''}{f' ({marks})' if marks else ''}"


@dead_letters.command("list")
def list_letters(service: OneService = None, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Show what is parked, why, and since when.

    Example: xiaofu dead-letters list --service quality
    """
    desk = Desk(doors_of(data_dir), service)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("service", "id", "event", "entity", "state", "tries", "since", "reason"):
        table.add_column(heading, overflow="fold")
    for name in desk.services:
        for item in desk.letters(name):
            entity = f"{item['entity_id']} v{item['version']}" if item["entity_id"] else NO_ENTITY[item["reason"]]
            reason = f"{item['reason']}: {item['error']}" if item.get("error") else str(item["reason"])
            row = (
                item["id"],
                item["type"],
                entity,
                item["state"],
                item["attempts"],
                item["first_at"],
                reason,
            )
            table.add_row(name, *(str(cell) for cell in row))
    if table.row_count:
        output.print(table)
    else:
        say("There are no dead letters.")


@dead_letters.command("retry")
def retry_letter(
    letter: Annotated[int, typer.Argument(help="The id from `dead-letters list`.")],
    service: OneService = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Try one again, and then what waits behind it, in order.

    Example: xiaofu dead-letters retry 42 --service quality
    """
    desk = Desk(doors_of(data_dir), service)
    holder = service or desk.holder(letter)
    answer = desk.call(holder, "POST", f"dead-letters/{letter}/retry")
    if not answer["handled"]:
        raise Problem(f"{holder}: {letter} cannot be handled yet: {answer['stopped_by']}")
    say(f"{holder}: {letter} is handled.")


@dead_letters.command("discard")
def discard_letter(
    letter: Annotated[int, typer.Argument(help="The id from `dead-letters list`.")],
    reason: Annotated[str, typer.Option(help="Why it may be passed over; it is kept.")],
    service: OneService = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Pass over one for good, with a reason, so that what waits behind it flows.

    Example: xiaofu dead-letters discard 42 --service quality --reason "lot entered by mistake"
    """
    desk = Desk(doors_of(data_dir), service)
    holder = service or desk.holder(letter)
    desk.call(holder, "POST", f"dead-letters/{letter}/discard", json={"reason": reason})
    say(f"{holder}: {letter} is discarded.")


def audit(
    service: OneService = None,
    repair: Annotated[bool, typer.Option("--repair", help="Publish again what is missing.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Compare every service's log with its stream. Exit code 1 when they differ or a log was tampered with.

    Example: xiaofu audit --repair
    """
    desk = Desk(doors_of(data_dir), service)
    sound = True
    for name in desk.services:
        found = desk.call(name, "POST", "audit", params={"repair": str(repair).lower()})
        say(
            f"{found['stream']}: {found['in_log']} in the log, {found['in_stream']} in the stream,"
            f" {len(found['missing'])} missing, {len(found['foreign'])} foreign,"
            f" {found['republished']} published again, {len(found['broken_chains'])} broken chains"
        )
        repaired = len(found["missing"]) <= found["republished"] < LISTED  # of more, the rest was not looked for
        sound = sound and repaired and not found["foreign"] and not found["broken_chains"]
    if not sound:
        raise typer.Exit(1)


def replay(
    entity: Annotated[UUID, typer.Argument(help="The entity whose events are wanted again.")],
    service: Annotated[str, typer.Option("--service", help="The service that owns the entity.")],
    after_version: Annotated[int, typer.Option(help="Only what came after this version.")] = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Publish an entity's events again, for consumers that missed them; those that did not will skip them.

    Example: xiaofu replay 0198c6b2-5d0e-7c3a-9a51-0d7c3f1e2b4a --service orders
    """
    request = {"entity_id": str(entity), "after_version": after_version}
    answer = Desk(doors_of(data_dir), service).call(service, "POST", "replay", json=request)
    say(f"{service}: {answer['republished']} events published again.")


def restart(
    services: Annotated[list[str] | None, typer.Argument(help="Which; without any, all that are running.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Put a new process in the place of each service, one after the other; no request is lost or refused.

    The new process is ready before the old one leaves. Use it after an upgrade of the code.

    Example: xiaofu restart orders staff
    """
    doors = doors_of(data_dir)
    if isinstance(doors, Deployment):
        raise Problem(f"{data_dir} describes a deployment: restart it where it runs (compose: make compose-restart).")
    wanted = list(chosen(services)) if services else doors.services
    if absent := [name for name in wanted if name not in doors.services]:
        raise Problem(f"{', '.join(absent)} is not running. Running: {', '.join(doors.services)}.")
    ask(doors.data_dir, "restart", wanted, say)
