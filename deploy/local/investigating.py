"""`xiaofu events`: what happened, in all services, as one story."""

import asyncio
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from nats.aio.client import Client
from rich.text import Text

from deploy.local.display import output, say
from deploy.local.doors import Doors, doors_of
from deploy.local.options import DEFAULT_DATA_DIR, DataDir
from deploy.local.problem import Problem
from deploy.local.story import Happening, full_id, happening, story
from shared.messaging.bus import UNREACHABLE, open_bus, read_stream
from shared.messaging.streams import stream_name

SHANGHAI = ZoneInfo("Asia/Shanghai")
PALETTE = (
    "cyan",
    "green",
    "yellow",
    "magenta",
    "blue",
    "bright_red",
    "bright_cyan",
    "bright_green",
    "bright_blue",
)
GLANCE = 0.3
SALIENT = 6
ID_SHOWN = 8


def events(
    case: Annotated[
        str | None, typer.Argument(help="Any id: a complaint, an order, a lot; the end of one will do.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many of the past, the latest.")] = 200,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print the story of one case across all services, or everything that happened.

    A case is whatever has an id. With a complaint you see the complaint, its investigation, the held lot, the
    evidence, the notices, the penalty and the bulletin. One line is one event: when, where, what, about which
    entity, by whom, and the facts.

    Example: xiaofu events --follow 0198c6b2-5d0e-7c3a-9a51-0d7c3f1e2b4a
    """
    try:
        asyncio.run(_print_events(doors_of(data_dir), case, follow, limit))
    except UNREACHABLE as error:
        raise Problem(f"NATS does not answer: {str(error) or type(error).__name__}. See `xiaofu status`.") from error
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def _print_events(doors: Doors, case: str | None, follow: bool, limit: int) -> None:
    chronicle = Chronicle(doors.services)
    async with open_bus(doors.nats_url(), name="xiaofu events") as bus:
        await chronicle.read(bus)
        wanted = full_id(case, chronicle.known) if case else None
        told = _tell(chronicle, wanted, set(), limit)
        if not told and not follow:
            say(f"Nothing is known of {case}." if case else "Nothing has happened yet.")
        while follow:
            await asyncio.sleep(GLANCE)
            if await chronicle.read(bus):
                told |= _tell(chronicle, wanted, told, None)


def _tell(chronicle: "Chronicle", wanted: str | None, told: set[str], limit: int | None) -> set[str]:
    """Print what belongs to the story and has not been told; returns the ids of what now has."""
    part = story(wanted, chronicle.known) if wanted else {one.id for one in chronicle.known}
    fresh = sorted((one for one in chronicle.known if one.id in part - told), key=lambda one: one.time)
    for one in fresh[-limit:] if limit else fresh:
        # A terminal shows one line per event; a file or a pipe gets it whole.
        output.print(line(one, chronicle.colour(one.service)), no_wrap=True, soft_wrap=not output.is_terminal)
    return part


class Chronicle:
    """All events of all streams, as far as they have been read."""

    def __init__(self, services: list[str]) -> None:
        self.known: list[Happening] = []
        self._read = dict.fromkeys(services, 0)

    def colour(self, service: str) -> str:
        return PALETTE[sorted(self._read).index(service) % len(PALETTE)]

    async def read(self, bus: Client) -> int:
        """Take in what is new; returns how many events that were."""
        before = len(self.known)
        for service, position in self._read.items():
            async for message in read_stream(bus, stream_name(service), position):
                self._read[service] = int((message.headers or {})["Nats-Sequence"])
                self.known.append(happening(message.data))
        return len(self.known) - before


def line(one: Happening, colour: str) -> Text:
    """One event as one line."""
    words = Text()
    words.append(f"{one.time.astimezone(SHANGHAI):%m-%d %H:%M:%S.%f}"[:-3] + " ", style="dim")
    words.append(f"{one.service:<13} ", style=colour)
    words.append(f"{one.name.partition('.')[2].rpartition('.v')[0]:<34} ", style=f"bold {colour}")
    words.append(f"{one.entity_id[-ID_SHOWN:]} v{one.version:<3} ")
    words.append(f"{one.actor:<22} ", style="dim")
    facts = [f"{name}={_fact(value)}" for name, value in one.data.items() if value not in (None, "", [], {})]
    words.append(" ".join(facts[:SALIENT]) + (" …" if len(facts) > SALIENT else ""))
    return words


def _fact(value: Any) -> str:
    if isinstance(value, list):
        return (
            f"{len(value)} items"
            if any(isinstance(item, (dict, list)) for item in value)
            else _fact(", ".join(map(str, value)))
        )
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={_fact(inner)}" for name, inner in list(value.items())[:3]) + "}"
    text = str(value)
    if len(text) == 36 and text.count("-") == 4:
        return text[-ID_SHOWN:]
    return text if len(text) <= 40 else f"{text[:39]}…"
