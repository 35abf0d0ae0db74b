"""A service to try the spine with: `tally` counts and announces, `echo` hears it and keeps a ledger of its deeds."""

import argparse
import asyncio
import signal
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.domain.actor import Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.numbers import same_id
from shared.domain.refusals import Forbidden, Invalid, NotAllowedNow, NotFound, RuleBroken
from shared.events.envelope import Occasion, new_id
from shared.events.event import Event
from shared.messaging.reactions import Reactions
from shared.persistence.pool import Pool, Reader
from shared.persistence.store import Store
from shared.persistence.work import Work
from shared.settings import Settings
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Page, Paged, document, listed
from shared.web.routes import Routes
from shared.web.service import create_service

FOLDER = Path(__file__).parent / "tally_service"
POISON, UNLUCKY, REFUSED = 13, 14, 15  # a rise by so much is bad for `echo`: for ever, at first, by a rule

Rise = Annotated[int, Field(ge=-1000, le=1 << 40)]


class TallyOpened(Event, name="tally.count.opened.v1"):
    """A new tally, at nothing."""

    name: str


class TallyRaised(Event, name="tally.count.raised.v1"):
    """The tally rose by so much."""

    by: int
    total: int


class TallyReminded(Event, name="tally.count.reminded.v1"):
    """The reminder of a tally fell due; nobody reacts to it."""


class TallyClosed(Event, name="tally.count.closed.v1"):
    """The tally counts no more."""

    total: int


class EchoHeard(Event, name="echo.echo.heard.v1"):
    """Echo has done what follows from a rise."""

    by: int


class TallyStatus(StrEnum):
    NEW = "new"
    OPEN = "open"
    CLOSED = "closed"


class Tally(Aggregate):
    """A number that grows until it is closed."""

    TABLE = "tallies"
    ENTITY = "tally"
    START = TallyStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        TallyOpened: Step({TallyStatus.NEW}, TallyStatus.OPEN),
        TallyRaised: Step({TallyStatus.OPEN}),
        TallyReminded: Step({TallyStatus.OPEN}),
        TallyClosed: Step({TallyStatus.OPEN}, TallyStatus.CLOSED),
    }
    TIMERS = frozenset({"lapse", "remind", "stumble"})

    status: TallyStatus
    name: str
    total: int = 0
    reminded_at: list[AwareDatetime] = []

    @classmethod
    def open(cls, id: UUID, name: str) -> Self:
        """A tally begins at nothing."""
        tally = cls.begin(id, name=name)
        tally.record(TallyOpened(name=name))
        return tally

    def rise(self, by: int) -> None:
        """Count; the database guards that it never falls below nothing (TST-1)."""
        if by > 1000:
            raise RuleBroken("TST-3", "a tally rises by {least} to {most}", least=1, most=1000, field="by")
        self.total += by
        self.record(TallyRaised(by=by, total=self.total))

    def close(self) -> None:
        """The end of counting; deadlines go with it."""
        self.record(TallyClosed(total=self.total))
        self.unschedule(self.lapse, self.remind, self.stumble)

    def lapse(self, at: datetime) -> None:
        """Close a tally that nobody has closed in time."""
        self.record(TallyClosed(total=self.total))

    def remind(self, at: datetime) -> None:
        """Say that it is still open."""
        self.reminded_at.append(at)
        self.record(TallyReminded())

    def stumble(self, at: datetime) -> None:
        """A deed with a fault in it."""
        raise ArithmeticError(f"stumbled at {at}")


class EchoStatus(StrEnum):
    NEW = "new"
    KNOWN = "known"


class Echo(Aggregate):
    """What echo keeps of one tally."""

    TABLE = "echoes"
    ENTITY = "echo"
    START = EchoStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {EchoHeard: Step({EchoStatus.NEW, EchoStatus.KNOWN}, EchoStatus.KNOWN)}

    status: EchoStatus
    sum: int = 0

    def hear(self, by: int) -> None:
        """Add what the tally rose by."""
        self.sum += by
        self.record(EchoHeard(by=by))


EFFECT = "INSERT INTO effects (entity_id, version, event_id, by) VALUES ($1, $2, $3, $4)"

reactions = Reactions("echo")
no_reactions = Reactions("tally")
luck = {"tries": 0, "needed": 3}


@reactions.on(TallyOpened)
async def begin_the_echo(event: TallyOpened, work: Work) -> None:
    """Keep a ledger from the beginning."""
    work.project(EFFECT, event.entity_id, event.provenance.version, event.id, 0)


@reactions.on(TallyRaised)
async def hear_the_rise(event: TallyRaised, work: Work) -> None:
    """Add up what the tally has counted; certain numbers are beyond it."""
    if event.by == POISON:
        raise ValueError("thirteen")
    if event.by == REFUSED:
        raise RuleBroken("TST-4", "not {by}", by=event.by)
    if event.by == UNLUCKY:
        luck["tries"] += 1
        if luck["tries"] < luck["needed"]:
            raise ConnectionAbortedError("a bad day") if luck.get("passing") else KeyError("a bad day")
    identity = same_id(event.entity_id, "echo")
    echo = await work.find(Echo, identity) or work.begin(Echo.begin(identity))
    echo.hear(event.by)
    work.project(EFFECT, event.entity_id, event.provenance.version, event.id, event.by)


@reactions.on(TallyClosed)
async def note_the_end(event: TallyClosed, work: Work) -> None:
    """A line for the end."""
    work.project(EFFECT, event.entity_id, event.provenance.version, event.id, -event.total)


