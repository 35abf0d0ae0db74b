"""A real OpenTelemetry collector as a process of its own, and behind it a store that knows the spans of a trace."""

import asyncio
import gzip
import os
import sysconfig
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

from deploy.local.ports import answers, free_port
from tests.house import eventually

# What only the collector adds: a span that lacks it has found another way.
STAMP = ("collected.by", "rotel")
MISSING = (
    "There is no collector to test with: the package rotel is not installed. It has wheels for CPython 3.10 to 3.13 on"
    " Linux (glibc from 2.34, x86_64 and arm64) and on macOS (arm64); run this test with one of these."
)


class Span(NamedTuple):
    """One span as it is kept; ids in hexadecimal, `parent` empty at the root."""

    service: str
    name: str
    kind: str
    id: str
    parent: str
    started: int
    attributes: dict[str, Any]
    resource: dict[str, Any]


class TraceStore(ThreadingHTTPServer):
    """Takes OTLP over HTTP, as Tempo does, and is asked for a trace by its id."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Intake)
        self.kept: list[tuple[str, Span]] = []

    def trace(self, trace_id: str) -> list[Span]:
        """Its spans, the earliest first."""
        return sorted((span for known, span in list(self.kept) if known == trace_id), key=lambda span: span.started)


class Intake(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """What an exporter sends to /v1/traces."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        assert isinstance(self.server, TraceStore)
        for group in otlp.ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = values(group.resource.attributes)
            for sent in (sent for scope in group.scope_spans for sent in scope.spans):
                span = Span(
                    resource["service.name"], sent.name, Sent.SpanKind.Name(sent.kind), sent.span_id.hex(),
                    sent.parent_span_id.hex(), sent.start_time_unix_nano, values(sent.attributes), resource,
                )  # fmt: skip
                self.server.kept.append((sent.trace_id.hex(), span))
        answer = otlp.ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def values(attributes: Any) -> dict[str, Any]:
    return {entry.key: getattr(entry.value, entry.value.WhichOneof("value")) for entry in attributes}


@contextmanager
def trace_store() -> Iterator[TraceStore]:
    with TraceStore() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@asynccontextmanager
async def collector(store: TraceStore, log: Path) -> AsyncIterator[str]:
    """Where a collector takes OTLP over HTTP; what it takes it hands on to the store."""
    package = find_spec("rotel")
    if package is None or package.origin is None:
        pytest.fail(MISSING)
    http, grpc = free_port(), free_port()
    options = (
        f"--otlp-http-endpoint=127.0.0.1:{http}",
        f"--otlp-grpc-endpoint=127.0.0.1:{grpc}",
        f"--otlp-exporter-endpoint=http://127.0.0.1:{store.server_port}",
        "--otlp-exporter-protocol=http",
        f"--otel-resource-attributes={'='.join(STAMP)}",
    )
    # Its binary wants the interpreter's library, which need not lie where the system looks.
    libraries = dict.fromkeys(("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"), str(sysconfig.get_config_var("LIBDIR")))
    with log.open("wb") as file:
        running = await asyncio.create_subprocess_exec(
            Path(package.origin).with_name("rotel-agent"), "start", *options,
            env=os.environ | libraries, stdout=file, stderr=file,
        )  # fmt: skip

    async def listening() -> bool:
        assert running.returncode is None, f"the collector has ended, see {log}"
        return answers(http)

    try:
        await eventually(listening, within=30)
        yield f"http://127.0.0.1:{http}"
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()
