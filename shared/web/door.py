"""What happens to every request before a route sees it: a trace, limits on size and time, a measurement."""

import asyncio
import time

from opentelemetry.trace import SpanKind
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry import REQUESTS, span

UNMEASURED = ("/health/", "/metrics")
READING = ("GET", "HEAD", "OPTIONS")
OPERATORS = ("/v1/audit", "/v1/replay", "/v1/dead-letters/")
SET_BACK = "the database was set back to an earlier state; nothing is accepted until an operator has chosen"


class TooLarge(HTTPException):
    """The body grew past the limit while it was read. FastAPI passes on this kind alone while it reads."""


class Door:
    """Pure ASGI, so that it costs microseconds."""

    def __init__(self, app: ASGIApp, body_limit: int, seconds: float) -> None:
        self._app, self._limit, self._seconds = app, body_limit, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(UNMEASURED):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        started = time.perf_counter()
        status, answered = 500, None

        async def answer(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], time.perf_counter()
                if scope["app"].state.leaving:  # whoever keeps the connection would find it closed in a moment
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        parent = headers.get(b"traceparent", b"").decode("latin-1") or None
        with span(scope["method"], parent, SpanKind.SERVER) as scope["span"]:
            try:
                length = headers.get(b"content-length", b"0")
                if not length.isdigit() or len(length) > 18 or int(length) > self._limit:
                    await self._refuse(answer, 413, "too_large", f"a request has at most {self._limit} bytes")
                elif self._stands_still(scope):
                    await self._refuse(answer, 503, "set_back", SET_BACK)
                else:
                    await self._pass(scope, receive, answer)
            finally:  # a fault is answered outside of here, and measured all the same
                # How long a table then takes is its reader's pace as much as ours.
                self._note(scope, status, (answered or time.perf_counter()) - started)

    @staticmethod
    def _stands_still(scope: Scope) -> bool:
        """What was promised now would contradict what the stream already holds."""
        if scope["method"] in READING or scope["path"].startswith(OPERATORS):
            return False
        return scope["app"].state.duties.set_back is not None

    @staticmethod
    def _note(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        if scope["span"].is_recording():
            scope["span"].update_name(f"{scope['method']} {route}")
            scope["span"].set_attribute("http.response.status_code", status)
        if b"text/event-stream" not in dict(scope["headers"]).get(b"accept", b""):
            REQUESTS.labels(scope["method"], route, status).observe(seconds)

    async def _pass(self, scope: Scope, receive: Receive, answer: Send) -> None:
        """On to the routes, within the limits.

        The time is for each piece of an answer that is written while it is made: a long table may take long, as long
        as it goes on, and who has stopped reading is left. A live stream has no time limit.
        """
        read = 0
        begun = False

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise TooLarge(413, f"a request has at most {self._limit} bytes")
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            if message.get("more_body") and not live:
                clock.reschedule(asyncio.get_running_loop().time() + self._seconds)
            await answer(message)

        live = b"text/event-stream" in dict(scope["headers"]).get(b"accept", b"")
        try:
            async with asyncio.timeout(None if live else self._seconds) as clock:
                await self._app(scope, limited, noted)
        except TimeoutError:
            if begun:
                raise
            await self._refuse(
                answer, 503, "too_slow", "the request took too long; repeat it with the same Idempotency-Key"
            )

    @staticmethod
    async def _refuse(send: Send, status: int, code: str, detail: str) -> None:
        body = (
            f'{{"type":"https://xiaofu.example/problems/{code}","status":{status},"code":"{code}","detail":"{detail}"}}'
        )
        headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})
