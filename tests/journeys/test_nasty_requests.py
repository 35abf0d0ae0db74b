"""Whatever is sent to a service, the answer is never that the service is at fault."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import cycle, islice, product
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import uuid4

import pytest
from fastapi import FastAPI

from deploy.local.demo.ledger import Ledger
from deploy.local.jetstream import NatsServer
from shared.domain.actor import Post
from tests.house import House, Running, Served, from_wheel
from tests.journeys import nasty
from tests.journeys.town import CONTACT, SERVICES, Town, build

OUTSIDE = (Post.CUSTOMER, Post.PARTNER)
INSIDE = tuple(post for post in Post if post not in OUTSIDE)
ENDLESS = {"/v1/inbox/stream"}  # a live stream does not end by itself
# Whoever holds a printed contract may ask whether it is genuine (CON-6); a bank signs what it reports (ORD-10).
OPEN = {"/v1/verify/{code}", "/v1/payment-notices/{provider}"}
OFTEN = 30  # bodies per route at most; some have two thousand

# Where right ids come from: service and table.
PLACES = {
    "template_id": ("contracts", "templates"),
    "contract_id": ("contracts", "contracts"),
    "delegation_id": ("contracts", "delegations"),
    "book_id": ("orders", "price_books"),
    "lot_id": ("orders", "lots"),
    "position_id": ("orders", "stock_positions"),
    "stock_position_id": ("orders", "stock_positions"),
    "order_id": ("orders", "orders"),
    "complaint_id": ("complaints", "complaints"),
    "message_id": ("notifications", "messages"),
    "bulletin_id": ("notifications", "bulletins"),
    "investigation_id": ("quality", "investigations"),
    "claim_id": ("quality", "claims"),
    "penalty_id": ("staff", "penalties"),
    "customer_id": ("orders", "known_customers"),
    "entity_id": ("orders", "orders"),
}


# What fits a field of this name in any body, where its schema alone does not say it.
FITTING = {
    "code": "NASTY-1", "number": "1", "line": 1, "text": "用于{project}。", "name": "project",
    "slots": {"project": "x"}, "fine": "0.00", "percent": 100, "quantity": "1", "price": None,
    "deliver_by": "2027-01-01", "valid_until": "2027-06-30", "effective_at": None, "department": "production",
    "about": None, "slip": None, "measures": "public_criticism",
}  # fmt: skip


class Crowd(NamedTuple):
    """A town, values that fit together, by the name of their field, and the address of the bus."""

    town: Town
    fitting: dict[str, Any]
    bus: str


class Route(NamedTuple):
    """A route as its service's OpenAPI document describes it."""

    method: str
    path: str
    described: dict[str, Any]

    @property
    def media(self) -> dict[str, Any]:
        return dict(self.described.get("requestBody", {}).get("content", {}))

    def places(self, where: str) -> list[str]:
        return [one["name"] for one in self.described.get("parameters", []) if one["in"] == where]


class Attacker:
    """Sends things to one service, and keeps what was answered with a fault."""

    def __init__(self, service: Running, ids: dict[str, list[str]], fitting: dict[str, Any]) -> None:
        self.service, self.faults = service, list[str]()
        self._fitting = fitting
        self._insider = service.headers("u98", *INSIDE)
        self._turn = cycle(range(12))
        self._ids = ids
        self.document = service.app.openapi()

    def routes(self, method: str) -> list[Route]:
        paths = self.document["paths"].items()
        return [Route(method, path, ops[method]) for path, ops in paths if method in ops and path not in ENDLESS]

    def right(self) -> dict[str, str]:
        """An id of everything there is, another one each time."""
        turn = next(self._turn)
        return {name: known[turn % len(known)] for name, known in self._ids.items() if known}

    def bodies(self, route: Route) -> Iterator[bytes]:
        """A body that is right, as well as can be, and all that can be wrong with it."""
        known = self.document.get("components", {}).get("schemas", {})
        schema = route.media.get("application/json", {}).get("schema", {})
        return map(nasty.encoded, nasty.spoilt(nasty.sample(schema, known, self.right() | self._fitting)))

    def filled(self, route: Route, **wrong: str) -> str:
        """The route's path with ids of things that exist, but for those that are `wrong`."""
        ids = {"identity": "1", "number": "1"} | self.right() | wrong
        return route.path.format_map({name: ids.get(name, str(uuid4())) for name in route.places("path")})

    async def send(self, method: str, path: str, who: dict[str, str] | None = None, **more: Any) -> int:
        headers = (self._insider if who is None else who) | more.pop("headers", {})
        path = path.removeprefix("/v1") if path.startswith("/v1") else f"/..{path}"
        answer = await self.service.ask(method, path, headers, **more)
        if answer.status_code >= 500:
            told = {name: str(value)[:300] for name, value in more.items()}
            self.faults.append(f"{method.upper()} {path[:200]} {told} -> {answer.status_code} {answer.text[:200]}")
        return answer.status_code


