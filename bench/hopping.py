"""From commit to commit: how long a story takes from one service to the next, by the database's own clock."""

import asyncio
import statistics
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from bench.figures import percentile, show
from deploy.local.credentials import credentials
from deploy.local.demo.account import Account
from deploy.local.demo.cast import Cast
from deploy.local.demo.complaining import complaint
from deploy.local.demo.ledger import Ledger
from deploy.local.demo.ordering import confirm, lot_of, pay, place, prepare
from deploy.local.demo.visitors import Visitors, eventually
from deploy.local.stack import Stack

CASES = 60
RUNS = 3
PAUSE = 0.12  # seconds between two stories, so that each has the machine to itself
CHAIN = (
    "complaints.complaint.filed.v1",
    "orders.order.evidence_compiled.v1",
    "quality.investigation.lot_hold_ordered.v1",
    "orders.lot.held.v1",
    "notifications.message.delivered.v1",
)

COMMITTED = """
SELECT event_id, data, pg_xact_commit_timestamp(transaction::xid) AS committed FROM events ORDER BY seq
"""


KNOWN = "SELECT id, pg_xact_commit_timestamp(xmin) AS committed FROM known_customers WHERE code LIKE $1"

REGISTERED = "SELECT entity_id, pg_xact_commit_timestamp(transaction::xid) AS committed FROM events WHERE version = 1"


class Commit(NamedTuple):
    """When an event was committed, which it was, and what caused it."""

    at: datetime
    name: str
    cause: UUID | None


async def with_commit_times(stack: Stack) -> None:
    """Let PostgreSQL keep the time of every commit; it takes a restart."""
    address = stack.database_url("orders")
    url = address.replace("//orders:" + credentials(stack.data_dir).databases["orders"], _superuser(stack))
    connection = await asyncpg.connect(url.rpartition("/")[0] + "/postgres")
    await connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    await connection.close()
    stack.kill("postgres")
    await asyncio.sleep(0.5)
    await stack.all_ready()


def _superuser(stack: Stack) -> str:
    return "//postgres:" + credentials(stack.data_dir).databases["postgres"]


async def hopping(stack: Stack) -> None:
    """One hop: p50 under 5 ms, p99 under 20 ms, idle. Four hops: under 60 ms at p99."""
    await with_commit_times(stack)
    visitors = Visitors(stack)
    cast = Cast(stack, visitors, Account(), Ledger(stack.nats_url(), stack.services))
    found: dict[str, list[float]] = {}
    try:
        await _prepare(cast)
        for run in range(RUNS):
            await _register(cast, run)
            await _file(cast, run)
            for name, value in (await _one_hop(stack, run) | await _four_hops(stack)).items():
                found.setdefault(name, []).append(value)
    finally:
        await visitors.close()
    for name, target in (("one hop p50", 5), ("one hop p99", 20), ("four hops p50", None), ("four hops p99", 60)):
        show(
            f"commit to commit of the reaction, idle: {name}",
            unit="ms",
            ours=round(statistics.median(found[name]), 2),
            runs=[round(value, 2) for value in found[name]],
            **({"target": target} if target else {}),
        )


async def _register(cast: Cast, run: int) -> None:
    """One customer after another, each when orders has come to rest."""
    for number in range(CASES):
        body = {"code": f"B{run}{number:03}", "company": "Bench", "kind": "dealer", "region": "-", "level": "A",
                "contact": "-", "phone": "13800000000", "address": "-", "owner": "u12"}  # fmt: skip
        await cast.visitors.post("customers", "/customers", "u19", body)
        await asyncio.sleep(PAUSE)


async def _one_hop(stack: Stack, run: int) -> dict[str, float]:
    """From the commit of the registration to the commit of what orders knows of it."""
    known = {}
    connection = await asyncpg.connect(stack.database_url("orders"))
    for row in await connection.fetch(KNOWN, f"B{run}%"):
        known[row["id"]] = row["committed"]
    await connection.close()
    connection = await asyncpg.connect(stack.database_url("customers"))
    rows = await connection.fetch(REGISTERED)
    await connection.close()
    hops = [
        (known[row["entity_id"]] - row["committed"]).total_seconds() * 1000 for row in rows if row["entity_id"] in known
    ]
    return {"one hop p50": percentile(hops, 0.5), "one hop p99": percentile(hops, 0.99)}


