"""One trace from a request, over relay and consumer, to what other services do about it, in a real collector."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from deploy.local.jetstream import NatsServer
from deploy.local.ports import free_port
from deploy.local.postgresql import PostgreSQL
from deploy.local.tokens import issue
from tests.deploy.collecting import STAMP, TraceStore, collector, trace_store
from tests.house import eventually, from_wheel, new_database

TRACE, LATER = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"
CALLER = "00f067aa0ba902b7"
CUSTOMER = {
    "code": "T1", "company": "示例建材", "kind": "dealer", "region": "湖南", "level": "B", "contact": "王芳",
    "phone": "13900000001", "address": "五一大道1号", "owner": "u12",
}  # fmt: skip
SERVICES = ("customers", "orders", "complaints")


@pytest.fixture
def store() -> Iterator[TraceStore]:
    with trace_store() as opened:
        yield opened


@pytest.fixture
def own_postgres() -> Iterator[PostgreSQL]:
    """One that the test may stop."""
    with from_wheel(PostgreSQL) as server:
        yield server


@asynccontextmanager
async def process(service: str, log: Path, **environment: str) -> AsyncIterator[str]:
    """The address of a service in a process of its own, from when it is ready."""
    port = free_port()
    with log.open("wb") as file:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services", service, "--port", str(port),
            env=os.environ | environment, stdout=file, stderr=file,
        )  # fmt: skip
    try:
        async with httpx.AsyncClient() as client:

            async def ready() -> bool:
                assert running.returncode is None, f"see {log}"
                try:
                    return bool((await client.get(f"http://127.0.0.1:{port}/health/ready")).json()["bus"])
                except httpx.TransportError:
                    return False

            await eventually(ready, within=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()


def lines(log: Path) -> list[dict[str, Any]]:
    """Each line of a log is a JSON object, or this fails."""
    return [orjson.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def headers(keys: Path, trace: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {issue(keys, 'u18', ['clerk'])}",
        "traceparent": f"00-{trace}-{CALLER}-01",
    }


@asynccontextmanager
async def town(logs: dict[str, Path], postgres: PostgreSQL, **common: str) -> AsyncIterator[str]:
    """The services at work; where customers are entered."""
    async with AsyncExitStack() as stack:
        urls = {
            name: await stack.enter_async_context(
                process(name, log, DATABASE_URL=await new_database(postgres.url()), **common)
            )
            for name, log in logs.items()
        }
        yield f"{urls['customers']}/v1/customers"


async def test_one_trace_leads_from_a_request_to_what_other_services_do_about_it(
    store: TraceStore, own_postgres: PostgreSQL, own_nats: NatsServer, keys: Path, tmp_path: Path
) -> None:
    """Services -> collector -> store; and when the database goes, the log lines of a request bear its trace."""
    logs = {name: tmp_path / f"{name}.log" for name in SERVICES}
    common = {"NATS_URL": own_nats.url(), "JWKS": str(keys / "jwks.json"), "OTEL_BSP_SCHEDULE_DELAY": "100"}

    async def everybody() -> bool:
        names = {(span.service, span.name.partition(" ")[0]) for span in store.trace(TRACE)}
        return names >= {("customers", "POST"), *((name, name) for name in SERVICES)}

    async with (
        collector(store, tmp_path / "collector.log") as address,
        town(logs, own_postgres, OTEL_EXPORTER_OTLP_ENDPOINT=address, **common) as url,
        httpx.AsyncClient() as client,
    ):
        answer = await client.post(url, json=CUSTOMER, headers=headers(keys, TRACE))
        assert answer.status_code == 201, answer.text
        await eventually(everybody, within=60)
        own_postgres.stop()
        refused = await client.get(url, headers=headers(keys, LATER))
    check_the_trace(store)
    assert (refused.status_code, refused.json()["trace_id"]) == (503, LATER)
    check_the_logs(logs, store)


def check_the_logs(logs: dict[str, Path], store: TraceStore) -> None:
    """JSON, line by line; what a request has caused bears its trace and its span."""
    told = [line for log in logs.values() for line in lines(log)]
    assert all({"time", "level", "service", "message"} <= set(line) for line in told)
    (span,) = store.trace(LATER)
    of_the_request = {(line["service"], line["span_id"]) for line in told if line.get("trace_id") == LATER}
    assert of_the_request == {("customers", span.id)}


def check_the_trace(store: TraceStore) -> None:
    """Every span has come through the collector, with its attributes, and names what it follows from."""
    spans = store.trace(TRACE)
    assert all(span.resource[STAMP[0]] == STAMP[1] for span in spans)
    (request,) = [span for span in spans if span.name == "POST /v1/customers"]
    assert (request.kind, request.parent) == ("SPAN_KIND_SERVER", CALLER)
    assert request.attributes == {"http.response.status_code": 201}
    for service, name, kind in (
        ("customers", "customers relay", "SPAN_KIND_PRODUCER"),
        ("orders", "orders ", "SPAN_KIND_CONSUMER"),
        ("complaints", "complaints ", "SPAN_KIND_CONSUMER"),
    ):
        following = [span for span in spans if span.service == service and span.name.startswith(name)]
        assert {(span.kind, span.parent) for span in following} == {(kind, request.id)}, "it names what committed it"
        assert all(span.started > request.started for span in following)