def thinned[T](things: Iterator[T], most: int) -> list[T]:
    """At most so many, evenly taken: the first and the last kinds are both among them."""
    every = list(things)
    return every[:: max(1, -(-len(every) // most))]


@pytest.fixture(scope="module")
async def crowd(postgres_server: Served, keys: Path) -> AsyncIterator[Crowd]:
    """A town of its own, in which everything stands half-done."""
    with from_wheel(NatsServer) as nats:
        async with House(postgres_server.url(), nats.url(), keys) as house:
            town = await build(house)
            await town.open_shop()
            await half_do_everything(town)
            yield Crowd(town, FITTING | await half_do_everything(town), nats.url())


async def half_do_everything(town: Town) -> dict[str, Any]:
    """Orders, contracts and cases in several states, so that a nasty request may get as far as it can.

    Returns values that fit together, by the name of their field.
    """
    dealer, article = await town.dealer(), await town.article()
    lot = await town.lot(article)
    contract = await town.contract(dealer, article, "100", "12.34")
    sealed = await town.seal(await town.contract(dealer, article, "100", "12.34"))
    amend = {"reason": "延期", "valid_until": "2027-12-31"}
    await town.post("contracts", f"/contracts/{sealed['id']}/amend", "salesperson", amend)
    await town.post("contracts", "/delegations", "auditor", {
        "delegate": "u98", "posts": ["auditor"], "reason": "休假",
        "from": "2026-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z",
    })  # fmt: skip
    await town.post("orders", "/orders", "salesperson", await town.wish(dealer, article, "5"))
    await town.released(dealer, article)
    case = await town.file(town.grievance(dealer, await town.delivered(dealer, article, lot)))
    investigation = await town.investigation(case)
    claim = {"complaint_id": case["id"], "amount": "10.00", "settlement": "refund"}
    await town.post("quality", "/claims", "service_agent", claim)
    await town.post("quality", f"/investigations/{investigation['id']}/actions", "quality_inspector", {
        "owner": "u98", "due_at": "2027-01-01T00:00:00+08:00", "measure": "加装报警",
    })  # fmt: skip
    body = {
        "kind": "service", "channel": "phone", "customer_id": dealer["id"], "description": "态度恶劣",
        "about": await town.employee(), "contact": CONTACT,
    }  # fmt: skip
    for decided in (False, True):
        path = f"/complaints/{(case := await town.file(body))['id']}"
        await town.post("complaints", f"{path}/take", "sales_manager")
        who = {"employee": body["about"], "department": "sales", "severity": "ordinary", "finding": "录音证实"}
        who |= {"evidence": ["录音 031"]}
        await town.post("complaints", f"{path}/establish", "sales_manager", {"verified": True, "responsible": [who]})
        penalty = await town.proposed(case["id"])
        if decided:
            decision = {"measures": ["public_criticism"], "fine": "0.00", "reason": "经查实"}
            await town.post("staff", f"/penalties/{penalty['id']}/decide", "hr", decision)
            await town.told("penalty_notice", penalty["id"], "production", body["about"])
    wish = await town.wish(dealer, article, "1")
    template = await town.get("contracts", f"/templates/{contract['template_id']}", "headquarters")
    return {
        "customer_id": dealer["id"], "stock_position_id": wish["stock_position_id"], "contract_id": None,
        "template_id": template["id"], "article": article["article"], "articles": article["article"],
        "specification": article["specification"], "lot_id": lot["id"], "order_number": case["number"],
        "employee": body["about"], "digest": contract["submission"]["digest"],
    }  # fmt: skip


@pytest.fixture(params=SERVICES)
async def attacker(request: pytest.FixtureRequest, crowd: Crowd) -> Attacker:
    ids = {}
    for name, (service, table) in PLACES.items():
        rows = await crowd.town[service].pool.fetch(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 12")  # noqa: S608
        ids[name] = [str(row["id"]) for row in rows]
    return Attacker(crowd.town[request.param], ids, crowd.fitting)


def test_every_service_describes_itself(crowd: Crowd) -> None:
    """The OpenAPI document loads, and every command names what it answers with."""
    for service in crowd.town.services.values():
        document = FastAPI.openapi(service.app)
        assert document["openapi"].startswith("3.")
        assert document["info"]["summary"]


async def test_no_body_however_wrong_is_a_fault(attacker: Attacker) -> None:
    """Each field of each body in turn holds what it must not; ids are right, so that the rules themselves are asked."""
    for route in attacker.routes("post"):
        for body in thinned(attacker.bodies(route), OFTEN):
            json = {"Content-Type": "application/json"}
            await attacker.send("POST", attacker.filled(route), content=body, headers=json)
    assert attacker.faults == []


async def test_no_bytes_of_any_type_are_a_fault(attacker: Attacker) -> None:
    """Broken JSON, other encodings, abysses of brackets; and types of content nobody has."""
    bodies, kinds = cycle(nasty.BODIES), cycle(nasty.CONTENT_TYPES)  # a route has its share, each service meets all
    for route in attacker.routes("post"):
        for content in islice(bodies, 8):
            json = {"Content-Type": "application/json"}
            await attacker.send("POST", attacker.filled(route), content=content, headers=json)
        for kind in islice(kinds, 4):
            content = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n\0'
            await attacker.send("POST", attacker.filled(route), content=content, headers={"Content-Type": kind})
    assert attacker.faults == []


async def test_no_file_is_a_fault(attacker: Attacker) -> None:
    """What is uploaded as a table may be anything."""
    for route in attacker.routes("post"):
        if "multipart/form-data" in route.media:
            for name, content in nasty.files():
                await attacker.send("POST", route.path, files={"file": (name, content)})
    assert attacker.faults == []


@pytest.mark.parametrize("method", ["get", "post"])
async def test_no_path_and_no_query_is_a_fault(attacker: Attacker, method: str) -> None:
    """Wrong ids, and things in the query that no list can be narrowed by."""
    for route in attacker.routes(method):
        for name in route.places("path"):
            for wrong in nasty.IDS:
                await attacker.send(method, attacker.filled(route, **{name: wrong}))
        for name in route.places("query"):
            for wrong in nasty.TEXTS:
                await attacker.send(method, f"{attacker.filled(route)}?{quote(name)}={wrong}")
    assert attacker.faults == []


async def test_no_header_is_a_fault(attacker: Attacker) -> None:
    """Languages, versions, keys, traces and lengths that make no sense."""
    names = ("Accept-Language", "If-Match", "Idempotency-Key", "traceparent", "Accept", "Last-Event-ID")
    values = (
        "",
        "\t",
        "*",
        '"',
        'W/"1"',
        "x" * 9000,
        "\u00ff\u00fe",
        "00-" + "0" * 32 + "-" + "0" * 16 + "-01",
        "q=;,;q=9",
    )
    headers = cycle(product(names, values))
    for route in attacker.routes("post"):
        for name, value in islice(headers, 16):
            await attacker.send("POST", attacker.filled(route), headers={name: value.encode("latin-1")}, json={})
    assert attacker.faults == []


async def test_nobody_gets_in_without_a_token_that_is_good(attacker: Attacker) -> None:
    """PLT-3: no token, an expired one, a torn one: 401 from every command and every read behind the door."""
    expired = attacker.service.headers("u98", *INSIDE, lifetime=timedelta(seconds=-60))
    good = attacker.service.headers("u98", *INSIDE)["Authorization"]
    torn = ("", "Bearer", "Bearer ", "Bearer x.y.z", "Basic dTp1", good[:-10], good + "A", "Bearer " + "x" * 9000,
            "Bearer \u00ff", good.replace("Bearer", "Digest"))  # fmt: skip
    strangers: list[dict[str, Any]] = [{}, expired, *({"Authorization": text.encode("latin-1")} for text in torn)]
    admitted = []
    for method in ("get", "post"):
        for route in attacker.routes(method):
            if not route.path.startswith("/v1") or route.path in OPEN:
                continue
            for stranger in strangers:
                status = await attacker.send(
                    method, attacker.filled(route), stranger, json={} if method == "post" else None
                )
                if status not in (401, 422):
                    admitted.append(f"{method} {route.path} as {stranger}: {status}")
    assert attacker.faults == []
    assert admitted == []


async def test_what_was_accepted_all_the_same_is_handled_everywhere(crowd: Crowd) -> None:
    """PLT-2: no command that a service accepts may be an event that another cannot handle."""
    await Ledger(crowd.bus, SERVICES).settled()
    parked = "SELECT subject, error FROM dead_letters WHERE state = 'parked'"
    for service in crowd.town.services.values():
        assert [tuple(row) for row in await service.pool.fetch(parked)] == []