async def _prepare(cast: Cast) -> None:
    visitors = cast.visitors
    for service, path, who, file in (
        ("customers", "/customers/import", "u19", "dealers.csv"),
        ("orders", "/lots/import", "u26", "stock.csv"),
    ):
        await visitors.upload(service, path, who, file)
    book = (await visitors.upload("orders", "/articles/import", "u09", "articles.xlsx")).json()
    await visitors.post("orders", f"/price-books/{book['id']}/approve", "u05")
    cast.articles = (await visitors.get("orders", "/articles?limit=50"))["items"]
    cast.dealers = (await visitors.get("customers", "/customers?limit=50", "u09"))["items"]
    await eventually(lambda: _known(cast))
    article = next(one["article"] for one in cast.articles if one["in_production"])
    placed = await place(cast, cast.dealers[0], cast.dealers[0]["owner"], {article: "5"})
    await confirm(cast, placed, await pay(cast, placed))
    await visitors.post("orders", f"/orders/{placed['id']}/release", "u26")
    lot = await lot_of(cast, article, "5")
    goods = [{"line": 1, "lot_id": lot["id"], "quantity": "5"}]
    await prepare(cast, placed)
    body = {"goods": goods, "certificate": "ZB-0", "manual": True, "warranty_card": True}
    cast.order = await visitors.post("orders", f"/orders/{placed['id']}/dispatch", "u26", body)


async def _known(cast: Cast) -> bool:
    """Whether both services that need it have heard of the dealer."""
    dealer = {"customer_id": cast.dealers[0]["id"]}
    shown = {**dealer, "articles": [cast.articles[0]["article"]]}
    body = {**dealer, "kind": "opinion", "channel": "web", "description": "-", "contact": {"name": "-"}}
    answers = [
        await cast.visitors.ask("POST", "orders", "/stock-positions", "u12", json=shown),
        await cast.visitors.ask("POST", "complaints", "/complaints", "u33", json=body),
    ]
    return all(answer.status_code == 201 for answer in answers)


async def _file(cast: Cast, run: int) -> None:
    """One case after another, each when the one before has come to rest."""
    for number in range(CASES):
        body = complaint(cast.dealers[0], cast.order, f"{run}/{number}")
        await cast.visitors.post("complaints", "/complaints", "u33", body)
        await asyncio.sleep(PAUSE * 2)
    await cast.ledger.settled()


async def _four_hops(stack: Stack) -> dict[str, float]:
    """From the commit of a complaint to the commit of the message that its lot is held: a story with some twenty events
    beside the chain, all on the same cores.
    """
    commits: dict[UUID, Commit] = {}
    for service in ("complaints", "orders", "quality", "notifications"):
        connection = await asyncpg.connect(stack.database_url(service))
        for row in await connection.fetch(COMMITTED):
            envelope: dict[str, Any] = orjson.loads(row["data"])
            cause = envelope.get("causationid")
            commits[row["event_id"]] = Commit(row["committed"], envelope["type"], UUID(cause) if cause else None)
        await connection.close()
    stories = [_story(commit, commits) for commit in commits.values()]
    whole = sorted(story for story in stories if [one.name for one in story] == list(CHAIN))[-CASES:]
    chains = [(story[-1].at - story[0].at).total_seconds() * 1000 for story in whole]
    return {"four hops p50": percentile(chains, 0.5), "four hops p99": percentile(chains, 0.99)}


def _story(commit: Commit, commits: dict[UUID, Commit]) -> list[Commit]:
    """The commit and its causes, the first cause first."""
    story = [commit]
    while (cause := story[0].cause) is not None and cause in commits:
        story.insert(0, commits[cause])
    return story
