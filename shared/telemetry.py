"""Logs as JSON with trace ids, metrics with units, and one trace from the request to the last reaction."""

import logging
import random
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from opentelemetry import trace
from opentelemetry.context import attach, detach
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram

log = logging.getLogger("xiaofu")
tracer = trace.get_tracer("xiaofu")
TRACE_CONTEXT = TraceContextTextMapPropagator()

REQUESTS = Histogram(
    "xiaofu_http_request_seconds",
    "Time from request to answer, in seconds",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
RELAYED = Counter("xiaofu_relayed_events", "Events published to the stream and fsynced there")
RELAY_LAG = Gauge("xiaofu_relay_lag_events", "Events committed to the log and not yet in the stream")
HANDLED = Counter("xiaofu_handled_events", "Events whose reactions were committed", ["source"])
CONSUMER_LAG = Gauge("xiaofu_consumer_lag_events", "Events in a stream not yet handled here", ["source", "share"])
UNFOLLOWED = Gauge("xiaofu_unfollowed_partitions", "Partitions, of 16, whose events no process of the service follows")
PARKED = Gauge("xiaofu_parked_events", "Dead letters waiting for an operator or for a missing event")
OLDEST_PARKED = Gauge("xiaofu_oldest_parked_event_seconds", "Age of the oldest parked event, in seconds")
DUE_TIMERS = Gauge("xiaofu_due_timers", "Deadlines that have passed and not fired yet")
OLDEST_DUE_TIMER = Gauge("xiaofu_oldest_due_timer_seconds", "How long ago the earliest of them has passed, in seconds")
FIRED_TIMERS = Counter("xiaofu_fired_timers", "Deadlines that fired", ["entity", "kind"])
FAILED_TIMERS = Counter("xiaofu_failed_timers", "Deadlines whose deed failed; they are tried again", ["entity", "kind"])
POOL = Gauge("xiaofu_pool_connections", "Connections to the database that the process holds", ["state"])
POOL_LIMIT = Gauge("xiaofu_pool_limit_connections", "Connections to the database that the process may hold")

TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")

STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, service, message, trace ids, and whatever `extra` named."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "message": record.getMessage(),
        }
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            line |= {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
        line |= {key: value for key, value in record.__dict__.items() if key not in STANDARD}
        if record.exc_info and record.exc_info[0]:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return orjson.dumps(line, default=str).decode()


def start_telemetry(service: str, *, level: str = "INFO", endpoint: str | None = None) -> None:
    """Set up logs and traces of this process; spans leave it only if an OTLP endpoint is given."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if endpoint:
        # Imported only where they are used: the SDK and the exporter bring protobuf and requests along.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
        trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, traceparent: str | None = None, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
    """A span below the given remote parent, if there is one. It has a trace whether or not anybody records it."""
    if recording():
        context = TRACE_CONTEXT.extract({"traceparent": traceparent}) if traceparent else None
        with tracer.start_as_current_span(name, context=context, kind=kind) as current:
            yield current
        return
    # Nobody would read what was recorded: hand the trace on, for a tenth of the cost.
    parent = _parsed(traceparent) or trace.get_current_span().get_span_context()
    trace_id = parent.trace_id if parent.is_valid else random.getrandbits(128)
    handed_on = NonRecordingSpan(SpanContext(trace_id, random.getrandbits(64), False, parent.trace_flags))
    token = attach(trace.set_span_in_context(handed_on))
    try:
        yield handed_on
    finally:
        detach(token)


def tell_of_relaying(service: str, envelopes: Iterable[bytes | str], started: int) -> None:
    """A span for each event's way into the stream, in the event's own trace; `started` in nanoseconds."""
    for envelope in envelopes if recording() else ():
        context = TRACE_CONTEXT.extract({"traceparent": orjson.loads(envelope).get("traceparent") or ""})
        tracer.start_span(f"{service} relay", context, SpanKind.PRODUCER, start_time=started).end()


def recording() -> bool:
    """Whether this process sends its spans anywhere."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def _parsed(traceparent: str | None) -> SpanContext | None:
    match = TRACEPARENT.fullmatch(traceparent or "")
    if match is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    return SpanContext(trace_id, span_id, True, TraceFlags(flags)) if trace_id and span_id else None


def traceparent(current: Span) -> str | None:
    """The W3C header that makes a later span a child of this one."""
    known = current.get_span_context()
    if not known.is_valid:
        return None
    return f"00-{known.trace_id:032x}-{known.span_id:016x}-{known.trace_flags:02x}"


def words_of(error: BaseException) -> str:
    """What an error says: of a group its first one, of one without words its kind."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__


def thread_of(story_id: UUID) -> str:
    """The header that makes a span part of a story whose earlier spans have long ended: a deadline's."""
    return f"00-{story_id.hex}-{story_id.int & (1 << 64) - 1 or 1:016x}-01"


def story(current: Span) -> UUID | None:
    """The correlation id of a trace: its own 128 bits, so that a trace and a story are the same thing."""
    known = current.get_span_context()
    return UUID(int=known.trace_id) if known.is_valid else None