class OpenTally(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    lapses_in: Annotated[float | None, Field(ge=-3600, le=3600, description="seconds")] = None


class RaiseTally(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Rise


class Move(BaseModel):
    to: UUID
    by: Rise


api = Routes()
Counter = Annotated[Actor, Depends(admit(Post.CLERK, Post.SALESPERSON))]
TallyChange = Annotated[Change[Tally], Depends(change_of(Tally))]


@api.post("/tallies", status_code=201, response_model=Tally)
async def open_tally(body: OpenTally, by: Counter, change: TallyChange) -> Response:
    """Begin a tally."""
    tally = Tally.open(change.new_id(), body.name)
    if body.lapses_in is not None:
        tally.schedule(tally.lapse, change.at + timedelta(seconds=body.lapses_in))
    return await change.save(tally)


@api.post("/tallies/{tally_id}/raise", response_model=Tally)
async def raise_tally(tally_id: UUID, body: RaiseTally, by: Counter, change: TallyChange) -> Response:
    """Count."""
    async with change(tally_id) as tally:
        tally.rise(body.by)
    return change.answer


@api.post("/tallies/{tally_id}/close", response_model=Tally)
async def close_tally(tally_id: UUID, by: Counter, change: TallyChange) -> Response:
    """End it."""
    async with change(tally_id) as tally:
        tally.close()
    return change.answer


@api.post("/tallies/{tally_id}/move", response_model=Tally)
async def move_between(tally_id: UUID, body: Move, by: Counter, change: TallyChange) -> Response:
    """Take from one tally and give to another, together."""
    async with change.together(tally_id) as both:
        both.main.rise(-body.by)
        (await both.work.get(Tally, body.to)).rise(body.by)
    return change.answer


@api.post("/tallies/{tally_id}/copy", response_model=Tally)
async def copy_beside(tally_id: UUID, by: Counter, change: TallyChange) -> Response:
    """Open another one beside a tally that itself does not change."""
    async with change.together(tally_id) as both:
        both.work.begin(Tally.open(change.new_id(), f"{both.main.name} {change.new_id()}"))
    return change.answer


@api.post("/tallies/twin", status_code=201, response_model=Tally)
async def open_twins(body: OpenTally, by: Counter, change: TallyChange) -> Response:
    """Open two at once, answered with the first."""
    async with change.together() as both:
        both.main = Tally.open(change.new_id(), body.name)
        both.work.begin(Tally.open(change.new_id(), f"{body.name}'s twin"))
    return change.answer


@api.post("/tallies/import", status_code=201)
async def import_tallies(names: list[str], by: Counter, change: TallyChange) -> dict[str, int]:
    """Many at once, all or none."""
    async with change.many() as work:
        for name in names:
            work.begin(Tally.open(change.new_id(), name))
    return {"opened": len(names)}


async def tallies(reader: Reader, page: Page) -> list[asyncpg.Record]:
    query = "SELECT id, document FROM tallies WHERE id < $1 ORDER BY id DESC LIMIT $2"
    return await reader.fetch(query, page.before, page.fetch)


@api.get("/tallies")
async def list_tallies(request: Request, anyone: Anyone, page: Paged) -> Response:
    """Newest first."""
    return await listed(request, page, partial(tallies, request.app.state.pool), Tally)


@api.get("/tallies/{tally_id}", response_model=Tally)
async def show_tally(tally_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One tally."""
    row = await request.app.state.pool.fetchrow("SELECT document, version FROM tallies WHERE id = $1", tally_id)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="tally", id=tally_id)
    return document(row["document"], row["version"])


REFUSALS: dict[str, Exception] = {
    "not-found": NotFound("there is no {entity} {id}", entity="tally", id=7),
    "not-allowed-now": NotAllowedNow(
        "{event} is not possible while the {entity} is {status}", event="TallyRaised", entity="tally", status="closed"
    ),
    "forbidden": Forbidden("this is for the posts {posts}", posts="finance"),
    "rule-broken": RuleBroken("TST-3", "a tally rises by {least} to {most}", least=1, most=1000, field="by"),
    "invalid": Invalid("the request does not have the right shape", [{"code": "odd", "detail": "odd", "row": 3}]),
    "fault": LookupError("a secret that must not leave the house"),
    "unreachable": ConnectionRefusedError("no database"),
    "deadlock": asyncpg.DeadlockDetectedError("deadlock detected"),
    "slow": TimeoutError(),
}


@api.get("/refusals/{kind}")
async def refuse(kind: str) -> None:
    """Each kind of "no"."""
    if kind == "hang":
        await asyncio.Event().wait()
    raise REFUSALS[kind]


def create_app(name: str, settings: Settings) -> FastAPI:
    if name == "tally":
        return create_service(FOLDER / name, settings, api=[api], reactions=no_reactions, timed=[Tally])
    return create_service(FOLDER / name, settings, api=[], reactions=reactions)


def occasion(actor: str = "u1", **more: Any) -> Occasion:
    return Occasion(actor, datetime.now(UTC), new_id(), **more)


async def count(pool: Pool, rises: int, tally: Tally | None = None, by: int = 1) -> Tally:
    """A tally in the database that has risen so often, each rise a commit of its own."""
    store = Store(pool, asyncio.Event())
    if tally is None:
        identity = new_id()
        tally = Tally.open(identity, f"tally {identity}")
        await store.save(tally, occasion())
    for _ in range(rises):
        tally.rise(by)
        await store.save(tally, occasion())
    return tally


async def serve(name: str, port: int, settings: Settings) -> None:
    """Be a service process, as `python -m services` does it, until SIGTERM."""
    # Imported here: tests that never start a process need no server.
    from granian.constants import Interfaces
    from granian.server.embed import Server

    server = Server(
        create_app(name, settings), port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service", choices=["tally", "echo"])
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.service, given.port, Settings()))


if __name__ == "__main__":
    main()
