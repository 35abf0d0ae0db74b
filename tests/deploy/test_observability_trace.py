"""One trace from a request, over relay and consumer, to what other services do about it, in a collector."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import httpx
import orjson
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp

from deploy.local.jetstream import NatsServer
from deploy.local.ports import free_port
from deploy.local.tokens import issue
from tests.house import Served, eventually, new_database

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


class Seen(NamedTuple):
    service: str
    name: str
    trace: str
    id: str
    parent: str


class Collector(ThreadingHTTPServer):
    """Hears OTLP over HTTP, as the real one does, and remembers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Ear)
        self.spans: list[Seen] = []


class Ear(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """What an exporter sends to /v1/traces."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces"
        assert isinstance(self.server, Collector)
        for resource in otlp.ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {entry.key: entry.value.string_value for entry in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                self.server.spans.append(Seen(names["service.name"], span.name, *ids))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()
        self.wfile.write(otlp.ExportTraceServiceResponse().SerializeToString())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


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


async def test_one_trace_leads_from_a_request_to_what_other_services_do_about_it(
    collector: Collector, postgres_server: Served, own_nats: NatsServer, keys: Path, tmp_path: Path
) -> None:
    common = {
        "NATS_URL": own_nats.url(),
        "JWKS": str(keys / "jwks.json"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    logs = {name: tmp_path / f"{name}.log" for name in ("customers", "orders", "complaints")}
    async with AsyncExitStack() as stack:
        urls = [
            await stack.enter_async_context(
                process(name, log, DATABASE_URL=await new_database(postgres_server.url()), **common)
            )
            for name, log in logs.items()
        ]
        body = {
            "code": "T1", "company": "示例建材", "kind": "dealer", "region": "湖南", "level": "B", "contact": "王芳",
            "phone": "13900000001", "address": "五一大道1号", "owner": "u12",
        }  # fmt: skip
        headers = {
            "Authorization": f"Bearer {issue(keys, 'u18', ['clerk'])}",
            "traceparent": f"00-{TRACE}-{CALLER}-01",
        }
        async with httpx.AsyncClient(headers=headers) as client:
            answer = await client.post(f"{urls[0]}/v1/customers", json=body)
            assert answer.status_code == 201, answer.text

        async def everybody() -> bool:
            names = {(span.service, span.name.partition(" ")[0]) for span in collector.spans if span.trace == TRACE}
            return names >= {("customers", "POST"), ("customers", "customers"), ("orders", "orders"),
                             ("complaints", "complaints")}  # fmt: skip

        await eventually(everybody, within=60)
    spans = [span for span in collector.spans if span.trace == TRACE]
    request = next(span for span in spans if span.name == "POST /v1/customers")
    assert request.parent == CALLER
    for service, name in (("customers", "customers relay"), ("orders", "orders "), ("complaints", "complaints ")):
        (follows,) = [span for span in spans if span.service == service and span.name.startswith(name)]
        assert follows.parent == request.id, "what was committed by the request names it"
    for log in logs.values():
        lines = [orjson.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        assert all({"time", "level", "service", "message"} <= set(line) for line in lines)
