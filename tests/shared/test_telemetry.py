"""Logs that machines read, traces that meet them, and what is in hand when a process stops."""

import asyncio
import logging
import sys
from typing import Any

import orjson
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from shared.hands import Hands
from shared.telemetry import JsonLines, log, span, start_telemetry, story, traceparent, words_of


@pytest.fixture
def tracing() -> None:
    """Whatever the first service of this session has set up; or, without one, the same."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        start_telemetry("test", level="CRITICAL")


def line(message: str, *args: object, exc_info: Any = None, **more: object) -> dict[str, object]:
    record = log.makeRecord("xiaofu", logging.WARNING, __file__, 1, message, args, exc_info, extra=more)
    text = JsonLines("tally").format(record)
    assert "\n" not in text
    found: dict[str, object] = orjson.loads(text)
    return found


def test_a_log_line_is_one_json_object() -> None:
    found = line("%s was lost\nand found", "it", entity_id=7)
    assert found.pop("time")
    assert found == {"level": "warning", "service": "tally", "message": "it was lost\nand found", "entity_id": 7}


def test_a_log_line_shows_the_fault() -> None:
    try:
        int("odd")
    except ValueError:
        assert "ValueError: invalid literal" in str(line("oh", exc_info=sys.exc_info())["exception"])


@pytest.mark.usefixtures("tracing")
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("gone"), "gone"),
        (TimeoutError(), "TimeoutError"),
        (ExceptionGroup("unhandled", [ExceptionGroup("inner", [TimeoutError(), OSError("gone")])]), "TimeoutError"),
    ],
)
def test_an_error_is_logged_by_its_own_words_or_its_kind(error: Exception, words: str) -> None:
    assert words_of(error) == words


def test_a_log_line_inside_a_span_bears_its_ids() -> None:
    with span("outside") as outside:
        found = line("x")
        known = outside.get_span_context()
        assert (found["trace_id"], found["span_id"]) == (f"{known.trace_id:032x}", f"{known.span_id:016x}")


@pytest.mark.usefixtures("tracing")
def test_a_span_below_a_remote_parent_is_of_its_trace() -> None:
    parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
    with span("below", parent) as below:
        assert (traceparent(below) or "").startswith(f"00-{'ab' * 16}-")
        found = story(below)
        assert found
        assert found.hex == "ab" * 16
    with span("nonsense", "rubbish") as alone:
        assert traceparent(alone) != parent


def test_without_a_span_there_is_neither_trace_nor_story() -> None:
    assert traceparent(trace.INVALID_SPAN) is None
    assert story(trace.INVALID_SPAN) is None


def test_spans_leave_the_process_if_there_is_somewhere_to_send_them(monkeypatch: pytest.MonkeyPatch) -> None:
    provided: list[TracerProvider] = []
    monkeypatch.setattr(trace, "set_tracer_provider", provided.append)
    start_telemetry("test", level="CRITICAL", endpoint="http://127.0.0.1:1/")
    (provider,) = provided
    assert provider._active_span_processor._span_processors
    provider._active_span_processor._span_processors = ()  # nothing is to be sent


async def test_what_is_in_hand_is_finished_and_nothing_new_is_begun() -> None:
    hands, finished, begun = Hands(), [], []

    async def work(n: int) -> None:
        async with hands.busy():
            begun.append(n)
            await asyncio.sleep(0)
            finished.append(n)

    tasks = [asyncio.create_task(work(1)), asyncio.create_task(work(2))]
    await asyncio.sleep(0)
    await hands.rest(1)
    late = asyncio.create_task(work(3))
    await asyncio.gather(*tasks)
    await asyncio.sleep(0)
    assert (sorted(finished), begun) == ([1, 2], [1, 2])
    late.cancel()
    await hands.rest(0.01)


async def test_what_takes_too_long_is_not_waited_for() -> None:
    hands = Hands()
    async with hands.busy():
        await hands.rest(0.01)
